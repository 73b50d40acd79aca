// Frames of damaged files, put together again by the segment that they were of.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "store/pieced_source.hpp"
#include "store/salvage.hpp"
#include "store/scan.hpp"

namespace delta::ops {

/// A frame, a header or a footer, and where it stands.
struct Found {
  std::size_t file = 0;
  std::uint64_t offset = 0;
  format::FrameHeader header = {};
};

/// What is left of one segment, in any of the files. A footer names each of its frames by a checksum, so frames that it
/// names belong together, wherever they were found.
struct FrameGroup {
  std::uint32_t salt = 0;
  std::optional<format::Header> header;
  Found header_at;
  std::map<std::uint32_t, Found> frames;  // by number
  std::vector<format::FrameHeader> damaged;
  std::optional<format::Footer> footer;
  Found footer_at;
  std::set<std::size_t> files;  // that what is used is from

  bool whole() const { return header && footer && frames.size() == footer->frames.size(); }
  /// Byte for byte as it was. REQUIRES: whole().
  std::shared_ptr<store::PiecedSource> as_it_was(const std::vector<std::shared_ptr<const ByteSource>>& sources) const;
  /// The header, if there is one, and all frames.
  store::Remains remains(const std::vector<std::shared_ptr<const ByteSource>>& sources) const;
};

struct FrameGroups {
  std::vector<FrameGroup> groups;  // in the order of the files, those of one file in its order
  bool all_known = true;           // the files hold nothing but these segments, each of which has its footer
};

/// Errors: unsupported, io. `join`: frames of several files may be of one segment although no footer says so, if the
/// files agree wherever both have a frame, and have one with deltas or commits in common.
Result<FrameGroups> find_groups(const std::vector<std::shared_ptr<const ByteSource>>& sources, bool join,
                                unsigned threads);

}  // namespace delta::ops
