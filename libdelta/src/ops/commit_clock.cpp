#include "ops/commit_clock.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "model/clock.hpp"
#include "model/rules.hpp"

namespace delta::ops {

Result<Timestamp> CommitClock::time_of(Dot dot) {
  const CommitNo number = *log_.find_commit(dot);
  if (dot.seq == log_.commit(number).last()) return log_.commit_time(number);
  if (index(number) >= commits_before_) {
    const auto inside = times_inside_.find(number);
    if (inside == times_inside_.end()) return log_.commit_time(number);
    const auto after =
        std::ranges::upper_bound(inside->second, dot.seq, {}, &std::pair<std::uint64_t, Timestamp>::first);
    return std::prev(after)->second;
  }
  // Rare: a parent inside a commit that was written before.
  const bool one = inner_lookups_++ < kSingly;
  if (!one && all_inner_times_) return inner_time(*all_inner_times_, number, dot);
  InnerTimes times;
  DELTA_OK(log_.each(VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const CommitNo commit = batch.commits[i];
      if (one ? commit == number : log_.commit(commit).count > 1) {
        times[commit].emplace_back(batch.seqs[i], batch.times[i]);
      }
    }
    return {};
  }));
  for (auto& [commit, inside] : times) std::ranges::sort(inside);
  auto time = inner_time(times, number, dot);
  if (!one) all_inner_times_ = std::move(times);
  return time;
}

Result<Timestamp> CommitClock::inner_time(const InnerTimes& times, CommitNo commit, Dot dot) const {
  const auto inside = times.find(commit);
  if (inside != times.end()) {
    const auto found =
        std::ranges::lower_bound(inside->second, dot.seq, {}, &std::pair<std::uint64_t, Timestamp>::first);
    if (found != inside->second.end() && found->first == dot.seq) return found->second;
  }
  return error(ErrorCode::corrupt, "delta " + log_.dot_text(dot) + " is missing from its log");
}

bool CommitClock::is_ahead(const Seen& seen, Timestamp last) const {
  const auto latest = options_.clock.latest();
  return !seen.whole && latest && last.us() > *latest;
}

Result<Timestamp> CommitClock::stamp(const Seen& seen, std::optional<Micros> at, std::optional<std::uint32_t> tick,
                                     bool live) {
  meant_.reset();
  late_ = false;
  if (at && live && !seen.whole) DELTA_OK(model::check_live(options_.clock, *at));
  const auto& [own, others, whole] = seen;
  const Timestamp last = std::max(own.value_or(Timestamp{}), others.value_or(Timestamp{}));
  const bool ahead = is_ahead(seen, last);
  const bool may_raise = ahead || (options_.raise_late && live && !whole);
  if (at && tick) {
    const Timestamp time = Timestamp::of(*at, *tick);
    const bool behind = (own && time < *own) || (others && time <= *others);
    if (!behind) return time;
    if (!may_raise) {
      return error(ErrorCode::bad_input, "timestamp " + format_time(*at) + " tick " + std::to_string(*tick) +
                                             " breaks the clock rule: " +
                                             (own && time < *own ? "its origin was at " + format_time(own->us())
                                                                 : "its context is at " + format_time(others->us())) +
                                             " already");
    }
  }
  const Micros reached = last == carried_ ? carried_from_ : last.us();
  if (at && *at < reached && !may_raise) {
    return error(ErrorCode::bad_input, "timestamp " + format_time(*at) +
                                           " breaks the clock rule: what it has seen is of " + format_time(last.us()))
        .with_hint("time must not run backwards in what one writer has seen");
  }
  if (!at && !options_.now) {
    return error(ErrorCode::usage, "a commit has no time")
        .with_hint("give each input a time, or EncodeOptions::now one for all, such as system_time()");
  }
  const Micros asked = at ? *at : *options_.now;
  DELTA_TRY(const Timestamp time, model::next_timestamp(asked, own, others));
  late_ = at && *at < reached && !ahead;
  if ((ahead || late_) && time.us() > asked) {
    meant_ = asked;
  } else if (at && time.us() > asked) {
    carried_ = time;
    carried_from_ = asked;
  }
  return time;
}

void CommitClock::note_inside(CommitNo commit, std::pair<std::uint64_t, Timestamp> first, std::uint64_t seq,
                              Timestamp time) {
  auto& inside = times_inside_[commit];
  if (inside.empty()) inside.push_back(first);
  inside.push_back({seq, time});
}

void CommitClock::note_raised(const CommitView& commit) {
  if (!commit.given) return;
  if (late_) ++late_commits_;
  if (late_ || raised_.commits++ > 0) return;
  raised_.first = {commit.origin, commit.first};
  raised_.time = commit.time;
  raised_.given = *commit.given;
}

}  // namespace delta::ops
