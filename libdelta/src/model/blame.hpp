// Blame over any source of deltas; the public function gives it a log's.
#pragma once

#include <cstdint>
#include <functional>

#include "delta/blame.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// See delta::blame(). `policy` as of fold().
Result<Blame> blame(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                    VectorNo vector, const Policy* policy = nullptr);

/// The same of several: see delta::blame_each(). As many vectors are gathered in a pass over the source as have `most`
/// bytes of deltas, and at least one.
using BlameVisit = std::function<Status(const Blame&)>;
Status blame_each(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                  const VectorSet& vectors, const Policy* policy, const BlameVisit& visit,
                  std::uint64_t most = 64 << 20);

}  // namespace delta::model
