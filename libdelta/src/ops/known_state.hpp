// What an encoder knows of the vectors of its log: of those that it had to read, with what this run has written since.
// A few updates of a large log need not fold all of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delta/log.hpp"
#include "delta/state.hpp"
#include "delta/states_around.hpp"
#include "ops/existence_index.hpp"
#include "store/union.hpp"

namespace delta::ops {

class KnownState {
 public:
  /// Keeps the reference. What the log names now is what it had before this run.
  explicit KnownState(Log& log);

  /// The commit that is open, as far as it decides what its deltas have seen.
  struct Open {
    CommitNo number{};  // that it will have in the history
    OriginNo origin{};
    bool linear = true;                                // it has seen everything
    std::optional<model::Contexts::Set> context = {};  // else what it has seen, once that was asked for
  };

  /// state() is from here on the state of all vectors.
  Status load_all();
  /// At least of this one. usage: the values of the log are not read. Of a vector that is updated blindly only the
  /// creates and deletes are read.
  Status load(VectorNo vector);
  /// Of the vectors that were loaded, or are new in this run.
  const State& state() const { return state_; }
  /// Before metadata of state() is read.
  void settle() { state_.settle_metadata(); }
  /// Of a vector that exists, with what was written since.
  std::string_view metadata(VectorNo vector) {
    state_.settle_metadata(vector);
    return state_.metadata(vector);
  }
  /// For all vectors of the catalog: until others are added, a thread may read the values of some while this one
  /// changes those of others.
  void make_room() { state_.make_room(); }

  /// In the context of the open commit.
  Result<bool> exists(VectorNo vector, Open& open, const CommitView& commit);
  /// Whether the open commit has seen a vector of a namespace of this name.
  Result<bool> has_seen(std::string_view name_space, Open& open, const CommitView& commit);
  /// For a commit that has seen everything, the values of state() are those of its context.
  bool current(VectorNo vector) const { return !stale_.contains(vector); }
  /// Some commit of this run had not seen everything: state() is no longer the state of the whole.
  bool concurrent() const { return concurrent_; }

  /// Nothing will be asked about deltas that this run writes from here on, so they are not kept.
  void forget_writes() { forgets_writes_ = true; }
  bool forgets_writes() const { return forgets_writes_; }
  /// What vectors were before this run changes them is kept, too, for around().
  void keep_before() { before_.emplace(catalog()); }
  /// None: they are not known of all vectors, or should not be kept. Settles the metadata.
  std::optional<StatesAround> around();
  /// A delta of the open commit, which is in the log from now on.
  Status take(const Delta& delta, const Open& open);
  /// A new policy changes the values of vectors in conflict. Before this run has written a delta they are folded again;
  /// later they are not known any more.
  Status refold();
  /// Of checkpoints that could not be used.
  const std::vector<Finding>& notices() const { return notices_; }

 private:
  Catalog& catalog() { return log_.impl().catalog; }
  bool loaded(VectorNo vector) const {
    return all_loaded_ || index(vector) >= vectors_before_ || loaded_.contains(vector);
  }
  /// What the log says of some vectors; notes those in conflict. This run has written nothing of them.
  Result<State> fold(const VectorSet& vectors);
  /// Takes a delta of this run into the state. `linear`: its commit has seen everything.
  void follow(const Delta& delta, OriginNo origin, bool linear);
  void follow_deferred(VectorNo vector);
  Status defer(const Delta& delta, const Open& open);
  Status load_lifecycles(std::optional<VectorNo> vector);
  ExistenceIndex::Seen seen_by(Open& open, const CommitView& commit);
  Status take_policy();
  void forget(VectorNo vector);

  void note_before(VectorNo vector);

  static constexpr std::uint32_t kSingly = 8;  // look-ups of one vector each; about as many cost what all do

  Log& log_;
  store::LogSource source_;
  State state_;
  std::size_t vectors_before_;
  VectorSet loaded_;  // vectors of the log
  bool all_loaded_;
  bool reads_values_;  // else nothing of the log is folded
  std::uint32_t lookups_ = 0;
  struct Deferred {
    DeltaBatch deltas;
    std::vector<OriginNo> origins;
    std::vector<bool> linear;
  };
  std::unordered_map<VectorNo, Deferred>
      deferred_;             // what this run wrote of vectors that are not loaded, which are few
  VectorSet stale_;          // vectors whose values are not known: a concurrent commit of this run touched them
  bool concurrent_ = false;  // there were such
  VectorSet conflicted_;     // in conflict before this run, and not all of their dims were assigned since
  bool lww_ = true;          // it decides all conflicts
  bool written_ = false;     // this run has written deltas of vectors
  bool forgets_writes_ = false;
  std::optional<State> before_;  // of the vectors that this run touched
  VectorSet touched_;            // if these are kept
  bool before_known_ = true;     // of all of them
  ExistenceIndex lifecycles_;    // of this run, and of the log's vectors that were asked for
  VectorSet lifecycles_loaded_;
  bool all_lifecycles_loaded_ = false;
  std::vector<Finding> notices_;
};

}  // namespace delta::ops
