// Tells whether blocks that are not yet written repeat each other: then they belong into one block, in which what comes
// again is a reference or the interval must be positive, since a block decodes alone.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/checksum.hpp"
#include "delta/delta.hpp"
#include "delta/limits.hpp"
#include "delta/pages.hpp"

namespace delta::store {

/// Bytes of deltas as rows, and how many of them came before.
struct Repeats {
  std::uint64_t all = 0;
  std::uint64_t before =
      0;  ///< in an earlier block, and here for the first time: what would cost nothing in one block with that
  std::uint64_t within = 0;  ///< in the same block

  Repeats& operator+=(const Repeats& more) {
    all += more.all;
    before += more.before;
    within += more.within;
    return *this;
  }
  /// Whether a larger block is worth it: for a thirty-second of what is not a repeat anyhow, which is less than zstd
  /// would save on all rows in one.
  bool pay() const { return before > 0 && before * 32 >= all - within; }
};

class RepeatDetector {
 public:
  static constexpr std::uint64_t kLookAhead = 4 << 20;    ///< bytes of deltas as rows that are looked at together
  static constexpr std::uint64_t kMost = kMaxFrameBytes;  ///< and of a block that has grown for its repeats

  /// Together: a block holds all deltas of a vector, and only values are looked at, whole. Scattered: the deltas of
  /// a vector are in many blocks, so that each states index sets, metadata and what a vector keeps of its values anew.
  enum class Vectors : bool { together, scattered };
  explicit RepeatDetector(Vectors vectors) : vectors_(vectors) {}

  /// Enters a delta that goes into block `block`; what stands in blocks before `oldest` is forgotten.
  template <Number Vector, class Commit>
  Repeats note(const DeltaOf<Vector, Commit>& delta, std::uint64_t block, std::uint64_t oldest) {
    Repeats sum{16 + delta.indices.size_bytes() + delta.bits.size_bytes() + delta.metadata.size(), 0, 0};
    const Repeats values = enter(hash_of(bytes_of(delta.bits), kValues), delta.bits.size_bytes(), block, oldest);
    sum += values;
    if (vectors_ == Vectors::together) return sum;
    const std::uint64_t set = hash_of(bytes_of(delta.indices), kSets);
    const Repeats named = enter(set, set_bytes(delta.indices), block, oldest);
    sum += named;
    // A set that is new was not of this vector, either.
    if (delta.bits.size_bytes() >= kLeastBytes && (set == 0 || named.before + named.within > 0)) {
      const Repeats kept = resemble(delta, set, block, oldest);
      if (values.before + values.within == 0) sum += kept;
    }
    sum += enter(hash_of(bytes_of(delta.metadata), kMetadata), delta.metadata.size() / kTextRatio, block, oldest);
    return sum;
  }

 private:
  static constexpr std::size_t kLeastBytes = 32;                         // of a copy worth a look
  static constexpr std::uint64_t kValues = 0, kSets = 1, kMetadata = 2;  // seeds
  static constexpr std::size_t kSamples = 32;
  static constexpr std::size_t kTextRatio = 4;  // to which texts are compressed anyhow

  struct Seen {
    std::uint64_t hash, block;
  };
  /// Some of a vector's values, evenly spread.
  struct Sketch {
    std::uint64_t key, block;
    std::array<std::uint32_t, kSamples> words;
  };
  static constexpr int kSeenBits =
      15;  // more entries than 4 MiB have rows of 32 values; one takes the place of another
  static constexpr int kSketchBits = 13;  // more than 4 MiB have rows of 128 values

  static ByteView bytes_of(std::string_view text) { return delta::bytes_of(text); }
  static ByteView bytes_of(std::span<const std::uint32_t> words) {
    return {reinterpret_cast<const Byte*>(words.data()), words.size_bytes()};
  }
  /// 0: too short for a look.
  static std::uint64_t hash_of(ByteView bytes, std::uint64_t seed) {
    return bytes.size() < kLeastBytes ? 0 : checksum(bytes, seed);
  }

  /// As rows, but a run of neighbours costs next to nothing in any coding.
  static std::uint64_t set_bytes(std::span<const std::uint32_t> indices) {
    std::uint64_t runs = 1;
    for (std::size_t i = 1; i < indices.size(); ++i) runs += indices[i] != indices[i - 1] + 1;
    return 4 * runs;
  }

  static Repeats repeat(std::uint64_t& last, std::uint64_t block, std::uint64_t bytes) {
    const bool here = last == block;
    last = block;
    return {0, here ? 0 : bytes, here ? bytes : 0};
  }

  Repeats enter(std::uint64_t hash, std::uint64_t bytes, std::uint64_t block, std::uint64_t oldest) {
    if (hash == 0) return {};
    Seen& seen = seen_[hash >> (64 - kSeenBits)];
    if (seen.hash == hash && seen.block >= oldest) return repeat(seen.block, block, bytes);
    seen = {hash, block};
    return {};
  }

  template <Number Vector, class Commit>
  Repeats resemble(const DeltaOf<Vector, Commit>& delta, std::uint64_t set, std::uint64_t block, std::uint64_t oldest) {
    const std::array<std::uint64_t, 3> name = {index(delta.vector), delta.bits.size(), set};
    const std::uint64_t key = checksum({reinterpret_cast<const Byte*>(name.data()), sizeof name});
    Sketch& sketch = sketches_[key >> (64 - kSketchBits)];
    const bool known = sketch.key == key && sketch.block >= oldest;
    std::uint64_t kept = 0;
    for (std::size_t i = 0; i < kSamples; ++i) {
      const std::uint32_t word = delta.bits[i * delta.bits.size() / kSamples];
      kept += word == sketch.words[i] && word != 0;  // zeros cost nothing
      sketch.words[i] = word;
    }
    if (known) return repeat(sketch.block, block, delta.bits.size_bytes() * kept / kSamples);
    sketch.key = key;
    sketch.block = block;
    return {};
  }

  Vectors vectors_;
  ZeroedTable<std::size_t, Seen> seen_{std::size_t{1} << kSeenBits};          // by hash
  ZeroedTable<std::size_t, Sketch> sketches_{std::size_t{1} << kSketchBits};  // by key
};

}  // namespace delta::store
