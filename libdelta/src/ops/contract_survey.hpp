// What judging needs to know of all deltas, gathered in one pass that reads no values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
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
  Indexed<NamespaceNo, NamespaceSurvey> namespaces;

  /// `is_new`: which commits are judged; empty: all. Errors: those of reading.
  Status run(const Log& log, const std::function<bool(CommitNo)>& is_new = {});
};

}  // namespace delta::ops
