// Options that mean the same in every command are written once, as groups.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "command.hpp"

namespace deltalog::options {

using Options = std::vector<Option>;

Options join(std::initializer_list<Options> groups);
/// Under this heading of the help.
Options in_group(std::string_view heading, Options options);

/// -q and -v, of commands that have something to say beside their answer.
Options talk();
/// -q alone.
Options quiet();
Options common();
Options threads();
/// How much memory the command may take for what its page names; the rest goes to a temporary file.
Options memory();
Options progress();
Options json();
/// -o, -f and --allow-torn.
Options output();
Options wait();
Options max_skew(std::string_view help);
/// --max-skew and --max-age, of commands that take times from outside.
Options live();
/// Which deltas and vectors a command looks at: each takes those that it acts on.
Options selection(std::initializer_list<std::string_view> names);
Options policy(std::string_view help);
Options preset();

inline const Operand kLogs = {"LOG", "a log, a directory of logs (*.dlog), or - for stdin", true, true, Kind::file};
inline const std::vector<std::string_view> kElements = {"f32", "f16", "bf16", "i8", "u8"};

}  // namespace deltalog::options
