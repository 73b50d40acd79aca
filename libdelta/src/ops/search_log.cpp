// The state of some vectors is folded, searched and forgotten; then that of the next ones. What is left of a part are
// its nearest rows, and the keys of the creates of all, which say where a row stands among all.
#include "delta/search_log.hpp"

#include <algorithm>
#include <utility>

#include "base/boundary.hpp"

namespace delta {
namespace ops {
namespace {

struct Near {
  double distance = 0;
  Key created;
  VectorNo vector{};
};

class PartialSearch {
 public:
  PartialSearch(const Catalog& catalog, std::span<const SearchQuery> queries, const LogSearchOptions& options)
      : catalog_(catalog), queries_(queries), options_(options), nearest_(queries.size()) {}

  Status add(const State& state, NamespaceNo ns) {
    DELTA_TRY(auto rows, state.rows(ns));
    if (options_.takes) std::erase_if(rows, [&](VectorNo vector) { return !options_.takes(state, vector); });
    for (const VectorNo row : rows) keys_.push_back(state.created(row));
    DELTA_TRY(const auto found, search_exact(state, rows, queries_, options_.search));
    for (std::size_t q = 0; q < found.size(); ++q) merge(state, found[q], nearest_[q]);
    return {};
  }

  LogNeighbours finish() {
    std::ranges::sort(keys_, [&](const Key& a, const Key& b) { return key_less(catalog_, a, b); });
    LogNeighbours all;
    all.rows = keys_.size();
    for (const auto& some : nearest_) {
      Neighbours& out = all.of.emplace_back();
      for (const Near& near : some) out.push_back({near.vector, row_of(near.created), near.distance});
    }
    return all;
  }

 private:
  /// As a search of all rows orders them.
  bool before(const Near& a, const Near& b) const {
    return a.distance != b.distance ? a.distance < b.distance : key_less(catalog_, a.created, b.created);
  }
  void merge(const State& state, const Neighbours& found, std::vector<Near>& nearest) const {
    std::vector<Near> more, merged;
    for (const Neighbour& one : found) more.push_back({one.distance, state.created(one.vector), one.vector});
    std::merge(nearest.begin(), nearest.end(), more.begin(), more.end(), std::back_inserter(merged),
               [this](const Near& a, const Near& b) { return before(a, b); });
    if (merged.size() > options_.search.k) merged.resize(options_.search.k);
    nearest = std::move(merged);
  }
  std::size_t row_of(const Key& created) const {
    const auto at = std::lower_bound(keys_.begin(), keys_.end(), created,
                                     [&](const Key& a, const Key& b) { return key_less(catalog_, a, b); });
    return static_cast<std::size_t>(at - keys_.begin());
  }

  const Catalog& catalog_;
  const std::span<const SearchQuery> queries_;
  const LogSearchOptions& options_;
  std::vector<std::vector<Near>> nearest_;  // of each query, nearest first
  std::vector<Key> keys_;                   // of all rows
};

}  // namespace
}  // namespace ops

Result<LogNeighbours> search_log(const Log& log, const CutOptions& cut, NamespaceNo ns, const VectorSet& vectors,
                                 std::span<const SearchQuery> queries, const LogSearchOptions& options) try {
  const Boundary boundary;
  const Catalog& catalog = log.catalog();
  constexpr std::uint64_t kBookkeeping = 64;  // bytes a vector of a state
  const std::uint64_t bytes = std::uint64_t{4} * catalog.name_space(ns).dims + kBookkeeping;
  const std::uint64_t most = std::max<std::uint64_t>(1, options.memory / bytes);
  ops::PartialSearch search(catalog, queries, options);
  VectorSet part;
  CutOptions some = cut;
  bool is_first = true;
  const auto fold = [&]() -> Status {
    DELTA_TRY(const State state, snapshot(log, some, part));
    some.notices = nullptr;  // they are the same for each part
    part = {};
    is_first = false;
    return search.add(state, ns);
  };
  for (const VectorNo vector : numbers<VectorNo>(catalog.vectors())) {
    if (catalog.namespace_of(vector) != ns || !vectors.contains(vector)) continue;
    part.insert(vector);
    if (part.size() == most) DELTA_OK(fold());
  }
  if (is_first || !part.empty()) DELTA_OK(fold());
  return search.finish();
} catch (...) {
  return caught();
}

}  // namespace delta
