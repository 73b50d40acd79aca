// The views of `log`: one selection, many ways to look at it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "delta/log.hpp"
#include "logs.hpp"
#include "selection.hpp"

namespace deltalog {

struct LogView {
  const Invocation& invocation;
  Console& console;
  const delta::Log& log;
  const delta::CutOptions& cut;
  delta::DeltaFilter filter;
  delta::SeenSeqs seen = {};                         // up to which --ancestors and --common keep; empty: all
  delta::Indexed<delta::CommitNo, bool> bases = {};  // what --common found greatest; empty: not asked
  std::size_t most = ~std::size_t{0};

  bool takes_commit(delta::CommitNo number) const {
    const auto& commit = log.commit(number);
    return (seen.empty() || commit.first <= seen[commit.origin]) && filter.takes_commit(number);
  }
  bool takes_all() const { return seen.empty() && filter.takes_all(); }
  bool takes(const delta::Delta& delta) const {
    return (seen.empty() || delta.seq <= seen[log.commit_origin(delta.commit)]) && filter.takes(delta);
  }
  bool base(delta::CommitNo number) const { return !bases.empty() && bases[number]; }
};

/// `log --window`, of these vectors.
Result<Exit> list_windows(const LogView& view, const delta::VectorSet& vectors);

/// `log --conflicts`, of these vectors.
Result<Exit> list_conflicts(const LogView& view, const delta::VectorSet& vectors);

/// {"type":"heads",...}: what a reader of this output has seen.
Status print_heads_json(const LogView& view);

/// The commits that a commit names as causes, and of its origin's previous one, each once, the latter first;
/// without those that another of them had seen, and those that are in none of the files.
std::vector<delta::CommitNo> causes_of(const delta::Log& log, delta::CommitNo number);

/// All commits so that each stands before its causes, in falling key order where those leave a choice.
std::vector<delta::CommitNo> effects_first(const delta::Log& log);

/// The parents that a graph of some commits shows: the nearest of those that are shown.
delta::Indexed<delta::CommitNo, std::vector<delta::CommitNo>> shown_parents(
    const delta::Log& log, const std::vector<delta::CommitNo>& order,
    const delta::Indexed<delta::CommitNo, bool>& shown);

}  // namespace deltalog
