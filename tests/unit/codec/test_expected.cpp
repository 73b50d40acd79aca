// The place that is expected of a packed delta, as the specification says it, from all deltas before it.
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "codec/expected.hpp"

using namespace delta;

namespace {

/// Word by word: all that is known, in maps.
class PlainPlaces {
 public:
  std::uint64_t expected(std::uint32_t row, std::uint64_t lag) const {
    const auto known = rows_.find(row);
    if (known == rows_.end()) return first_;
    const auto& places = known->second;
    const auto same = places.find(lag);
    if (same != places.end()) return same->second + 1;
    auto above = places.upper_bound(lag);
    if (places.size() == 1) return places.begin()->second;
    auto below = places.begin();
    if (above == places.end() || above == places.begin()) {
      above = std::prev(places.end());
    } else {
      below = std::prev(above);
    }
    const double part = static_cast<double>(static_cast<std::int64_t>(lag - below->first));
    const double whole = static_cast<double>(above->first - below->first);
    const double rise = static_cast<double>(static_cast<std::int64_t>(above->second - below->second));
    const double steps = std::floor(part * rise / whole + 0.5);
    if (!(std::abs(steps) < 0x1p62)) return below->second;
    return below->second + static_cast<std::uint64_t>(static_cast<std::int64_t>(steps));
  }
  void note(std::uint32_t row, std::uint64_t lag, std::uint64_t place) {
    if (!rows_.contains(row)) first_ = place;
    rows_[row][lag] = place;
  }

 private:
  std::map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> rows_;
  std::uint64_t first_ = 0;
};

}  // namespace

TEST_CASE("the expected place of a packed delta follows from all before it") {
  std::mt19937_64 random(7);
  codec::ExpectedPlace kept;
  for (int round = 0; round < 300; ++round) {
    kept.clear();
    PlainPlaces plain;
    const std::uint64_t rows = 1 + random() % (round % 3 == 0 ? 4 : 3000), lags = 1 + random() % 200;
    const bool wild = round % 7 == 0;
    for (int i = 0; i < 1500; ++i) {
      const auto row = static_cast<std::uint32_t>(random() % rows * 977);
      const std::uint64_t lag = wild && random() % 3 == 0 ? random() : random() % lags;
      const std::uint64_t place = wild ? random() >> (2 + random() % 60) : random() % 1000;
      REQUIRE(kept(nth<RowNo>(row), lag) == plain.expected(row, lag));
      kept.note(nth<RowNo>(row), lag, place);
      plain.note(row, lag, place);
    }
  }
}
