// The directory of a DATA payload on its own, and the names of what stands in it.
#include "codec/block.hpp"

#include <array>

#include "codec/columns.hpp"

namespace delta::codec {
namespace {

constexpr std::array<std::string_view, kColumns> kColumnNames = {
    "kinds",   "vectors",     "vector steps",  "clock",      "steps",          "ticks",
    "dims",    "sizes",       "gaps",          "run skips",  "run lengths",    "bitmaps",
    "repeats", "full values", "picked values", "parameters", "metadata sizes", "metadata",
    "rows",    "places",      "lags",          "lost"};

}  // namespace

Result<std::vector<ColumnSize>> block_columns(ByteView payload) {
  std::vector<ColumnSize> columns;
  DELTA_OK(each_column(payload, [&](const Entry& entry) -> Status { return columns.push_back(entry.size), Status{}; }));
  return columns;
}

std::string_view column_name(std::uint8_t column) {
  return column >= kFirstColumn && column < kFirstColumn + kColumns ? kColumnNames[column - kFirstColumn] : "unknown";
}

std::string_view coder_name(std::uint8_t coder) {
  static constexpr std::array<std::string_view, 5> names = {"raw", "constant", "zstd", "planes", "table"};
  static constexpr std::array<std::string_view, 3> transposed = {"zstd, transposed", "planes, transposed",
                                                                 "table, transposed"};
  if (coder < names.size()) return names[coder];
  const std::size_t t = static_cast<std::size_t>(coder) - kTransposed - static_cast<std::size_t>(Coder::zstd);
  return t < transposed.size() ? transposed[t] : "unknown";
}

}  // namespace delta::codec
