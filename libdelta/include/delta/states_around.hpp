// What is known of the states around the newest commits of a log, so that nobody has to fold it again.
#pragma once

#include <cstddef>

#include "delta/state.hpp"

namespace delta {

/// Of a log whose newest commits have seen everything before them. The states count names as the log does.
struct StatesAround {
  const State* now = nullptr;
  /// Before the newest commits: the vectors that these touch, as far as they existed.
  const State* before = nullptr;
  std::size_t vectors_before = 0;  ///< vectors with smaller numbers had deltas before
};

}  // namespace delta
