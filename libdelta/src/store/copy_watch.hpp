// Tells whether blocks that are not yet written repeat each other's values: then they belong into one block, in which a repeated delta
// is a reference, since a block decodes alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "support/checksum.hpp"

namespace delta::store {

class CopyWatch {
 public:
  static constexpr std::uint64_t kLookAhead = 4 << 20;  ///< bytes of deltas as rows that are looked at together
  static constexpr std::uint64_t kMost = 16 << 20;      ///< and of a block that has grown for its copies

  /// Whether so many bytes of copies pay for a larger block.
  static constexpr bool pays(std::uint64_t copied, std::uint64_t all) { return copied * 8 >= all && copied > 0; }

  /// The values of a delta that goes into block `block`. Returns how many bytes of them stand in a block before it, from `oldest` on.
  std::uint64_t note(std::span<const std::uint32_t> values, std::uint64_t block, std::uint64_t oldest) {
    if (values.size() < kLeastValues) return 0;
    if (seen_.empty()) seen_.resize(std::size_t{1} << kBits);
    const std::uint64_t hash = checksum({reinterpret_cast<const Byte*>(values.data()), values.size_bytes()});
    Seen& seen = seen_[hash >> (64 - kBits)];
    if (seen.hash != hash || seen.block < oldest) return seen = {hash, block}, 0;
    return seen.block < block ? values.size_bytes() : 0;
  }

 private:
  static constexpr std::size_t kLeastValues = 16;
  static constexpr int kBits = 15;  // more entries than 4 MiB have rows of 32 values; one takes the place of another
  struct Seen {
    std::uint64_t hash = 0, block = 0;
  };
  std::vector<Seen> seen_;
};

}  // namespace delta::store
