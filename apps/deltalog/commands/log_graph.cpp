// The shape of a history: what stands before what, and which lines lead where when some commits are left out.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "commands/log_views.hpp"

namespace deltalog {

using delta::Commit;
using delta::Log;

namespace {

/// Of each origin the greatest, and of those none that another had seen. An origin's later commits have seen its
/// earlier ones.
void keep_maximal(const Log& log, std::vector<std::uint32_t>& numbers) {
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const Commit &x = log.commit(a), &y = log.commit(b);
    return x.origin != y.origin ? x.origin < y.origin : x.first > y.first;
  };
  std::ranges::sort(numbers, before);
  const auto end = std::unique(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
    return log.commit(a).origin == log.commit(b).origin;
  });
  numbers.erase(end, numbers.end());
  const auto all = numbers;
  std::erase_if(numbers, [&](std::uint32_t n) {
    const delta::Dot dot{log.commit(n).origin, log.commit(n).last()};
    return std::ranges::any_of(all, [&](std::uint32_t by) { return by != n && log.sees(by, dot); });
  });
}

}  // namespace

std::vector<std::uint32_t> causes_of(const Log& log, std::uint32_t number) {
  const Commit& commit = log.commit(number);
  std::vector<std::uint32_t> causes;
  std::unordered_set<std::uint32_t> known_causes;
  for (const auto& parent : commit.parents) {
    const auto cause = log.find_commit(parent);
    if (cause && *cause != number && known_causes.insert(*cause).second) causes.push_back(*cause);
  }
  if (commit.first == 1) return causes;
  const delta::Dot previous{commit.origin, commit.first - 1};
  const auto own = log.find_commit(previous);
  const bool known =
      !own || std::ranges::any_of(causes, [&](std::uint32_t c) { return c == *own || log.sees(c, previous); });
  if (!known) causes.push_back(*own);
  if (own) std::stable_partition(causes.begin(), causes.end(), [&](std::uint32_t c) { return c == *own; });
  return causes;
}

std::vector<std::uint32_t> effects_first(const Log& log) {
  // Key order would do but for a writer that saw the beginning of a commit, and wrote before its end.
  const auto by_key = log.commits_in_key_order();
  std::vector<std::uint32_t> rank(by_key.size()), effects(by_key.size(), 0), order;
  for (std::uint32_t i = 0; i < by_key.size(); ++i) {
    rank[by_key[i]] = i;
    for (const auto cause : causes_of(log, i)) ++effects[cause];
  }
  std::priority_queue<std::uint32_t> ready;  // ranks
  for (std::uint32_t i = 0; i < by_key.size(); ++i) {
    if (effects[i] == 0) ready.push(rank[i]);
  }
  // What is pending may name each other as causes, for ever. Any of a ring will do to break it.
  std::vector<bool> done(by_key.size(), false);
  for (std::size_t next = by_key.size(); order.size() < by_key.size();) {
    while (ready.empty() && done[by_key[next - 1]]) --next;
    const auto number = by_key[ready.empty() ? next - 1 : ready.top()];
    if (!ready.empty()) ready.pop();
    if (done[number]) continue;
    done[number] = true;
    order.push_back(number);
    for (const auto cause : causes_of(log, number)) {
      if (--effects[cause] == 0) ready.push(rank[cause]);
    }
  }
  return order;
}

std::vector<std::vector<std::uint32_t>> shown_parents(const Log& log, const std::vector<std::uint32_t>& order,
                                                      const std::vector<bool>& shown) {
  std::vector<std::vector<std::uint32_t>> nearest(log.commits());  // of a hidden commit: the shown ones that lead to it
  for (auto number = order.rbegin(); number != order.rend(); ++number) {
    auto& mine = nearest[*number];
    bool through = false;
    for (const auto cause : causes_of(log, *number)) {
      if (shown[cause]) {
        mine.push_back(cause);
      } else {
        through = true;
        mine.insert(mine.end(), nearest[cause].begin(), nearest[cause].end());
      }
    }
    if (through) keep_maximal(log, mine);
  }
  return nearest;
}

}  // namespace deltalog
