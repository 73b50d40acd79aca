// Two segments, compared where both hold the same dots: where they part, and what each has there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/dot_ranges.hpp"
#include "store/segment.hpp"

namespace delta::ops {

/// What both segments hold of an origin. Ranges ascend, and are disjoint.
struct Shared {
  std::string_view origin;
  std::vector<SeqRange> ranges;
};

struct Difference {
  std::string_view origin;  // of the Shared that it is in
  std::uint64_t seq = 0;
  std::string a, b;  // "sparse of 'king' at 2026-01-01T00:00:00Z"
};

/// The first dot in `shared` where the deltas of two segments are not the same. Their tables need not be loaded.
/// However many deltas there are, it reads each segment nine times at most; it holds the hashes of an eighth of the
/// deltas, or of 262,144.
Result<std::optional<Difference>> first_difference(const store::Segment& a, const store::Segment& b,
                                                   std::span<const Shared> shared);

/// The first commit that is not the same in both segments by its root, of which either may have lost deltas; a range is
/// one commit's dots. Names the first delta that both have whole and that differs, or with no texts the commit's first
/// dot where what differs was pruned away. Reads and holds as above.
Result<std::optional<Difference>> first_other_root(const store::Segment& a, const store::Segment& b,
                                                   std::span<const Shared> shared);

}  // namespace delta::ops
