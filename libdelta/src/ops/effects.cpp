#include "model/effects.hpp"

#include "base/boundary.hpp"
#include "store/union.hpp"

namespace delta {

Result<std::vector<DeltaEffect>> effects(const Log& log, const EffectOptions& options) try {
  const Boundary boundary;
  store::LogSource source(log.impl());
  return model::effects(log.catalog(), log.impl().history, source, options);
} catch (...) {
  return caught();
}

}  // namespace delta
