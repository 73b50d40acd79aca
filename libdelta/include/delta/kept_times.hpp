// The times that a pruned log still answers (law 8).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "delta/export.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// A set of microseconds from 0 to kMaxMicros, as closed ranges.
class DELTA_EXPORT KeptTimes {
 public:
  struct Range {
    Micros first = 0, last = 0;  ///< both inside
    friend bool operator==(const Range&, const Range&) = default;
  };

  KeptTimes() = default;  ///< none
  bool contains(Micros at) const noexcept;
  /// Is any time T with first <= T < end kept? False if end <= first.
  bool any_in(Micros first, Micros end) const noexcept;
  bool empty() const noexcept { return ranges_.empty(); }
  /// Disjoint, ascending, never adjacent: one set has one spelling.
  std::span<const Range> ranges() const noexcept { return ranges_; }
  friend bool operator==(const KeptTimes&, const KeptTimes&) = default;

  // For the library itself.
  static KeptTimes all() { return since(0); }
  DELTA_HIDDEN static KeptTimes since(Micros first);  ///< this microsecond and all later ones
  DELTA_HIDDEN void add(Range range);
  DELTA_HIDDEN void add(const KeptTimes& others);  ///< union
  DELTA_HIDDEN KeptTimes intersect(const KeptTimes& other) const;

 private:
  std::vector<Range> ranges_;
};

/// "2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z", or "2026-01-09T00:00:00Z and later".
DELTA_EXPORT std::string to_text(const KeptTimes::Range& range);
/// The ranges, of many the latest, or "every time". What lies before the first range that does not begin at 0 is left
/// out, since nothing is there; now is always named.
DELTA_EXPORT std::string to_text(const KeptTimes& kept);

}  // namespace delta
