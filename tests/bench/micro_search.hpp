// A search that compares all rows, beside a sum over the bytes of the same rows: more rows than any cache holds.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "delta/search.hpp"
#include "micro_blocks.hpp"

namespace bench {

inline constexpr std::uint32_t kSearched = 120'000;  // rows of 384 dims: 184 MB

/// A state as snapshot() gives it.
struct Searched {
  Catalog catalog;
  State state{catalog, kSearched};
  std::vector<VectorNo> rows;
  std::vector<std::uint32_t> query;

  Searched() {
    Vectors vectors;
    const NamespaceNo ns = catalog.add_namespace("", kDims);
    const auto values = vectors.row();
    for (std::uint32_t i = 0; i < kSearched; ++i) {
      const VectorNo v = catalog.add_vector(ns, std::to_string(i));
      state.set_exists(v, true);
      const auto bits = state.put(v);
      // Turned by i: rows differ, and are made quickly.
      std::rotate_copy(values.begin(), values.begin() + i % kDims, values.end(), bits.begin());
      rows.push_back(v);
    }
    query = vectors.row();
  }
};

/// As fast as the memory gives them: a few sums at once, so that no addition waits for another.
inline float sum_of(const Searched& searched) {
  typedef float Four __attribute__((vector_size(16)));
  std::array<Four, 8> sums{};
  for (const VectorNo row : searched.rows) {
    const auto bits = searched.state.bits(row);
    for (std::size_t at = 0; at < bits.size(); at += 32) {
      for (std::size_t i = 0; i < sums.size(); ++i) {
        Four four;
        std::memcpy(&four, bits.data() + at + 4 * i, sizeof four);
        sums[i] += four;
      }
    }
  }
  float sum = 0;
  for (const Four& four : sums) sum += four[0] + four[1] + four[2] + four[3];
  return sum;
}

/// 20,000 rows of 128 dims that a random matrix makes of 32, as embeddings have structure.
struct Near {
  static constexpr std::uint32_t kRows = 20'000, kDims = 128, kInner = 32;
  Catalog catalog;
  State state{catalog, kRows};
  std::vector<VectorNo> rows;

  Near() {
    std::mt19937_64 random(20261201);
    std::normal_distribution<float> normal;
    std::vector<float> matrix(kInner * kDims), inner(kInner);
    for (float& value : matrix) value = normal(random);
    const NamespaceNo ns = catalog.add_namespace("", kDims);
    for (std::uint32_t i = 0; i < kRows; ++i) {
      for (float& value : inner) value = normal(random);
      const VectorNo vector = catalog.add_vector(ns, std::to_string(i));
      state.set_exists(vector, true);
      const auto bits = state.put(vector);
      for (std::uint32_t d = 0; d < kDims; ++d) {
        float sum = 0;
        for (std::uint32_t k = 0; k < kInner; ++k) sum += inner[k] * matrix[k * kDims + d];
        bits[d] = std::bit_cast<std::uint32_t>(sum);
      }
      rows.push_back(vector);
    }
  }
};

}  // namespace bench
