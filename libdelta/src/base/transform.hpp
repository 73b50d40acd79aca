// Arithmetic on single float32 values as law 2 wants it: one operation at a time, round to nearest, a NaN that it makes
// is 7fc00000, negate and abs act on bits. The fold applies it, and the codec predicts by it.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "delta/delta.hpp"

namespace delta {

inline constexpr std::uint32_t kNan = 0x7fc00000, kSign = 0x80000000, kInfinity = 0x7f800000;

inline float value_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }
constexpr std::uint32_t magnitude(std::uint32_t bits) { return bits & ~kSign; }

/// The result of one float operation on `before`. Counts finite values that became infinite.
inline std::uint32_t canonical_result(float result, std::uint32_t before, std::uint64_t& overflows) {
  const auto bits = std::bit_cast<std::uint32_t>(result);
  overflows += magnitude(bits) == kInfinity && magnitude(before) < kInfinity;
  return magnitude(bits) > kInfinity ? kNan : bits;
}

inline std::uint32_t scaled(std::uint32_t x, float factor, std::uint64_t& o) {
  return canonical_result(value_of(x) * factor, x, o);
}
inline std::uint32_t shifted(std::uint32_t x, float amount, std::uint64_t& o) {
  return canonical_result(value_of(x) + amount, x, o);
}
inline std::uint32_t clamped(std::uint32_t x, std::uint32_t lo, std::uint32_t hi) {
  return value_of(x) < value_of(lo) ? lo : value_of(x) > value_of(hi) ? hi : x;
}

/// All of `row` through a transform; other operations leave it.
inline void transform_row(std::span<std::uint32_t> row, Operation op, std::span<const std::uint32_t> parameters,
                          std::uint64_t& overflows) {
  std::uint64_t count = 0;  // a local, so that the loops below vectorise
  switch (op) {
    case Operation::scale:
      for (const float f = value_of(parameters[0]); auto& x : row) x = scaled(x, f, count);
      break;
    case Operation::offset:
      for (const float a = value_of(parameters[0]); auto& x : row) x = shifted(x, a, count);
      break;
    case Operation::negate:
      for (auto& x : row) x ^= kSign;
      break;
    case Operation::abs:
      for (auto& x : row) x &= ~kSign;
      break;
    case Operation::clamp:
      for (auto& x : row) x = clamped(x, parameters[0], parameters[1]);
      break;
    default:
      break;
  }
  overflows += count;
}

/// x through a transform. Counts finite values that became infinite.
inline std::uint32_t transform_bits(Operation op, std::span<const std::uint32_t> parameters, std::uint32_t x,
                                    std::uint64_t& overflows) {
  transform_row({&x, 1}, op, parameters, overflows);
  return x;
}

}  // namespace delta
