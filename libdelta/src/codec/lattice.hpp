// Float32 values that are whole multiples of something: counts, values that were put on a lattice, decimals of a few
// places.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "base/lattice.hpp"

namespace delta::codec {

/// A step of which values are multiples. Its number in the file: twice the zigzag of j for the step 2^(j/8), 2 n + 1
/// for the step 10^-n.
class Lattice {
 public:
  static constexpr int kMaxPlaces = 10;

  Lattice() : Lattice(0) {}  ///< whole numbers
  /// None if the number stands for no lattice.
  static std::optional<Lattice> numbered(std::uint64_t number);
  static Lattice octaves(int j);
  static Lattice decimals(int places);

  std::uint32_t number() const { return number_; }

  /// The float32 of a multiple. REQUIRES: |k| < kMaxMultiple.
  float value(std::int32_t k) const {
    return decimal_ ? static_cast<float>(static_cast<double>(k) / unit_) : lattice_value(k, unit_);
  }
  /// Which multiple is nearest to x; beyond the bound, and for NaN, the bound itself, which is no multiple.
  std::int32_t nearest(double x) const {
    const double k = std::nearbyint(decimal_ ? x * unit_ : x / unit_);
    return k > -kBound && k < kBound ? static_cast<std::int32_t>(k) : static_cast<std::int32_t>(kMaxMultiple);
  }
  /// k steps from p, in double: for values that are off the lattice and whose differences are on it.
  float moved(float p, std::int32_t k) const {
    return static_cast<float>(static_cast<double>(p) +
                              (decimal_ ? static_cast<double>(k) / unit_ : static_cast<double>(k) * unit_));
  }

 private:
  static constexpr double kBound = static_cast<double>(kMaxMultiple);
  explicit Lattice(std::uint32_t number);

  std::uint32_t number_;
  bool decimal_ = false;
  double unit_ = 1;  // the step; of decimals 10^n
};

/// k if x is that multiple, bit for bit.
inline std::optional<std::int32_t> multiple_of(const Lattice& lattice, std::uint32_t bits) {
  const std::int32_t k = lattice.nearest(std::bit_cast<float>(bits));
  if (k == kMaxMultiple || std::bit_cast<std::uint32_t>(lattice.value(k)) != bits) return std::nullopt;
  return k;
}

/// The lattice of greatest step on which all of the words are, if there is one. Quick to see that there is none.
std::optional<Lattice> find_lattice(std::span<const std::uint32_t> words);

}  // namespace delta::codec
