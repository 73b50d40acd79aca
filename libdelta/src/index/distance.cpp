// Four values at once are enough: the sums then wait for memory, not for arithmetic, wherever the rows do not stand in
// a cache. So there is one code for all processors, and no choice at run time.
#include "index/distance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace delta::nearest {
namespace {

typedef float Four __attribute__((vector_size(16)));

/// The sixteen lanes of one sum, four in each.
struct Lanes {
  std::array<Four, kLanes / 4> fours{};

  float sum() const {
    const Four four = (fours[0] + fours[2]) + (fours[1] + fours[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
  }
};

Four load(const std::uint32_t* bits) {
  Four four;
  std::memcpy(&four, bits, sizeof four);
  return four;
}

/// Calls step(i, x, y) for the i-th four lanes with four values of each vector, all of them in order; behind the last
/// dimension they are 0.
template <class Step>
[[gnu::always_inline]] inline void each_four(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims,
                                             Step&& step) {
  constexpr std::size_t count = kLanes / 4;
  const std::size_t whole = dims - dims % kLanes;
  for (std::size_t at = 0; at < whole; at += kLanes) {
    for (std::size_t i = 0; i < count; ++i) step(i, load(a + at + 4 * i), load(b + at + 4 * i));
  }
  if (whole == dims) return;
  std::array<std::uint32_t, kLanes> x{}, y{};
  std::copy(a + whole, a + dims, x.begin());
  std::copy(b + whole, b + dims, y.begin());
  for (std::size_t i = 0; i < count; ++i) step(i, load(&x[4 * i]), load(&y[4 * i]));
}

}  // namespace

float squared_difference(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept {
  Lanes lanes;
  each_four(a, b, dims, [&](std::size_t i, Four x, Four y) {
    const Four by = x - y;
    lanes.fours[i] += by * by;
  });
  return lanes.sum();
}

float inner_product(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept {
  Lanes lanes;
  each_four(a, b, dims, [&](std::size_t i, Four x, Four y) { lanes.fours[i] += x * y; });
  return lanes.sum();
}

InnerProducts inner_products(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept {
  Lanes mixed, own;
  each_four(a, b, dims, [&](std::size_t i, Four x, Four y) {
    mixed.fours[i] += x * y;
    own.fours[i] += y * y;
  });
  return {mixed.sum(), own.sum()};
}

DistanceFrom::DistanceFrom(Metric metric, std::span<const std::uint32_t> origin) noexcept
    : origin_(origin), metric_(metric) {
  if (metric == Metric::cosine) length_ = inner_product(origin.data(), origin.data(), origin.size());
}

double DistanceFrom::order(const std::uint32_t* bits) const noexcept {
  const std::size_t dims = origin_.size();
  double order = 0;
  if (metric_ == Metric::l2) {
    order = squared_difference(origin_.data(), bits, dims);
  } else if (metric_ == Metric::ip) {
    order = 0.0 - static_cast<double>(inner_product(origin_.data(), bits, dims));
  } else {
    const InnerProducts products = inner_products(origin_.data(), bits, dims);
    // Float64 holds the product of two float32 values exactly. What is not finite stays so.
    const double lengths = static_cast<double>(length_) * static_cast<double>(products.own);
    const double finite = static_cast<double>(products.mixed) + lengths;
    if (!std::isfinite(finite)) return std::numeric_limits<double>::infinity();
    order = lengths == 0 ? 1.0 : 1.0 - std::clamp(static_cast<double>(products.mixed) / std::sqrt(lengths), -1.0, 1.0);
  }
  return std::isfinite(order) ? order : std::numeric_limits<double>::infinity();
}

double distance_of(Metric metric, double order) noexcept { return metric == Metric::l2 ? std::sqrt(order) : order; }

}  // namespace delta::nearest
