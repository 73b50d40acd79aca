// From scope to scope through a log: what each did to each namespace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/judging.hpp"
#include "delta/log.hpp"
#include "ops/contract_survey.hpp"

namespace delta::ops {

/// One scope and one namespace that it touched.
struct ScopeChange {
  std::size_t scope = 0;
  NamespaceNo ns{};
  bool first = false;                               ///< that holds anything of the namespace
  std::optional<contract::ChangeFacts> facts = {};  ///< none: the log does not answer it (any more)
  std::string why = {};                             ///< then
};

struct WalkOptions {
  std::size_t from = 0;  ///< the first scope
  contract::Measured measured = contract::Measured::all();
  /// The states before `from` and now, if they are known; of the first one the vectors that are touched since are
  /// enough. Null: the log is folded.
  const State *before = nullptr, *present = nullptr;
  bool in_order = false;  ///< ContractSurvey::in_order
};

/// Visits them in order; of each scope in order of the namespace's name. Memory: a state, and the values of the vectors
/// that a scope touched. Errors: those of reading, and of `visit`.
Status walk_scopes(const Log& log, const ScopeSurvey& survey, const WalkOptions& options,
                   const std::function<Status(const ScopeChange&)>& visit);

}  // namespace delta::ops
