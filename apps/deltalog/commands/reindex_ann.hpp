// `reindex --ann`: the index of near neighbours beside a log.
#pragma once

#include <string>

#include "cli/parse.hpp"
#include "command.hpp"
#include "commands/options.hpp"
#include "delta/ann.hpp"

namespace deltalog {

/// The options of reindex that go with --ann.
options::Options ann_options();
/// Builds, repairs or checks the index, as the invocation says. no: the recall is below --min-recall, or, with --check,
/// the index is not up to date.
Result<Exit> reindex_ann(const Invocation& invocation, Console& console);

/// --index, else the name of the first log and ".ann"; empty: the first log is a stream or a directory.
std::string ann_path(const Invocation& invocation);
/// The name of a log and ".ann"; empty: the log is a stream or a directory.
std::string ann_beside(const std::string& log);
/// The indexes in the file; none, if there is no such file, and if it is of no use, which is said.
std::vector<delta::AnnIndex> read_indexes(const std::string& path, Console& console);

}  // namespace deltalog
