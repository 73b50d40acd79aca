// A log of which only some commits are read: those at its end, or those about one dot.
#pragma once

#include <memory>

#include "delta/lookup.hpp"
#include "store/lookup_index.hpp"
#include "store/union.hpp"

namespace delta::store {

/// Fills a union that has nothing yet. False: there is no such dot, and nothing is done. Errors that name a file are of
/// the log; corrupt, without a file: the index is not of this log, or damaged.
Result<bool> read_commits(Union& to, const std::shared_ptr<const ByteSource>& file, const LookupIndex& index,
                          const CommitsWanted& wanted);

}  // namespace delta::store
