// The states at two cuts in one pass over the deltas, which costs little more than one state.
#pragma once

#include <utility>

#include "model/fold.hpp"

namespace delta::model {

/// A cut, and what decides its conflicts: see fold().
struct PolicyCut {
  Cut cut;
  const Policy* policy = nullptr;
};

/// What fold() gives for the one and for the other. Neither has to hold the other. `base`: null, or where both may
/// start, if all of it is inside both cuts.
Result<std::pair<State, State>> fold_two(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const PolicyCut& first, const PolicyCut& second,
                                         const VectorSet& vectors = VectorSet::all(), const FoldBase* base = nullptr);

}  // namespace delta::model
