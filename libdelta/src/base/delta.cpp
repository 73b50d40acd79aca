#include "delta/delta.hpp"

#include <array>

#include "base/numbers.hpp"

namespace delta {

std::string_view operation_name(Operation op) noexcept {
  static constexpr std::array<std::string_view, kOperations + 1> names = {
      "?", "create", "dense", "sparse", "scale", "offset", "negate", "abs", "clamp", "delete"};
  const auto i = static_cast<std::size_t>(op);
  return names[i < names.size() ? i : 0];
}

template <class V, class C>
void DeltaBatchOf<V, C>::clear() {
  ops.clear();
  vectors.clear();
  times.clear();
  commits.clear();
  seqs.clear();
  lost.clear();
  index_ends.clear();
  bits_ends.clear();
  metadata_ends.clear();
  indices.clear();
  bits.clear();
  metadata.clear();
}

template <class V, class C>
void DeltaBatchOf<V, C>::reserve(std::size_t n) {
  ops.reserve(n);
  vectors.reserve(n);
  times.reserve(n);
  commits.reserve(n);
  seqs.reserve(n);
  lost.reserve(n);
  index_ends.reserve(n);
  bits_ends.reserve(n);
  metadata_ends.reserve(n);
}

template <class V, class C>
void DeltaBatchOf<V, C>::truncate(std::size_t n) {
  if (n >= size()) return;
  const auto end = [n](const std::vector<std::uint64_t>& ends) { return n == 0 ? 0 : ends[n - 1]; };
  const auto cut = [](auto& column, std::uint64_t at) {
    if (column.size() > at) column.resize(at);
  };  // it may not have been decoded
  cut(indices, end(index_ends));
  cut(bits, end(bits_ends));
  cut(metadata, end(metadata_ends));
  ops.resize(n);
  vectors.resize(n);
  times.resize(n);
  commits.resize(n);
  seqs.resize(n);
  lost.resize(n);
  index_ends.resize(n);
  bits_ends.resize(n);
  metadata_ends.resize(n);
}

template <class V, class C>
void DeltaBatchOf<V, C>::add(const DeltaOf<V, C>& c) {
  ops.push_back(c.op);
  vectors.push_back(c.vector);
  times.push_back(c.time);
  commits.push_back(c.commit);
  seqs.push_back(c.seq);
  lost.push_back(c.lost);
  const auto append = [](std::vector<std::uint32_t>& column, std::span<const std::uint32_t> values) {
    if (values.size() == 1) return column.push_back(values[0]);  // most updates of conflicts, and a range costs more
    column.insert(column.end(), values.begin(), values.end());
  };
  append(indices, c.indices);
  append(bits, c.bits);
  if (!c.metadata.empty()) metadata += c.metadata;
  index_ends.push_back(indices.size());
  bits_ends.push_back(bits.size());
  metadata_ends.push_back(metadata.size());
}

template struct DeltaBatchOf<VectorNo, CommitNo>;
template struct DeltaBatchOf<SegmentVector, RowNo>;

}  // namespace delta
