// The state of a log at a cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delta/log.hpp"
#include "delta/policy.hpp"
#include "delta/state.hpp"

namespace delta {

/// Which deltas count: without `at` and `as_seen_by`, all folded ones ("now").
struct CutOptions {
  std::optional<Micros> at = {};       ///< up to and with this microsecond, every counter of it
  std::optional<Dot> as_seen_by = {};  ///< this delta and its context
  bool before = false;                 ///< with `as_seen_by`: its context alone
  const Policy* policy = nullptr;      ///< decides conflicts instead of what the log says at the cut; must outlive the call
};

/// Folds the log. Errors: not_kept: pruning has let the cut go; not_found: no such dot. `wanted`: null, or only vectors v with (*wanted)[v]. The State refers to the log's catalog.
DELTA_EXPORT Result<State> snapshot(const Log& log, const CutOptions& cut = {}, const std::vector<bool>* wanted = nullptr);

}  // namespace delta
