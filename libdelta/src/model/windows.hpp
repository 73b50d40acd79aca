// Where windows begin and end, and what they hold: free of logs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "delta/windows.hpp"

namespace delta::model {

/// A window, and the deltas in it as places in a list.
struct WindowRange {
  Micros begin = 0, end = 0;
  std::size_t first = 0, last = 0;  ///< half-open, not empty
  friend bool operator==(const WindowRange&, const WindowRange&) = default;
};

/// usage: why it is no spec.
Status check_windows(const WindowSpec& spec);

/// The windows of deltas at these times, which are ascending. REQUIRES: check_windows().
std::vector<WindowRange> window_ranges(const WindowSpec& spec, std::span<const Micros> times);

/// The windows of deltas given in key order. `vectors`: how many there are.
std::vector<Window> windows(const WindowSpec& spec, std::span<const DeltaEffect> effects, std::size_t vectors);

/// What makes the old list the new one: each window that the old one does not have unchanged; and for each
/// begin that no window has now, a window that is gone. Both in order of begin; so is the result.
std::vector<Window> window_changes(std::span<const Window> old_list, std::span<const Window> new_list);

}  // namespace delta::model
