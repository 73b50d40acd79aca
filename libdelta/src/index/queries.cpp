#include "index/queries.hpp"

#include <algorithm>
#include <string>

#include "delta/text.hpp"
#include "index/distance.hpp"

namespace delta::nearest {
namespace {

bool is_finite(std::uint32_t bits) { return (bits & 0x7f800000) != 0x7f800000; }

}  // namespace

Status check_queries(const State& state, std::span<const VectorNo> rows, std::span<const SearchQuery> queries,
                     const SearchOptions& options) {
  if (options.k == 0) return error(ErrorCode::usage, "no neighbour is asked for: k is 0");
  const auto dims = rows.empty() ? std::size_t{0} : state.bits(rows[0]).size();
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const auto bits = queries[q].bits;
    if (!rows.empty() && bits.size() != dims) {
      return error(ErrorCode::usage, "the query has " + plural(bits.size(), "dimension") + ", and the vectors have " +
                                         std::to_string(dims))
          .at("query " + std::to_string(q));
    }
    const auto bad = std::ranges::find_if_not(bits, is_finite);
    if (bad == bits.end()) continue;
    return error(ErrorCode::bad_input,
                 "the value of dimension " + std::to_string(bad - bits.begin()) + " is not finite, so nothing is near")
        .at("query " + std::to_string(q));
  }
  return {};
}

Neighbours neighbours(std::span<const VectorNo> rows, Metric metric, const std::vector<Candidate>& candidates) {
  Neighbours all;
  all.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    all.push_back({rows[candidate.at], candidate.at, distance_of(metric, candidate.order)});
  }
  return all;
}

}  // namespace delta::nearest
