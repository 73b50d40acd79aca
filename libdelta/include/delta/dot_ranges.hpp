// Sets of dots, as a report states them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "delta/export.hpp"

namespace delta {

/// Dots of one origin: seqs from first to last.
struct SeqRange {
  std::uint64_t first = 0, last = 0;
  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};

/// Of each origin, by name, ranges that ascend, with a gap between any two. No origin has none.
using DotRanges = std::map<std::string, std::vector<SeqRange>, std::less<>>;

/// "beta:3, main:17..28", names escaped; behind the first `most` ranges: ", and 4 ranges more".
DELTA_EXPORT std::string dots_text(const DotRanges& dots, std::size_t most);

}  // namespace delta
