// Updates of vectors that do not exist in their context are found in whatever order deltas come, and no other is
// accused.
#include <algorithm>
#include <catch2/catch.hpp>

#include "ops/verify_existence.hpp"

using namespace delta;

namespace {

struct Story {
  Catalog catalog;
  model::History history{catalog};
  VectorNo vector = VectorNo{0};
  std::vector<DeltaBatch> batches;

  Story() : vector(catalog.add_vector(catalog.add_namespace("", 1), "v")) {}

  /// A commit of one delta, which has seen `parents`; a second later than the one before.
  Dot add(std::string_view origin, Operation op, std::vector<Dot> parents) {
    Commit commit;
    commit.origin = catalog.add_origin(origin);
    commit.first = history.head(commit.origin) + 1;
    commit.count = 1;
    commit.parents = std::move(parents);
    commit.time = Timestamp::of((batches.size() + 1) * 1'000'000);
    const Dot dot{commit.origin, commit.first};
    const auto number = history.add(commit);
    REQUIRE(number);
    history.admit_pruned();
    Delta delta{.vector = vector, .op = op, .time = commit.time, .commit = *number, .seq = dot.seq};
    batches.emplace_back().add(delta);
    return dot;
  }

  /// In every order of delivery.
  void check(bool right) {
    std::vector<std::size_t> order(batches.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      ops::ExistenceCheck existence(catalog, history);
      for (const std::size_t i : order) existence.add(batches[i]);
      for (const std::size_t i : order) {
        if (!existence.contested().empty()) existence.gather(batches[i]);
      }
      REQUIRE(existence.finish().empty() == right);
    } while (std::ranges::next_permutation(order).found);
  }
};

}  // namespace

TEST_CASE("an update that saw the vector created again after its delete is right, whatever comes first") {
  Story story;  // found by half a million histories: the update came before the second create, behind the delete
  const Dot created = story.add("m", Operation::create, {});
  const Dot deleted = story.add("m", Operation::remove, {created});
  const Dot again = story.add("a", Operation::create, {deleted});
  story.add("m", Operation::sparse, {again, deleted});
  story.check(true);
}

TEST_CASE("an update that saw the delete is wrong, also where the delete comes after it") {
  Story story;
  const Dot created = story.add("m", Operation::create, {});
  const Dot deleted = story.add("a", Operation::remove, {created});
  story.add("m", Operation::sparse, {deleted, created});
  story.check(false);
}

TEST_CASE("an update that is concurrent with a delete is right, a second delete after the first is not") {
  Story story;
  const Dot created = story.add("m", Operation::create, {});
  const Dot deleted = story.add("a", Operation::remove, {created});
  story.add("m", Operation::negate, {created});
  story.check(true);
  story.add("a", Operation::remove, {deleted});
  story.check(false);
}

TEST_CASE("an update of a vector that nobody created in its context is wrong") {
  Story story;
  story.add("m", Operation::sparse, {});
  story.add("a", Operation::create, {});
  story.check(false);
}
