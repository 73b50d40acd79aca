// A state as NDJSON: a line a vector, its namespace and metadata included.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "formats/ndjson.hpp"

namespace delta::formats {
namespace {

class NdjsonSink final : public DatasetSink {
 public:
  NdjsonSink(ByteSink& out, std::span<const TableShape> tables) : out_(out), tables_(tables.begin(), tables.end()) {}

  Status write(const Rows& rows) override {
    while (tables_[table_].rows == 0) ++table_;
    TableShape& table = tables_[table_];
    DELTA_CHECK(rows.ids.size() <= table.rows && rows.bits.size() == rows.ids.size() * table.dims);
    table.rows -= rows.ids.size();
    text_.clear();
    for (std::size_t i = 0; i < rows.ids.size(); ++i) {
      write_vector(text_, {table.name, rows.ids[i], {}}, rows.bits.subspan(i * table.dims, table.dims),
                   rows.metadata[i]);
    }
    return out_.write({reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()});
  }

  Status finish() override {
    DELTA_CHECK(std::ranges::all_of(tables_, [](const TableShape& table) { return table.rows == 0; }));
    return {};
  }

 private:
  ByteSink& out_;
  std::vector<TableShape> tables_;  // `rows`: that are still to come
  std::size_t table_ = 0;
  std::string text_;
};

}  // namespace

Result<std::unique_ptr<DatasetSink>> create_ndjson(ByteSink& out, std::span<const TableShape> tables) {
  return std::unique_ptr<DatasetSink>(std::make_unique<NdjsonSink>(out, tables));
}

}  // namespace delta::formats
