// Pruning (law 8): what of a vector's history may go, so that the present under every strategy, each kept time and
// release, blame there, and every later merge do not change.
#pragma once

#include <span>
#include <vector>

#include "delta/delta.hpp"
#include "delta/kept_times.hpp"
#include "model/history.hpp"
#include "model/key_order.hpp"

namespace delta::model {

struct PruneOptions {
  KeptTimes kept;                       ///< whole stills (law 8), now's ray among them
  std::vector<SeenSeqs> releases = {};  ///< kept contexts
  bool whole_deltas = false;            ///< a delta goes whole or stays whole
  /// No writer exists whose deltas are not here. So what acts on later arrivals alone goes too: a delete with nothing
  /// left before it; and transforms that no kept time parts from what they act on, whose values become those after it
  /// (pruned::settled).
  bool closed = false;
  Micros since = kMaxMicros + 1;  ///< this microsecond and all later ones are kept as well
};

/// Prunes the deltas of one vector: appends what is left of each to `out`, in key order; what goes without rest is left
/// out. A delta that loses nothing is appended as it was. Pieces of one delta (of several pruned copies) are united
/// first. `deltas` in any order, of folded commits, fitting `dims`; views into what they view are not kept.
void prune_vector(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta> deltas,
                  const PruneOptions& options, DeltaBatch& out);

}  // namespace delta::model
