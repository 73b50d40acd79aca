#include "delta/snapshot.hpp"

#include "model/fold.hpp"
#include "store/union.hpp"

namespace delta {

Result<State> snapshot(const Log& log, const CutOptions& cut, const VectorSet& vectors) {
  store::LogSource source(log.impl());
  DELTA_TRY(State state, model::fold(log.catalog(), log.impl().history, source, {cut.at, cut.as_seen_by, cut.before},
                                     vectors, cut.policy));
  state.keep(log.impl().shared_catalog);
  return state;
}

Result<State> snapshot_vector(const Log& log, const VectorName& name, const CutOptions& cut) {
  DELTA_TRY(const VectorNo vector, log.catalog().find(name));
  return snapshot(log, cut, {vector});
}

Status check_cut(const Log& log, const CutOptions& cut) {
  auto test = model::CutTest::make(log.catalog(), log.impl().history, {cut.at, cut.as_seen_by, cut.before});
  return test ? Status() : Status(std::move(test).error());
}

}  // namespace delta
