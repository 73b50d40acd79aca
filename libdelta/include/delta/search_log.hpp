// The vectors of a log that are nearest to others, where they do not fit into memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "delta/log.hpp"
#include "delta/search.hpp"
#include "delta/snapshot.hpp"
#include "delta/vector_set.hpp"

namespace delta {

struct LogSearchOptions {
  SearchOptions search = {};
  std::uint64_t memory = std::uint64_t{1} << 30;  ///< bytes of values that are folded at once; at least one vector is
  /// Whether a vector of a state may be a neighbour; empty: each may. Called once for each vector that exists.
  std::function<bool(const State&, VectorNo)> takes = {};
};

struct LogNeighbours {
  std::vector<Neighbours> of;  ///< each query
  std::uint64_t rows = 0;      ///< that were compared
};

/// What search_exact() finds among `vectors` of a namespace at a cut. The log is folded for some vectors at a time: as
/// often as their values together are larger than `memory`, or, where it is packed, each part of it once. Memory beside
/// that: metadata of these vectors, 24 bytes a row, and 40 bytes for each of k neighbours a query.
/// Errors: those of snapshot() and of search_exact().
DELTA_EXPORT Result<LogNeighbours> search_log(const Log& log, const CutOptions& cut, NamespaceNo ns,
                                              const VectorSet& vectors, std::span<const SearchQuery> queries,
                                              const LogSearchOptions& options = {});

}  // namespace delta
