#include "delta/snapshot.hpp"

#include "base/boundary.hpp"
#include "delta/two_states.hpp"
#include "index/checkpoint.hpp"
#include "store/union.hpp"

namespace delta {

Result<State> snapshot(const Log& log, const CutOptions& cut, const VectorSet& vectors) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  DELTA_TRY(State state, checkpoint::fold(log.impl(), source, {cut.at, cut.as_seen_by, cut.before}, vectors, cut.policy,
                                          nullptr, cut.notices));
  state.keep(log.impl().shared_catalog);
  return state;
} catch (...) {
  return caught();
}

Result<State> snapshot_vector(const Log& log, const VectorName& name, const CutOptions& cut) try {
  const Boundary boundary;
  DELTA_TRY(const VectorNo vector, log.catalog().find(name));
  return snapshot(log, cut, {vector});
} catch (...) {
  return caught();
}

Result<TwoStates> two_snapshots(const Log& log, const CutOptions& first, const CutOptions& second,
                                const VectorSet& vectors) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  const auto cut_of = [](const CutOptions& cut) {
    return model::PolicyCut{{cut.at, cut.as_seen_by, cut.before}, cut.policy};
  };
  DELTA_TRY(auto states,
            checkpoint::fold_two(log.impl(), source, cut_of(first), cut_of(second), vectors, first.notices));
  states.first.keep(log.impl().shared_catalog);
  states.second.keep(log.impl().shared_catalog);
  return TwoStates{std::move(states.first), std::move(states.second)};
} catch (...) {
  return caught();
}

Status check_cut(const Log& log, const CutOptions& cut) try {
  const Boundary boundary;
  auto test = model::CutTest::make(log.catalog(), log.impl().history, {cut.at, cut.as_seen_by, cut.before});
  return test ? Status() : Status(std::move(test).error());
} catch (...) {
  return caught();
}

}  // namespace delta
