// Blame over any source of deltas; the public function gives it a log's.
#pragma once

#include "delta/blame.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// See delta::blame(). `policy` as of fold().
Result<Blame> blame(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                    VectorNo vector, const Policy* policy = nullptr);

}  // namespace delta::model
