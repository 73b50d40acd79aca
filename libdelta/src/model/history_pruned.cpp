// Pruned copies of commits: which of them may be folded, what they still answer, and who comes too late.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include "delta/text.hpp"
#include "model/history.hpp"

namespace delta::model {

/// Another copy of a commit that is here. What is whole stays whole; what becomes whole waits for no record.
void History::unite(CommitNo number, std::span<const RecordNo> records) {
  const auto mine = pruned_.find(number);
  if (mine == pruned_.end()) {
    if (!records.empty()) unite_records(shed_[number], records);
    return;
  }
  if (!records.empty()) return unite_records(mine->second, records);
  unite_records(shed_[number], mine->second);
  pruned_.erase(mine);
  if (!links_[number].gated) return;
  links_[number].gated = false;
  join(number);
}

void History::unite_records(std::vector<RecordNo>& mine, std::span<const RecordNo> others) {
  for (const RecordNo record : others) {  // mostly a new one, and so the greatest
    const auto place =
        mine.empty() || mine.back() < record ? mine.end() : std::lower_bound(mine.begin(), mine.end(), record);
    if (place == mine.end() || *place != record) mine.insert(place, record);
  }
}

/// Of the pending commits, those that can be folded all together, pruned ones waiting for each other: what is left when
/// each that lacks a cause, or all of its records, has been taken away, and then those that needed it.
class History::Gates {
 public:
  explicit Gates(const History& history)
      : history_(history), out_(history.size()), dead_(history.records_.size()), holders_(history.records_.size()) {
    for (const auto& [dot, number] : history.pending_) {
      const CommitView& c = history.commits_[number];
      history.each_cause(c, [&, number = number](Dot cause) { need(cause, {number, {}}); });
      const auto records = history.pruned_.find(number);
      if (records == history.pruned_.end()) continue;
      left_[number] = records->second.size();
      for (const RecordNo record : records->second) holders_[record].push_back(number);
    }
    for (const RecordNo record : holders_.numbers()) {
      if (holders_[record].empty()) continue;
      for (const Dot& dot : history.records_[record].seen) need(history.before_loss(dot), {{}, record});
    }
    while (!todo_.empty()) spread();
  }
  bool in(CommitNo number) const { return !out_[number]; }

 private:
  struct Node {
    CommitNo commit;
    std::optional<RecordNo> record;  // then it stands for no commit
  };

  /// The node goes when the dot's commit does, or at once if that is not here.
  void need(Dot dot, Node node) {
    if (dot.seq <= history_.head(dot.origin)) return;
    const auto cause = history_.find(dot);
    if (cause) {
      needed_by_[*cause].push_back(node);
    } else {
      remove(node);
    }
  }

  void remove(Node node) {
    auto gone = node.record ? dead_[*node.record] : out_[node.commit];
    if (gone) return;
    gone = true;
    todo_.push_back(node);
  }

  void spread() {
    const Node node = todo_.back();
    todo_.pop_back();
    if (node.record) {
      for (const CommitNo holder : holders_[*node.record]) {
        if (--left_[holder] == 0) remove({holder, {}});
      }
    } else if (const auto followers = needed_by_.find(node.commit); followers != needed_by_.end()) {
      for (const Node& follower : followers->second) remove(follower);
    }
  }

