// Batches for the codec's tests: random ones of every operation and form, and the awkward kinds of data.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "codec/block.hpp"
#include "delta/delta.hpp"

namespace delta::test {

using Random = std::mt19937_64;

inline std::uint64_t below(Random& random, std::uint64_t n) { return random() % n; }
inline std::uint32_t word(float x) { return std::bit_cast<std::uint32_t>(x); }

/// A float of one of several kinds: Gaussian, count, decimal, zero, special, any bits.
inline std::uint32_t random_bits(Random& random, int kind) {
  switch (kind) {
    case 0: {
      float sum = -6;
      for (int i = 0; i < 12; ++i) sum += static_cast<float>(below(random, 1 << 20)) / (1 << 20);
      return std::bit_cast<std::uint32_t>(sum * 0.05f);
    }
    case 1:
      return std::bit_cast<std::uint32_t>(static_cast<float>(below(random, 6) * below(random, 6)));
    case 2:
      return std::bit_cast<std::uint32_t>(static_cast<float>(below(random, 10000)) / 100.0f);
    case 3:
      return below(random, 4) != 0 ? 0 : std::bit_cast<std::uint32_t>(1.5f);
    case 4: {
      constexpr std::uint32_t special[] = {0x80000000, 0x00000001, 0x807fffff, 0x7f800000,
                                           0xff800000, 0x7fc00000, 0x7fc12345, 0xffa00001};
      return special[below(random, std::size(special))];
    }
    default:
      return static_cast<std::uint32_t>(random());
  }
}

inline std::vector<std::uint32_t> random_values(Random& random, std::size_t n) {
  std::vector<std::uint32_t> bits(n);
  const int kind = static_cast<int>(below(random, 6));
  for (std::uint32_t& b : bits) b = random_bits(random, kind);
  return bits;
}

/// Scattered, clustered, nearly full, or a prefix; of `dims`.
inline std::vector<std::uint32_t> random_set(Random& random, std::uint32_t dims) {
  std::vector<std::uint32_t> set;
  const std::uint64_t kind = below(random, 5), one_in = 2 + below(random, 40);
  const std::uint64_t begin = below(random, dims), length = 1 + below(random, 50);
  for (std::uint32_t d = 0; d < dims; ++d) {
    const bool in = kind == 0   ? below(random, one_in) == 0
                    : kind == 1 ? d >= begin && d < begin + length
                    : kind == 2 ? below(random, one_in) != 0
                    : kind == 3 ? d < begin
                                : d / length % 3 == 1;
    if (in) set.push_back(d);
  }
  return set;
}

/// New values, or those of an earlier delta that has as many, or these a little changed.
inline std::vector<std::uint32_t> related_values(Random& random, std::size_t n,
                                                 std::vector<std::vector<std::uint32_t>>& earlier) {
  const std::uint64_t kind = below(random, 4);
  if (kind < 2 && !earlier.empty()) {
    std::vector<std::uint32_t> again = earlier[below(random, earlier.size())];
    if (again.size() == n) {
      for (std::uint32_t& b : again) b = kind == 0 ? b : b + static_cast<std::uint32_t>(below(random, 9));
      return again;
    }
  }
  return earlier.emplace_back(random_values(random, n));
}

/// A batch of `deltas` over `vectors` vectors: all operations, repeated sets and values, times both ways, some
/// metadata.
inline SegmentBatch random_batch(Random& random, std::size_t deltas, std::uint32_t vectors) {
  SegmentBatch batch;
  std::vector<std::vector<std::uint32_t>> sets, values;
  const bool metadata = below(random, 2) == 0, ticks = below(random, 2) == 0, mixed = below(random, 3) != 0;
  const std::uint64_t unit = below(random, 2) == 0 ? 1'000'000 : 1;
  const auto dims = static_cast<std::uint32_t>(1 + below(random, 300));
  const auto only = static_cast<Operation>(1 + below(random, 3));
  Micros us = 1'600'000'000'000'000;
  for (std::size_t i = 0; i < deltas; ++i) {
    SegmentDelta delta;
    std::vector<std::uint32_t> set, bits;
    delta.op = mixed ? static_cast<Operation>(1 + below(random, 9)) : only;
    delta.vector = nth<SegmentVector>(below(random, vectors));
    us += unit * below(random, 5000) - (below(random, 20) == 0 ? unit * 20000 : 0);
    delta.time = Timestamp::of(us, ticks ? static_cast<std::uint32_t>(below(random, 4096)) : 0);
    if (delta.op == Operation::sparse) {
      set = !sets.empty() && below(random, 3) == 0 ? sets[below(random, sets.size())] : random_set(random, dims);
      sets.push_back(set);
      bits = related_values(random, set.size(), values);
    } else {
      const int parameters = parameter_count(delta.op);
      bits = parameters < 0 ? related_values(random, dims, values)
                            : random_values(random, static_cast<std::size_t>(parameters));
    }
    const std::string text = metadata && below(random, 3) == 0 ? "{\"n\":" + std::to_string(random()) + "}" : "";
    delta.indices = set;
    delta.bits = bits;
    delta.metadata = text;
    batch.add(delta);
  }
  return batch;
}

/// Everything that a payload holds.
inline bool same(const SegmentBatch& a, const SegmentBatch& b) {
  return a.ops == b.ops && a.vectors == b.vectors && a.times == b.times && a.index_ends == b.index_ends &&
         a.bits_ends == b.bits_ends && a.metadata_ends == b.metadata_ends && a.indices == b.indices &&
         a.bits == b.bits && a.metadata == b.metadata;
}

/// The deltas of these vectors, ascending, are those of another batch.
inline bool same_of(std::span<const SegmentVector> vectors, const SegmentBatch& a, const SegmentBatch& b) {
  if (a.vectors != b.vectors) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::ranges::binary_search(vectors, a.vectors[i])) continue;
    const SegmentDelta x = a[i], y = b[i];
    if (x.op != y.op || !std::ranges::equal(x.bits, y.bits) || !std::ranges::equal(x.indices, y.indices) ||
        x.metadata != y.metadata) {
      return false;
    }
  }
  return true;
}

/// A reader of the least vector of a batch, and one of every third, get what a reader of all gets. `vectors`: as for
/// decode_block().
inline bool reads_in_part(const SegmentBatch& batch, ByteView payload, codec::Layout layout, std::uint32_t vectors) {
  const auto count = static_cast<std::uint32_t>(batch.size());
  const std::set<SegmentVector> there(batch.vectors.begin(), batch.vectors.end());
  std::vector<SegmentVector> thirds;
  for (std::size_t i = 0; const SegmentVector vector : there) {
    if (i++ % 3 == 0) thirds.push_back(vector);
  }
  for (const std::span<const SegmentVector> some : {std::span(thirds).first(1), std::span(thirds)}) {
    SegmentBatch part;
    if (!codec::decode_block(payload, layout, count, vectors, {true, true, some}, part)) return false;
    if (!same_of(some, batch, part)) return false;
  }
  return true;
}

}  // namespace delta::test
