// What commands that write commits share: who writes them, when, and what they say of themselves.
#pragma once

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

/// What W3C allows as a traceparent (version 00 to fe, as long as that of version 00).
bool is_traceparent(std::string_view text);

/// Of a bundle, which goes elsewhere: says so where its commits, from number `first` of the log on, bear the name that
/// any other writer has, too.
void warn_of_default_origin(const Invocation& invocation, const delta::Log& log, std::size_t first, Console& console);

/// From --origin, --message, --source, --preset, --force and --threads, which the command must have, --meta,
/// --meta-json, --max-skew and
/// --max-age, which it may have, and from the environment:
/// DELTALOG_ORIGIN, SOURCE_DATE_EPOCH and TRACEPARENT. Warns of a TRACEPARENT that is none.
Result<delta::EncodeOptions> commit_options(const Invocation& invocation, Console& console);

/// Encoder::finish(), as a span of a trace.
Result<delta::EncodeSummary> finish_encoder(delta::Encoder& encoder);

/// Usage, where an output is a file that the command reads (an operand, a file that an option names, a log in a
/// directory; under any name, -f or not), or another output: one would take the other's place. By the command's table;
/// called for all commands before they run.
Status check_outputs(const Invocation& invocation);

/// Once the logs are read: whether what stands under the names of the outputs may be replaced. False, and said, where
/// -f would replace a file by what is left of a log that is cut short. --allow-torn allows it. What was there then
/// stays, and the exit code is partly.
bool may_replace(const Invocation& invocation, Console& console);
/// The same of one file, which the command replaces without the word -f.
bool may_replace(const Invocation& invocation, const std::string& path, Console& console);

/// Gives all outputs their names, or none; then the console knows that it is done. Warns of what was not kept of a file
/// that was replaced.
Status commit_outputs(const std::vector<delta::OutputFile*>& outputs, Console& console);

}  // namespace deltalog
