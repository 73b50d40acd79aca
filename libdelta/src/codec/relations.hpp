// What the values of a delta have to do with others of the block: with those that its vector had before (where a
// vector's deltas stand together), or with those of another delta.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/numbers.hpp"
#include "codec/classes.hpp"
#include "codec/coder.hpp"
#include "codec/lattice.hpp"
#include "delta/delta.hpp"
#include "delta/pages.hpp"

namespace delta::codec {

/// The numbers are those of the file format.
enum class Relation : std::uint8_t {
  plain = 0,     ///< none is said: the values stand in full and sparse values
  steps = 1,     ///< where the block has told the value before, as a step from it; else in sparse values
  scaled = 2,    ///< all are float32(value before x factor)
  shifted = 3,   ///< all are float32(value before + amount)
  repeated = 4,  ///< those of an earlier delta of the block
};
inline constexpr std::uint8_t kRelations = 5;
/// Whether it is one to the values that the vector had before.
constexpr bool is_following(Relation r) {
  return r == Relation::steps || r == Relation::scaled || r == Relation::shifted;
}

/// The values of one vector, as far as the deltas of the block so far tell them. One a thread: 512 KiB,
/// of which those pages are touched that the dimensions at hand take.
class KnownValues {
 public:
  /// What follows is of this vector; of another than before nothing is known.
  void follow(SegmentVector vector) {
    if (vector == vector_) return;
    clear();
    vector_ = vector;
  }
  void clear();
  bool has(std::uint32_t dim) const { return dim < known_ || stamps_[dim] == epoch_; }
  bool has_row(std::size_t dims) const { return dims <= known_; }  ///< the first so many
  std::uint32_t at(std::uint32_t dim) const { return bits_[dim]; }
  void set(std::uint32_t dim, std::uint32_t bits) {
    bits_[dim] = bits;
    stamps_[dim] = epoch_;
    top_ = top_ > dim ? top_ : dim + 1;
  }
  /// The first dims.
  void set_row(std::span<const std::uint32_t> bits) {
    std::copy(bits.begin(), bits.end(), bits_.get());
    know_row(bits.size());
  }
  /// The same where only what is known is asked.
  void know_row(std::size_t dims) {
    const auto n = static_cast<std::uint32_t>(dims);
    known_ = known_ > n ? known_ : n;
    top_ = top_ > n ? top_ : n;
  }
  void transform(Operation op, std::span<const std::uint32_t> parameters);

 private:
  Pages bits_, stamps_;                            // by dimension
  std::uint32_t epoch_ = 0, top_ = 0, known_ = 0;  // dims below known_ have values, whatever their stamps say
  std::optional<SegmentVector> vector_;
};

/// A value and the one before it.
struct Pair {
  std::uint32_t to, from;
};

/// The factor that makes every `to` of its `from`, or the amount, exactly; for at least four pairs.
std::optional<std::uint32_t> common_factor(std::span<const Pair> pairs);
std::optional<std::uint32_t> common_amount(std::span<const Pair> pairs);

/// Bits that the pairs take as steps, about. `discrete`: try whole steps, too.
double step_bits(std::span<const Pair> pairs, bool discrete, const std::optional<Lattice>& lattice);

/// The numbers are those of the file format: coders of the column of steps, and of no other.
enum class StepCoder : std::uint8_t {
  scattered = 6,  ///< difference of ordinals, sized against the value before: steps of one absolute size
  ordinal = 7,    ///< difference of ordinals by classes: steps in proportion to the values
  moved = 8,      ///< multiples of a lattice's step, added
  multiples = 9,  ///< differences of multiples
};
inline constexpr std::uint8_t kEscape = 255;  ///< moved, multiples: 32 bits of the value follow

/// Appends the steps in the smallest of the codings.
Coded append_steps(std::span<const Pair> pairs, const std::optional<Lattice>& lattice, Effort effort, Buffer& out);

/// Takes steps one by one, since a value may be the one before another. The bytes given must outlive it.
class StepReader {
 public:
  /// A column that claims n steps.
  Status open(Coded coded, ByteView stored, std::size_t n, std::string_view what);
  /// The value that comes after `from`; any, if the step leads nowhere, which finish() tells. REQUIRES: fewer than n
  /// were taken.
  std::uint32_t next(std::uint32_t from);
  Status finish() const;

 private:
  StepCoder coder_ = StepCoder::ordinal;
  Lattice lattice_;
  ByteView symbols_;
  Buffer room_;
  std::size_t taken_ = 0;
  BitReader bits_;
  bool astray_ = false;
  std::string_view what_;
};

}  // namespace delta::codec
