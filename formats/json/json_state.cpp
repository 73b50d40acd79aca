#include "formats/json/json_state.hpp"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <utility>

#include "delta/text.hpp"
#include "formats/json/json_records.hpp"
#include "formats/json/json_row.hpp"
#include "formats/placed_rows.hpp"
#include "formats/shared_source.hpp"

namespace delta::formats {
namespace {

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

class JsonParser final : public RowParser {
 public:
  explicit JsonParser(const FieldOptions& fields) : parser_(fields) {}
  Status parse(std::string_view text, std::span<std::uint32_t> bits) override {
    return parser_.read_values(text, bits);
  }

 private:
  JsonRowParser parser_;
};

/// A table that grows; whether any of its rows has metadata shows only at the end.
struct Growing {
  PlacedRows rows;
  bool any_metadata = false;
};

class StateReader {
 public:
  StateReader(const std::shared_ptr<const ByteSource>& bytes, const ReadOptions& options)
      : options_(options),
        records_(shared_stream(bytes),
                 options.fields.vector.empty() ? "vector" : std::string(outermost_member(options.fields.vector))),
        parser_(options.fields) {}

  Result<std::vector<PlacedRows>> read() {
    for (;;) {
      DELTA_TRY(const auto record, records_.next());
      if (!record) return finish();
      if (auto taken = take(*record); !taken) {
        return std::move(taken).error().at(fmt::format("line {}", records_.line()));
      }
    }
  }

 private:
  Status take(std::string_view record) {
    padded_.assign(record);
    padded_.append(kRowPadding, '\0');
    DELTA_OK(parser_.read(std::string_view(padded_).substr(0, record.size()), row_));
    DELTA_TRY(Growing* const table, table_of(row_.declared.value_or(row_.values)));
    if (row_.declared) return {};
    table->rows.ids.push_back(row_.id);
    table->rows.metadata.add(row_.metadata);
    table->any_metadata = table->any_metadata || !row_.metadata.empty();
    table->rows.add(records_.offset(), record.size(), records_.line());
    return {};
  }

  Result<Growing*> table_of(std::uint64_t dims) {
    const std::string& name = row_.name_space.empty() && options_.name ? *options_.name : row_.name_space;
    const auto known = tables_.find(name);
    if (known != tables_.end()) {
      if (known->second.rows.dims == dims) return &known->second;
      return bad(fmt::format("{}, and the first vector of its namespace has {}", plural(dims, "value"),
                             known->second.rows.dims));
    }
    DELTA_OK(check_dims(dims, options_.max_dims));
    Growing& made = tables_[name];
    made.rows.name = name;
    made.rows.dims = static_cast<std::uint32_t>(dims);
    return &made;
  }

  Result<std::vector<PlacedRows>> finish() {
    std::vector<PlacedRows> all;
    for (auto& [name, table] : tables_) {
      table.rows.parser = [fields = options_.fields] { return std::make_unique<JsonParser>(fields); };
      if (!table.any_metadata && options_.fields.any() && options_.fields.keep.empty())
        table.rows.metadata = IdList();  // nothing is said of it
      all.push_back(std::move(table.rows));
    }
    return all;
  }

  const ReadOptions& options_;
  JsonRecords records_;
  JsonRowParser parser_;
  JsonRow row_;
  std::string padded_;
  std::map<std::string, Growing, std::less<>> tables_;
};

}  // namespace

Result<Dataset> open_json_state(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  auto tables = StateReader(shared, options).read();
  if (!tables) return std::move(tables).error().in(shared->name());
  Dataset dataset;
  dataset.by_row = true;
  for (PlacedRows& rows : *tables) dataset.tables.push_back(placed_rows(shared, std::move(rows)));
  return dataset;
}

}  // namespace delta::formats
