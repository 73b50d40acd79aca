// The clock of a machine, and how times are held against it.
#pragma once

#include <optional>

#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// This moment by the clock of the machine. Nothing else in the library asks that clock.
DELTA_EXPORT Micros system_time() noexcept;

/// What is asked of the times of live input. A time is *ahead* if it is later than the clock by more than max_skew: one
/// such commit would stamp every commit that sees it.
struct ClockRules {
  std::optional<Micros> now = {};       ///< the clock, such as system_time(); needed by both rules
  std::optional<Micros> max_skew = {};  ///< none: any, and no time is ahead
  std::optional<Micros> max_age = {};   ///< live input is not older than this; none: any

  /// The last time that is not ahead; none: all of them.
  std::optional<Micros> latest() const noexcept {
    if (!max_skew || !now) return std::nullopt;
    return *max_skew < kMaxMicros && *now < kMaxMicros - *max_skew ? *now + *max_skew : kMaxMicros;
  }
};

/// A note on the commits whose time is after `latest`; none: there are no such commits.
DELTA_EXPORT Result<std::optional<Finding>> commits_ahead(const Log& log, Micros latest);

}  // namespace delta
