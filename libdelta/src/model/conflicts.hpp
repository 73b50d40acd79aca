// Conflicts over any source of deltas; the public function gives it a log's.
#pragma once

#include "delta/conflicts.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// See delta::conflicts(). `policy` as of fold().
Result<ConflictCount> conflicts(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                                const VectorSet& vectors, const Policy* policy,
                                const std::function<Status(const Conflict&)>& visit);

}  // namespace delta::model
