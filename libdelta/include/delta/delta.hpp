// Deltas: one immutable change to one vector each, held by the column.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "delta/numbers.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// The numbers are those of the file format and of the canonical bytes.
enum class Operation : std::uint8_t {
  create = 1,  ///< the vector exists, with these values in all dims
  dense = 2,   ///< all dims assigned
  sparse = 3,  ///< some dims assigned
  scale = 4,   ///< x = f32(x * factor)
  offset = 5,  ///< x = f32(x + amount)
  negate = 6,  ///< the sign bit flipped
  abs = 7,     ///< the sign bit cleared
  clamp = 8,   ///< below lo: lo, above hi: hi; a NaN stays
  remove = 9,  ///< "delete": the vector exists no more
};
inline constexpr int kOperations = 9;

constexpr bool is_assignment(Operation op) { return op >= Operation::create && op <= Operation::sparse; }
constexpr bool is_transform(Operation op) { return op >= Operation::scale && op <= Operation::clamp; }
constexpr bool is_lifecycle(Operation op) { return op == Operation::create || op == Operation::remove; }

/// "create", "dense", ..., "delete".
DELTA_EXPORT std::string_view operation_name(Operation op) noexcept;

/// How many values an operation carries beside its indices: -1 means "as many as dims or indices".
constexpr int parameter_count(Operation op) {
  switch (op) {
    case Operation::scale:
    case Operation::offset:
      return 1;
    case Operation::clamp:
      return 2;
    case Operation::negate:
    case Operation::abs:
    case Operation::remove:
      return 0;
    default:
      return -1;
  }
}

/// What a delta has lost to pruning (law 8). Bits; 0: it is whole.
namespace pruned {
inline constexpr std::uint8_t values =
    1;  ///< an assignment: `indices` are the dims whose values are left, of a create or dense too
inline constexpr std::uint8_t mark = 2;      ///< a create: it says nothing of existence any more
inline constexpr std::uint8_t metadata = 4;  ///< some top-level members of its patch
inline constexpr std::uint8_t settled = 8;   ///< an assignment: its values are those after transforms that went
inline constexpr std::uint8_t all = values | mark | metadata | settled;
}  // namespace pruned

/// In the place of a number that nobody asks for.
struct Unnumbered {};

/// A view of one delta. Valid while the batch that it came from is neither changed nor destroyed.
template <class VectorNumber, class CommitNumber>
struct DeltaOf {
  VectorNumber vector{};
  Operation op = Operation::create;
  Timestamp time = {};
  std::span<const std::uint32_t> indices = {};  ///< sparse: strictly increasing dims; else empty
  std::span<const std::uint32_t> bits =
      {};                          ///< raw float32 bits: dims, indices.size(), or parameters (factor; amount; lo, hi)
  std::string_view metadata = {};  ///< canonical JSON of a merge patch (an object); empty: none
  CommitNumber commit{};
  std::uint64_t seq = 0;  ///< its number within its origin, from 1; 0: not yet given
  std::uint8_t lost = 0;  ///< bits of `pruned`

  /// The same delta where its vector and its commit have other numbers.
  template <class OtherVector, class OtherCommit>
  DeltaOf<OtherVector, OtherCommit> numbered(OtherVector other_vector, OtherCommit other_commit) const {
    return {other_vector, op, time, indices, bits, metadata, other_commit, seq, lost};
  }
  /// What it says, for those who do not ask of which vector and commit.
  operator DeltaOf<Unnumbered, Unnumbered>() const requires(!std::is_same_v<CommitNumber, Unnumbered>) {
    return numbered(Unnumbered{}, Unnumbered{});
  }
};
using Delta = DeltaOf<VectorNo, CommitNo>;  ///< by the numbers of a log
using DeltaContent = DeltaOf<Unnumbered, Unnumbered>;

/// What deltas say, as columns. Ends are running totals: delta i owns [ends[i-1], ends[i]) of the flat column.
struct DeltaColumns {
  std::vector<Operation> ops;
  std::vector<Timestamp> times;
  std::vector<std::uint64_t> seqs;
  std::vector<std::uint8_t> lost;
  std::vector<std::uint64_t> index_ends, bits_ends, metadata_ends;
  std::vector<std::uint32_t> indices;
  std::vector<std::uint32_t> bits;
  std::string metadata;

  std::size_t size() const { return ops.size(); }
  bool empty() const { return ops.empty(); }
  /// Bytes of the deltas as plain rows (16 a delta, 4 an index, 4 a value, metadata): what a block is cut by.
  std::uint64_t row_bytes() const { return 16 * size() + 4 * (indices.size() + bits.size()) + metadata.size(); }
};

/// Deltas as columns: filled, encoded, decoded and folded without an allocation per delta. There are two of them: by
/// the numbers of a log, and by those of a segment.
template <class VectorNumber, class CommitNumber>
struct DeltaBatchOf : DeltaColumns {
  std::vector<VectorNumber> vectors;
  std::vector<CommitNumber> commits;

  // For the library itself.
  void clear();
  void reserve(std::size_t deltas);  ///< room for as many, beside what they view
  void add(const DeltaOf<VectorNumber, CommitNumber>& delta);
  void truncate(std::size_t size);  ///< keeps the first `size` deltas
  /// Takes the deltas out of another batch, with the numbers that `vector` and `commit` give for those there. What the
  /// other one gets instead is the room of this one, and nothing in it.
  template <class OtherVector, class OtherCommit, class ToVector, class ToCommit>
  void take(DeltaBatchOf<OtherVector, OtherCommit>& other, const ToVector& vector, const ToCommit& commit) {
    vectors.clear();
    commits.clear();
    for (const OtherVector number : other.vectors) vectors.push_back(vector(number));
    for (const OtherCommit number : other.commits) commits.push_back(commit(number));
    std::swap(static_cast<DeltaColumns&>(*this), static_cast<DeltaColumns&>(other));
    other.clear();
  }
  DeltaOf<VectorNumber, CommitNumber> operator[](std::size_t i) const {
    const auto begin = [i](const std::vector<std::uint64_t>& ends) { return i == 0 ? 0 : ends[i - 1]; };
    const auto ib = begin(index_ends), vb = begin(bits_ends), mb = begin(metadata_ends);
    return {vectors[i],
            ops[i],
            times[i],
            {indices.data() + ib, static_cast<std::size_t>(index_ends[i] - ib)},
            {bits.data() + vb, static_cast<std::size_t>(bits_ends[i] - vb)},
            {metadata.data() + mb, static_cast<std::size_t>(metadata_ends[i] - mb)},
            commits[i],
            seqs[i],
            lost[i]};
  }
};
using DeltaBatch = DeltaBatchOf<VectorNo, CommitNo>;  ///< by the numbers of a log

}  // namespace delta
