// What a packed payload expects of a delta's row, lag and place from those before it: only the distance from there is
// stored. Encoder and decoder each ask before they note.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/numbers.hpp"

namespace delta::codec {

/// What the row of a packed delta is expected to be: a vector goes on with its next commit, and a new one begins where
/// the vector before it began.
class ExpectedRow {
 public:
  RowNo operator()(SegmentVector vector) const { return vector == vector_ ? row_ : first_; }
  void note(SegmentVector vector, RowNo row) {
    if (vector != vector_) first_ = row;
    vector_ = vector;
    row_ = row;
  }

 private:
  std::optional<SegmentVector> vector_;
  RowNo row_{}, first_{};
};

/// The lag: that of the delta before in the same commit; where the vector before began, if there is none.
class ExpectedLag {
 public:
  std::uint64_t operator()(SegmentVector vector, RowNo row) const {
    return vector == vector_ && row == row_ ? lag_ : first_;
  }
  void note(SegmentVector vector, RowNo row, std::uint64_t lag) {
    if (vector != vector_) first_ = lag;
    vector_ = vector;
    row_ = row;
    lag_ = lag;
  }

 private:
  std::optional<SegmentVector> vector_;
  RowNo row_{};
  std::uint64_t lag_ = 0, first_ = 0;
};

/// The place in the commit. Deltas of one commit and time mostly follow each other, in the order of their vectors.
/// Where a commit took its time, the lag says about where in it a delta is: between those of which more and less is
/// known. A commit that is met first goes about as far as the last such did.
class ExpectedPlace {
 public:
  std::uint64_t operator()(RowNo row, std::uint64_t lag) const {
    const Slot* const known = find(row);
    if (known == nullptr) return first_;
    if (known->several) return among(several_.find(row)->second, lag);
    return lag == known->lag ? known->place + 1 : known->place;
  }
  void note(RowNo row, std::uint64_t lag, std::uint64_t place) {
    if (2 * used_ >= slots_.size()) grow();
    Slot& slot = slots_[slot_of(row)];
    if (!slot.used) {
      slot = {row, true, false, lag, place};
      first_ = place;
      ++used_;
    } else if (!slot.several && slot.lag == lag) {
      slot.place = place;
    } else {
      Places& places = several_[row];
      if (!slot.several) places[slot.lag] = slot.place;
      places[lag] = place;
      slot.several = true;
    }
  }

 private:
  using Places = std::map<std::uint64_t, std::uint64_t>;  // by lag: of each the last
  /// Most rows of a block have one delta in it: those have no map.
  struct Slot {
    RowNo row{};
    bool used = false, several = false;
    std::uint64_t lag = 0, place = 0;
  };

  /// Where a row is, or is to be: open addressing, at most half full.
  std::size_t slot_of(RowNo row) const {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((index(row) * kSpread) >> 32) & mask;
    while (slots_[at].used && slots_[at].row != row) at = (at + 1) & mask;
    return at;
  }
  const Slot* find(RowNo row) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[slot_of(row)];
    return slot.used ? &slot : nullptr;
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.used) slots_[slot_of(slot.row)] = slot;
    }
  }

  static std::uint64_t among(const Places& places, std::uint64_t lag) {
    auto above = places.lower_bound(lag);
    if (above != places.end() && above->first == lag) return above->second + 1;
    auto below = places.begin();
    if (above == places.end() || above == below) {
      above = std::prev(places.end());  // beyond all: on as from end to end
    } else {
      below = std::prev(above);
    }
    // Each operation is rounded as IEEE 754 says, so every reader comes to the same.
    const auto part = static_cast<double>(static_cast<std::int64_t>(lag - below->first)),
               whole = static_cast<double>(above->first - below->first);
    const double steps =
        std::floor(part * static_cast<double>(static_cast<std::int64_t>(above->second - below->second)) / whole + 0.5);
    return std::abs(steps) < 0x1p62 ? below->second + static_cast<std::uint64_t>(static_cast<std::int64_t>(steps))
                                    : below->second;
  }

  std::uint64_t first_ = 0;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::unordered_map<RowNo, Places> several_;
};

}  // namespace delta::codec
