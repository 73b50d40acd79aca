// `reindex` without --ann: the lookup index and the checkpoints beside a log.
#pragma once

#include "cli/parse.hpp"
#include "command.hpp"

namespace deltalog {

/// Makes, extends or checks them, as the invocation says. no: --check found that they are not whole. partly: an index
/// was written, and then something failed.
Result<Exit> reindex_side_files(const Invocation& invocation, Console& console);

}  // namespace deltalog
