// `info --metrics`: a log as Prometheus sees it.
#pragma once

#include <vector>

#include "cli/parse.hpp"
#include "command.hpp"

namespace deltalog {

std::vector<Option> metrics_options();

/// Prints the metrics of the union of the logs in the text format 0.0.4, or writes them to --metrics-out. They are
/// written also where the logs cannot be read, and say so; then the error is returned.
Result<Exit> write_metrics(const Invocation& invocation, Console& console);

}  // namespace deltalog
