// Whether a vector exists in a context, held against looking at each create and delete; and that many of them do not
// cost by their square.
#include <catch2/catch.hpp>

#include "model/existence.hpp"
#include "ops/existence_index.hpp"
#include "unit/model/random_history.hpp"

using namespace delta;
using model::Existence;

namespace {

struct Story : RandomHistory {
  using RandomHistory::RandomHistory;
  std::vector<Existence::Event> events;

  void note(CommitNo commit, std::uint64_t seq) {
    const CommitView& c = history.commit(commit);
    events.push_back({commit, below(2) == 0, {c.time, c.origin, seq}});
  }
  void note_some(std::size_t first_commit, std::uint32_t of = 2) {
    for (const CommitNo commit : numbers<CommitNo>(seen.size(), first_commit)) {
      for (std::uint64_t seq = history.commit(commit).first; seq <= history.commit(commit).last(); ++seq) {
        if (below(of) == 0) note(commit, seq);
      }
    }
  }
  const Existence::Event* simple(CommitNo commit, std::uint64_t seq) const {
    const Existence::Event* last = nullptr;
    for (const auto& e : events) {
      if (before(e.commit, e.key.seq, commit, seq) && (!last || key_less(catalog, last->key, e.key))) last = &e;
    }
    return last;
  }
};

bool same(const Existence::Event* a, const Existence::Event* b) {
  return a == nullptr || b == nullptr ? a == b : a->commit == b->commit && a->key.seq == b->key.seq;
}

}  // namespace

TEST_CASE("the last create or delete in a context is the one that looking at all finds") {
  for (unsigned seed = 0; seed < 18; ++seed) {
    Story story(seed, seed % 2 == 0 ? 100 : 3);
    story.grow(150);
    story.note_some(0);
    Existence existence(story.catalog, story.history);
    if (seed % 3 == 0) std::ranges::shuffle(story.events, story.random);
    for (const auto& event : story.events) existence.add(event);
    for (const CommitNo commit : story.seen.numbers()) {
      for (std::uint64_t seq = story.history.commit(commit).first; seq <= story.history.commit(commit).last(); ++seq) {
        REQUIRE(same(existence.last_before(commit, seq), story.simple(commit, seq)));
      }
    }
    // Those that are added later count for who comes later.
    const auto before = static_cast<std::uint32_t>(story.seen.size());
    story.grow(40);
    const std::size_t known = story.events.size();
    story.note_some(before);
    for (std::size_t i = known; i < story.events.size(); ++i) existence.add(story.events[i]);
    for (const CommitNo commit : numbers<CommitNo>(story.seen.size(), before)) {
      REQUIRE(same(existence.last_before(commit, story.history.commit(commit).first),
                   story.simple(commit, story.history.commit(commit).first)));
    }
  }
}

TEST_CASE("an encoder's events are found by context, with those of the open commit") {
  Story story(5, 40);
  ops::ExistenceIndex lifecycles;
  for (int turn = 0; turn < 400; ++turn) {
    const auto commit = nth<CommitNo>(story.seen.size());
    const OriginNo origin{story.below(40)};
    std::vector<Dot> parents;
    for (std::uint32_t k = story.below(3); !story.seen.empty() && k > 0; --k) {
      const Dot dot = story.last(CommitNo{story.below(static_cast<std::uint32_t>(story.seen.size()))});
      if (std::ranges::find(parents, dot.origin, &Dot::origin) == parents.end()) parents.push_back(dot);
    }
    // It is asked before it is closed, as an encoder does.
    const Commit open = story.next(origin, parents);
    const auto context = story.history.context_of(open);
    const Existence::Event own{commit, story.below(2) == 0, {Timestamp::of(story.seen.size() + 1), origin, open.first}};
    const bool writes = story.below(2) == 0;
    if (writes) lifecycles.add(VectorNo{3}, own);
    const bool said = lifecycles.exists(story.catalog, story.history, VectorNo{3}, {false, context, commit});
    const CommitNo added = story.add(origin, parents);
    REQUIRE(added == commit);
    const auto* last = story.simple(commit, open.first);
    REQUIRE(said == (writes ? own.create : last != nullptr && last->create));
    if (writes) story.events.push_back(own);
    if (!story.events.empty()) {
      REQUIRE(lifecycles.exists(story.catalog, story.history, VectorNo{3}, {true, {}, commit}) ==
              story.events.back().create);
    }
  }
}

TEST_CASE("existence costs by the number of creates and deletes") {
  const std::uint32_t writers = GENERATE(1000, 4000);
  Story story(1, 2 * writers + 2);
  const Dot seed = story.last(story.add(0, {}));
  const auto steps = [&] {
    story.note_some(0, 1);
    Existence existence(story.catalog, story.history);
    for (const auto& event : story.events) existence.add(event);
    for (const CommitNo commit : story.seen.numbers()) {
      existence.last_before(commit, story.history.commit(commit).first);
    }
    return existence.steps();
  };
  SECTION("by two origins") {
    for (std::uint32_t i = 0; i < writers; ++i) story.add(1 + i % 2, {});
    CHECK(steps() < 4 * writers);
  }
  SECTION("by many beside each other, and many who have seen those") {
    for (std::uint32_t i = 1; i <= writers; ++i) story.add(i, {seed});
    const Dot merge = story.last(story.add(0, story.history.heads()));
    for (std::uint32_t i = 1; i <= writers; ++i) story.add(writers + i, {merge});
    CHECK(steps() < 12 * writers);
  }
}
