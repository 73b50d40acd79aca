// `log A --compare B`: how two copies of a log stand to each other.
#pragma once

#include "command.hpp"

namespace deltalog {

Result<Exit> compare_logs(const Invocation& invocation, Console& console);

}  // namespace deltalog
