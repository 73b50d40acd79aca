// Some commits of a segment as a segment of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ops/merge_set.hpp"
#include "store/segment_file.hpp"

namespace delta::ops {

/// Rows of one part that make one new segment: of each origin without a gap, so that its hashes can be chained.
struct Bundle {
  const MergePart* part = nullptr;
  std::vector<RowNo> rows;  // ascending
  Key first;                // the least key of a commit's last delta
};

/// Cuts rows (ascending) into as few bundles as that takes.
std::vector<Bundle> cut_bundles(const MergeSet& set, const MergePart& part, std::span<const RowNo> rows);

/// A segment of which bundles are made, however many: its tables, and where the deltas of each row are.
class BundleSource {
 public:
  /// Errors: those of check_rewritable().
  static Result<BundleSource> open(const store::Segment& segment, unsigned threads);
  BundleSource(BundleSource&&) noexcept;
  BundleSource& operator=(BundleSource&&) noexcept;
  ~BundleSource();

  /// Writes a bundle as a segment of the kind of its part: what was pruned stays pruned. It costs what the bundle
  /// holds, not what the segment does, except for blocks that it shares with others.
  Status write(const Bundle& bundle, ByteSink& sink);

 private:
  class Impl;
  explicit BundleSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace delta::ops
