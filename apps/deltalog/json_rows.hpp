// Commits and deltas as the objects of formats/spec/json-output-1.md: the same wherever a command prints one.
#pragma once

#include <optional>
#include <string>

#include "delta/conflicts.hpp"
#include "delta/diff.hpp"
#include "delta/effects.hpp"
#include "delta/log.hpp"

namespace deltalog {

/// {"type":"commit",…} and a newline. `hash`: null if it was not asked for. `merge_base`: says so.
void json_commit(std::string& out, const delta::Log& log, delta::CommitNo number, const delta::Hash* hash,
                 bool merge_base = false);

struct DeltaDetail {
  bool values = false;                         ///< what it assigns, or its parameters
  const delta::DeltaEffect* effect = nullptr;  ///< what it did; null: not known
};
/// {"type":"delta",…} and a newline.
void json_delta(std::string& out, const delta::Log& log, const delta::Delta& delta, const DeltaDetail& detail);

/// {"type":"conflict",…} and a newline.
void json_conflict(std::string& out, const delta::Log& log, const delta::Conflict& conflict);

/// {"type":"namespace-conflict",…} and a newline.
void json_namespace_conflict(std::string& out, const delta::NamespaceConflict& conflict);

/// {"type":"diff",…} and a newline. `with_old`: with the values before.
void json_diff(std::string& out, const delta::VectorDiff& diff, bool with_old);

/// {"type":"setting",…} and a newline, of a commit that is one.
void json_setting(std::string& out, const delta::Log& log, delta::CommitNo number);

}  // namespace deltalog
