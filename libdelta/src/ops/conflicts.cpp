#include "delta/conflicts.hpp"

#include "base/boundary.hpp"
#include "model/conflicts.hpp"
#include "model/policy.hpp"
#include "store/union.hpp"

namespace delta {

Result<ConflictCount> conflicts(const Log& log, const CutOptions& cut, const VectorSet& vectors,
                                const std::function<Status(const Conflict&)>& visit) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  return model::conflicts(log.catalog(), log.impl().history, source, {cut.at, cut.as_seen_by, cut.before}, vectors,
                          cut.policy, visit);
} catch (...) {
  return caught();
}

Result<Policy> policy_of(const Log& log, const CutOptions& cut) try {
  const Boundary boundary;
  return model::policy_at(log.catalog(), log.impl().history, {cut.at, cut.as_seen_by, cut.before});
} catch (...) {
  return caught();
}

}  // namespace delta
