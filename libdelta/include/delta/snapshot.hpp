// The state of a log at a cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delta/log.hpp"
#include "delta/policy.hpp"
#include "delta/state.hpp"
#include "delta/vector_set.hpp"

namespace delta {

/// Which deltas count: without `at` and `as_seen_by`, all folded ones ("now").
struct CutOptions {
  std::optional<Micros> at = {};     ///< up to and with this microsecond, every counter of it
  std::vector<Dot> as_seen_by = {};  ///< these deltas and all that they had seen; none: all
  bool before = false;               ///< with `as_seen_by`: what they had seen alone
  const Policy* policy = nullptr;  ///< decides conflicts instead of what the log says at the cut; must outlive the call
  std::vector<Finding>* notices = nullptr;  ///< is told of checkpoints that could not be used; null: nobody is
};

/// Folds the log, from a checkpoint beside it (delta/checkpoint.hpp) where that spares something. Errors: not_kept:
/// pruning has let the cut go; not_found: no such dot. The state keeps the log's catalog, so it may outlive the log.
DELTA_EXPORT Result<State> snapshot(const Log& log, const CutOptions& cut = {},
                                    const VectorSet& vectors = VectorSet::all());

/// The state of one vector alone, which takes as long as its own deltas. It does not exist there if it does not exist
/// at the cut. Errors: those of Catalog::find() and of snapshot().
DELTA_EXPORT Result<State> snapshot_vector(const Log& log, const VectorName& name, const CutOptions& cut = {});

/// Whether the log answers a cut, without folding it. Errors: those of snapshot().
DELTA_EXPORT Status check_cut(const Log& log, const CutOptions& cut);

}  // namespace delta
