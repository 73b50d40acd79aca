// The state of a log at a cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delta/log.hpp"
#include "delta/state.hpp"

namespace delta {

/// Which deltas count: with neither member, all folded ones ("now").
struct CutOptions {
  std::optional<Micros> at;         ///< up to and with this microsecond, every counter of it
  std::optional<Dot> as_seen_by;    ///< this delta and its context
};

/// Folds the log. `wanted`: null, or only vectors v with (*wanted)[v]. The State refers to the log's catalog.
DELTA_EXPORT Result<State> snapshot(const Log& log, const CutOptions& cut = {}, const std::vector<bool>* wanted = nullptr);

}  // namespace delta
