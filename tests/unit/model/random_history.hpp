// Histories of many writers, and what each commit has seen said as simply as can be: a version vector.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/history.hpp"

struct RandomHistory {
  delta::Catalog catalog;
  delta::model::History history{catalog};
  delta::Indexed<delta::CommitNo, delta::SeenSeqs> seen;
  std::mt19937 random;

  RandomHistory(unsigned seed, std::uint32_t origins) : random(seed) {
    for (std::uint32_t i = 0; i < origins; ++i) catalog.add_origin("o" + std::to_string(100000 + i));
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }

  delta::Commit next(delta::OriginNo origin, const std::vector<delta::Dot>& parents, std::uint64_t count = 1) const {
    delta::Commit commit;
    commit.origin = origin;
    commit.first = history.head(origin) + 1;
    commit.count = count;
    commit.parents = parents;
    commit.time = delta::Timestamp::of(seen.size() + 1);
    return commit;
  }
  /// A commit that has seen these dots, which are of different origins. Its time is its number, so that no clock is
  /// behind.
  delta::CommitNo add(delta::OriginNo origin, std::vector<delta::Dot> parents, std::uint64_t count = 1) {
    std::ranges::sort(parents);
    delta::Commit commit = next(origin, parents, count);
    delta::SeenSeqs mine(catalog.origins());
    const auto see = [&](delta::Dot dot) {
      for (const auto o : mine.numbers()) mine[o] = std::max(mine[o], seen[*history.find(dot)][o]);
      mine[dot.origin] = std::max(mine[dot.origin], dot.seq);
    };
    for (const delta::Dot parent : parents) see(parent);
    if (commit.first > 1) see({origin, commit.first - 1});
    const auto number = history.add(std::move(commit));
    DELTA_CHECK(number && history.folded(*number));
    seen.push_back(std::move(mine));
    return *number;
  }
  delta::CommitNo add(std::uint32_t origin, std::vector<delta::Dot> parents) {
    return add(delta::OriginNo{origin}, std::move(parents));
  }
  delta::Dot last(delta::CommitNo commit) const {
    return {history.commit(commit).origin, history.commit(commit).last()};
  }

  /// Some have seen all there is, most a few others, some the beginning of a commit; some lines go on by themselves for
  /// long.
  void grow(std::uint32_t commits) {
    const auto origins = static_cast<std::uint32_t>(catalog.origins());
    for (std::uint32_t i = 0; i < commits; ++i) {
      const delta::OriginNo origin{below(4) == 0 ? below(std::min(3u, origins)) : below(origins)};
      std::vector<delta::Dot> parents;
      if (below(20) == 0) {
        parents = history.heads();
      } else if (!seen.empty()) {
        for (std::uint32_t k = below(4); k > 0; --k) {
          const auto size = static_cast<std::uint32_t>(seen.size());
          const delta::CommitNo other{below(3) == 0 ? below(size) : size - 1 - below(std::min(10u, size))};
          delta::Dot dot = last(other);
          if (below(5) == 0) dot.seq -= below(static_cast<std::uint32_t>(history.commit(other).count));
          if (std::ranges::find(parents, dot.origin, &delta::Dot::origin) == parents.end()) parents.push_back(dot);
        }
      }
      add(origin, std::move(parents), 1 + below(3));
    }
  }
  bool sees(delta::CommitNo by, delta::CommitNo other, std::uint64_t seq) const {
    return seq <= seen[by][history.commit(other).origin];
  }
  bool before(delta::CommitNo a, std::uint64_t a_seq, delta::CommitNo b, std::uint64_t b_seq) const {
    return a == b ? a_seq < b_seq : sees(b, a, a_seq);
  }
};
