// What encoder and decoder of a DATA payload share: the columns, the kind byte, the directory.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "codec/block.hpp"
#include "codec/coder.hpp"
#include "codec/index_sets.hpp"
#include "support/varint.hpp"
#include "support/limits.hpp"

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
  full_values = 0x8e,    ///< of creates and dense updates without an index set
  picked_values = 0x8f,  ///< one for each index of a set
  parameters = 0x90,     ///< of transforms
  metadata_sizes = 0x91,
  metadata = 0x92,
  rows = 0x93,           ///< packed, and there instead of clock, steps and ticks: zigzag of the steps of commit rows
  places = 0x94,         ///< in their commits, as zigzag of the distance from what follows
  lags = 0x95,           ///< behind their commits' times: the unit, then as many units; or
  lost = 0x96,           ///< bits of delta::pruned
  relations = 0x97,      ///< of creates, dense and sparse updates: Relation
  value_steps = 0x98,    ///< from the values before
  factors = 0x99,        ///< or amounts: one for each delta scaled or shifted
  copies = 0x9a,         ///< how many assignments back a repeated delta's twin is, less 1
  twins = 0x9b,          ///< instead of repeats: which of the spelled-out sets, from the first on
  lag_steps = 0x9c,      ///< instead of lags: the unit, then in units the zigzag of the distance from the lag that is expected
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

/// The order of the columns of a fresh payload whose values follow from those before: rising by vector, those of one as they came.
/// The low 32 bits of each element are a delta's number in the order of commits.
inline void order_by_vector(std::span<const std::uint32_t> vectors, std::vector<std::uint64_t>& order) {
  order.clear();
  for (std::size_t i = 0; i < vectors.size(); ++i) order.push_back(std::uint64_t{vectors[i]} << 32 | i);
  std::sort(order.begin(), order.end());
}

inline Error directory_error(std::string message) {
  return error(ErrorCode::corrupt, std::move(message)).at("block directory");
}

/// What the row of a packed delta is expected to be: a vector goes on with its next commit, and a new one begins where the vector before
/// it began.
class ExpectedRow {
 public:
  std::uint32_t operator()(std::uint32_t vector) const { return vector == vector_ ? row_ : first_; }
  void note(std::uint32_t vector, std::uint32_t row) {
    if (vector != vector_) first_ = row;
    vector_ = vector, row_ = row;
  }

 private:
  std::uint32_t vector_ = ~std::uint32_t{0}, row_ = 0, first_ = 0;
};

/// The lag: that of the delta before in the same commit; where the vector before began, if there is none.
class ExpectedLag {
 public:
  std::uint64_t operator()(std::uint32_t vector, std::uint32_t row) const { return vector == vector_ && row == row_ ? lag_ : first_; }
  void note(std::uint32_t vector, std::uint32_t row, std::uint64_t lag) {
    if (vector != vector_) first_ = lag;
    vector_ = vector, row_ = row, lag_ = lag;
  }

 private:
  std::uint32_t vector_ = ~std::uint32_t{0}, row_ = 0;
  std::uint64_t lag_ = 0, first_ = 0;
};

/// The place in the commit. Deltas of one commit and time mostly follow each other, in the order of their vectors. Where a commit took
/// its time, the lag says about where in it a delta is: between those of which more and less is known. A commit that is met first goes
/// about as far as the last such did.
class ExpectedPlace {
 public:
  std::uint64_t operator()(std::uint32_t row, std::uint64_t lag) const {
    const auto known = places_.find(row);
    return known == places_.end() ? first_ : among(known->second, lag);
  }
  void note(std::uint32_t row, std::uint64_t lag, std::uint64_t place) {
    Places& places = places_[row];
    if (places.empty()) first_ = place;
    places[lag] = place;
  }

 private:
  using Places = std::map<std::uint64_t, std::uint64_t>;  // by lag: of each the last

  static std::uint64_t among(const Places& places, std::uint64_t lag) {
    auto above = places.lower_bound(lag);
    if (above != places.end() && above->first == lag) return above->second + 1;
    if (places.size() == 1) return places.begin()->second;
    auto below = places.begin();
    if (above == places.end() || above == below) {
      above = std::prev(places.end());  // beyond all: on as from end to end
    } else {
      below = std::prev(above);
    }
    // Each operation is rounded as IEEE 754 says, so every reader comes to the same.
    const auto part = static_cast<double>(static_cast<std::int64_t>(lag - below->first)), whole = static_cast<double>(above->first - below->first);
    const double steps = std::floor(part * static_cast<double>(static_cast<std::int64_t>(above->second - below->second)) / whole + 0.5);
    return std::abs(steps) < 0x1p62 ? below->second + static_cast<std::uint64_t>(static_cast<std::int64_t>(steps)) : below->second;
  }

  std::uint64_t first_ = 0;
  std::unordered_map<std::uint32_t, Places> places_;
};

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
    e.column = *at++, e.coder = *at++;
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
