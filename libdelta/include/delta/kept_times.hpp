// The times that a pruned log still answers (law 8).
#pragma once

#include <span>
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
  static KeptTimes all() { return since(0); }
  static KeptTimes since(Micros first);  ///< this microsecond and all later ones

  void add(Range range);
  void add(const KeptTimes& others);  ///< union
  KeptTimes intersect(const KeptTimes& other) const;

  bool contains(Micros at) const;
  /// Is any time T with first <= T < end kept? False if end <= first.
  bool any_in(Micros first, Micros end) const;
  bool empty() const { return ranges_.empty(); }
  /// Disjoint, ascending, never adjacent: one set has one spelling.
  std::span<const Range> ranges() const { return ranges_; }
  friend bool operator==(const KeptTimes&, const KeptTimes&) = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace delta
