// The directory of a DATA payload on its own, and the names of what stands in it.
#include "codec/block.hpp"

#include <array>

#include "codec/columns.hpp"

namespace delta::codec {
namespace {

constexpr std::array<std::string_view, kColumns> kColumnNames = {
    "kinds",         "vectors",    "vector steps",   "clock",       "steps",   "ticks",   "dims",
    "sizes",         "gaps",       "run skips",      "run lengths", "bitmaps", "repeats", "dense values",
    "sparse values", "parameters", "metadata sizes", "metadata",    "rows",    "places",  "lags",
    "lost",          "relations",  "value steps",    "factors",     "copies",  "twins",   "lag steps"};

}  // namespace

Result<std::vector<ColumnSize>> block_columns(ByteView payload) {
  std::vector<ColumnSize> columns;
  if (!payload.empty() && payload[0] == 0) {  // all columns in one frame
    const Byte *at = payload.data() + 1, *end = payload.data() + payload.size();
    std::uint64_t size = 0;
    if (!get_varint(at, end, size)) return directory_error("bad length of the whole");
    columns.push_back({0, static_cast<std::uint8_t>(Coder::zstd), size, static_cast<std::uint64_t>(end - at)});
    return columns;
  }
  DELTA_OK(each_column(payload, [&](const Entry& entry) -> Status { return columns.push_back(entry.size), Status{}; }));
  return columns;
}

std::string_view column_name(std::uint8_t column) {
  if (column == 0) return "whole";
  return column >= kFirstColumn && column < kFirstColumn + kColumns ? kColumnNames[column - kFirstColumn] : "unknown";
}

std::string_view coder_name(std::uint8_t coder) {
  static constexpr std::array<std::string_view, 11> names = {
      "raw", "constant", "zstd", "planes", "table", "lattice", "scattered", "ordinal", "moved", "multiples", "lz4"};
  static constexpr std::array<std::string_view, 3> transposed = {"zstd, transposed", "planes, transposed",
                                                                 "table, transposed"};
  if (coder < names.size()) return names[coder];
  const std::size_t t = static_cast<std::size_t>(coder) - kTransposed - static_cast<std::size_t>(Coder::zstd);
  return t < transposed.size() ? transposed[t] : "unknown";
}

}  // namespace delta::codec
