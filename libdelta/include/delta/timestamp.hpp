// Hybrid logical clock timestamps, and the times and durations that people write.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "delta/result.hpp"

namespace delta {

/// Microseconds since the Unix epoch, 0 to 2^52 - 1 (the year 2112).
using Micros = std::uint64_t;
inline constexpr Micros kMaxMicros = (Micros{1} << 52) - 1;
inline constexpr std::uint32_t kMaxTick = 4095;

/// A hybrid logical clock reading: 52 bits of microseconds, 12 bits of counter, ordered as one number.
struct Timestamp {
  std::uint64_t hlc = 0;

  static constexpr Timestamp of(Micros us, std::uint32_t tick = 0) { return {us << 12 | (tick & 0xfff)}; }
  constexpr Micros us() const { return hlc >> 12; }
  constexpr std::uint32_t tick() const { return static_cast<std::uint32_t>(hlc & 0xfff); }
  constexpr Timestamp next() const { return {hlc + 1}; }  ///< the counter ticks; its overflow carries
  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

/// RFC 3339 in UTC with as many of 0, 3 or 6 fraction digits as the value needs: "2026-11-12T14:10:29Z".
DELTA_EXPORT std::string format_time(Micros us);

/// A time as somebody wrote it.
struct WrittenTime {
  Micros us = 0;
  std::optional<std::uint32_t> tick;  ///< the clock's counter, where it was written
};

/// RFC 3339 with any offset (seconds may be absent; fraction digits behind the sixth are zeros; behind "Z" the counter
/// of a timestamp may stand, as in "2026-11-12T14:10:29Z+3"), a UTC date "2026-11-12", "@SECONDS[.fraction]", "now",
/// "today" and "yesterday" (the first moment of that UTC day), or "3d ago" and "2 weeks ago" (counted back from `now`).
/// Anything else, or a time outside the range, is an error.
DELTA_EXPORT Result<WrittenTime> parse_written_time(std::string_view text, Micros now);
/// The same without the counter: the microsecond is meant.
DELTA_EXPORT Result<Micros> parse_time(std::string_view text, Micros now);

/// "90s", "15m", "6h", "7d", "250ms", "10us" as microseconds.
DELTA_EXPORT Result<Micros> parse_duration(std::string_view text);

}  // namespace delta
