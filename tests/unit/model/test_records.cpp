// Many prune records: each once, and the times that all or any of them keep, as a set of microseconds has it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

#include "model/records.hpp"

using namespace delta;

namespace {

constexpr Micros kMost = 40;

KeptTimes random_times(std::mt19937& random) {
  KeptTimes kept;
  for (auto n = random() % 6; n > 0; --n) {
    const Micros first = random() % kMost;
    kept.add(KeptTimes::Range{first, std::min(kMost - 1, first + random() % 4)});
  }
  return kept;
}

std::set<Micros> as_set(const KeptTimes& kept) {
  std::set<Micros> out;
  for (Micros t = 0; t < kMost; ++t) {
    if (kept.contains(t)) out.insert(t);
  }
  return out;
}

}  // namespace

TEST_CASE("a record table holds each record once, in order of first use") {
  std::mt19937 random(3);
  model::RecordTable table;
  std::vector<PruneRecord> known;  // the simple way
  for (int i = 0; i < 2000; ++i) {
    PruneRecord record{random_times(random), {}, random() % 2 == 0};
    for (std::uint32_t o = 0; o < random() % 3; ++o) record.seen.push_back({OriginNo{o}, 1 + random() % 2});
    if (!known.empty() && random() % 2 == 0) record = known[random() % known.size()];
    const auto place = static_cast<std::size_t>(std::ranges::find(known, record) - known.begin());
    if (place == known.size()) known.push_back(record);
    REQUIRE(table.add(record) == nth<RecordNo>(place));
  }
  REQUIRE(table.size() == known.size());
  const model::RecordTable moved = std::move(table);
  for (std::uint32_t i = 0; i < known.size(); ++i) REQUIRE(moved[RecordNo{i}] == known[i]);
}

TEST_CASE("the times that all of many sets hold, and those that any does") {
  CHECK(model::in_all({}) == KeptTimes::all());
  CHECK(model::in_any({}) == KeptTimes());
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    std::vector<KeptTimes> sets;
    std::set<Micros> all, any;
    for (Micros t = 0; t < kMost; ++t) all.insert(t);
    for (auto n = 1 + random() % 9; n > 0; --n) {
      sets.push_back(random_times(random));
      const auto mine = as_set(sets.back());
      any.insert(mine.begin(), mine.end());
      std::erase_if(all, [&](Micros t) { return !mine.contains(t); });
    }
    REQUIRE(as_set(model::in_all(sets)) == all);
    REQUIRE(as_set(model::in_any(sets)) == any);
    KeptTimes one_by_one;
    for (const auto& set : sets) one_by_one.add(set);
    REQUIRE(model::in_any(sets) == one_by_one);  // one spelling
  }
}
