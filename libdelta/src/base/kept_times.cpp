#include "delta/kept_times.hpp"

#include <algorithm>
#include <iterator>

namespace delta {

KeptTimes KeptTimes::since(Micros first) {
  KeptTimes kept;
  kept.add(Range{first, kMaxMicros});
  return kept;
}

void KeptTimes::add(Range range) {
  if (range.first > range.last) return;
  // What it touches or overlaps becomes part of it.
  const auto from = std::ranges::partition_point(ranges_, [&](const Range& r) { return r.last + 1 < range.first; });
  auto to = from;
  for (; to != ranges_.end() && to->first <= range.last + 1; ++to) {
    range.first = std::min(range.first, to->first);
    range.last = std::max(range.last, to->last);
  }
  ranges_.insert(ranges_.erase(from, to), range);
}

void KeptTimes::add(const KeptTimes& others) {
  std::vector<Range> all;
  all.reserve(ranges_.size() + others.ranges_.size());
  std::ranges::merge(ranges_, others.ranges_, std::back_inserter(all), {}, &Range::first, &Range::first);
  ranges_.clear();
  for (const Range& range : all) {
    if (ranges_.empty() || ranges_.back().last + 1 < range.first) {
      ranges_.push_back(range);
    } else {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    }
  }
}

KeptTimes KeptTimes::intersect(const KeptTimes& other) const {
  KeptTimes both;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const Range range{std::max(a->first, b->first), std::min(a->last, b->last)};
    if (range.first <= range.last) both.ranges_.push_back(range);
    if (a->last < b->last) {
      ++a;
    } else {
      ++b;
    }
  }
  return both;
}

bool KeptTimes::any_in(Micros first, Micros end) const noexcept {
  const auto range = std::ranges::lower_bound(ranges_, first, {}, &Range::last);
  return range != ranges_.end() && range->first < end && first < end;
}

bool KeptTimes::contains(Micros at) const noexcept { return any_in(at, at + 1); }

std::string to_text(const KeptTimes::Range& range) {
  const std::string first = format_time(range.first);
  if (range.last == kMaxMicros) return first + " and later";
  return range.last == range.first ? first : first + " to " + format_time(range.last);
}

std::string to_text(const KeptTimes& kept) {
  constexpr std::size_t kShown = 12;
  if (kept == KeptTimes::all()) return "every time";
  auto ranges = kept.ranges();
  if (!ranges.empty() && ranges.front().first == 0) ranges = ranges.subspan(1);
  const auto shown = ranges.last(std::min(kShown, ranges.size()));
  std::string text = ranges.size() > kShown ? std::to_string(ranges.size() - kShown) + " earlier ones" : "";
  for (const auto& range : shown) text += (text.empty() ? "" : ", ") + to_text(range);
  if (!ranges.empty() && ranges.back().last == kMaxMicros) return text;
  return text.empty() ? "now" : text + ", now";
}

}  // namespace delta
