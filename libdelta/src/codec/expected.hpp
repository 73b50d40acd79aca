// What a packed payload expects of a delta's row, lag and place from those before it: only the distance from there is
// stored. Encoder and decoder each ask before they note.
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>

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
    const auto known = places_.find(row);
    return known == places_.end() ? first_ : among(known->second, lag);
  }
  void note(RowNo row, std::uint64_t lag, std::uint64_t place) {
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
    const auto part = static_cast<double>(static_cast<std::int64_t>(lag - below->first)),
               whole = static_cast<double>(above->first - below->first);
    const double steps =
        std::floor(part * static_cast<double>(static_cast<std::int64_t>(above->second - below->second)) / whole + 0.5);
    return std::abs(steps) < 0x1p62 ? below->second + static_cast<std::uint64_t>(static_cast<std::int64_t>(steps))
                                    : below->second;
  }

  std::uint64_t first_ = 0;
  std::unordered_map<RowNo, Places> places_;
};

}  // namespace delta::codec
