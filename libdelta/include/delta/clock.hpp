// How times are held against the clock of a machine.
#pragma once

#include <optional>

#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// What is asked of the times of live input. A time is *ahead* if it is later than the clock by more than max_skew: one
/// such commit would stamp every commit that sees it.
struct ClockRules {
  Micros now = 0;                       ///< the clock
  std::optional<Micros> max_skew = {};  ///< none: any, and no time is ahead
  std::optional<Micros> max_age = {};   ///< live input is not older than this; none: any

  /// The last time that is not ahead; none: all of them.
  std::optional<Micros> latest() const {
    if (!max_skew) return std::nullopt;
    return *max_skew < kMaxMicros && now < kMaxMicros - *max_skew ? now + *max_skew : kMaxMicros;
  }
};

/// A note on the commits whose time is after `latest`; none: there are no such commits.
DELTA_EXPORT std::optional<Finding> commits_ahead(const Log& log, Micros latest);

}  // namespace delta
