// Frames that stand beside the deltas of a segment: attestations, and ignorable ones whose type this version does not
// know. Nobody here acts on them, and whoever copies or rewrites commits must not lose them in silence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "delta/commit.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "store/frames.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// unsupported: the segment has ro_compat features that this version does not know, so that it may be read and copied,
/// and not written in another form: whoever does not know a feature does not know what it takes to keep it.
Status check_rewritable(const Segment& segment);

/// Of each such frame one hash, of all that does not depend on its place; ascending.
Result<std::vector<Hash>> extra_digests(const Segment& segment);

/// A frame that may stand in another segment.
struct Extra {
  const Segment* segment = nullptr;
  std::size_t entry = 0;
};
struct Extras {
  std::vector<Extra> kept;  // each once, in order of type, then payload
  std::vector<Finding>
      left_out;  // those that are not safe to copy, and columns of deltas that are not known, by segment
};
/// Of some segments, which outlive it. Holds some 100 bytes a frame, and two frames at a time.
Result<Extras> extras_of(std::span<const Segment* const> segments);

/// The frame as it stands, without its place, onto a list.
Status append_extra(const Extra& extra, FrameList& out);

}  // namespace delta::store
