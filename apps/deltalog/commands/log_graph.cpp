// The shape of a history: what stands before what, and which lines lead where when some commits are left out.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "commands/log_views.hpp"
#include "delta/out_of_memory.hpp"

namespace deltalog {

using delta::CommitNo;
using delta::CommitView;
using delta::Indexed;
using delta::Log;

namespace {

/// Of each origin the greatest, and of those none that another had seen. An origin's later commits have seen its
/// earlier ones.
void keep_maximal(const Log& log, std::vector<CommitNo>& numbers) {
  const auto before = [&](CommitNo a, CommitNo b) {
    const CommitView x = log.commit(a), y = log.commit(b);
    return x.origin != y.origin ? x.origin < y.origin : x.first > y.first;
  };
  std::ranges::sort(numbers, before);
  const auto end = std::unique(numbers.begin(), numbers.end(),
                               [&](CommitNo a, CommitNo b) { return log.commit_origin(a) == log.commit_origin(b); });
  numbers.erase(end, numbers.end());
  const auto all = numbers;
  std::erase_if(numbers, [&](CommitNo n) {
    const delta::Dot dot{log.commit_origin(n), log.commit(n).last()};
    return std::ranges::any_of(all, [&](CommitNo by) { return by != n && log.sees(by, dot); });
  });
}

}  // namespace

std::vector<CommitNo> causes_of(const Log& log, CommitNo number) {
  const CommitView& commit = log.commit(number);
  std::vector<CommitNo> causes;
  std::unordered_set<CommitNo> known_causes;
  for (const auto& parent : commit.parents) {
    const auto cause = log.find_commit(parent);
    if (cause && *cause != number && known_causes.insert(*cause).second) causes.push_back(*cause);
  }
  if (commit.first == 1) return causes;
  const delta::Dot previous{commit.origin, commit.first - 1};
  const auto own = log.find_commit(previous);
  const bool known =
      !own || std::ranges::any_of(causes, [&](CommitNo c) { return c == *own || log.sees(c, previous); });
  if (!known) causes.push_back(*own);
  if (own) std::stable_partition(causes.begin(), causes.end(), [&](CommitNo c) { return c == *own; });
  return causes;
}

std::vector<CommitNo> effects_first(const Log& log) {
  // Key order would do, except for a writer that saw the beginning of a commit and wrote before its end.
  const auto by_key = delta::or_bad_alloc(log.commits_in_key_order());
  Indexed<CommitNo, std::size_t> rank(by_key.size()), effects(by_key.size());
  std::vector<CommitNo> order;
  for (std::size_t i = 0; i < by_key.size(); ++i) {
    rank[by_key[i]] = i;
    for (const auto cause : causes_of(log, by_key[i])) ++effects[cause];
  }
  std::priority_queue<std::size_t> ready;  // ranks
  for (const auto number : effects.numbers()) {
    if (effects[number] == 0) ready.push(rank[number]);
  }
  // What is pending may name each other as causes, for ever. Any of a ring will do to break it.
  Indexed<CommitNo, bool> done(by_key.size());
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

Indexed<CommitNo, std::vector<CommitNo>> shown_parents(const Log& log, const std::vector<CommitNo>& order,
                                                       const Indexed<CommitNo, bool>& shown) {
  Indexed<CommitNo, std::vector<CommitNo>> nearest(
      log.commits());  // of a hidden commit: the shown ones that lead to it
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
