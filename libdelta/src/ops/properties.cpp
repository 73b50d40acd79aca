// The public face of properties, which are read from commit rows alone.
#include "delta/property.hpp"
#include "model/property.hpp"
#include "store/union.hpp"

namespace delta {

Result<std::vector<NamespaceProperty>> properties_of(const Log& log, const CutOptions& cut) {
  return model::properties_at(log.catalog(), log.impl().history, {cut.at, cut.as_seen_by, cut.before});
}

}  // namespace delta
