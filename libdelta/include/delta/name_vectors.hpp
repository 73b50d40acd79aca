// Names of vectors read late: for questions about deltas, of which it is not known before whose they are.
#pragma once

#include "delta/export.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"
#include "delta/selection.hpp"

namespace delta {

/// For a log that was opened with no ids at all (OpenOptions::ids is there and empty): reads the names of those vectors
/// whose deltas a filter of it takes, and adds them to its catalog. each_delta() of all vectors and this filter then
/// answers as it does after Log::open() without ids. The log has no other deltas for anybody who asks. Numbers of
/// commits and origins stay. Does nothing to a log that was opened otherwise. Where and when deltas are is read, their
/// values are not. Call it once, and not while another thread uses the log. Errors: those of Log::open() and
/// Log::each(); the log is then fit for nothing.
DELTA_EXPORT Status name_vectors(Log& log, const DeltaFilter& filter);

}  // namespace delta
