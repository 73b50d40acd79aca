#include "delta/clock.hpp"

#include "base/boundary.hpp"
#include "model/clock.hpp"
#include "store/union.hpp"

namespace delta {

Result<std::optional<Finding>> commits_ahead(const Log& log, Micros latest) try {
  const Boundary boundary;
  return model::commits_ahead(log.catalog(), log.impl().history, latest);
} catch (...) {
  return caught();
}

}  // namespace delta
