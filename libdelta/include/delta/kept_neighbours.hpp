// How many of each vector's nearest neighbours stayed the same from one state to another: what a new embedding does to
// whoever searches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "delta/metric.hpp"
#include "delta/result.hpp"
#include "delta/state.hpp"

namespace delta {

struct KeptNeighboursOptions {
  std::size_t k = 10;  ///< neighbours of a vector, from 1
  Metric metric = Metric::l2;
  std::size_t sample = 1000;  ///< vectors that are looked at; 0: each
  unsigned threads = 0;       ///< 0: as many as the machine has; never changes the answer
};

/// Of one vector. What it views lives as long as the catalog of the old state.
struct KeptOfVector {
  std::string_view id;
  std::size_t kept = 0;  ///< old neighbours that are also new ones
  std::size_t of = 0;    ///< old neighbours: k, or all other vectors of the old state
};

struct KeptNeighbours {
  std::uint64_t common = 0;           ///< vectors in both states, with finite values, that had neighbours
  std::uint64_t skipped = 0;          ///< vectors in both states that do not count: a value is not finite
  std::vector<KeptOfVector> vectors;  ///< those that were looked at; the fewest kept first, then by id
  double mean = 0;                    ///< share of the neighbours that were kept, 0 to 1
  double low = 0, high = 0;           ///< of the mean over all of `common`: the 95 % interval
  /// The greatest share among this part of `vectors`, counted from the least: 0.5 gives the median. REQUIRES: `vectors`
  /// is not empty.
  DELTA_EXPORT double quantile(double part) const noexcept;
};

/// A vector is the same in both states if its id is; the two namespaces may have different dimensions, as those of two
/// models do. Neighbours are found by comparing all vectors of the namespace that the state has. The sample depends on
/// the ids alone, so it is the same for every pair of states that has them. Errors: usage: k is 0.
DELTA_EXPORT Result<KeptNeighbours> kept_neighbours(const State& old_state, NamespaceNo old_namespace,
                                                    const State& new_state, NamespaceNo new_namespace,
                                                    const KeptNeighboursOptions& options = {});

}  // namespace delta
