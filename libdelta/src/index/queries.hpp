// What every way of searching does before and after.
#pragma once

#include "delta/search.hpp"
#include "index/top.hpp"

namespace delta::nearest {

/// The errors of search_exact(). REQUIRES what it requires of `rows`.
Status check_queries(const State& state, std::span<const VectorNo> rows, std::span<const SearchQuery> queries,
                     const SearchOptions& options);

Neighbours neighbours(std::span<const VectorNo> rows, Metric metric, const std::vector<Candidate>& candidates);

}  // namespace delta::nearest
