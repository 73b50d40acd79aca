// The options of the group "Selection": read them, and say what of a selection is not there.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/selection.hpp"

namespace deltalog {

using delta::NamedVectors;
using delta::VectorSelection;

/// --id, --id-glob, --ids-from, --namespace and --where. Reads the files of ids.
Result<VectorSelection> vector_selection(const Invocation& invocation);
/// Of no vector: for a question that names none.
VectorSelection no_vectors();
/// --origin, --op, --since, --until, --property, --grep, --source and --trace.
Result<delta::DeltaSelection> delta_selection(const Invocation& invocation, const delta::Log& log);

/// The vectors that are named. Errors: not_found for a namespace that the log lacks.
Result<NamedVectors> named_vectors(const VectorSelection& selection, const delta::Catalog& catalog);
/// What missing namespaces mean: not_found.
delta::Error no_namespace(std::string_view name, const delta::Catalog& catalog);

/// Those of `vectors` that meet --where in one of the states, which are of one catalog and hold `vectors`.
delta::VectorSet meeting(const VectorSelection& selection, const delta::VectorSet& vectors,
                         std::initializer_list<const delta::State*> states);
/// Leaves in both states the vectors, the same by name, that meet --where in one of them.
void keep_meeting(const VectorSelection& selection, delta::State& old_state, delta::State& new_state);
/// The same where the state is not at hand: leaves in `named` what meets --where in the state of the log at a cut.
/// False: nothing does, although something was named. Errors: those of delta::snapshot().
Result<bool> keep_meeting(const delta::Log& log, const delta::CutOptions& cut, const VectorSelection& selection,
                          NamedVectors& named);
/// Says why the answer is empty: some vectors were there, and none meets --where.
void report_none_meets(Console& console, std::string_view where = "");

/// Names each id that was asked for and has no part in the answer: it is not in the log, or not `where`. Says so, too,
/// if the answer is empty. True if it said anything: the command's answer is then no.
bool report_absent(const Invocation& invocation, const VectorSelection& selection, const NamedVectors& named,
                   const delta::Catalog& catalog, const delta::VectorSet& answered, std::string_view where,
                   Console& console);
/// Only of ids that are not in the log. For the hint, logs that are small are read again with all their names.
bool report_missing(const Invocation& invocation, const NamedVectors& named, Console& console);

}  // namespace deltalog
