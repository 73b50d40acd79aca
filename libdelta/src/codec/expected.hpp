// What a packed payload expects of a delta's row, lag and place from those before it: only the distance from there is
// stored. Encoder and decoder each ask before they note.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
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
    if (known->lags == 1) return lag == known->lag ? known->place + 1 : known->place;
    if (known->lags == kMany) {
      const auto& all = many_.find(row)->second;
      return among(all, all.lower_bound(lag), lag);
    }
    const Few all = few_of(*known);
    return among(all, std::ranges::lower_bound(all, lag, {}, &Known::first), lag);
  }
  void note(RowNo row, std::uint64_t lag, std::uint64_t place) {
    if (2 * used_ >= slots_.size()) grow();
    Slot& slot = slots_[slot_of(row)];
    if (slot.stamp != stamp_) {
      slot = {row, stamp_, 1, 0, lag, place};
      first_ = place;
      ++used_;
    } else if (slot.lags == kMany) {
      many_[row][lag] = place;
    } else if (slot.lags > 1 || slot.lag != lag) {
      add(slot, lag, place);
    } else {
      slot.place = place;
    }
  }
  /// As it was made. The room stays.
  void clear() {
    first_ = 0;
    used_ = 0;
    few_.clear();
    many_.clear();
    if (++stamp_ == 0) *this = ExpectedPlace();
  }

 private:
  using Known = std::pair<std::uint64_t, std::uint64_t>;  // a lag, and the last place with it
  using Few = std::span<const Known>;
  static constexpr std::uint32_t kFew = 32, kMany = kFew + 1;
  /// Most rows of a block have few lags in it, or one. Those that have more than kFew are in a map.
  struct Slot {
    RowNo row{};
    std::uint32_t stamp = 0;            // of another one: it is free
    std::uint32_t lags = 0, begin = 0;  // how many; if several, where they begin among the few
    std::uint64_t lag = 0, place = 0;   // if one
  };

  /// Where a row is, or is to be: open addressing, at most half full.
  std::size_t slot_of(RowNo row) const {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((index(row) * kSpread) >> 32) & mask;
    while (slots_[at].stamp == stamp_ && slots_[at].row != row) at = (at + 1) & mask;
    return at;
  }
  const Slot* find(RowNo row) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[slot_of(row)];
    return slot.stamp == stamp_ ? &slot : nullptr;
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.stamp == stamp_) slots_[slot_of(slot.row)] = slot;
    }
  }

  Few few_of(const Slot& slot) const { return {few_.data() + slot.begin, slot.lags}; }

  /// A row with one lag gets another, or one with several any. They stand in order, with room for as many again.
  void add(Slot& slot, std::uint64_t lag, std::uint64_t place) {
    if (slot.lags == 1) {
      slot.begin = static_cast<std::uint32_t>(few_.size());
      few_.resize(few_.size() + 2);
      few_[slot.begin] = {slot.lag, slot.place};
    }
    const auto all = few_.begin() + slot.begin;
    const auto end = all + slot.lags;
    const auto at =
        std::lower_bound(all, end, lag, [](const Known& known, std::uint64_t x) { return known.first < x; });
    if (at != end && at->first == lag) {
      at->second = place;
    } else if (slot.lags == kFew) {
      many_[slot.row].insert(all, end);
      many_[slot.row][lag] = place;
      slot.lags = kMany;
    } else {
      std::copy_backward(at, end, end + 1);
      *at = {lag, place};
      if (std::has_single_bit(++slot.lags)) make_room(slot);
    }
  }
  void make_room(Slot& slot) {
    const std::size_t begin = few_.size();
    few_.resize(begin + std::size_t{2} * slot.lags);
    std::copy_n(few_.begin() + slot.begin, slot.lags, few_.begin() + static_cast<std::ptrdiff_t>(begin));
    slot.begin = static_cast<std::uint32_t>(begin);
  }

  /// `above`: the first of them whose lag is not less.
  template <class All, class At>
  static std::uint64_t among(const All& all, At above, std::uint64_t lag) {
    if (above != all.end() && above->first == lag) return above->second + 1;
    auto below = all.begin();
    if (above == all.end() || above == below) {
      above = std::prev(all.end());  // beyond all: on as from end to end
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
  std::uint32_t stamp_ = 1;
  std::vector<Known> few_;  // of the rows that have several lags, each with room for more behind them
  std::unordered_map<RowNo, std::map<std::uint64_t, std::uint64_t>> many_;
};

}  // namespace delta::codec
