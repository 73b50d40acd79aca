// Deltas of one microsecond are never parted: only times decide where a window ends, never the order of those who share
// one.
#include "model/windows.hpp"

#include <algorithm>

#include "delta/pages.hpp"
#include "model/exact_sum.hpp"

namespace delta::model {
namespace {

constexpr Micros kMostWindows = 10'000;  // that a delta may be in

std::size_t place_of(std::span<const Micros> times, std::size_t from, Micros time) {
  return static_cast<std::size_t>(
      std::lower_bound(times.begin() + static_cast<std::ptrdiff_t>(from), times.end(), time) - times.begin());
}

/// tumbling is sliding by the length.
std::vector<WindowRange> sliding_ranges(Micros length, Micros step, std::span<const Micros> times) {
  std::vector<WindowRange> out;
  std::size_t first = 0, last = 0;
  for (Micros k = 0; first < times.size(); ++k) {
    // To the first window that holds the next delta; there may be none for years.
    const Micros next = times[first];
    if (next >= length) k = std::max(k, (next - length) / step + 1);
    const Micros begin = k * step;
    first = place_of(times, first, begin);
    if (first == times.size()) break;
    last = place_of(times, std::max(first, last), begin + length);
    if (last > first) out.push_back({begin, begin + length, first, last});
  }
  return out;
}

std::vector<WindowRange> session_ranges(Micros gap, std::span<const Micros> times) {
  std::vector<WindowRange> out;
  for (std::size_t first = 0; first < times.size();) {
    std::size_t last = first + 1;
    while (last < times.size() && times[last] - times[last - 1] < gap) ++last;
    out.push_back({times[first], times[last - 1] + gap, first, last});
    first = last;
  }
  return out;
}

std::vector<WindowRange> adaptive_ranges(const WindowSpec& spec, std::span<const Micros> times) {
  std::vector<WindowRange> out;
  for (std::size_t first = 0; first < times.size();) {
    const Micros begin = times[first];
    std::size_t last = first;
    const auto full = [&] { return last - first >= spec.count; };
    while (last < times.size() && times[last] < begin + spec.length &&
           !(full() && times[last] >= begin + spec.shortest)) {
      for (const Micros together = times[last]; last < times.size() && times[last] == together;) ++last;
    }
    const Micros longest = begin + spec.length, filled = std::max(begin + spec.shortest, times[last - 1] + 1);
    out.push_back({begin, full() ? std::min(longest, filled) : longest, first, last});
    first = last;
  }
  return out;
}

}  // namespace

Status check_windows(const WindowSpec& spec) {
  const auto bad = [](const char* what) -> Status { return error(ErrorCode::usage, what); };
  if (spec.length == 0) return bad("a window of no length");
  if (spec.length > kMaxMicros) return bad("a window longer than time");
  if (spec.kind == WindowSpec::Kind::sliding) {
    if (spec.step == 0 || spec.step > spec.length) {
      return bad("windows slide by more than nothing and at most their length");
    }
    if (spec.length / spec.step > kMostWindows) return bad("a delta would be in more than 10000 windows");
  }
  if (spec.kind == WindowSpec::Kind::adaptive) {
    if (spec.count == 0) return bad("a window that is full with 0 deltas");
    if (spec.shortest > spec.length) return bad("the shortest window is longer than the longest");
  }
  return {};
}

std::vector<WindowRange> window_ranges(const WindowSpec& spec, std::span<const Micros> times) {
  switch (spec.kind) {
    case WindowSpec::Kind::tumbling:
      return sliding_ranges(spec.length, spec.length, times);
    case WindowSpec::Kind::sliding:
      return sliding_ranges(spec.length, spec.step, times);
    case WindowSpec::Kind::session:
      return session_ranges(spec.length, times);
    case WindowSpec::Kind::adaptive:
      return adaptive_ranges(spec, times);
  }
  return {};
}

std::vector<Window> windows(const WindowSpec& spec, std::span<const DeltaEffect> effects, std::size_t vectors) {
  std::vector<Micros> times;
  times.reserve(effects.size());
  for (const auto& effect : effects) times.push_back(effect.key.time.us());
  ZeroedTable<VectorNo, std::uint64_t> counted_in(vectors);  // the last window that a vector was counted in, from 1
  std::vector<Window> out;
  for (const auto& range : window_ranges(spec, times)) {
    Window window{.begin = range.begin, .end = range.end, .deltas = range.last - range.first};
    window.first = effects[range.first].key.time;
    window.last = effects[range.last - 1].key.time;
    ExactSum sum;
    std::uint64_t measured = 0;
    for (const auto& effect : effects.subspan(range.first, range.last - range.first)) {
      auto& counted = counted_in[effect.vector];
      window.vectors += counted != out.size() + 1;
      counted = out.size() + 1;
      window.bytes += effect.bytes;
      window.conflicts += effect.conflict;
      if (effect.distance) {
        sum.add(*effect.distance);
        ++measured;
      }
    }
    if (measured > 0) window.mean_distance = sum.value() / static_cast<double>(measured);
    out.push_back(window);
  }
  return out;
}

std::vector<Window> window_changes(std::span<const Window> old_list, std::span<const Window> new_list) {
  std::vector<Window> out;
  auto old = old_list.begin();
  for (const Window& window : new_list) {
    for (; old != old_list.end() && old->begin < window.begin; ++old) {
      out.push_back({.begin = old->begin, .end = old->end, .gone = true});
    }
    const bool same = old != old_list.end() && *old == window;
    if (old != old_list.end() && old->begin == window.begin) ++old;
    if (!same) out.push_back(window);
  }
  for (; old != old_list.end(); ++old) out.push_back({.begin = old->begin, .end = old->end, .gone = true});
  return out;
}

}  // namespace delta::model
