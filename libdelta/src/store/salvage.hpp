// What can be read of a segment of which frames are missing: the rows whose COMMITS frames are here, and of their
// deltas those whose DATA frame and names are. From the outside it is a segment like any other, in which some commits
// have a record that says that damage took deltas of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/dot_ranges.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// The frames of a segment that were found.
struct Remains {
  std::shared_ptr<const ByteSource> file;
  std::optional<format::Header> header;
  std::vector<ScannedFrame> frames;          // by number, each once; without FOOTER
  std::vector<format::FrameHeader> damaged;  // headers of others, whose payloads are damaged
  std::optional<format::Footer> footer;
  bool lacks(std::uint32_t number) const;
};

struct Salvaged {
  Segment segment;                        // tables and all
  DotRanges lost;                         // of which it is known that the segment had them
  std::uint64_t lost_pruned = 0;          // deltas of pruned commits that are lost as well: nobody knows which
  std::vector<std::string> lost_vectors;  // whose deltas are among them, as far as that is known; sorted
  DotRanges mentioned;                    // dots that it had, or that its commits had seen
  bool all_known = false;                 // nothing else can be lost than what is named
};

/// An Error only for I/O.
Result<Salvaged> salvage(const Remains& remains);

}  // namespace delta::store
