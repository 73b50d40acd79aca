#include "delta/blame.hpp"

#include "base/boundary.hpp"
#include "model/blame.hpp"
#include "store/union.hpp"

namespace delta {

Result<Blame> blame(const Log& log, VectorNo vector, const CutOptions& cut) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  return model::blame(log.catalog(), log.impl().history, source, {cut.at, cut.as_seen_by, cut.before}, vector,
                      cut.policy);
} catch (...) {
  return caught();
}

Result<Blame> blame(const Log& log, const VectorName& name, const CutOptions& cut) try {
  const Boundary boundary;
  DELTA_TRY(const VectorNo vector, log.catalog().find(name));
  return blame(log, vector, cut);
} catch (...) {
  return caught();
}

Status blame_each(const Log& log, const VectorSet& vectors, const CutOptions& cut,
                  const std::function<Status(const Blame&)>& visit) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  return model::blame_each(log.catalog(), log.impl().history, source, {cut.at, cut.as_seen_by, cut.before}, vectors,
                           cut.policy, visit);
} catch (...) {
  return caught();
}

}  // namespace delta
