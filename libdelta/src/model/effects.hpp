// The fold, one delta at a time: what each did. Law 4 makes this cheap under last-writer-wins: the assignment of
// greatest key so far stands, so the state after n deltas is the state after n - 1 with the n-th applied, conflicts or
// not.
#pragma once

#include <vector>

#include "delta/effects.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// As delta::effects(), of a source.
Result<std::vector<DeltaEffect>> effects(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const EffectOptions& options);

}  // namespace delta::model
