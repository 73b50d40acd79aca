// Which vectors of two states differ, for those who list them and those who undo it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "delta/state.hpp"

namespace delta::ops {

/// A vector by its numbers in either catalog; none where it does not exist.
struct VectorPair {
  std::optional<VectorNo> old_vector, new_vector;
};

/// Vectors that exist in one state only, or differ in bits or metadata, in order of namespace name, dimension count and
/// id. REQUIRES, unless `vectors` are all: both states have one catalog.
std::vector<VectorPair> differing(const State& old_state, const State& new_state,
                                  const VectorSet& vectors = VectorSet::all());

/// The dims whose bits differ, increasing, into `dims`. REQUIRES: of one size.
void changed_dims(std::span<const std::uint32_t> old_bits, std::span<const std::uint32_t> new_bits,
                  std::vector<std::uint32_t>& dims);

/// Sorts numbers of one catalog by namespace name, dimension count and id.
void sort_by_name(const Catalog& catalog, std::vector<VectorNo>& vectors);

}  // namespace delta::ops
