// What is done with sets of dots.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "delta/dot_ranges.hpp"

namespace delta {

/// Adds a range, whatever is there already. REQUIRES: first <= last.
void add_range(std::vector<SeqRange>& ranges, SeqRange range);
/// What is in `all`, and not in `some`.
std::vector<SeqRange> without(std::span<const SeqRange> all, std::span<const SeqRange> some);
bool has_seq(std::span<const SeqRange> ranges, std::uint64_t seq);

void add_dots(DotRanges& dots, std::string_view origin, SeqRange range);
void add_dots(DotRanges& dots, const DotRanges& more);
DotRanges without(const DotRanges& all, const DotRanges& some);
std::uint64_t count_of(const DotRanges& dots);

}  // namespace delta
