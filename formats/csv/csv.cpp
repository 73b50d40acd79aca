#include "formats/csv/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "delta/text.hpp"
#include "formats/csv/csv_record.hpp"
#include "formats/json_writer.hpp"
#include "formats/placed_rows.hpp"
#include "formats/row_sink.hpp"
#include "formats/shared_source.hpp"
#include "formats/text_number.hpp"

namespace delta::formats {
namespace {

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }

using Fields = std::vector<std::string_view>;

/// What the columns hold.
struct Columns {
  enum class Use : std::uint8_t { none, id, value, list, metadata };
  std::vector<Use> uses;
  std::vector<std::string> names;  // none: the file has none

  std::size_t count(Use use) const { return static_cast<std::size_t>(std::ranges::count(uses, use)); }
};

bool is_number(std::string_view field) { return static_cast<bool>(parse_number(field)); }

/// "[1, 2]", "[1 2]", or without the brackets.
std::string_view without_brackets(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n\r\t"), last = text.find_last_not_of(" \n\r\t");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, last - first + 1);
  return text.size() >= 2 && text.front() == '[' && text.back() == ']' ? text.substr(1, text.size() - 2) : text;
}

class CsvParser final : public RowParser {
 public:
  explicit CsvParser(std::shared_ptr<const Columns> columns) : columns_(std::move(columns)) {}

  Status parse(std::string_view text, std::span<std::uint32_t> bits) override {
    DELTA_TRY(const Fields* const fields, fields_.split(text));
    std::size_t next = 0;
    for (std::size_t i = 0; i < fields->size(); ++i) {
      if (columns_->uses[i] == Columns::Use::list) {
        list_ = without_brackets((*fields)[i]);  // behind which stands a zero
        return parse_numbers(list_, true, bits);
      }
      if (columns_->uses[i] != Columns::Use::value) continue;
      auto value = parse_number((*fields)[i]);
      if (!value) {
        return bad(fmt::format("column {}: {}",
                               columns_->names.empty() ? std::to_string(i + 1) : quote(columns_->names[i], 40),
                               value.error().message));
      }
      bits[next++] = *value;
    }
    return {};
  }

 private:
  std::shared_ptr<const Columns> columns_;
  CsvFields fields_;
  std::string list_;
};

bool has_names(const Fields& first, const FieldOptions& options) {
  if (options.any() || first[0].empty() || first[0] == "id") return true;
  return !std::all_of(first.begin() + 1, first.end(), is_number) || (first.size() == 1 && !is_number(first[0]));
}

Result<std::size_t> column_named(const Columns& columns, std::string_view name) {
  const auto found = std::ranges::find(columns.names, name);
  if (found == columns.names.end()) {
    return error(ErrorCode::usage, "no column is called " + quote(name, 60));
  }
  if (std::find(found + 1, columns.names.end(), name) != columns.names.end()) {
    return bad("two columns are called " + quote(name, 60));
  }
  return static_cast<std::size_t>(found - columns.names.begin());
}

Status use_as(Columns& columns, std::string_view name, Columns::Use use) {
  DELTA_TRY(const std::size_t column, column_named(columns, name));
  if (columns.uses[column] != Columns::Use::none) {
    return error(ErrorCode::usage, "column " + quote(name, 60) + " has two uses");
  }
  columns.uses[column] = use;
  return {};
}

Status use_names(Columns& columns, const FieldOptions& options) {
  const bool has_id = std::ranges::find(columns.names, "id") != columns.names.end();
  if (!options.id.empty() || has_id) {
    DELTA_OK(use_as(columns, options.id.empty() ? "id" : options.id, Columns::Use::id));
  } else if (columns.names[0].empty()) {
    columns.uses[0] = Columns::Use::id;  // what pandas calls the index
  }
  if (!options.vector.empty()) DELTA_OK(use_as(columns, options.vector, Columns::Use::list));
  bool all = false;
  for (const std::string& name : options.keep) {
    all = all || name == "*";
    if (name != "*") DELTA_OK(use_as(columns, name, Columns::Use::metadata));
  }
  if (all && options.vector.empty()) {
    return error(ErrorCode::usage, "every column that is not kept by its name holds values")
        .with_hint("name the columns that are to be kept, or the one that holds the vectors");
  }
  const Columns::Use rest = all                      ? Columns::Use::metadata
                            : options.vector.empty() ? Columns::Use::value
                                                     : Columns::Use::none;
  std::ranges::replace(columns.uses, Columns::Use::none, rest);
  return {};
}

Result<Columns> columns_of(const Fields& first, const FieldOptions& options) {
  Columns columns;
  columns.uses.assign(first.size(), Columns::Use::none);
  if (has_names(first, options)) {
    columns.names.assign(first.begin(), first.end());
    DELTA_OK(use_names(columns, options));
  } else {
    std::ranges::fill(columns.uses, Columns::Use::value);
    if (!is_number(first[0])) columns.uses[0] = Columns::Use::id;
  }
  return columns;
}

/// The first pass: names and places.
class CsvReader {
 public:
  CsvReader(const std::shared_ptr<const ByteSource>& bytes, const ReadOptions& options)
      : records_(shared_stream(bytes)), options_(options) {}

