// `verify --repair OUT`: writes a new log out of damaged ones.
#pragma once

#include "command.hpp"

namespace deltalog {

/// --repair and -f.
std::vector<Option> repair_options();
/// What `verify` does if --repair is given.
Result<Exit> run_repair(const Invocation& invocation, Console& console);

}  // namespace deltalog
