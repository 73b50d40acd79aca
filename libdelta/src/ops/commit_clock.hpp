// The clock of an encoder: which time a delta gets, by the rules of the model, and what is noted where it is not the
// one that was meant.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delta/encode.hpp"
#include "delta/log.hpp"

namespace delta::ops {

class CommitClock {
 public:
  /// Keeps the references. What the log holds now was written before this run.
  CommitClock(const Log& log, const EncodeOptions& options)
      : log_(log), options_(options), commits_before_(log.commits()) {}

  /// What the open commit has seen.
  struct Seen {
    std::optional<Timestamp> own, others;  // last of its origin, greatest of other origins in its context
    bool whole = false;                    // it was written before, and its times are not live
  };
  /// The timestamp of its next delta. `live`: a time that is given is held against the clock.
  Result<Timestamp> stamp(const Seen& seen, std::optional<Micros> at, std::optional<std::uint32_t> tick, bool live);
  /// The time that was meant with the timestamp given last, where that is later.
  std::optional<Micros> meant() const { return meant_; }

  /// The timestamp of a delta that is here, in the middle of its commit or at its end.
  Result<Timestamp> time_of(Dot dot);
  /// The time of a commit of this run changes at a seq. `first`: its first seq, and the time that it has from there on.
  void note_inside(CommitNo commit, std::pair<std::uint64_t, Timestamp> first, std::uint64_t seq, Timestamp time);

  /// What stamp() remembers from one delta to the next.
  struct Mark {
    std::optional<Micros> meant;
    bool late;
    Timestamp carried;
    Micros carried_from;
  };
  Mark mark() const { return {meant_, late_, carried_, carried_from_}; }
  /// The deltas that were stamped since were refused.
  void back_to(const Mark& mark) {
    meant_ = mark.meant;
    late_ = mark.late;
    carried_ = mark.carried;
    carried_from_ = mark.carried_from;
  }

  /// Commits of this run that have another time than was meant, because what they have seen is ahead of the clock.
  struct Raised {
    std::uint64_t commits = 0;
    Dot first;
    Timestamp time;
    Micros given = 0;
  };
  void note_raised(const CommitView& commit);
  const Raised& raised() const { return raised_; }
  /// Those that arrived late (EncodeOptions::raise_late).
  std::uint64_t late_commits() const { return late_commits_; }

 private:
  using InnerTimes = std::unordered_map<CommitNo, std::vector<std::pair<std::uint64_t, Timestamp>>>;  // seq and time
  Result<Timestamp> inner_time(const InnerTimes& times, CommitNo commit, Dot dot) const;
  /// What the open commit has seen is of this time, which is ahead.
  bool is_ahead(const Seen& seen, Timestamp last) const;

  static constexpr std::uint32_t kSingly = 8;  // look-ups of one commit each; about as many cost what all do

  const Log& log_;
  const EncodeOptions& options_;
  std::size_t commits_before_;
  // Of commits of this run whose deltas differ in time: where it changes, as (seq, time from there on).
  InnerTimes times_inside_;
  std::optional<InnerTimes> all_inner_times_;  // of commits of the log; after a few of them were looked up
  std::uint32_t inner_lookups_ = 0;
  std::optional<Micros> meant_;
  bool late_ = false;  // the delta stamped last arrived late
  Raised raised_;
  std::uint64_t late_commits_ = 0;
  Timestamp carried_;        // the last timestamp whose counter overflowed into the next microsecond,
  Micros carried_from_ = 0;  // and the microsecond that was asked for
};

}  // namespace delta::ops
