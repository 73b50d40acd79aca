#include "delta/clock.hpp"

#include "model/clock.hpp"
#include "store/union.hpp"

namespace delta {

std::optional<Finding> commits_ahead(const Log& log, Micros latest) {
  return model::commits_ahead(log.catalog(), log.impl().history, latest);
}

}  // namespace delta
