// Dots and commits: who wrote what, having seen what.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "delta/kept_times.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// A delta's name: the origin's number in a catalog, and seq = 1, 2, 3 ... without gaps per origin.
struct Dot {
  std::uint32_t origin = 0;
  std::uint64_t seq = 0;
  friend constexpr auto operator<=>(const Dot&, const Dot&) = default;
};

using Hash = std::array<std::uint8_t, 32>;  ///< BLAKE2b-256

/// What a pruned copy of a commit was pruned under (law 8).
struct PruneRecord {
  KeptTimes kept = {};
  std::vector<Dot> seen =
      {};  ///< version vector of what was folded then: the last seq of each origin, in order of origin number
  bool closed = false;  ///< it was assumed that no writer exists whose deltas were not there
  std::vector<std::vector<Dot>> releases =
      {};  ///< that were kept: of each the maximal dots, in order of origin number; rising, each once

  /// The same with other numbers of origins, put in order again.
  template <class Renumber>
  PruneRecord renumbered(const Renumber& number) const {
    PruneRecord record = *this;
    const auto put = [&](std::vector<Dot>& dots) {
      for (Dot& dot : dots) dot.origin = number(dot.origin);
      std::ranges::sort(dots);
    };
    put(record.seen);
    for (auto& release : record.releases) put(release);
    std::ranges::sort(record.releases);
    return record;
  }
  /// How much there is of it: ranges and dots.
  std::size_t items() const {
    std::size_t n = kept.ranges().size() + seen.size();
    for (const auto& release : releases) n += 1 + release.size();
    return n;
  }
  friend bool operator==(const PruneRecord&, const PruneRecord&) = default;
};

/// What one writer added at once: the dots (origin, first) to (origin, first + count - 1).
struct Commit {
  std::uint32_t origin = 0;
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::vector<Dot> parents;  ///< maximal dots seen, in order of origin name; the own previous seq is always seen
  std::string message;
  std::string tool;    ///< the program that wrote it, "deltalog/0.1.0"
  std::string source;  ///< where the data came from, as the user named it
  std::string trace;   ///< W3C traceparent, or empty
  /// Not empty: the commit is one delta of its own kind, which sets something of the log and changes no vector (count
  /// is 1): see delta/setting.hpp.
  std::string setting = {};
  Timestamp time = {};          ///< of its last delta
  std::string properties = {};  ///< the writer's own (delta/properties.hpp); empty: none
  /// The time that was meant for its last delta, where the timestamp is later because what it had seen was ahead of the
  /// clock (delta/clock.hpp).
  std::optional<Micros> given = {};

  std::uint64_t deltas() const { return setting.empty() ? count : 0; }  ///< of vectors
  std::uint64_t last() const { return first + count - 1; }
};

}  // namespace delta
