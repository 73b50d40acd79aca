// Sets of microseconds: one spelling for each, and the half-open question that pruning asks.
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "delta/kept_times.hpp"

using namespace delta;

namespace {

using Ranges = std::vector<KeptTimes::Range>;

KeptTimes kept(const Ranges& ranges) {
  KeptTimes times;
  for (const auto& range : ranges) times.add(range);
  return times;
}

Ranges ranges(const KeptTimes& times) { return {times.ranges().begin(), times.ranges().end()}; }

}  // namespace

TEST_CASE("kept times that touch or overlap become one range") {
  CHECK(ranges(kept({{5, 7}, {1, 2}, {10, 10}})) == Ranges{{1, 2}, {5, 7}, {10, 10}});
  CHECK(ranges(kept({{1, 2}, {3, 4}})) == Ranges{{1, 4}});
  CHECK(ranges(kept({{3, 4}, {1, 2}})) == Ranges{{1, 4}});
  CHECK(ranges(kept({{1, 2}, {4, 5}, {8, 9}, {2, 8}})) == Ranges{{1, 9}});
  CHECK(ranges(kept({{1, 9}, {3, 4}})) == Ranges{{1, 9}});
  CHECK(kept({{4, 3}}).empty());
  CHECK(kept({{0, 4}, {5, kMaxMicros}}) == KeptTimes::all());
  CHECK(ranges(KeptTimes::since(7)) == Ranges{{7, kMaxMicros}});
}

TEST_CASE("a kept time parts two times from the first on, and up to before the last") {
  const KeptTimes times = kept({{5, 7}, {10, 10}});
  CHECK(!times.any_in(0, 5));
  CHECK(times.any_in(0, 6));
  CHECK(times.any_in(7, 8));
  CHECK(!times.any_in(8, 10));
  CHECK(times.any_in(8, 11));
  CHECK(times.any_in(10, 11));
  CHECK(!times.any_in(11, kMaxMicros));
  CHECK(!times.any_in(6, 6));
  CHECK(!times.any_in(6, 5));
  CHECK(times.contains(5));
  CHECK(times.contains(7));
  CHECK(!times.contains(8));
  CHECK(!KeptTimes().contains(0));
  CHECK(KeptTimes::all().contains(kMaxMicros));
}

TEST_CASE("kept times are sets of microseconds") {
  std::mt19937 random(7);
  constexpr Micros kMost = 24;
  const auto any = [&] {
    Ranges list;
    for (auto n = random() % 5; n > 0; --n) list.push_back({random() % kMost, random() % kMost});
    return list;
  };
  const auto members = [](const KeptTimes& times) {
    std::set<Micros> out;
    for (Micros t = 0; t < kMost; ++t) {
      if (times.contains(t)) out.insert(t);
    }
    return out;
  };
  for (int round = 0; round < 3000; ++round) {
    const Ranges x = any(), y = any();
    const KeptTimes a = kept(x), b = kept(y);
    std::set<Micros> in_a, both, either;
    for (const auto& [first, last] : x) {
      for (Micros t = first; t <= last; ++t) in_a.insert(t);
    }
    REQUIRE(members(a) == in_a);
    for (const Micros t : members(b)) {
      if (in_a.count(t) != 0) both.insert(t);
    }
    either = members(b);
    either.insert(in_a.begin(), in_a.end());
    KeptTimes united = a;
    united.add(b);
    REQUIRE(members(a.intersect(b)) == both);
    REQUIRE(members(united) == either);
    REQUIRE(a.intersect(b) == b.intersect(a));
    // One set, one spelling.
    KeptTimes again;
    for (const Micros t : both) again.add({t, t});
    REQUIRE(again == a.intersect(b));
    const Micros first = random() % kMost, end = random() % kMost;
    const auto found = in_a.lower_bound(first);
    REQUIRE(a.any_in(first, end) == (found != in_a.end() && *found < end));
  }
}
