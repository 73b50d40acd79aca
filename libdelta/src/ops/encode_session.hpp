// One run of an encoder: what the log held before, what has been added since, and the segment being written. Commits
// are opened, filled and closed here, by the rules of the model: what is known of the vectors stands in KnownState, and
// which times are given in CommitClock. The front ends (matrices, deltas) say what to write.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "delta/encode.hpp"
#include "delta/file.hpp"
#include "delta/log.hpp"
#include "delta/state.hpp"
#include "model/accuracy.hpp"
#include "ops/commit_clock.hpp"
#include "ops/encode_gate.hpp"
#include "ops/known_state.hpp"
#include "os/append_file.hpp"
#include "store/segment_writer.hpp"
#include "store/union.hpp"

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
  /// Readies the writer. usage: an accuracy that is none; clock rules without a clock.
  Status start();
  /// See KnownState.
  Status load_all() { return known_->load_all(); }
  /// Not where a gate asks for the state behind them.
  void forget_writes() {
    if (!gated_) known_->forget_writes();
  }
  /// usage: the input before this one was said to be the last.
  Status check_goes_on() const {
    return known_->forgets_writes() ? error(ErrorCode::usage, "an input follows the one that was said to be the last")
                                    : Status();
  }
  Status load(VectorNo vector) { return known_->load(vector); }

  const EncodeOptions& options() const { return options_; }
  const model::Quantizer& quantizer() const { return quantizer_; }
  void set_message(std::string message) { options_.message = std::move(message); }
  const Log& log() const { return log_; }
  Catalog& catalog() { return log_.impl().catalog; }
  const State& state() const { return known_->state(); }
  void settle() { known_->settle(); }
  std::string_view metadata(VectorNo vector) { return known_->metadata(vector); }
  void make_room() { known_->make_room(); }

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
  Result<Timestamp> stamp(std::optional<Micros> at, std::optional<std::uint32_t> tick) {
    return clock_->stamp(open_->times, at, tick, true);
  }
  /// In the context of the open commit.
  Result<bool> exists(VectorNo vector) { return known_->exists(vector, open_->seen, open_->commit); }
  /// Of a loaded one: the values of state() are those of the context; otherwise a whole vector must be assigned whole.
  bool known(VectorNo vector) const { return open_->seen.linear && current(vector); }
  bool current(VectorNo vector) const { return known_->current(vector); }
  bool concurrent() const { return known_->concurrent(); }
  /// Writes the delta and folds it. `change.seq` and `commit` are set here. Checks values and sizes, not existence.
  Status put(Delta delta);

  /// Where a delta begins that may be refused before anything of it was put.
  struct Mark {
    std::uint64_t puts;
    CommitClock::Mark clock;
  };
  Mark mark();
  /// As if the delta had not come, but that its names stay in the catalog, and that a commit that it closed stays
  /// closed. REQUIRES: nothing was put since.
  void back_to(const Mark& mark);
  bool has_put_since(const Mark& mark) const { return puts_ != mark.puts; }

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
  std::vector<std::string> built_on;  ///< paths of what the log holds, for the gate
  Result<EncodeSummary> finish();

 private:
  struct Open {
    Commit commit;
    KnownState::Open seen;
    CommitClock::Seen times;
    Timestamp first_time;
    Micros first_meant = 0;
    std::uint64_t bytes = 0;
  };

  void note_meant(Timestamp time);
  ByteSink& target();
  Status refuse_pending(OriginNo origin);

  EncodeOptions options_;
  model::Quantizer quantizer_;
  std::map<std::string, std::string>
      accuracies_;                              // of namespaces, as recorded so far; only if there is anything to round
  Indexed<NamespaceNo, bool> accuracy_stands_;  // and it is ours
  Log log_;
  Target target_;
  std::unique_ptr<Gated> gated_;  // in front of the target; null: there is no gate
  std::unique_ptr<store::SegmentWriter> writer_;
  std::optional<KnownState> known_;  // from start() on, as the clock
  std::optional<CommitClock> clock_;
  std::optional<Open> open_;
  std::size_t namespaces_before_ = 0;
  std::uint64_t puts_ = 0;            // deltas
  std::optional<NamespaceNo> added_;  // since mark()
  std::set<NamespaceNo> refused_;     // added for deltas that were refused: the log does not have them
};

}  // namespace delta::ops
