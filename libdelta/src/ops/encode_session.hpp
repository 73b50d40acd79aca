// One run of an encoder: what the log held before, what has been added since, and the segment being written. Commits
// are opened, filled and closed here, by the clock and context rules of the model; the front ends (matrices, changes)
// say what to write.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "delta/encode.hpp"
#include "delta/file.hpp"
#include "delta/log.hpp"
#include "delta/state.hpp"
#include "model/accuracy.hpp"
#include "ops/lifecycles.hpp"
#include "os/append_file.hpp"
#include "store/log_impl.hpp"
#include "store/segment_writer.hpp"

namespace delta::ops {

class EncodeSession {
 public:
  /// Nothing has to be put in place at the end of a ByteSink, which must outlive the session.
  using Target = std::variant<OutputFile, os::AppendFile, ByteSink*>;

  EncodeSession(Log base, Target target, EncodeOptions options)
      : options_(std::move(options)),
        quantizer_(options_.accuracy),
        log_(std::move(base)),
        target_(std::move(target)) {}
  /// Readies the writer. usage: an accuracy that is none.
  Status start();
  /// state() is from here on the state of all vectors.
  Status load_all();
  /// Of this one at least. A few updates of a large log need not fold all of it, and of a vector that is updated
  /// blindly nothing but its creates and deletes is read.
  Status load(std::uint32_t vector);

  const EncodeOptions& options() const { return options_; }
  const model::Quantizer& quantizer() const { return quantizer_; }
  void set_message(std::string message) { options_.message = std::move(message); }
  const Log& log() const { return log_; }
  Catalog& catalog() { return log_.impl().catalog; }
  /// Of the vectors that were loaded, or are new in this run.
  const State& state() const { return *state_; }
  /// Before metadata of state() is read.
  void settle() { state_->settle_metadata(); }
  /// Of a vector that exists, with what was written since.
  std::string_view metadata(std::uint32_t vector) {
    state_->settle_metadata(vector);
    return state_->metadata(vector);
  }
  /// For all vectors of the catalog: until others are added, a thread may read the values of some while this one
  /// changes those of others.
  void make_room() { state_->make_room(); }

  /// The number of a namespace of these dimensions, declared now if need be. bad_input: it has other dimensions.
  /// `stated`: of the open commit, which may be concurrent to those that declared it with others; then only if it has
  /// seen one of them.
  Result<NamespaceNo> name_space(std::string_view name, std::uint32_t dims, bool stated = false);
  /// The only dimension count of a namespace; none: not declared.
  std::optional<std::uint32_t> dims_of(std::string_view name) const;

  struct CommitPlan {
    std::string_view origin;
    std::optional<std::uint64_t> first = {};       // must be the next seq
    std::optional<std::vector<Dot>> parents = {};  // none: everything before
    std::string_view message = {}, tool = {}, source = {}, trace = {}, properties = {};
    std::optional<Micros> given = {};
    bool whole = false;  // it was written before: all of it is as it is said here, and its times are not live
  };
  Status open_commit(const CommitPlan& plan);
  /// The accuracy is to be recorded before the next assignment to the namespace.
  bool accuracy_due(NamespaceNo ns);
  /// Records it, in a commit that has seen what `plan` has, which from then on stands for what follows that. REQUIRES:
  /// accuracy_due(ns), no commit is open, the plan states no seq.
  Status record_accuracy(NamespaceNo ns, CommitPlan& plan, std::optional<Micros> at, std::optional<std::uint32_t> tick);
  bool commit_open() const { return open_.has_value(); }
  const Commit& open() const { return open_->commit; }
  Micros opened() const { return open_->first_meant; }
  std::uint64_t open_bytes() const { return open_->bytes; }
  /// Of a commit without deltas nothing is written.
  Status close_commit();
  /// Makes the open commit, which is empty, a setting, and closes it. bad_input or unsupported: see
  /// model::check_setting(). `live`: the time is held against the clock.
  Status set(std::string_view setting, std::optional<Micros> at, std::optional<std::uint32_t> tick, bool live = true);

  /// The timestamp of the next delta of the open commit.
  Result<Timestamp> stamp(std::optional<Micros> at, std::optional<std::uint32_t> tick) { return stamp(at, tick, true); }
  /// In the context of the open commit.
  Result<bool> exists(std::uint32_t vector);
  /// Of a loaded one: the values of state() are those of the context; otherwise a whole vector must be assigned whole.
  bool known(std::uint32_t vector) const { return open_->linear && current(vector); }
  /// The same for a commit that has seen everything.
  bool current(std::uint32_t vector) const { return !stale_.contains(vector); }
  /// Some commit of this run had not seen everything: state() is no longer the state of the whole.
  bool concurrent() const { return concurrent_; }
  /// Writes the delta and folds it. `change.seq` and `commit` are set here. Checks values and sizes, not existence.
  Status put(Delta delta);

  /// The greatest timestamp that is here; none: the log is empty. REQUIRES: no commit is open.
  std::optional<Timestamp> last_time() const;

