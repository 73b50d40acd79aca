// What closes a segment whose writer did not come to it: the footer and trailer that it would have written.
#pragma once

#include <vector>

#include "delta/commit.hpp"
#include "delta/result.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// Hash of each row's commit, recomputed from the deltas; zeros where the hash before it is stated nowhere in the
/// segment. Reads every delta; the tables need not be loaded. Errors: corrupt where deltas of a row are missing.
Result<Indexed<RowNo, Hash>> row_hashes(const Segment& segment, unsigned threads);

/// Cuts an unsealed segment, before its tables are loaded, so that only closed commits stay: after its last COMMITS or
/// SYNC frame (packed: SYNC, behind all of its commits). Without one it has no frames left, and its length is 0.
void cut_to_commits(Segment& segment);

struct Seal {
  format::Footer footer;
  format::Trailer trailer;
  Buffer bytes;                             // what follows the segment as it was cut: `frames` and the trailer
  std::vector<format::FrameHeader> frames;  // POSTINGS and FOOTER
};

/// `segment` was cut, and its tables are loaded, ids included. Frames that this version does not know are counted as
/// any other. Errors: those of check_rewritable().
Result<Seal> make_seal(const Segment& segment, unsigned threads);

}  // namespace delta::store
