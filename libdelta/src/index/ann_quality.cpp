// How much an index finds, measured against comparing all rows.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "base/boundary.hpp"
#include "base/checksum.hpp"
#include "delta/ann.hpp"
#include "index/ann_parts.hpp"

namespace delta {
namespace nearest {
namespace {

constexpr std::size_t kNeighbours = 10, kQueries = 200;
constexpr std::array<std::size_t, 11> kBreadths = {16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};

/// Vectors that ask for their own neighbours: chosen by their ids, so that the same state gives the same
/// ones.
std::vector<SearchQuery> sample_of(const State& state, std::span<const VectorNo> rows) {
  std::vector<std::tuple<std::uint64_t, std::string_view, VectorNo>> ranked;
  for (const VectorNo vector : rows) {
    const auto id = state.catalog().id(vector);
    ranked.emplace_back(checksum(bytes_of(id)), id, vector);
  }
  std::ranges::sort(ranked);
  std::vector<SearchQuery> queries;
  for (const auto& [rank, id, vector] : std::span(ranked).first(std::min(kQueries, ranked.size()))) {
    queries.push_back({state.bits(vector), vector});
  }
  return queries;
}

/// The mean share of the wanted neighbours that were found, with its 95 % interval by the normal distribution.
AnnQuality quality_of(std::span<const Neighbours> wanted, std::span<const AnnAnswer> found) {
  std::vector<double> shares;
  for (std::size_t q = 0; q < wanted.size(); ++q) {
    if (wanted[q].empty()) continue;
    std::set<VectorNo> there;
    for (const Neighbour& neighbour : found[q].neighbours) there.insert(neighbour.vector);
    const auto same =
        std::ranges::count_if(wanted[q], [&](const Neighbour& neighbour) { return there.contains(neighbour.vector); });
    shares.push_back(static_cast<double>(same) / static_cast<double>(wanted[q].size()));
  }
  AnnQuality quality{.recall = 1, .low = 1, .high = 1};
  if (shares.empty()) return quality;
  const auto count = static_cast<double>(shares.size());
  double sum = 0, squares = 0;
  for (const double share : shares) sum += share;
  const double mean = sum / count;
  for (const double share : shares) squares += (share - mean) * (share - mean);
  const double error = shares.size() < 2 ? 0 : 1.96 * std::sqrt(squares / (count - 1) / count);
  quality.queries = static_cast<std::uint32_t>(shares.size());
  quality.recall = static_cast<float>(mean);
  quality.low = static_cast<float>(std::max(0.0, mean - error));
  quality.high = static_cast<float>(std::min(1.0, mean + error));
  return quality;
}

}  // namespace
}  // namespace nearest

const AnnQuality& AnnIndex::quality() const noexcept { return parts_->quality; }

Result<AnnQuality> AnnIndex::measure(const State& state, NamespaceNo ns, double least) try {
  const Boundary boundary;
  DELTA_TRY(auto rows, state.rows(ns));
  const auto nodes = parts_->nodes_of(state, rows);
  std::size_t same = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_held = nodes[i] != Parts::kNone && std::ranges::equal(state.bits(rows[i]), parts_->bits_of(nodes[i]));
    if (is_held) rows[same++] = rows[i];
  }
  rows.resize(same);
  const auto queries = nearest::sample_of(state, rows);
  const SearchOptions search{.k = nearest::kNeighbours, .metric = parts_->options.metric};
  DELTA_TRY(const auto wanted, search_exact(state, rows, queries, search));
  for (const std::size_t breadth : nearest::kBreadths) {
    DELTA_TRY(const auto found, this->search(state, rows, queries, {.search = search, .breadth = breadth}));
    parts_->quality = nearest::quality_of(wanted, found);
    parts_->quality.breadth = static_cast<std::uint32_t>(breadth);
    // Where the graph offers too few, all rows are compared: that finds everything, and is not what is measured.
    const auto exact = std::ranges::count_if(found, &AnnAnswer::exact);
    if (exact > 0 && exact < std::ssize(found)) continue;
    if (static_cast<double>(parts_->quality.low) >= least) break;
  }
  return parts_->quality;
} catch (...) {
  return caught();
}

}  // namespace delta
