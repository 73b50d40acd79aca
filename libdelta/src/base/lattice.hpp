// The lattices of float32 values: whole multiples of a step, where steps are eighths of octaves. Lossy writing puts
// values on one, and the codec finds which one; both must make the same float32 of the same multiple, on every machine.
// Counts lie on lattice 0, whose step is 1.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace delta {

/// Lattices are numbered by step: number j has step 2^(j/8).
inline constexpr int kMinLattice = -8 * 160, kMaxLattice = 8 * 110;
/// Multiples stay below this in size, so that each gives another float32.
inline constexpr std::int64_t kMaxMultiple = std::int64_t{1} << 23;

/// 2^(j/8): for j divisible by 8 exact, else the nearest double of the eighth times a power of two.
inline double lattice_step(int j) {
  constexpr std::array<double, 8> eighths = {0x1p+0,
                                             0x1.172b83c7d517bp+0,
                                             0x1.306fe0a31b715p+0,
                                             0x1.4bfdad5362a27p+0,
                                             0x1.6a09e667f3bcdp+0,
                                             0x1.8ace5422aa0dbp+0,
                                             0x1.ae89f995ad3adp+0,
                                             0x1.d5818dcfba487p+0};
  const int octave = j >> 3;
  return std::ldexp(eighths[static_cast<std::size_t>(j & 7)], octave);
}

/// The float32 of a multiple: their product in double, rounded once more. REQUIRES: |k| < kMaxMultiple.
inline float lattice_value(std::int64_t k, double step) { return static_cast<float>(static_cast<double>(k) * step); }

}  // namespace delta
