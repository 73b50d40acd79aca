// The definition of blame, on random histories: what it names is enough, and is what the naive fold has.
#include <catch2/catch.hpp>

#include "model/blame.hpp"
#include "real.hpp"

using namespace world;

namespace {

Key key_of(const Real& real, const delta::DeltaRef& reference) {
  return {reference.time.hlc, Name(real.catalog.origin(reference.dot.origin)), reference.dot.seq};
}

std::set<Key> keys_of(const Real& real, const std::vector<delta::DeltaRef>& references) {
  std::set<Key> keys;
  for (const auto& reference : references) keys.insert(key_of(real, reference));
  return keys;
}

/// Only the named deltas, the vector's creates and deletes, and transforms of `transforms` (null: all).
std::vector<Delta> kept(const std::vector<Delta>& deltas, int vector, const std::set<Key>& named,
                        const std::set<Key>* transforms) {
  std::vector<Delta> out;
  for (const Delta& d : deltas) {
    if (d.vector != vector) continue;
    const bool transform = is_transform(d.op) && (transforms == nullptr || transforms->count(d.key()) != 0);
    if (named.count(d.key()) != 0 || is_lifecycle(d.op) || transform) out.push_back(d);
  }
  return out;
}

void check_run(Real& real, const World& w, const std::vector<Delta>& deltas, int v, const delta::BlameRun& run) {
  RC_ASSERT(run.chosen.size() == 1u);
  const auto chosen = keys_of(real, run.chosen), transforms = keys_of(real, run.transforms);
  for (const auto* list : {static_cast<const std::set<Key>*>(nullptr), &transforms}) {
    const auto part = kept(deltas, v, chosen, list);
    real.set_deltas(part, false);
    const State state = real.fold();
    const Row row = fold_vector(part, v, w.dims);
    RC_ASSERT(row.exists);
    for (std::size_t i = 0; i < run.bits.size(); ++i) {
      RC_ASSERT(state[static_cast<std::size_t>(v)].bits[run.first + i] == run.bits[i]);
      RC_ASSERT(row.bits[run.first + i] == run.bits[i]);
    }
  }
  std::set<Key> later;
  for (const Delta& d : deltas) {
    if (d.vector == v && is_transform(d.op) && d.key() > *chosen.begin()) later.insert(d.key());
  }
  RC_ASSERT(transforms == later);
  // Chosen and losers together are the candidates of law 4, in every dimension of the run.
  auto named = keys_of(real, run.losers);
  RC_ASSERT(named.size() == run.losers.size());
  named.insert(chosen.begin(), chosen.end());
  for (std::size_t i = 0; i < run.bits.size(); ++i) {
    std::set<Key> candidates;
    for (const auto& [key, d] : Rules(deltas, v).candidates(run.first + static_cast<std::uint32_t>(i))) {
      candidates.insert(key);
    }
    RC_ASSERT(named == candidates);
  }
  RC_ASSERT(*named.rbegin() == *chosen.begin());
}

}  // namespace

TEST_CASE("blame: the named deltas, creates, deletes and transforms alone give the same bits") {
  CHECK(check_histories("blame", 1, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30)));
    const auto commits = some_commits(w, seed);
    Real real(w, seed);
    real.deliver(commits);
    const auto deltas = deltas_of(w, folded(w, commits));
    const State state = fold(w, deltas);
    bool conflict = false;
    for (int v = 0; v < static_cast<int>(w.vectors); ++v) {
      const Row& row = state[static_cast<std::size_t>(v)];
      real.set_deltas(deltas_of(w, commits), seed % 2 == 0);
      const auto blame = delta::model::blame(real.catalog, real.history, real.source, {}, real.vector(v));
      RC_ASSERT(static_cast<bool>(blame) == row.exists);
      if (!blame) continue;
      RC_ASSERT(key_of(real, blame->created) == row.created);
      std::vector<std::uint32_t> bits;
      for (const auto& run : blame->runs) {
        RC_ASSERT(run.first == bits.size());
        bits.insert(bits.end(), run.bits.begin(), run.bits.end());
        conflict |= !run.losers.empty();
      }
      RC_ASSERT(bits == row.bits);
      for (const auto& run : blame->runs) check_run(real, w, deltas, v, run);
      Json metadata = Json::object();
      for (const auto& member : blame->metadata) {
        metadata[member.name] = Json::parse(member.value);
        const auto who = key_of(real, member.set_by);
        for (const Delta& d : deltas) {
          if (d.key() == who) RC_ASSERT(Json::parse(d.metadata).contains(member.name));
          const bool later = d.vector == v && d.key() > who && !d.metadata.empty();
          if (later) RC_ASSERT(!Json::parse(d.metadata).contains(member.name));
        }
      }
      RC_ASSERT(metadata == row.metadata);
    }
    RC_CLASSIFY(conflict, "with losers");
  }));
}

TEST_CASE("blame of many in passes bounded by memory says of each what blame of it alone says") {
  CHECK(check_histories("blame of many", 0.5, [](const Plan& plan) {
    const World w = play(plan);
    const auto seed = static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30)));
    const auto most = *rc::gen::element<std::uint64_t>(1, 200, 1000, ~std::uint64_t{0});
    const auto commits = some_commits(w, seed);
    Real real(w, seed);
    real.deliver(commits);
    real.set_deltas(deltas_of(w, commits), seed % 2 == 0);
    std::vector<delta::VectorNo> expected;
    delta::VectorSet wanted;
    for (int v = 0; v < static_cast<int>(w.vectors); ++v) {
      if (v % 3 != 2) wanted.insert(real.vector(v));
    }
    wanted.each([&](delta::VectorNo v) {
      if (delta::model::blame(real.catalog, real.history, real.source, {}, v)) expected.push_back(v);
    });
    std::vector<delta::Blame> found;
    const auto visit = [&](const delta::Blame& blame) -> delta::Status {
      return found.push_back(blame), delta::Status();
    };
    RC_ASSERT(!!delta::model::blame_each(real.catalog, real.history, real.source, {}, wanted, nullptr, visit, most));
    RC_ASSERT(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto alone = delta::model::blame(real.catalog, real.history, real.source, {}, expected[i]);
      RC_ASSERT((alone && found[i] == *alone));
    }
  }));
}
