// The one place of the library that asks the clock of the machine.
#include <algorithm>
#include <chrono>

#include "delta/clock.hpp"

namespace delta {

Micros system_time() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  return static_cast<Micros>(std::clamp<std::int64_t>(us, 0, kMaxMicros));
}

}  // namespace delta
