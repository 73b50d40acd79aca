// What a log says that damage took of it: dots that no commit here holds, and deltas of commits that are here in part.
#pragma once

#include <span>

#include "base/dot_ranges.hpp"
#include "delta/finding.hpp"
#include "model/history.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// What the LOSS frames of a segment name.
Result<DotRanges> read_lost(const Segment& segment);

/// A copy of a commit that is nowhere whole, and what its segment names as lost.
struct IncompleteCopy {
  CommitNo commit{};
  const DotRanges* lost = nullptr;
};
/// Of a history that was told: what it lacks for good, and of each commit the deltas that all of its copies lack.
DotRanges lost_of(const Catalog& catalog, const model::History& history, std::span<const IncompleteCopy> copies);

/// "3 deltas lost to damage: main:17..19". REQUIRES: not empty.
Finding lost_notice(const DotRanges& lost);

}  // namespace delta::store
