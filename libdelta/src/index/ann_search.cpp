// The graph offers vectors, and what it offers is compared again: with the present values, beside all vectors that it
// does not know as they are now.
#include <algorithm>
#include <utility>

#include "base/boundary.hpp"
#include "delta/ann.hpp"
#include "index/ann_parts.hpp"
#include "index/distance.hpp"
#include "index/queries.hpp"
#include "index/top.hpp"

namespace delta {
namespace nearest {
namespace {

constexpr std::size_t kPercent = 5;  // of the rows that may be stale, and of the index that is worth a graph
constexpr std::size_t kWider = 8;    // times as many offers where the usual number is too small
constexpr std::uint32_t kNone = ~std::uint32_t{0};

/// The rows of a search beside the nodes of an index.
struct Matched {
  std::vector<std::uint32_t> places;  // of each node: its row; kNone: it is not searched, or is stale
  std::vector<std::size_t> stale;     // rows that the graph does not offer, rising
};

}  // namespace

/// A search of rows that the graph can help with.
class GraphSearch {
 public:
  GraphSearch(const State& state, std::span<const VectorNo> rows, const Matched& matched, const Graph& graph,
              const SearchOptions& options, std::size_t breadth)
      : state_(state), rows_(rows), matched_(matched), graph_(graph), options_(options), breadth_(breadth) {}

  /// False: the graph offers too few.
  bool answer(const SearchQuery& query, AnnAnswer& answer) const {
    Top top(options_.k);
    const DistanceFrom origin(options_.metric, query.bits);
    const auto offer = [&](std::size_t row) {
      if (query.self != rows_[row]) top.offer({origin.order(state_.bits(rows_[row]).data()), row});
    };
    std::ranges::for_each(matched_.stale, offer);
    for (const NearNode& near : graph_.search(query.bits, breadth_)) {
      // By these metrics the graph compares the same values in the same way.
      const bool is_order = options_.metric != Metric::cosine;
      if (is_order && top.is_beyond(static_cast<double>(near.distance))) break;
      const std::uint32_t row = matched_.places[near.node];
      if (row != kNone) offer(row);
    }
    if (top.size() < std::min(options_.k, rows_.size())) return false;
    answer.neighbours = neighbours(rows_, options_.metric, std::move(top).sorted());
    answer.stale = static_cast<std::size_t>(std::ranges::count_if(answer.neighbours, [&](const Neighbour& neighbour) {
      return std::ranges::binary_search(matched_.stale, neighbour.at);
    }));
    return true;
  }

 private:
  const State& state_;
  const std::span<const VectorNo> rows_;
  const Matched& matched_;
  const Graph& graph_;
  const SearchOptions& options_;
  const std::size_t breadth_;
};

}  // namespace nearest

struct AnnSearch::Parts {
  const AnnIndex& index;
  const State& state;
  std::vector<VectorNo> rows;
  nearest::Matched matched;
};

AnnSearch::AnnSearch(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AnnSearch::AnnSearch(AnnSearch&&) noexcept = default;
AnnSearch& AnnSearch::operator=(AnnSearch&&) noexcept = default;
AnnSearch::~AnnSearch() = default;

Result<AnnSearch> AnnSearch::make(const AnnIndex& index, const State& state, std::span<const VectorNo> rows) try {
  const Boundary boundary;
  const AnnIndex::Parts& own = *index.parts_;
  nearest::Matched matched{std::vector<std::uint32_t>(own.ids.size(), nearest::kNone), {}};
  const auto nodes = own.nodes_of(state, rows);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::uint32_t node = nodes[row];
    if (node != nearest::kNone && std::ranges::equal(state.bits(rows[row]), own.bits_of(node))) {
      matched.places[node] = static_cast<std::uint32_t>(row);
    } else {
      matched.stale.push_back(row);
    }
  }
  return AnnSearch(std::make_unique<Parts>(Parts{index, state, {rows.begin(), rows.end()}, std::move(matched)}));
} catch (...) {
  return caught();
}

Result<std::vector<AnnAnswer>> AnnSearch::run(std::span<const SearchQuery> queries,
                                              const AnnSearchOptions& options) const try {
  const Boundary boundary;
  const auto& [index, state, rows, matched] = *parts_;
  const AnnIndex::Parts& own = *index.parts_;
  SearchOptions plain = options.search;
  plain.metric = own.options.metric;
  DELTA_OK(nearest::check_queries(state, rows, queries, plain));
  const bool few = rows.size() < std::max(10 * plain.k, own.live * nearest::kPercent / 100);
  const bool exact = few || matched.stale.size() * 100 > rows.size() * nearest::kPercent;
  std::vector<AnnAnswer> answers(queries.size());
  std::vector<SearchQuery> left;                                                    // for which all rows are compared
  std::vector<std::size_t> which;                                                   // their answers
  const std::size_t measured = own.quality.breadth > 0 ? own.quality.breadth : 64;  // of ten neighbours
  const std::size_t usual = measured * std::max<std::size_t>(plain.k, 10) / 10;
  const std::size_t breadth = std::max(plain.k + 1, options.breadth > 0 ? options.breadth : usual);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    if (!exact) {
      const nearest::GraphSearch search(state, rows, matched, own.graph(), plain, breadth);
      if (search.answer(queries[q], answers[q])) continue;
      // Many nodes near to it are dead, or are not searched: going further costs less than comparing all.
      const nearest::GraphSearch wider(state, rows, matched, own.graph(), plain, nearest::kWider * breadth);
      if (wider.answer(queries[q], answers[q])) continue;
    }
    left.push_back(queries[q]);
    which.push_back(q);
  }
  if (left.empty()) return answers;
  DELTA_TRY(auto compared, search_exact(state, rows, left, plain));
  for (std::size_t i = 0; i < which.size(); ++i) answers[which[i]] = {std::move(compared[i]), true, 0};
  return answers;
} catch (...) {
  return caught();
}

Result<std::vector<AnnAnswer>> AnnIndex::search(const State& state, std::span<const VectorNo> rows,
                                                std::span<const SearchQuery> queries,
                                                const AnnSearchOptions& options) const try {
  const Boundary boundary;
  DELTA_TRY(const AnnSearch search, AnnSearch::make(*this, state, rows));
  return search.run(queries, options);
} catch (...) {
  return caught();
}

}  // namespace delta
