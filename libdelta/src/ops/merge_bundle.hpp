// Some commits of a segment as a segment of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/merge_set.hpp"
#include "store/segment_file.hpp"

namespace delta::ops {

/// Rows of one part that make one new segment: of each origin without a gap, so that its hashes can be chained.
struct Bundle {
  const MergePart* part = nullptr;
  std::vector<std::size_t> rows;  // ascending
  Key first;                      // the least key of a commit's last delta
};

/// Cuts rows (ascending) into as few bundles as that takes.
std::vector<Bundle> cut_bundles(const MergeSet& set, const MergePart& part, std::span<const std::size_t> rows);

/// Writes a bundle as a segment of the kind of its part: what was pruned stays pruned. Errors: unsupported for a segment that asks not to
/// be rewritten.
Status write_bundle(const Bundle& bundle, unsigned threads, const store::SegmentFile::Sink& sink);

}  // namespace delta::ops