  /// See model::History.
  std::optional<Dot> redundant_parent(std::span<const Dot> parents) {
    return log_.impl().history.redundant_parent(parents);
  }
  /// "origin:seq" of a commit that is here. bad_input otherwise.
  Result<Dot> dot(std::string_view text);

  std::uint64_t unchanged = 0;
  std::vector<Finding> notices;
  Result<EncodeSummary> finish();

 private:
  struct Open {
    Commit commit;
    bool linear = true;        // it has seen everything
    std::uint32_t number = 0;  // that it will have in the history
    bool whole = false;        // see CommitPlan
    Timestamp first_time;
    Micros first_meant = 0;
    std::optional<Timestamp> own, others;  // last of its origin, greatest of other origins in its context
    std::uint64_t bytes = 0;
    std::optional<model::Contexts::Set> context;  // once it was asked for
  };

  Result<Timestamp> stamp(std::optional<Micros> at, std::optional<std::uint32_t> tick, bool live);
  /// What the open commit has seen is of this time, which is ahead.
  bool is_ahead(Timestamp seen) const;
  /// The delta that was stamped last is in the commit.
  void note_meant(Timestamp time);
  void note_raised();

  /// What the log says of some vectors; notes those in conflict. This run has written nothing of them.
  ByteSink& sink();
  Result<State> fold(const VectorSet& vectors);
  bool loaded(std::uint32_t vector) const {
    return all_loaded_ || vector >= vectors_before_ || loaded_.contains(vector);
  }
  /// Takes a delta of this run into state_. `linear`: its commit has seen everything.
  void follow(const Delta& delta, bool linear);
  void follow_deferred(std::uint32_t vector);
  Status defer(const Delta& delta, bool linear);
  OriginNo origin_of(const Delta& delta) const {
    return open_ && delta.commit == open_->number ? open_->commit.origin : log_.commit(delta.commit).origin;
  }
  Status refuse_pending(OriginNo origin);
  Status load_lifecycles(std::optional<std::uint32_t> vector);
  Lifecycles::Seen seen_by_open();
  Result<bool> has_seen(std::string_view name_space);
  Status take_policy();
  Status refold();
  void forget(std::uint32_t vector);
  /// The timestamp of a delta that is here, in the middle of its commit or at its end.
  Result<Timestamp> time_of(Dot dot);
  using InnerTimes =
      std::unordered_map<std::uint32_t, std::vector<std::pair<std::uint64_t, Timestamp>>>;  // commit -> (seq, time)
  Result<Timestamp> inner_time(const InnerTimes& times, std::uint32_t commit, Dot dot) const;

  EncodeOptions options_;
  model::Quantizer quantizer_;
  std::map<std::string, std::string>
      accuracies_;                              // of namespaces, as recorded so far; only if there is anything to round
  Indexed<NamespaceNo, bool> accuracy_stands_;  // and it is ours
  Log log_;
  Target target_;
  store::LogSource source_{log_.impl()};
  std::optional<State> state_;
  VectorSet loaded_;  // vectors of the log
  bool all_loaded_ = false;
  static constexpr std::uint32_t kSingly = 8;  // about as many cost what all do
  std::uint32_t lookups_ = 0;                  // of one vector each
  struct Deferred {
    DeltaBatch deltas;
    std::vector<bool> linear;
  };
  std::unordered_map<std::uint32_t, Deferred>
      deferred_;  // what this run wrote of vectors that are not loaded, which are few
  std::unique_ptr<store::SegmentWriter> writer_;
  std::optional<Open> open_;
  VectorSet stale_;              // vectors whose values are not known: a concurrent commit of this run touched them
  bool concurrent_ = false;      // there were such
  VectorSet conflicted_;         // in conflict before this run, and not all of their dims were assigned since
  bool lww_ = true;              // it decides all conflicts
  bool vector_deltas_ = false;   // this run has written some
  Lifecycles lifecycles_;        // of this run, and of the log's vectors that were asked for
  VectorSet lifecycles_loaded_;  // of the log
  bool all_lifecycles_loaded_ = false;
  // Of commits of this run whose deltas differ in time: where it changes, as (seq, time from there on).
  InnerTimes times_inside_;
  std::optional<InnerTimes> all_inner_times_;  // of commits of the log; after a few of them were looked up
  std::uint32_t inner_lookups_ = 0;
  std::size_t commits_before_ = 0;  // this run
  std::optional<Micros> meant_;     // with the timestamp given last, where that is later
  struct Raised {
    std::uint64_t commits = 0;
    Dot first;
    Timestamp time;
    Micros given = 0;
  };
  Raised raised_;  // commits of this run that have another time than was meant
  std::size_t namespaces_before_ = 0, vectors_before_ = 0;
  Timestamp carried_;        // the last timestamp whose counter overflowed into the next microsecond,
  Micros carried_from_ = 0;  // and the microsecond that was asked for
};

}  // namespace delta::ops
