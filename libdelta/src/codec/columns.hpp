// What encoder and decoder of a DATA payload share: the columns, the kind byte, the directory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/varint.hpp"
#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/index_sets.hpp"
#include "delta/limits.hpp"

namespace delta::codec {

/// All of them are critical. The order is that of the payload.
enum class Column : std::uint8_t {
  kinds = 0x81,         ///< operation, and form of the index set times 16
  vectors = 0x82,       ///< ordinals; or
  vector_steps = 0x83,  ///< zigzag of their differences less 1
  clock = 0x84,         ///< the first microsecond; the unit of the steps
  steps = 0x85,         ///< zigzag of the differences of microseconds, in units
  ticks = 0x86,         ///< counters of the clock
  dims = 0x87,          ///< values of creates and dense updates
  sizes = 0x88,         ///< indices of each set but repeats
  gaps = 0x89,
  run_skips = 0x8a,
  run_lengths = 0x8b,
  bitmaps = 0x8c,
  repeats = 0x8d,
  dense_values = 0x8e,   ///< of creates and dense updates without an index set
  sparse_values = 0x8f,  ///< one for each index of a set
  parameters = 0x90,     ///< of transforms
  metadata_sizes = 0x91,
  metadata = 0x92,
  rows = 0x93,         ///< packed, and there instead of clock, steps and ticks: zigzag of the steps of commit rows
  places = 0x94,       ///< in their commits, as zigzag of the distance from what follows
  lags = 0x95,         ///< behind their commits' times: the unit, then as many units; or
  lost = 0x96,         ///< bits of delta::pruned
  relations = 0x97,    ///< of creates, dense and sparse updates: Relation
  value_steps = 0x98,  ///< from the values before
  factors = 0x99,      ///< or amounts: one for each delta scaled or shifted
  copies = 0x9a,       ///< how many assignments back a repeated delta's twin is, less 1
  twins = 0x9b,        ///< instead of repeats: which of the spelled-out sets, from the first on
  lag_steps =
      0x9c,  ///< instead of lags: the unit, then in units the zigzag of the distance from the lag that is expected
};

inline constexpr std::uint8_t kFirstColumn = 0x81;
inline constexpr std::size_t kColumns = 28;
inline constexpr std::uint8_t kCritical = 0x80;
inline constexpr std::size_t kMaxBlockBytes = kMaxFrameBytes;
/// Rows of a block whose scratch a thread keeps: usual blocks have 256 KiB.
inline constexpr std::uint64_t kKeepBytes = 8 << 20;

constexpr std::size_t slot_of(Column column) { return static_cast<std::uint8_t>(column) - kFirstColumn; }
inline std::string_view name_of(Column column) { return column_name(static_cast<std::uint8_t>(column)); }

constexpr Operation operation_of(std::uint8_t kind) { return static_cast<Operation>(kind & 15); }
constexpr Form form_of(std::uint8_t kind) { return static_cast<Form>(kind >> 4); }
constexpr bool is_full(Operation op) { return op == Operation::create || op == Operation::dense; }
/// Whether a kind stands for values at the places of an index set.
constexpr bool has_set(std::uint8_t kind) {
  return operation_of(kind) == Operation::sparse || (is_full(operation_of(kind)) && form_of(kind) != Form::all);
}

/// The order of the columns of a fresh payload whose values follow from those before: rising by vector, those of one as
/// they came. The low 32 bits of each element are a delta's number in the order of commits.
inline void order_by_vector(std::span<const SegmentVector> vectors, std::vector<std::uint64_t>& order) {
  order.clear();
  for (std::size_t i = 0; i < vectors.size(); ++i) order.push_back(std::uint64_t{index(vectors[i])} << 32 | i);
  std::sort(order.begin(), order.end());
}

inline Error directory_error(std::string message) {
  return error(ErrorCode::corrupt, std::move(message)).at("block directory");
}

/// A column as it stands in a payload.
struct Entry {
  ColumnSize size;
  ByteView stored;
};

/// Calls use(entry) for each column, after checking all that can be checked without knowing the column.
template <class Use>
Status each_column(ByteView payload, Use&& use) {
  const Byte *at = payload.data(), *end = at + payload.size();
  std::uint64_t columns = 0, total = 0;
  if (!get_varint(at, end, columns) || columns > 127) return directory_error("bad number of columns");
  std::array<ColumnSize, 127> entries;
  int last = 0;
  for (std::uint64_t i = 0; i < columns; ++i) {
    ColumnSize& e = entries[static_cast<std::size_t>(i)];
    if (end - at < 2) return directory_error("cut off");
    e.column = *at++;
    e.coder = *at++;
    const int number = e.column & ~kCritical;
    if (number <= last) return directory_error("columns out of order");
    last = number;
    if (!get_varint(at, end, e.raw) || e.raw == 0 || e.raw > kMaxBlockBytes) return directory_error("bad raw length");
    e.stored = e.raw;
    if (e.coder != static_cast<std::uint8_t>(Coder::raw) && !get_varint(at, end, e.stored)) {
      return directory_error("bad stored length");
    }
    if (e.stored > kMaxBlockBytes) return directory_error("bad stored length");
    total += e.stored;
  }
  if (total != static_cast<std::uint64_t>(end - at)) return directory_error("columns of another total length");
  for (std::uint64_t i = 0; i < columns; ++i) {
    const ColumnSize& e = entries[static_cast<std::size_t>(i)];
    DELTA_OK(use(Entry{e, {at, static_cast<std::size_t>(e.stored)}}));
    at += e.stored;
  }
  return {};
}

}  // namespace delta::codec
