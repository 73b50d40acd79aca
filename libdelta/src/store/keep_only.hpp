// Deltas dropped from a batch in place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/numbers.hpp"

namespace delta::store {

/// Keeps the deltas i for which keep(i) is true. Columns that were not decoded stay empty.
template <class Keep>
void keep_only(SegmentBatch& batch, const Keep& keep) {
  const auto move_down = [](auto& column, std::uint64_t begin, std::uint64_t end, std::uint64_t& to) {
    const auto at = [&](std::uint64_t place) { return column.begin() + static_cast<std::ptrdiff_t>(place); };
    if (column.size() >= end && begin != to) std::copy(at(begin), at(end), at(to));
    to += end - begin;
  };
  // Delta i begins where i - 1 ended: as long as none is dropped, what is written over that is the same.
  const auto begin = [](const std::vector<std::uint64_t>& column, std::size_t i) { return i == 0 ? 0 : column[i - 1]; };
  std::size_t n = 0;
  std::uint64_t indices = 0, bits = 0, metadata = 0;  // that are kept
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!keep(i)) continue;
    move_down(batch.indices, begin(batch.index_ends, i), batch.index_ends[i], indices);
    move_down(batch.bits, begin(batch.bits_ends, i), batch.bits_ends[i], bits);
    move_down(batch.metadata, begin(batch.metadata_ends, i), batch.metadata_ends[i], metadata);
    batch.ops[n] = batch.ops[i];
    batch.vectors[n] = batch.vectors[i];
    batch.times[n] = batch.times[i];
    batch.commits[n] = batch.commits[i];
    batch.seqs[n] = batch.seqs[i];
    batch.lost[n] = batch.lost[i];
    batch.index_ends[n] = indices;
    batch.bits_ends[n] = bits;
    batch.metadata_ends[n] = metadata;
    ++n;
  }
  batch.truncate(n);
}

}  // namespace delta::store
