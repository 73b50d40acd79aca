// Every history of two origins, one vector of one dimension, and up to four deltas (five after a create), with every
// choice of who had seen what and of three ways for the clocks to disagree: what a random search might miss at this
// size, it cannot.
#include <catch2/catch.hpp>

#include "real.hpp"

using namespace world;

namespace {

// A step is one of 16: who writes, whether it first receives all that the other has, and one of four operations.
constexpr int kChoices = 16;
constexpr int kOperations[] = {0 /* create */, 20 /* dense */, 62 /* scale */, 88 /* delete */};

Plan plan_of(std::size_t number, int length, std::vector<int> skews) {
  Plan plan{.origins = 0, .vectors = 0, .dims = 0, .skews = std::move(skews), .steps = {}};
  for (int i = 0; i < length; ++i, number /= kChoices) {
    const int choice = static_cast<int>(number % kChoices), who = choice & 1;
    if (choice & 2) plan.steps.push_back({.kind = 60, .replica = who, .other = 1 - who, .deltas = {}});
    DeltaPlan delta{.op = kOperations[choice >> 2], .parameter = 1, .values = {i}};
    plan.steps.push_back({.kind = 0, .replica = who, .advance = 1, .deltas = {delta}});
  }
  return plan;
}

/// Empty when the library and the naive laws agree at every time.
std::string disagreement(const World& w, unsigned seed) {
  Real real(w, seed);
  real.deliver(all_commits(w));
  real.set_deltas(w.deltas, seed % 2 == 0);
  std::set<delta::Micros> times;
  for (const Delta& d : w.deltas) times.insert(d.hlc >> 12);
  for (const delta::Micros at : times) {
    auto inside = w.deltas;
    std::erase_if(inside, [&](const Delta& d) { return d.hlc >> 12 > at; });
    if (real.fold({.at = at, .as_seen_by = {}}) != fold(w, inside)) return show(w);
  }
  return {};
}

std::size_t check_all(int length, std::size_t first_choices) {
  std::size_t count = first_choices, checked = 0;
  for (int i = 1; i < length; ++i) count *= kChoices;
  for (const auto& skews : {std::vector{0, 0}, {3, 0}, {0, 3}}) {
    for (std::size_t number = 0; number < count; ++number, ++checked) {
      // The last step varies least quickly, so that `first_choices` bounds it: turned round, it is the first one.
      std::size_t turned = 0, rest = number;
      for (int i = 0; i < length; ++i, rest /= kChoices) turned = turned * kChoices + rest % kChoices;
      const auto failure = disagreement(play(plan_of(turned, length, skews)), static_cast<unsigned>(checked));
      if (!failure.empty()) {
        FAIL_CHECK("the library and the laws disagree on" << failure);
        return checked;
      }
    }
  }
  return checked;
}

}  // namespace

TEST_CASE("every small history folds as the laws say, at every time") {
  CHECK(check_all(1, kChoices) == 3 * 16);
  CHECK(check_all(2, kChoices) == 3 * 256);
  CHECK(check_all(3, kChoices) == 3 * 4096);
  CHECK(check_all(4, kChoices) == 3 * 65536);
}

TEST_CASE("every history of five deltas that begins with a create folds as the laws say, at every time") {
  CHECK(check_all(5, 1) == 3 * 65536);
}
