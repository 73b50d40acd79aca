// What judging needs to know of all deltas, gathered in one pass that reads no values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "contract/judging.hpp"
#include "delta/log.hpp"
#include "delta/vector_set.hpp"
#include "ops/contract_scopes.hpp"

namespace delta::ops {

/// Deltas of one namespace in one scope.
struct Touched {
  VectorSet vectors = {};
  std::set<OriginNo> origins = {};
  unsigned operations = 0;
  std::map<Micros, std::uint64_t> times = {};
};

/// All scopes of one kind, and what they touched.
struct ScopeSurvey {
  explicit ScopeSurvey(Scopes all) : scopes(std::move(all)), touched(scopes.size()) {}
  Scopes scopes;
  std::vector<std::map<NamespaceNo, Touched>> touched;  // by scope
  std::set<NamespaceNo> earlier = {};                   // that scopes hold which were not surveyed
  /// The first scope that holds anything of a namespace.
  std::optional<std::size_t> first_of(NamespaceNo ns) const;
};

/// The history of one namespace.
struct NamespaceSurvey {
  std::optional<Timestamp> newest = {};
  std::uint64_t longest = 0;  // deltas of one vector
  VectorNo longest_vector{};
  bool is_new = false;  // has deltas of commits that are judged
};

struct ContractSurvey {
  std::vector<ScopeSurvey> kinds;
  /// Deltas are read in the order of their causes: each commit whole, behind all that it has seen.
  bool in_order = true;
  Indexed<NamespaceNo, NamespaceSurvey> namespaces;

  /// `is_new`: which commits are judged; empty: all. Errors: those of reading.
  Status run(const Log& log, const std::function<bool(CommitNo)>& is_new = {});
  /// Reads the new commits alone, which are the newest, and knows nothing of the others but which vectors they named:
  /// those with numbers below `vectors_before`.
  Status run_new(const Log& log, const std::function<bool(CommitNo)>& is_new, std::size_t vectors_before);

 private:
  void take(const Log& log, const Delta& delta, bool is_judged);
  void check_order(const Log& log, const Delta& delta);
  Indexed<VectorNo, std::uint64_t> deltas_;
  std::optional<std::pair<CommitNo, std::uint64_t>> last_ = {};  // delta: its commit and seq
};

}  // namespace delta::ops
