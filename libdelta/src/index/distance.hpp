// Sums over two vectors in float32. The order of additions is fixed, whatever the machine adds at once: dimension d
// goes to lane d % 16, each lane is summed in order of dimension, and the lanes are added as a tree: i and i + 8, then
// i and i + 4, i + 2, i + 1. A lane begins with +0, so dimensions that are missing in the last 16 change nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "delta/metric.hpp"

namespace delta::nearest {

inline constexpr std::size_t kLanes = 16;

/// The sum of the squared differences. Raw float32 bits, `dims` of each.
float squared_difference(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept;
float inner_product(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept;

struct InnerProducts {
  float mixed = 0;  ///< a.b
  float own = 0;    ///< b.b
};
InnerProducts inner_products(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept;

/// Distances from one vector, the origin. Keeps the reference to its bits.
class DistanceFrom {
 public:
  DistanceFrom(Metric metric, std::span<const std::uint32_t> origin) noexcept;

  /// What vectors are ordered by: as the metric's distance, but squared for l2; infinity where it is not finite.
  double order(const std::uint32_t* bits) const noexcept;

 private:
  std::span<const std::uint32_t> origin_;
  Metric metric_;
  float length_ = 0;  // squared, of the origin; of cosine
};

/// The distance that an order stands for.
double distance_of(Metric metric, double order) noexcept;

}  // namespace delta::nearest
