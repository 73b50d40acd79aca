// Two copies of a log, held against each other commit by commit: by dots, and where both have a commit, by its hash.
#include "delta/compare.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "base/boundary.hpp"
#include "base/dot_ranges.hpp"
#include "model/history.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

/// The commits of a log by origin, in order of seq.
class Side {
 public:
  static Result<Side> of(const Log& log) {
    Side side(log);
    DELTA_TRY(side.hashes_, log.hashes());
    for (const CommitNo number : numbers<CommitNo>(log.commits())) {
      const CommitView commit = log.commit(number);
      const std::string_view origin = log.catalog().origin(commit.origin);
      side.commits_[origin].push_back(number);
      add_dots(side.dots_, origin, {commit.first, commit.last()});
    }
    for (auto& [origin, all] : side.commits_) {
      std::ranges::sort(all, {}, [&](CommitNo number) { return log.commit(number).first; });
    }
    return side;
  }

  const DotRanges& dots() const { return dots_; }
  const std::map<std::string_view, std::vector<CommitNo>>& commits() const { return commits_; }
  CommitView commit(CommitNo number) const { return log_->commit(number); }
  const Hash& hash(CommitNo number) const { return hashes_[number]; }
  std::string_view origin(Dot dot) const { return log_->catalog().origin(dot.origin); }

 private:
  explicit Side(const Log& log) : log_(&log) {}
  const Log* log_;
  Indexed<CommitNo, Hash> hashes_;
  std::map<std::string_view, std::vector<CommitNo>> commits_;
  DotRanges dots_;
};

class Comparing {
 public:
  Comparing(const Side& a, const Side& b) : a_(a), b_(b) {}

  Comparison run() {
    for (const auto& [origin, mine] : a_.commits()) {
      const auto theirs = b_.commits().find(origin);
      if (theirs != b_.commits().end()) compare(origin, mine, theirs->second);
    }
    out_.a_lacks = without(b_.dots(), a_.dots());
    out_.b_lacks = without(a_.dots(), b_.dots());
    const bool a_has_all = out_.a_lacks.empty(), b_has_all = out_.b_lacks.empty();
    out_.relation = out_.fork                ? Relation::forked
                    : a_has_all && b_has_all ? Relation::same
                    : a_has_all || b_has_all ? Relation::prefix
                                             : Relation::diverged;
    return std::move(out_);
  }

 private:
  /// Both in order of seq: two that share a dot are to be one commit.
  void compare(std::string_view origin, const std::vector<CommitNo>& mine, const std::vector<CommitNo>& theirs) {
    for (auto x = mine.begin(), y = theirs.begin(); x != mine.end() && y != theirs.end();) {
      const CommitView a = a_.commit(*x), b = b_.commit(*y);
      if (a.last() < b.first) {
        ++x;
      } else if (b.last() < a.first) {
        ++y;
      } else {
        const bool known = a_.hash(*x) != Hash{} && b_.hash(*y) != Hash{};
        const bool same = known ? a_.hash(*x) == b_.hash(*y) : same_row(a, b);
        if (!same) return fork(origin, std::max(a.first, b.first));
        if (!known) add_dots(out_.unknown, origin, {a.first, a.last()});
        ++x;
        ++y;
      }
    }
  }

  bool same_row(const CommitView& a, const CommitView& b) const {
    const auto same_dot = [this](Dot x, Dot y) { return x.seq == y.seq && a_.origin(x) == b_.origin(y); };
    return a.first == b.first && a.count == b.count && a.time == b.time && a.message == b.message && a.tool == b.tool &&
           a.source == b.source && a.trace == b.trace && a.setting == b.setting && a.properties == b.properties &&
           a.given == b.given && std::ranges::equal(a.parents, b.parents, same_dot);
  }

  void fork(std::string_view origin, std::uint64_t seq) {
    if (!out_.fork) out_.fork = std::string(origin) + ":" + std::to_string(seq);
  }

  const Side &a_, &b_;
  Comparison out_;
};

}  // namespace

Result<Comparison> compare(const Log& a, const Log& b) try {
  const Boundary boundary;
  DELTA_TRY(const Side one, Side::of(a));
  DELTA_TRY(const Side other, Side::of(b));
  return Comparing(one, other).run();
} catch (...) {
  return caught();
}

std::string_view relation_name(Relation relation) noexcept {
  switch (relation) {
    case Relation::same:
      return "same";
    case Relation::prefix:
      return "prefix";
    case Relation::diverged:
      return "diverged";
    case Relation::forked:
      return "forked";
  }
  return "";
}

}  // namespace delta
