// Two cuts in one pass over the deltas, against two folds: whatever the cuts have in common, nothing of one is in the
// other.
#include <catch2/catch.hpp>

#include "model/fold_two.hpp"
#include "real.hpp"

using namespace world;

namespace {

/// Now, a time, what the author of a delta had seen, or both.
delta::model::Cut any_cut(const Real& real, const std::vector<Delta>& deltas) {
  delta::model::Cut cut;
  const int kind = *rc::gen::inRange(0, 5);
  if (kind == 0 || deltas.empty()) return cut;
  const Delta& one = deltas[*rc::gen::inRange<std::size_t>(0, deltas.size())];
  const Delta& other = deltas[*rc::gen::inRange<std::size_t>(0, deltas.size())];
  if (kind != 2) cut.at = one.hlc >> 12;
  if (kind > 1) cut.as_seen_by = {{real.origin(other.origin), other.seq}};
  cut.before = kind == 4;
  return cut;
}

}  // namespace

TEST_CASE("the states at two cuts in one pass are those of two folds, bit for bit") {
  CHECK(check_histories("two states", 1, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30)));
    const auto commits = some_commits(w, seed);
    Real real(w, seed);
    real.deliver(commits);
    const auto deltas = deltas_of(w, folded(w, commits));
    real.set_deltas(deltas_of(w, commits), seed % 2 == 0);
    const delta::model::PolicyCut first{any_cut(real, deltas)}, second{any_cut(real, deltas)};
    const auto both = delta::model::fold_two(real.catalog, real.history, real.source, first, second);
    RC_ASSERT(!!both);
    RC_ASSERT(real.rows(both->first) == real.fold(first.cut));
    RC_ASSERT(both->first.overflows == real.overflows);
    RC_ASSERT(real.rows(both->second) == real.fold(second.cut));
    RC_ASSERT(both->second.overflows == real.overflows);
    RC_CLASSIFY(real.rows(both->first) != real.rows(both->second), "different");
  }));
}
