// What commits have seen, held against version vectors; and that what is nearly the same is shared.
#include <catch2/catch.hpp>
#include <map>

#include "model/contexts.hpp"
#include "unit/model/random_history.hpp"

using namespace delta;
using model::Contexts;
using model::Seen;

TEST_CASE("contexts of many writers are those that their causes add up to") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    RandomHistory h(seed, 2 + seed * 8);
    h.grow(120);
    for (const CommitNo by : h.seen.numbers()) {
      for (const CommitNo other : h.seen.numbers()) {
        if (by == other) continue;
        const CommitView& c = h.history.commit(other);
        for (std::uint64_t seq = c.first; seq <= c.last(); ++seq) {
          const bool seen = h.history.sees(by, other, seq);
          if (seen != h.sees(by, other, seq)) {
            FAIL("seed " << seed << ": " << index(by) << " sees " << index(other) << ", seq " << seq << ": " << seen);
          }
          if (seen && h.history.place(other).rank >= h.history.place(by).rank) {
            FAIL("seed " << seed << ": ranks of " << index(by) << " and " << index(other));
          }
        }
      }
    }
  }
}

TEST_CASE("the context of a commit that is not here is that of one with the same causes") {
  RandomHistory h(7, 60);
  h.grow(200);
  for (int turn = 0; turn < 100; ++turn) {
    std::vector<Dot> parents;
    for (int k = 0; k < 3; ++k) {
      const Dot dot = h.last(CommitNo{h.below(static_cast<std::uint32_t>(h.seen.size()))});
      if (std::ranges::find(parents, dot.origin, &Dot::origin) == parents.end()) parents.push_back(dot);
    }
    const OriginNo origin{h.below(60)};
    const std::size_t before = h.seen.size();
    const auto context = h.history.context_of(h.next(origin, parents));
    const CommitNo same = h.add(origin, parents);
    for (const CommitNo other : numbers<CommitNo>(before)) {
      const CommitView& c = h.history.commit(other);
      for (std::uint64_t seq = c.first; seq <= c.last(); ++seq) {
        if (h.history.in(context, other, seq) != h.sees(same, other, seq)) {
          FAIL("turn " << turn << ": " << index(other) << ", seq " << seq);
        }
      }
    }
  }
}

TEST_CASE("sets of chains unite and rise as maps do") {
  std::mt19937 random(3);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  using Map = std::map<std::uint32_t, std::pair<std::uint32_t, std::uint64_t>>;
  Contexts contexts;
  std::vector<std::pair<Contexts::Set, Map>> all{{{}, {}}};
  for (int turn = 0; turn < 500; ++turn) {
    std::vector<Contexts::Set> sets;
    Map map;
    for (std::uint32_t k = below(6); k > 0; --k) {
      const auto& [set, its] = all[below(static_cast<std::uint32_t>(all.size()))];
      sets.push_back(set);
      for (const auto& [chain, seen] : its) map[chain] = std::max(map[chain], seen);
    }
    Contexts::Set set = contexts.unite(sets);
    Map more;
    for (std::uint32_t k = below(5); k > 0; --k) more[below(below(2) == 0 ? 20 : 700)] = {1 + below(50), below(3)};
    std::vector<Seen> list;
    for (const auto& [chain, seen] : more) {
      list.push_back({chain, seen.first, seen.second, 1});
      map[chain] = std::max(map[chain], seen);
    }
    set = contexts.raise(set, list);
    for (std::uint32_t chain = 0; chain < 700; ++chain) {
      const auto found = map.find(chain);
      const auto [whole, partial] = found == map.end() ? std::pair(std::uint32_t{0}, std::uint64_t{0}) : found->second;
      const bool right = contexts.whole(set, chain) == whole && contexts.contains(set, chain, whole, partial) &&
                         !contexts.contains(set, chain, whole, partial + 1);
      if (!right) FAIL("turn " << turn << ", chain " << chain);
    }
    all.emplace_back(set, std::move(map));
    if (all.size() > 50) all.erase(all.begin() + 1 + below(49));
  }
}

TEST_CASE("what many have seen is held once") {
  const std::uint32_t writers = GENERATE(500, 1000);
  RandomHistory h(1, 2 * writers + 2);
  const Dot seed = h.last(h.add(0, {}));
  const auto nodes = [&] { return h.history.contexts().nodes(); };

  SECTION("writers beside each other, and all that follow a commit that has seen them") {
    for (std::uint32_t i = 1; i <= writers; ++i) h.add(i, {seed});
    CHECK(nodes() < 10);
    const Dot merge = h.last(h.add(0, h.history.heads()));
    CHECK(nodes() < writers);
    for (std::uint32_t i = 1; i <= writers; ++i) h.add(writers + i, {merge});
    CHECK(nodes() < 6 * writers);
    for (std::uint32_t i = 0; i < writers; ++i) h.add(0, {merge});
    CHECK(nodes() < 6 * writers);
  }
  SECTION("rounds of writers who each see but the merge of the round before") {
    Dot merge = seed;
    std::size_t before = 0;
    for (int round = 0; round < 4; ++round) {
      before = nodes();
      for (std::uint32_t i = 1; i <= writers; ++i) h.add(i, {merge});
      merge = h.last(h.add(0, h.history.heads()));
    }
    CHECK(nodes() - before < 10 * writers);
  }
}
