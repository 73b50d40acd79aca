// The scopes of a contract in one log: spans of key order, one after the other, so that each delta is in one of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "contract/rule.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"

namespace delta::ops {

class Scopes {
 public:
  /// Keeps the reference. A scope begins where the one before it ended. Errors: not_found: there is no such tag.
  static Result<Scopes> make(const Log& log, const contract::Scope& scope);

  std::size_t size() const { return ends_.size(); }
  const std::string& name(std::size_t scope) const { return ends_[scope].name; }
  /// The state after it; before() the first there is nothing.
  const CutOptions& after(std::size_t scope) const { return ends_[scope].cut; }
  /// What came before the tag is not judged.
  std::size_t first_judged() const { return kind_.kind == contract::Scope::Kind::since ? 1 : 0; }
  /// Each commit has seen all before it, nothing was pruned, and scopes end with commits.
  bool linear() const { return times_.empty() && !release_; }
  /// The state before a scope; of the first one nothing.
  std::optional<CutOptions> before(std::size_t scope) const {
    return scope == 0 ? std::nullopt : std::optional(after(scope - 1));
  }
  /// The scope that a delta is in; none: it is pending.
  std::optional<std::size_t> of(const Delta& delta) const { return of(delta.commit, delta.seq, delta.time); }
  std::optional<std::size_t> of(CommitNo commit, std::uint64_t seq, Timestamp time) const;

 private:
  struct End {
    CutOptions cut;
    std::string name;
  };
  explicit Scopes(const Log& log, contract::Scope kind) : log_(&log), kind_(std::move(kind)) {}

  Status end_at_tag();
  void end_by_commit(const std::vector<CommitNo>& order);
  void end_by_time(const std::vector<CommitNo>& order);
  std::string key_of(CommitNo commit) const;
  std::string name_of(CommitNo commit) const;

  const Log* log_;
  contract::Scope kind_;
  std::vector<End> ends_;
  std::vector<Micros> times_;                 // by scope: its last moment; empty: the others tell
  Indexed<CommitNo, std::size_t> by_commit_;  // of a linear log
  std::optional<SeenSeqs> release_;           // the context of a tag that names a release
};

}  // namespace delta::ops