  const History& history_;
  Indexed<CommitNo, bool> out_;
  Indexed<RecordNo, bool> dead_;
  Indexed<RecordNo, std::vector<CommitNo>> holders_;  // pending commits that have it
  std::map<CommitNo, std::size_t> left_;              // of pruned ones: records that may still be complete
  std::map<CommitNo, std::vector<Node>> needed_by_;
  std::vector<Node> todo_;
};

void History::admit_pruned() {
  if (std::none_of(pruned_.begin(), pruned_.end(), [&](const auto& p) { return links_[p.first].gated; })) return;
  const Gates gates(*this);
  std::vector<CommitNo> open;
  for (const auto& [number, records] : pruned_) {
    if (links_[number].gated && gates.in(number)) open.push_back(number);
  }
  for (const CommitNo number : open) {
    links_[number].gated = false;
    join(number);
  }
}

const std::vector<RecordNo>& History::records(CommitNo number) const {
  static const std::vector<RecordNo> none;
  const auto found = pruned_.find(number);
  return found == pruned_.end() ? none : found->second;
}

bool History::complete(RecordNo record) const {
  return std::all_of(records_[record].seen.begin(), records_[record].seen.end(),
                     [&](const Dot& dot) { return before_loss(dot).seq <= head(dot.origin); });
}

Indexed<RecordNo, bool> History::complete_records() const {
  Indexed<RecordNo, bool> out;
  for (const RecordNo record : numbers<RecordNo>(records_.size())) out.push_back(complete(record));
  return out;
}

bool History::within(std::span<const Dot> dots, const SeenSeqs& context) const {
  return std::ranges::all_of(dots, [&](Dot dot) {
    while (dot.seq > context[dot.origin]) {
      const CommitView& c = commits_[linked_commit(dot)];
      if (c.setting.empty()) return false;
      dot.seq = c.first - 1;
    }
    return true;
  });
}

KeptTimes History::readable_times() const {
  const auto counts = complete_records();
  std::set<std::vector<RecordNo>> asked;  // most commits share their records
  std::vector<KeptTimes> kept;
  for (const auto& [number, records] : pruned_) {
    if (!folded(number) || !asked.insert(records).second) continue;
    std::vector<KeptTimes> mine;
    for (const RecordNo record : records) {
      if (counts[record]) mine.push_back(records_[record].kept);
    }
    kept.push_back(in_any(std::move(mine)));
  }
  return in_all(std::move(kept));
}

namespace {
constexpr const char* kLateHint =
    "a log compacted with --assume-closed takes only what was written after it; merge with the log as it was before";
}

Status History::check_closed() const {
  if (pruned_.empty()) return {};
  const auto counts = complete_records();
  std::set<RecordNo> closed;
  for (const auto& [number, records] : pruned_) {
    if (!folded(number)) continue;
    std::copy_if(records.begin(), records.end(), std::inserter(closed, closed.end()),
                 [&](RecordNo r) { return records_[r].closed && counts[r]; });
  }
  for (const RecordNo record : closed) DELTA_OK(check_closed(record));
  return {};
}

/// In order of linking, so that most commits have a cause that is known to have seen it all.
Status History::check_closed(RecordNo record) const {
  SeenSeqs seen(origins_.size());
  for (const Dot& dot : records_[record].seen) {  // complete: all are here
    if (dot.seq != 0) seen[dot.origin] = std::max(seen[dot.origin], dot.seq);
  }
  const std::vector<Dot> last = tops(seen);
  Indexed<CommitNo, bool> after(commits_.size());
  for (const CommitNo number : linked_) {
    const CommitView& c = commits_[number];
    if (c.last() <= seen[c.origin]) {
      const auto shed = shed_.find(number);
      const bool was_whole =
          records(number).empty() &&
          (shed == shed_.end() || !std::binary_search(shed->second.begin(), shed->second.end(), record));
      if (was_whole || records(number) == std::vector{record}) continue;
      return error(ErrorCode::late,
                   "commit " + commit_text(*catalog_, c) +
                       " is here in another copy than that of a compaction which assumed there was none")
          .with_hint(kLateHint);
    }
    const auto knows = [&](Dot cause) { return after[linked_commit(cause)]; };
    bool cause_knows = false;
    each_cause(c, [&](Dot cause) { cause_knows = cause_knows || knows(cause); });
    after[number] =
        cause_knows || std::all_of(last.begin(), last.end(), [&](Dot dot) { return context_contains(number, dot); });
    if (after[number]) continue;
    return error(ErrorCode::late, "commit " + commit_text(*catalog_, c) +
                                      " is late: it had not seen a compaction that assumed to have seen every writer")
        .with_hint(kLateHint);
  }
  return {};
}

}  // namespace delta::model
