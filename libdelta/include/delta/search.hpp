// The vectors of a state that are nearest to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "delta/metric.hpp"
#include "delta/result.hpp"
#include "delta/state.hpp"

namespace delta {

/// What the neighbours are wanted of.
struct SearchQuery {
  std::span<const std::uint32_t> bits;  ///< raw float32 bits, all of the dimensions; must outlive the call
  std::optional<VectorNo> self = {};    ///< never among its own neighbours
};

struct SearchOptions {
  std::size_t k = 10;  ///< how many neighbours, from 1
  Metric metric = Metric::l2;
  unsigned threads = 0;  ///< 0: as many as the machine has; never changes the answer
};

struct Neighbour {
  VectorNo vector{};
  std::size_t at = 0;   ///< its place in the rows that were searched
  double distance = 0;  ///< infinity: it is not finite
};
/// In order of distance, and of those of one distance in the order of the rows.
using Neighbours = std::vector<Neighbour>;

/// The k nearest of some rows for each query, by comparing all of them: min(k, rows without `self`) come back. Rows are
/// read block by block, so that many queries cost one pass over the memory. `rows`: vectors of one namespace that exist
/// in the state, each once. Memory: 24 bytes for each of k neighbours a query, as often as there are threads.
/// Errors: usage: k is 0, or a query does not have the dimensions of the rows; bad_input: a value of a query is not
/// finite.
DELTA_EXPORT Result<std::vector<Neighbours>> search_exact(const State& state, std::span<const VectorNo> rows,
                                                          std::span<const SearchQuery> queries,
                                                          const SearchOptions& options = {});

}  // namespace delta
