// Another program that is asked what it thinks of something: a gate of the user's own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "command.hpp"

namespace deltalog {

/// Gives the program more of its stdin. False: it reads no more, which is its right.
using FeedHook = std::function<Result<bool>(std::string_view text)>;

/// Runs COMMAND by /bin/sh. `feed` writes what it reads; what it prints goes to stderr, since stdout is ours. The
/// answer is its exit code; an error if it cannot be run, or is killed by a signal.
Result<int> run_hook(const std::string& command, const std::function<Status(const FeedHook&)>& feed);

}  // namespace deltalog
