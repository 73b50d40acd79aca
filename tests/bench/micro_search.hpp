// A search that compares all rows, beside a sum over the bytes of the same rows: more rows than any cache holds.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <memory>
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

}  // namespace bench
