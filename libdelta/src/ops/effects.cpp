#include "model/effects.hpp"

#include "store/union.hpp"

namespace delta {

Result<std::vector<DeltaEffect>> effects(const Log& log, const EffectOptions& options) {
  store::LogSource source(log.impl());
  return model::effects(log.catalog(), log.impl().history, source, options);
}

}  // namespace delta
