// Which deltas a cut takes in, and whether a log that was pruned still answers it (law 8).
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/fold.hpp"

namespace delta::model {
namespace {

std::string seen_text(const Catalog& catalog, const std::vector<Dot>& dots) {
  constexpr std::size_t kMost = 4;
  std::string text = dots.size() == 1 ? "the author of " : "the authors of ";
  for (std::size_t i = 0; i < dots.size() && i < kMost; ++i) text += (i > 0 ? ", " : "") + dot_text(catalog, dots[i]);
  return dots.size() > kMost ? text + " and " + std::to_string(dots.size() - kMost) + " more" : text;
}

using Seen = std::optional<SeenSeqs>;  // none: all

/// Is a cut one that all pruned commits in it still answer?
class Keeping {
 public:
  Keeping(const History& history, const Cut& cut, const Seen& seen) : history_(history), cut_(cut), seen_(seen) {
    Micros latest = 0;
    for (const CommitNo number : history.linked()) {
      if (holds(first_of(number))) latest = std::max(latest, history.time(number).us());
    }
    if (cut.at && *cut.at < latest) at_ = cut.at;  // else it takes in all there is
    if (seen_ && !at_) heads_ = history.tops(*seen_);
  }

  Status check(const Catalog& catalog) const {
    if (!at_ && !seen_) return {};
    if (!seen_) {
      const KeptTimes kept = history_.readable_times();
      if (kept.contains(*at_)) return {};
      return error(ErrorCode::not_kept, "this log was pruned and does not answer " + format_time(*at_) +
                                            " any more; it answers: " + to_text(kept));
    }
    if (answered()) return {};
    return error(ErrorCode::not_kept, "this log was pruned and does not answer any more what " +
                                          seen_text(catalog, cut_.as_seen_by) + " saw" +
                                          (at_ ? " at " + format_time(*at_) : ""));
  }

 private:
  Dot first_of(CommitNo number) const { return {history_.origin(number), history_.commit(number).first}; }

  /// Each pruned commit in the cut has a record that answers it.
  bool answered() const {
    std::map<RecordNo, bool> known;  // records, most of which are those of many commits
    const auto answers = [&](RecordNo record) {
      const auto [place, fresh] = known.try_emplace(record);
      if (fresh) place->second = this->answers(record);
      return place->second;
    };
    return std::ranges::all_of(history_.pruned(), [&](const auto& pruned) {
      return !history_.folded(pruned.first) || !holds(first_of(pruned.first)) ||
             std::ranges::any_of(pruned.second, answers);
    });
  }

  /// Is this dot, which is folded, inside the cut, whatever its time?
  bool holds(Dot dot) const { return !seen_ || dot.seq <= (*seen_)[dot.origin]; }

  /// The release was kept; or what an entry was dropped for lies inside the cut with it: by the version vector, and
  /// where time is cut too, by the same record's kept times.
  bool answers(RecordNo number) const {
    const PruneRecord& record = history_.record(number);
    if (!history_.complete(number)) return false;
    if (!heads_.empty() && std::ranges::binary_search(record.releases, heads_)) return true;
    return history_.within(record.seen, *seen_) && (!at_ || record.kept.contains(*at_));
  }

  const History& history_;
  const Cut& cut_;
  const Seen& seen_;
  std::optional<Micros> at_;  // if it leaves anything out
  std::vector<Dot> heads_;    // of the release that the cut is, if it is one
};

Result<Seen> seen_by(const Catalog& catalog, const History& history, const Cut& cut) {
  if (cut.as_seen_by.empty()) return Seen();
  for (const Dot dot : cut.as_seen_by) {
    const auto commit = history.find(dot);
    if (!commit) return error(ErrorCode::not_found, "there is no delta " + dot_text(catalog, dot));
    if (!history.folded(*commit)) {
      return error(ErrorCode::not_found,
                   "delta " + dot_text(catalog, dot) + " is pending: some of what its author had seen is not here");
    }
  }
  auto seen = history.context(cut.as_seen_by);
  if (cut.before) {
    for (const Dot dot : cut.as_seen_by) seen[dot.origin] = std::min(seen[dot.origin], dot.seq - 1);
  }
  return Seen(std::move(seen));
}

}  // namespace

Result<CutTest> CutTest::make(const Catalog& catalog, const History& history, const Cut& cut) {
  CutTest test(history);
  if (cut.at) test.until_ = Timestamp::of(std::min(*cut.at, kMaxMicros), 0xfff);
  DELTA_TRY(test.seen_, seen_by(catalog, history, cut));
  if (!history.pruned().empty() && (cut.at || test.seen_)) DELTA_OK(Keeping(history, cut, test.seen_).check(catalog));
  return test;
}

bool CutTest::contains(const SeenSeqs& seen, Timestamp latest) const {
  return latest <= until_ && std::ranges::all_of(seen.numbers(), [&](OriginNo origin) {
           return seen[origin] <= history_->head(origin) && (!seen_ || seen[origin] <= (*seen_)[origin]);
         });
}

bool in_cut(const Catalog& catalog, const History& history, const Cut& cut, const Delta& delta) {
  const auto test = CutTest::make(catalog, history, cut);
  return test && test->contains(delta);
}

}  // namespace delta::model
