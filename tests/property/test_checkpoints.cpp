// Law 7: a fold from a base equals the fold from the beginning, bit for bit, whatever arrived since; and each condition
// on which a base serves is needed.
#include <catch2/catch.hpp>

#include "model/fold_chains.hpp"
#include "real.hpp"

using namespace world;
using delta::model::Cut;

namespace {

struct Answer {
  State rows;
  std::uint64_t overflows = 0;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer fold_from(Real& real, const Cut& cut, const delta::model::FoldBase* base) {
  auto state =
      delta::model::fold(real.catalog, real.history, real.source, cut, delta::VectorSet::all(), nullptr, nullptr, base);
  if (!state) throw std::runtime_error(state.error().text());
  return {real.rows(*state), state->overflows};
}

/// A base that breaks one condition.
enum class Wrong {
  nothing,
  unresolved_forgotten,
  time_ignored,
  context_ignored,
  last_is_create,
  absent_metadata_forgotten,
  overflows_forgotten,
};
class WrongBase final : public delta::model::FoldBase {
 public:
  WrongBase(const delta::model::FoldBase& base, Wrong wrong) : base_(base), wrong_(wrong) {}
  const delta::SeenSeqs& seen() const override { return wrong_ == Wrong::context_ignored ? none_ : base_.seen(); }
  delta::Timestamp latest() const override {
    return wrong_ == Wrong::time_ignored || wrong_ == Wrong::context_ignored ? delta::Timestamp{} : base_.latest();
  }
  const delta::VectorSet& unresolved() const override {
    return wrong_ == Wrong::unresolved_forgotten ? no_vectors_ : base_.unresolved();
  }
  delta::Status each(const delta::VectorSet& vectors, const Visit& visit) const override {
    return base_.each(vectors, [&](delta::model::FoldedVector vector) {
      if (wrong_ == Wrong::last_is_create && vector.exists) vector.last = vector.created;
      if (wrong_ == Wrong::absent_metadata_forgotten && !vector.exists) vector.metadata = {};
      if (wrong_ == Wrong::overflows_forgotten) vector.overflows = 0;
      return visit(vector);
    });
  }
  delta::model::DeltaSource& rest() const override { return base_.rest(); }

 private:
  const delta::model::FoldBase& base_;
  Wrong wrong_;
  delta::SeenSeqs none_;
  delta::VectorSet no_vectors_;
};

/// A replica makes a base of what it has, at a time or now; then more arrives, and questions are asked.
struct Asked {
  World world;
  std::set<std::size_t> now;
  std::unique_ptr<Real> real;
  std::unique_ptr<delta::model::FoldedChains> base;  // null: there can be none

  Asked(const Plan& plan, unsigned seed) : world(play(plan)) {
    std::mt19937 random(seed);
    const auto before = some_commits(world, static_cast<unsigned>(random()));
    now = before;
    for (const std::size_t commit : all_commits(world)) {
      if (random() % 2 == 0) now.insert(commit);
    }
    real = std::make_unique<Real>(world, seed);
    real->deliver(before);
    real->set_deltas(deltas_of(world, before), random() % 2 == 0);
    std::optional<delta::Micros> at;
    if (random() % 2 == 0 && !world.deltas.empty()) at = world.deltas[random() % world.deltas.size()].hlc >> 12;
    auto made = delta::model::fold_chains(real->catalog, real->history, real->source, at, nullptr);
    if (!made) throw std::runtime_error(made.error().text());
    base = std::move(*made);
    real->deliver(now);
    real->set_deltas(deltas_of(world, now), random() % 2 == 0);
    base->set_rest(real->source);
  }

  std::vector<Cut> cuts() const {
    std::vector<Cut> cuts = {{}};
    for (const std::size_t commit : folded(world, now)) {
      for (const Delta& d : world.deltas) {
        if (d.commit != commit) continue;
        cuts.push_back({.at = d.hlc >> 12});
        cuts.push_back({.as_seen_by = {{real->origin(d.origin), d.seq}}});
        cuts.push_back({.as_seen_by = {{real->origin(d.origin), d.seq}}, .before = true});
      }
    }
    return cuts;
  }

  bool right(const delta::model::FoldBase& from) {
    return std::ranges::all_of(
        cuts(), [&](const Cut& cut) { return fold_from(*real, cut, &from) == fold_from(*real, cut, nullptr); });
  }
};

unsigned seed() { return static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))); }

}  // namespace

TEST_CASE("law 7: a fold from a base equals the fold from the beginning") {
  CHECK(check_histories("bases", 0.5, [](const Plan& plan) {
    Asked asked(plan, seed());
    RC_ASSERT(asked.right(*asked.base));
  }));
}

TEST_CASE("law 7: a base that was made of a base is the one that is made from the beginning") {
  CHECK(check_histories("bases of bases", 0.5, [](const Plan& plan) {
    Asked asked(plan, seed());
    Real& real = *asked.real;
    const auto again = delta::model::fold_chains(real.catalog, real.history, real.source, {}, asked.base.get());
    const auto whole = delta::model::fold_chains(real.catalog, real.history, real.source, {}, nullptr);
    RC_ASSERT(again && whole);
    RC_ASSERT((*again)->seen() == (*whole)->seen());
    RC_ASSERT((*again)->latest() == (*whole)->latest());
    RC_ASSERT((*again)->unresolved().numbers() == (*whole)->unresolved().numbers());
    (*again)->set_rest(real.source);
    RC_ASSERT(asked.right(**again));
  }));
}

TEST_CASE("law 7: most bases serve, and hold most vectors") {
  std::size_t held = 0, unresolved = 0;
  CHECK(check_histories("bases serve", 0.1, [&](const Plan& plan) {
    const Asked asked(plan, seed());
    RC_ASSERT(asked.base->each(delta::VectorSet::all(), [&](const delta::model::FoldedVector&) -> delta::Status {
      ++held;
      return {};
    }));
    unresolved += asked.base->unresolved().size();
  }));
  CHECK(held > unresolved / 2);
  CHECK(unresolved > 0);
}

TEST_CASE("every wrong variant of law 7 is caught") {
  const auto wrong = GENERATE(Wrong::unresolved_forgotten, Wrong::time_ignored, Wrong::context_ignored,
                              Wrong::last_is_create, Wrong::absent_metadata_forgotten, Wrong::overflows_forgotten);
  bool found = false;
  int tried = 0;
  std::mt19937_64 random(20261201);
  for (; tried < 20000 && !found; ++tried) {
    const Plan plan = plans()(rc::Random(random()), 100).value();
    Asked asked(plan, static_cast<unsigned>(random()));
    found = !asked.right(WrongBase(*asked.base, wrong));
  }
  INFO("variant " << static_cast<int>(wrong) << " after " << tried << " histories");
  CHECK(found);
}
