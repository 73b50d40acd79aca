// The blocks that the microbenchmarks code. "creates", "sparse" and "mixed" are those of the reference workload: 384
// dims; sparse ones change 5 % of them; "mixed" has its mix of kinds. Three more show what repeats: "text" has
// metadata, "counts" whole numbers, and "copies" pieces of 32 values, each one of 16, as a product quantiser gives
// them.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "codec/block.hpp"

namespace bench {

using namespace delta;

inline constexpr std::uint32_t kDims = 384, kSparse = kDims / 20, kRows = 20'000;
inline constexpr std::uint64_t kBlockBytes = 256 << 10;  // as rows, the size of the blocks in a log
inline constexpr Micros kStart = 1'700'000'000'000'000;

class Vectors {
 public:
  std::uint32_t fresh() {
    return std::bit_cast<std::uint32_t>(normal_(random_) / std::sqrt(static_cast<float>(kDims)));
  }
  std::vector<std::uint32_t> row() {
    std::vector<std::uint32_t> bits(kDims);
    for (auto& b : bits) b = fresh();
    return bits;
  }
  std::vector<std::uint32_t> places(std::uint32_t count) {
    std::vector<std::uint32_t> all(kDims);
    std::iota(all.begin(), all.end(), 0u);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    std::sort(all.begin(), all.end());
    return all;
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  // The next state of a row, in one of the ways of the mix, as a delta; `indices` and `bits` are what it views.
  SegmentDelta step(std::vector<std::uint32_t>& row, std::uint32_t kind, std::vector<std::uint32_t>& indices,
                    std::vector<std::uint32_t>& bits) {
    SegmentDelta delta;
    indices.clear();
    bits.clear();
    if (kind < 70) {
      if (kind < 45) {
        indices = places(kSparse);
      } else {
        indices.resize(50);
        std::iota(indices.begin(), indices.end(), below(kDims - 50));
      }
      for (const auto i : indices) bits.push_back(row[i] = fresh());
      delta.op = Operation::sparse;
    } else {
      for (auto& value : row) {
        const float x = std::bit_cast<float>(value);
        value =
            kind < 85 ? fresh() : std::bit_cast<std::uint32_t>(kind < 95 ? x + 1e-3f * normal_(random_) : x * 1.01f);
      }
      bits = row;
      delta.op = Operation::dense;
    }
    delta.indices = indices;
    delta.bits = bits;
    return delta;
  }

 private:
  std::mt19937_64 random_{7};
  std::normal_distribution<float> normal_{0.0f, 1.0f};
};

enum class Kind { creates, sparse, mixed, text, counts, copies };

// A document as a pipeline describes it: some members are always the same, some go on from one to the next.
inline std::string document(Vectors& vectors, std::uint32_t number) {
  static constexpr const char* kWords[] = {"ship",  "river", "stone", "paper", "engine", "winter", "market", "bridge",
                                           "light", "field", "glass", "train", "letter", "garden", "metal",  "harbour"};
  std::string title;
  for (int word = 0; word < 6; ++word) title += std::string(word == 0 ? "" : " ") + kWords[vectors.below(16)];
  return R"({"chunk":)" + std::to_string(number % 4) + R"(,"lang":"en","model":"text-embedding-3-small","title":")" +
         title + R"(","url":"https://example.org/docs/)" + std::to_string(number / 4) + R"("})";
}

// The row of a create of the last three kinds.
inline std::vector<std::uint32_t> row_of(Kind kind, Vectors& vectors) {
  std::vector<std::uint32_t> row = vectors.row();
  if (kind == Kind::text) row.resize(16);
  if (kind == Kind::counts) {
    for (auto& bits : row) bits = std::bit_cast<std::uint32_t>(static_cast<float>(vectors.below(8) * vectors.below(8)));
  }
  if (kind == Kind::copies) {
    constexpr std::uint32_t kPieces = 16, kPiece = 32;
    static const std::vector<std::uint32_t> pieces = [] {
      Vectors some;
      std::vector<std::uint32_t> all(kPieces * kDims);
      for (auto& bits : all) bits = some.fresh();
      return all;
    }();
    for (std::uint32_t at = 0; at < kDims; at += kPiece) {
      std::copy_n(pieces.data() + vectors.below(kPieces) * kDims + at, kPiece, row.data() + at);
    }
  }
  return row;
}

// One block of a log. Packed: each vector's history lies together.
inline SegmentBatch block_of(Kind kind, codec::Layout layout, std::size_t deltas = ~std::size_t{0}) {
  Vectors vectors;
  SegmentBatch batch;
  std::vector<std::uint32_t> row, indices, bits;
  for (std::uint32_t i = 0; batch.size() < deltas && batch.row_bytes() < kBlockBytes; ++i) {
    const bool packed = layout == codec::Layout::packed;
    const std::uint32_t vector = packed ? i / 8 : i, place = packed ? i % 8 : 1;
    const bool updates = kind == Kind::sparse || kind == Kind::mixed;
    if (!updates || (packed && place == 0)) {
      row = row_of(kind, vectors);
      const std::string metadata = kind == Kind::text ? document(vectors, i) : "";
      batch.add({.vector = SegmentVector{vector}, .op = Operation::create, .bits = row, .metadata = metadata});
    } else {
      if (!packed) row = vectors.row();
      SegmentDelta delta = vectors.step(row, kind == Kind::sparse ? 0 : vectors.below(100), indices, bits);
      delta.vector = SegmentVector{vector};
      batch.add(delta);
    }
    if (packed) {
      batch.commits.back() = RowNo{place};
      batch.seqs.back() = vector;
    } else {
      batch.times.back() = Timestamp::of(kStart);
    }
  }
  return batch;
}

}  // namespace bench