  Result<PlacedRows> read() {
    DELTA_TRY(auto record, records_.next());
    if (!record) return bad("the file is empty");
    DELTA_TRY(const Fields* const first, fields_.split(*record));
    DELTA_TRY(Columns columns, columns_of(*first, options_.fields));
    columns_ = std::make_shared<const Columns>(std::move(columns));
    if (!columns_->names.empty()) {
      DELTA_TRY(record, records_.next());
    }
    while (record) {
      if (auto taken = take(*record); !taken) {
        return std::move(taken).error().at(fmt::format("line {}", records_.line()));
      }
      DELTA_TRY(record, records_.next());
    }
    if (rows_.dims == 0) DELTA_OK(set_dims(columns_->count(Columns::Use::value)));
    rows_.parser = [columns = columns_] { return std::make_unique<CsvParser>(columns); };
    return std::move(rows_);
  }

 private:
  Status set_dims(std::size_t dims) {
    DELTA_OK(check_dims(dims, options_.max_dims));
    rows_.dims = static_cast<std::uint32_t>(dims);
    return {};
  }

  Status take(std::string_view record) {
    DELTA_TRY(const Fields* const fields, fields_.split(record));
    if (fields->size() != columns_->uses.size()) {
      return bad(fmt::format("{}, and the first line has {}", plural(fields->size(), "field"), columns_->uses.size()));
    }
    std::string metadata;
    JsonWriter json(metadata);
    json.begin_object();
    bool any = false;
    for (std::size_t i = 0; i < fields->size(); ++i) {
      const Columns::Use use = columns_->uses[i];
      const std::string_view field = (*fields)[i];
      if (use == Columns::Use::id) {
        DELTA_OK(check_id(field));
        rows_.ids.emplace_back(field);
      }
      if (use == Columns::Use::list && rows_.dims == 0) {
        DELTA_OK(set_dims(count_numbers(without_brackets(field), true)));
      }
      if (use != Columns::Use::metadata) continue;
      any = true;
      if (!valid_utf8(field)) return bad("column " + quote(columns_->names[i], 40) + ": not UTF-8");
      json.member(columns_->names[i], field);
    }
    json.end_object();
    if (any) rows_.metadata.add(metadata);
    rows_.add(records_.offset(), record.size(), records_.line());
    return {};
  }

  CsvRecords records_;
  CsvFields fields_;
  const ReadOptions& options_;
  std::shared_ptr<const Columns> columns_;
  PlacedRows rows_;
};

class CsvSink final : public RowSink {
 public:
  using RowSink::RowSink;

  Status begin() {
    std::string names = "id";
    for (std::uint32_t i = 0; i < table().dims; ++i) names += fmt::format(",v{}", i);
    return put(names + '\n');
  }

 private:
  Status add(std::string& out, std::string_view id, std::span<const std::uint32_t> bits) override {
    add_text(out, id);
    for (const std::uint32_t b : bits) {
      out += ',';
      write_number(out, b);
    }
    out += '\n';
    return {};
  }

  static void add_text(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
      out += text;
      return;
    }
    out += '"';
    for (const char c : text) out += c == '"' ? std::string(2, c) : std::string(1, c);
    out += '"';
  }
};

}  // namespace

Result<Dataset> open_csv(std::unique_ptr<ByteSource> bytes, const ReadOptions& options) {
  const std::shared_ptr<const ByteSource> shared = std::move(bytes);
  auto rows = CsvReader(shared, options).read();
  if (!rows) return std::move(rows).error().in(shared->name());
  return Dataset(placed_rows(shared, *std::move(rows)));
}

Result<std::unique_ptr<DatasetSink>> create_csv(ByteSink& out, std::span<const TableShape> tables) {
  DELTA_CHECK(tables.size() == 1);
  auto sink = std::make_unique<CsvSink>(out, tables[0]);
  DELTA_OK(sink->begin());
  return std::unique_ptr<DatasetSink>(std::move(sink));
}

}  // namespace delta::formats
