// The names of a few vectors from an index instead of the IDS frames of the log.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/lookup_index.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// Names the vectors of a segment that were found in the index. Of the others only their number is known. REQUIRES: no
/// ids are loaded. corrupt, without a file: the index is not of this log.
Status name_found(Segment& segment, std::span<const LookupIndex::Found> found, std::span<const std::string> ids);

/// Adds the ids that match one of the globs. False: they are many, or the index cannot tell.
Result<bool> add_matching(const LookupIndex& index, std::span<const std::string> globs, std::vector<std::string>& ids);

}  // namespace delta::store
