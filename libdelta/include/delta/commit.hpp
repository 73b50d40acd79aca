// Dots and commits: who wrote what, having seen what.
#pragma once

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
  KeptTimes kept;         ///< beside "now"
  std::vector<Dot> seen;  ///< version vector of what was folded then: the last seq of each origin, in order of origin number
  bool closed = false;    ///< it was assumed that no writer exists whose deltas were not there
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
  /// Not empty: the commit is one delta of its own kind, which sets something of the log and changes no vector (count is 1):
  /// "policy RULES" (delta/policy.hpp), "tag MICROSECONDS NAME" or "accuracy ACCURACY@NAMESPACE" (delta/accuracy.hpp).
  std::string setting = {};
  Timestamp time = {};  ///< of its last delta
  std::string properties = {};       ///< the writer's own (delta/properties.hpp); empty: none
  /// The time that was meant for its last delta, where the timestamp is later because what it had seen was ahead of the clock (delta/clock.hpp).
  std::optional<Micros> given = {};

  std::uint64_t deltas() const { return setting.empty() ? count : 0; }  ///< of vectors
  std::uint64_t last() const { return first + count - 1; }
};

}  // namespace delta
