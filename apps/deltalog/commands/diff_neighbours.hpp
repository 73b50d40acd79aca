// `diff --neighbours`: how many nearest neighbours are the same in two states.
#pragma once

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/property.hpp"
#include "delta/state.hpp"

namespace deltalog {

/// usage: --neighbours does not go with an option that was given, or --all and --metric stand without it.
Status check_neighbours(const Invocation& invocation);

/// Prints the answer for each namespace that both states have. `properties`: of the new log at its cut. True: a
/// neighbour was lost, or nothing could be compared. Errors: those of delta::kept_neighbours(); unsupported: a metric.
Result<bool> report_neighbours(const Invocation& invocation, const delta::State& old_state,
                               const delta::State& new_state, const std::vector<delta::NamespaceProperty>& properties,
                               Console& console);

}  // namespace deltalog
