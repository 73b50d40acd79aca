// What commands that write commits share: who writes them, when, and what they say of themselves.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parse.hpp"
#include "command.hpp"
#include "delta/encode.hpp"
#include "delta/file.hpp"

namespace deltalog {

/// Who writes: --origin, else DELTALOG_ORIGIN in the environment, else "main".
std::string origin_of(const Invocation& invocation);

/// From --origin, --message, --source, --preset, --force and --threads, which the command must have, and from the environment:
/// DELTALOG_ORIGIN, SOURCE_DATE_EPOCH and TRACEPARENT. Warns of a TRACEPARENT that is none.
Result<delta::EncodeOptions> commit_options(const Invocation& invocation, Console& console);

/// Usage, where a file that one of `options` names is the output, another such file, or a log that is read: one would take the other's place.
Status check_side_files(const Invocation& invocation, std::initializer_list<std::string_view> options);

/// Gives all outputs their names, or none. Warns of what was not kept of a file that was replaced.
Status commit_outputs(const std::vector<delta::OutputFile*>& outputs, Console& console);

}  // namespace deltalog
