// Every row is compared with every query, a block of rows at a time, so that many queries read the memory once. Pieces
// of the rows go to threads; since the order of candidates is total, it does not matter where a piece ends.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/boundary.hpp"
#include "delta/search.hpp"
#include "delta/text.hpp"
#include "index/distance.hpp"
#include "index/queries.hpp"
#include "index/top.hpp"
#include "os/worker_pool.hpp"

namespace delta {
namespace nearest {
namespace {

constexpr std::size_t kBlock = 128 << 10;  // bytes of rows: they stay in a cache while each query looks at them
constexpr std::size_t kPiece = 1 << 20;    // bytes that are compared at least, so that a thread is worth it
constexpr std::size_t kPieces = 16;        // for each thread, at least: the last one of a thread is its idle time

class Scan {
 public:
  Scan(const State& state, std::span<const VectorNo> rows, std::span<const SearchQuery> queries,
       const SearchOptions& options)
      : state_(state), rows_(rows), queries_(queries), options_(options) {
    for (const SearchQuery& query : queries) origins_.emplace_back(options.metric, query.bits);
    tops_.assign(queries.size(), Top(std::min(options.k, rows.size())));
  }

  Result<std::vector<Neighbours>> run() {
    if (!rows_.empty() && !queries_.empty()) DELTA_OK(scan_pieces());
    std::vector<Neighbours> all;
    for (Top& top : tops_) all.push_back(neighbours(rows_, options_.metric, std::move(top).sorted()));
    return all;
  }

 private:
  Status scan_pieces() {
    const unsigned threads = thread_count(options_.threads);
    const std::size_t row_bytes = state_.bits(rows_[0]).size_bytes();
    const std::size_t least = std::max<std::size_t>(1, kPiece / (row_bytes * queries_.size()));
    const std::size_t even = rows_.size() / (kPieces * threads) + 1;
    const std::size_t length = threads == 1 ? rows_.size() : std::max(least, even);
    OrderedWork work(threads, std::size_t{2} * threads);
    for (std::size_t begin = 0; begin < rows_.size(); begin += length) {
      const std::size_t end = begin + std::min(length, rows_.size() - begin);
      auto found = std::make_shared<std::vector<Top>>(tops_.size(), Top(std::min(options_.k, end - begin)));
      DELTA_OK(work.submit(
          [this, found, begin, end, row_bytes]() -> Status {
            scan(begin, end, row_bytes, *found);
            return {};
          },
          [this, found]() -> Status {
            for (std::size_t q = 0; q < tops_.size(); ++q) tops_[q].offer((*found)[q]);
            return {};
          }));
    }
    return work.finish();
  }

  void scan(std::size_t begin, std::size_t end, std::size_t row_bytes, std::vector<Top>& found) const {
    const std::size_t block = std::max<std::size_t>(1, kBlock / row_bytes);
    for (; begin < end; begin += block) {
      const std::size_t stop = std::min(end, begin + block);
      for (std::size_t q = 0; q < queries_.size(); ++q) {
        for (std::size_t at = begin; at < stop; ++at) {
          if (queries_[q].self == rows_[at]) continue;
          found[q].offer({origins_[q].order(state_.bits(rows_[at]).data()), at});
        }
      }
    }
  }

  const State& state_;
  const std::span<const VectorNo> rows_;
  const std::span<const SearchQuery> queries_;
  const SearchOptions& options_;
  std::vector<DistanceFrom> origins_;
  std::vector<Top> tops_;
};

}  // namespace
}  // namespace nearest

Result<std::vector<Neighbours>> search_exact(const State& state, std::span<const VectorNo> rows,
                                             std::span<const SearchQuery> queries, const SearchOptions& options) try {
  const Boundary boundary;
  DELTA_OK(nearest::check_queries(state, rows, queries, options));
  return nearest::Scan(state, rows, queries, options).run();
} catch (...) {
  return caught();
}

}  // namespace delta
