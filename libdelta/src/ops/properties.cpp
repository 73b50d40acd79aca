// The public face of properties, which are read from commit rows alone.
#include "base/boundary.hpp"
#include "delta/property.hpp"
#include "model/property.hpp"
#include "store/union.hpp"

namespace delta {

Result<std::vector<NamespaceProperty>> properties_of(const Log& log, const CutOptions& cut) try {
  const Boundary boundary;
  return model::properties_at(log.catalog(), log.impl().history, {cut.at, cut.as_seen_by, cut.before});
} catch (...) {
  return caught();
}

}  // namespace delta
