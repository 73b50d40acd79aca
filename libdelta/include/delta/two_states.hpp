// The states of a log at two cuts: what comparing two moments of it needs.
#pragma once

#include "delta/snapshot.hpp"

namespace delta {

struct TwoStates {
  State first, second;
};

/// What snapshot() gives for either cut, in one pass over the log, whatever the two cuts have in common. Memory: both
/// states. Notices go to those of `first`. Errors: those of snapshot().
DELTA_EXPORT Result<TwoStates> two_snapshots(const Log& log, const CutOptions& first, const CutOptions& second,
                                             const VectorSet& vectors = VectorSet::all());

}  // namespace delta
