// Which assignments stand, held against asking each about each; and that many of one dimension do not cost by their
// square.
#include <catch2/catch.hpp>

#include "model/standing.hpp"
#include "unit/model/random_history.hpp"

using namespace delta;
using model::Standing;

namespace {

struct Story : RandomHistory {
  using RandomHistory::RandomHistory;
  DeltaBatch batch;
  std::vector<Delta> deltas;

  void note(CommitNo commit, std::uint64_t seq, std::span<const std::uint32_t> indices, std::uint32_t dims) {
    const std::vector<std::uint32_t> bits(indices.empty() ? dims : indices.size());
    batch.add({.op = indices.empty() ? Operation::dense : Operation::sparse,
               .time = history.commit(commit).time,
               .indices = indices,
               .bits = bits,
               .commit = commit,
               .seq = seq});
  }
  std::span<const Delta> list() {
    deltas.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) deltas.push_back(batch[i]);
    return deltas;
  }
  bool before(const Delta& a, const Delta& b) const { return RandomHistory::before(a.commit, a.seq, b.commit, b.seq); }
};

bool assigns(const Delta& c, std::uint32_t dim) {
  return c.op == Operation::dense || std::ranges::find(c.indices, dim) != c.indices.end();
}

/// Steps that it takes to assign one dimension by each of the last commits.
std::uint64_t steps(Story& story, std::size_t first_commit) {
  const std::uint32_t dim = 0;
  for (const CommitNo commit : numbers<CommitNo>(story.seen.size(), first_commit)) {
    story.note(commit, story.history.commit(commit).first, {&dim, 1}, 1);
  }
  const auto deltas = story.list();
  Standing standing(story.history);
  standing.reset(1, deltas.size());
  for (std::uint32_t i = 0; i < deltas.size(); ++i) standing.assign(deltas, i);
  standing.finish();
  return standing.steps();
}

}  // namespace

TEST_CASE("what stands is what no later assignment has seen") {
  for (unsigned seed = 0; seed < 30; ++seed) {
    const std::uint32_t dims = 1 + seed % 4;
    const bool clocks = seed % 3 != 0;  // else deltas come in an order that no clock would give
    Story story(seed, seed % 2 == 0 ? 150 : 5);
    story.grow(250);
    std::vector<std::pair<CommitNo, std::uint64_t>> order;
    for (const CommitNo commit : story.seen.numbers()) {
      for (std::uint64_t seq = story.history.commit(commit).first; seq <= story.history.commit(commit).last(); ++seq) {
        order.emplace_back(commit, seq);
      }
    }
    if (!clocks) std::ranges::shuffle(order, story.random);
    for (const auto& [commit, seq] : order) {
      std::vector<std::uint32_t> indices;
      for (std::uint32_t dim = 0; dim < dims; ++dim) {
        if (story.below(2) == 0) indices.push_back(dim);
      }
      if (indices.empty() && story.below(4) != 0) indices.push_back(0);
      story.note(commit, seq, indices, dims);
    }
    const auto deltas = story.list();
    Standing standing(story.history);
    standing.reset(dims, deltas.size());
    std::vector<std::vector<std::uint32_t>> expected(dims);
    for (std::uint32_t i = 0; i < deltas.size(); ++i) {
      std::vector<std::pair<std::uint32_t, std::uint32_t>> ended, said;
      bool met = false;
      for (std::uint32_t dim = 0; dim < dims; ++dim) {
        if (!assigns(deltas[i], dim)) continue;
        for (const auto j : expected[dim]) {
          if (story.before(deltas[j], deltas[i])) ended.emplace_back(dim, j);
        }
        std::erase_if(expected[dim], [&](std::uint32_t j) { return story.before(deltas[j], deltas[i]); });
        met = met || !expected[dim].empty();
        expected[dim].push_back(i);
      }
      REQUIRE(standing.assign(deltas, i) == met);
      standing.each_ended(deltas[i], [&](std::uint32_t dim, std::uint32_t j) { said.emplace_back(dim, j); });
      std::ranges::sort(said);
      std::ranges::sort(ended);
      REQUIRE(said == ended);
    }
    standing.finish();
    for (std::uint32_t dim = 0; dim < dims; ++dim) {
      const auto is = standing.standing(dim);
      REQUIRE(std::vector(is.begin(), is.end()) == expected[dim]);
    }
  }
}

TEST_CASE("candidates of one dimension cost by their number") {
  const std::uint32_t writers = GENERATE(1000, 4000);
  Story story(1, 2 * writers + 2);
  const Dot seed = story.last(story.add(0, {}));
  SECTION("beside each other") {
    for (std::uint32_t i = 1; i <= writers; ++i) story.add(i, {seed});
    CHECK(steps(story, 1) < 4 * writers);
  }
  SECTION("beside one who goes on") {
    for (std::uint32_t i = 1; i <= writers; ++i) story.add(i, {seed});
    for (std::uint32_t i = 0; i < writers; ++i) story.add(1, {});
    CHECK(steps(story, 1) < 10 * writers);
  }
  SECTION("in rounds, each writer after the merge of the round before") {
    Dot merge = seed;
    for (int round = 0; round < 3; ++round) {
      for (std::uint32_t i = 1; i <= writers; ++i) story.add(i, {merge});
      merge = story.last(story.add(0, story.history.heads()));
    }
    CHECK(steps(story, 1) < 30 * writers);
  }
  SECTION("in rounds, each writer after his own last alone") {
    for (int round = 0; round < 3; ++round) {
      for (std::uint32_t i = 1; i <= writers; ++i) story.add(i, {});
    }
    CHECK(steps(story, 1) < 30 * writers);
  }
}
