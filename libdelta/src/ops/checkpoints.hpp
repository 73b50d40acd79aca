// Checkpoints of a log whose file was replaced.
#pragma once

#include <string>

#include "delta/log.hpp"
#include "delta/result.hpp"

namespace delta::ops {

/// After the file of a log was replaced by another one with the same commits: binds the checkpoints beside it to the
/// heads of the log, if they were its own. Its footers may not state the former heads any more. Errors: io, corrupt;
/// then the checkpoints are as they were, and a reader may not use them.
Status rebind_checkpoints(const Log& log, const std::string& path);

}  // namespace delta::ops
