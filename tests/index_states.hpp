// States by hand, with a catalog of their own.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "delta/state.hpp"

namespace index_states {

struct Made {
  delta::Catalog catalog;
  delta::State state{catalog};
  std::vector<delta::VectorNo> rows;

  Made() = default;
  Made(const Made&) = delete;
  void put(const std::string& id, const std::vector<float>& values) {
    const auto ns = catalog.add_namespace("", static_cast<std::uint32_t>(values.size()));
    const auto v = catalog.add_vector(ns, id);
    if (!state.exists(v)) {
      state.set_exists(v, true);
      rows.push_back(v);
    }
    const auto row = state.put(v);
    for (std::size_t i = 0; i < values.size(); ++i) row[i] = std::bit_cast<std::uint32_t>(values[i]);
  }
};

/// Numbers as of a bell curve, the same with every standard library.
class Random {
 public:
  explicit Random(std::uint32_t seed) : random_(seed) {}
  float next() {
    double sum = 0;
    for (int i = 0; i < 6; ++i) sum += static_cast<double>(random_()) / 4294967296.0;
    return static_cast<float>((sum - 3) * 1.4142135623730951);
  }
  std::size_t below(std::size_t n) { return random_() % n; }
  std::vector<float> vector(std::size_t dims) {
    std::vector<float> values(dims);
    for (float& value : values) value = next();
    return values;
  }

 private:
  std::mt19937 random_;
};

inline std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

}  // namespace index_states
