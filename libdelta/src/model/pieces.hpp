// What several copies of a log have left of a vector's deltas, as one list: copies that were pruned apart may each hold
// another part of a delta, and together hold what any of them does (laws 1 and 8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "delta/delta.hpp"
#include "model/history.hpp"
#include "model/key_order.hpp"

namespace delta::model {

/// Brings deltas of one vector to key order, each once. `united` gets the deltas that are put together of several
/// pieces: the list then views it, so it must stay where it is, unchanged, as long as the list. `ranks`: see
/// origin_ranks(). Cheap if they are in order. REQUIRES: of folded commits, fitting `dims`.
void put_in_key_order(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta>& deltas,
                      DeltaBatch& united);

/// Values by dimension, rather than those of all dimensions.
template <class Vector, class Commit>
bool has_indices(const DeltaOf<Vector, Commit>& c) {
  return c.op == Operation::sparse || (c.lost & pruned::values) != 0;
}

}  // namespace delta::model
