// Which deltas a cut takes in, and whether a log that was pruned still answers it (law 8).
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/fold.hpp"

namespace delta::model {
namespace {

std::string range_text(const KeptTimes::Range& range) {
  if (range.first == range.last) return format_time(range.first);
  if (range.last == kMaxMicros) return format_time(range.first) + " and later";
  return format_time(range.first) + " to " + format_time(range.last);
}

std::string times_text(const KeptTimes& kept) {
  constexpr std::size_t kMost = 8;
  std::string text;
  const auto ranges = kept.ranges();
  for (std::size_t i = 0; i < ranges.size() && i < kMost; ++i) text += range_text(ranges[i]) + ", ";
  if (ranges.size() > kMost) text += std::to_string(ranges.size() - kMost) + " more, ";
  return text + "now";
}

/// Is a cut one that all pruned commits in it still answer?
class Keeping {
 public:
  /// `commit`: that of the cut's dot.
  Keeping(const History& history, const Cut& cut, std::optional<std::uint32_t> commit)
      : history_(history), cut_(cut), commit_(commit) {
    Micros latest = 0;
    for (const std::uint32_t number : history.linked()) {
      if (holds(first_of(number))) latest = std::max(latest, history.commit(number).time.us());
    }
    if (cut.at && *cut.at < latest) at_ = cut.at;  // else it takes in all there is
  }

  Status check(const Catalog& catalog) const {
    if (!at_ && !commit_) return {};
    if (!commit_) {
      const KeptTimes kept = history_.answered();
      if (kept.contains(*at_)) return {};
      return error(ErrorCode::not_kept, "this log was pruned and does not answer " + format_time(*at_) + " any more; it answers: " + times_text(kept));
    }
    std::map<std::uint32_t, bool> known;  // records, most of which are those of many commits
    const auto answers = [&](std::uint32_t record) {
      const auto [place, fresh] = known.try_emplace(record);
      if (fresh) place->second = this->answers(record);
      return place->second;
    };
    for (const auto& [number, records] : history_.pruned()) {
      if (!history_.folded(number) || !holds(first_of(number)) || std::ranges::any_of(records, answers)) continue;
      return error(ErrorCode::not_kept, "this log was pruned and does not answer any more what the author of " +
                                            dot_text(catalog, *cut_.as_seen_by) + " saw" + (at_ ? " at " + format_time(*at_) : ""));
    }
    return {};
  }

 private:
  Dot first_of(std::uint32_t number) const { return {history_.commit(number).origin, history_.commit(number).first}; }

  /// Is this dot, which is folded, inside the cut, whatever its time?
  bool holds(Dot dot) const {
    if (!commit_) return true;
    const Dot by = *cut_.as_seen_by;
    if (dot.origin == by.origin) return cut_.before ? dot.seq < by.seq : dot.seq <= by.seq;
    return history_.context_contains(*commit_, dot);
  }

  /// What an entry was dropped for lies inside the cut with it: by the version vector, and where time is cut too, by the same
  /// record's kept times.
  bool answers(std::uint32_t record) const {
    const auto& [kept, seen, closed] = history_.record(record);
    return history_.complete(record) && std::ranges::all_of(seen, [&](Dot dot) { return dot.seq == 0 || holds(dot); }) && (!at_ || kept.contains(*at_));
  }

  const History& history_;
  const Cut& cut_;
  std::optional<std::uint32_t> commit_;
  std::optional<Micros> at_;  // if it leaves anything out
};

}  // namespace

Result<CutTest> CutTest::make(const Catalog& catalog, const History& history, const Cut& cut) {
  CutTest test(history);
  if (cut.at) test.until_ = Timestamp::of(std::min(*cut.at, kMaxMicros), 0xfff);
  std::optional<std::uint32_t> commit;
  if (cut.as_seen_by) {
    const Dot dot = *cut.as_seen_by;
    commit = history.find(dot);
    if (!commit) return error(ErrorCode::not_found, "there is no delta " + dot_text(catalog, dot));
    if (!history.folded(*commit)) {
      return error(ErrorCode::not_found,
                   "delta " + dot_text(catalog, dot) + " is pending: some of what its author had seen is not here");
    }
    test.dot_ = dot;
    test.before_ = cut.before;
    test.commit_ = *commit;
  }
  if (!history.pruned().empty() && (cut.at || commit)) DELTA_OK(Keeping(history, cut, commit).check(catalog));
  return test;
}

bool in_cut(const Catalog& catalog, const History& history, const Cut& cut, const Change& change) {
  const auto test = CutTest::make(catalog, history, cut);
  return test && test->contains(change);
}

}  // namespace delta::model
