// The fold, one delta at a time: what each did. Law 4 makes this cheap under last-writer-wins: the assignment of
// greatest key so far stands, so the state after n deltas is the state after n - 1 with the n-th applied, conflicts or
// not.
#pragma once

#include <functional>
#include <vector>

#include "delta/effects.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// As delta::effects(), of a source.
Result<std::vector<DeltaEffect>> effects(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const EffectOptions& options);

/// Visits the same one by one, so that nothing is kept of a delta: of a vector in key order, of all in no order.
/// Before, `placed` gets the time of each. `expected` is told of a vector some deltas before one of it is visited,
/// mostly. `places` yields what `source` does, and may leave out values and metadata.
Status each_effect(const Catalog& catalog, const History& history, DeltaSource& places, DeltaSource& source,
                   const EffectOptions& options, const std::function<void(Timestamp)>& placed,
                   const std::function<void(VectorNo)>& expected, const std::function<void(const DeltaEffect&)>& visit);

}  // namespace delta::model
