// Two copies of an origin's deltas, compared: where they part, and what each has there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "store/segment.hpp"

namespace delta::ops {

/// Dots of one origin: seqs from first to last.
struct SeqRange {
  std::uint64_t first = 0, last = 0;
};

struct Difference {
  std::uint64_t seq = 0;
  std::string a, b;  // "sparse of 'king' at 2026-01-01T00:00:00Z"
};

/// The first seq in `ranges` (ascending, disjoint) that both segments hold and where the deltas are not the same. Their tables need not be loaded. Reads
/// deltas of the ranges twice at most, and holds the hashes of 262,144 of them.
Result<std::optional<Difference>> first_difference(const store::Segment& a, const store::Segment& b, std::string_view origin,
                                                   std::span<const SeqRange> ranges);

/// The first of `commits` (each one's dots; ascending) that is not the same in both segments by its root, of which either may have lost deltas. Names the first
/// delta that both have whole and that differs, or with no texts the commit's first dot where what differs was pruned away. Reads and holds as above.
Result<std::optional<Difference>> first_other_root(const store::Segment& a, const store::Segment& b, std::string_view origin,
                                                   std::span<const SeqRange> commits);

}  // namespace delta::ops
