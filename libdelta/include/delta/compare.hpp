// How two copies of a log stand to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "delta/dot_ranges.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"

namespace delta {

enum class Relation : std::uint8_t {
  same,      ///< both have the same commits
  prefix,    ///< one has all that the other has, and more
  diverged,  ///< each has commits that the other lacks
  forked,    ///< of one dot they have different deltas, or of one origin different histories
};
/// "same", "prefix", "diverged", "forked".
DELTA_EXPORT std::string_view relation_name(Relation relation) noexcept;

struct Comparison {
  Relation relation = Relation::same;
  DotRanges a_lacks, b_lacks;       ///< dots of commits that the other one has
  std::optional<std::string> fork;  ///< the first dot at which they differ: the least seq of the first origin by name
  DotRanges unknown;                ///< dots of commits that both have and whose hashes are not known
};

/// By the dots of commits, and where both have a commit, by its hash. Reads all deltas.
DELTA_EXPORT Result<Comparison> compare(const Log& a, const Log& b);

}  // namespace delta
