#include "base/dot_ranges.hpp"

#include <algorithm>
#include <iterator>

#include "delta/text.hpp"

namespace delta {

void add_range(std::vector<SeqRange>& ranges, SeqRange range) {
  if (ranges.empty() || ranges.back().last < range.first - 1)
    return ranges.push_back(range);  // mostly they come in order
  const auto begin = std::ranges::lower_bound(ranges, range.first, {}, [](const SeqRange& r) { return r.last + 1; });
  auto end = begin;
  for (; end != ranges.end() && end->first - 1 <= range.last; ++end) {
    range = {std::min(range.first, end->first), std::max(range.last, end->last)};
  }
  ranges.insert(ranges.erase(begin, end), range);
}

std::vector<SeqRange> without(std::span<const SeqRange> all, std::span<const SeqRange> some) {
  std::vector<SeqRange> out;
  auto cut = some.begin();
  for (SeqRange range : all) {
    while (cut != some.end() && cut->last < range.first) ++cut;
    for (auto at = cut; at != some.end() && at->first <= range.last; ++at) {
      if (at->first > range.first) out.push_back({range.first, at->first - 1});
      range.first = at->last + 1;
      if (at->last >= range.last) break;
    }
    if (range.first != 0 && range.first <= range.last) out.push_back(range);
  }
  return out;
}

bool has_seq(std::span<const SeqRange> ranges, std::uint64_t seq) {
  const auto at = std::ranges::lower_bound(ranges, seq, {}, &SeqRange::last);
  return at != ranges.end() && at->first <= seq;
}

void add_dots(DotRanges& dots, std::string_view origin, SeqRange range) {
  auto place = dots.find(origin);
  if (place == dots.end()) place = dots.emplace(origin, std::vector<SeqRange>()).first;
  add_range(place->second, range);
}

void add_dots(DotRanges& dots, const DotRanges& more) {
  for (const auto& [origin, ranges] : more) {
    for (const SeqRange& range : ranges) add_dots(dots, origin, range);
  }
}

DotRanges without(const DotRanges& all, const DotRanges& some) {
  DotRanges out;
  for (const auto& [origin, ranges] : all) {
    const auto others = some.find(origin);
    auto left = others == some.end() ? ranges : without(ranges, others->second);
    if (!left.empty()) out.emplace(origin, std::move(left));
  }
  return out;
}

std::uint64_t count_of(const DotRanges& dots) {
  std::uint64_t count = 0;
  for (const auto& [origin, ranges] : dots) {
    for (const SeqRange& range : ranges) count += range.last - range.first + 1;
  }
  return count;
}

std::string dots_text(const DotRanges& dots, std::size_t most) {
  std::string text;
  std::size_t shown = 0, more = 0;
  for (const auto& [origin, ranges] : dots) {
    for (const SeqRange& range : ranges) {
      if (shown == most) {
        ++more;
        continue;
      }
      text += (shown++ > 0 ? ", " : "") + dots_text(escape(origin), range.first, range.last);
    }
  }
  return more == 0 ? text : text + ", and " + plural(more, "range") + " more";
}

}  // namespace delta
