// Decimals to float32, rounded once.
//
// A double that is as good as the decimal decides its nearest float32, except where it lies about halfway between two
// floats: the decimal may lie to either side. Then, and where float32 is subnormal or ends, the digits are looked at
// again. Inline, because a matrix as text is read by this loop and by little else.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "delta/result.hpp"

namespace delta::formats {

/// The nearest float32 (ties to even) to a decimal that lies within four units in the last place of `d`, in `bits`;
/// false where `d` cannot tell: near a tie, and outside the range of normal floats.
inline bool narrow(double d, std::uint32_t& bits) {
  const auto low = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(d)) & 0x1fffffff;
  bits = std::bit_cast<std::uint32_t>(static_cast<float>(d));
  const std::uint32_t magnitude = bits & 0x7fffffff;
  return low - 0x0ffffffc > 8 && magnitude > 0x00800000 && magnitude < 0x7f800000;
}

/// Reads the JSON number at `p` and gives the place behind it; null if it takes the long way, parse_float32(), to tell
/// what it is, or if there is none. REQUIRES: some byte at or behind `p` is no part of a number.
inline const char* scan_float32(const char* p, std::uint32_t& bits) {
  static constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const auto digit = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c) - '0'); };
  const bool negative = *p == '-';
  p += negative;
  const char* const begin = p;
  std::uint64_t digits = 0;
  for (; digit(*p) < 10; ++p) digits = digits * 10 + digit(*p);
  if (p == begin || (*begin == '0' && p != begin + 1)) return nullptr;
  std::ptrdiff_t length = p - begin, power = 0;
  if (*p == '.') {
    const char* const point = p++;
    for (; digit(*p) < 10; ++p) digits = digits * 10 + digit(*p);
    power = point + 1 - p;
    if (power == 0) return nullptr;
    length -= power;
  }
  if (length > 19) return nullptr;  // the digits may not fit 64 bits
  if ((*p | 0x20) == 'e') {
    ++p;
    const bool down = *p == '-';
    if (down || *p == '+') ++p;
    const char* const exponent = p;
    std::ptrdiff_t e = 0;
    for (; digit(*p) < 10 && e < 1000; ++p) e = e * 10 + digit(*p);
    if (p == exponent || digit(*p) < 10) return nullptr;
    power += down ? -e : e;
  }
  if (digits == 0) {
    bits = negative ? 0x80000000 : 0;
    return p;
  }
  if (power < -22 || power > 22) return nullptr;
  // Two roundings, by half a unit each: the digits to a double, and the operation. The powers are exact.
  const auto wide = static_cast<double>(digits);
  const double d = power < 0 ? wide / powers[-power] : wide * powers[power];
  if (!narrow(d, bits)) return nullptr;
  bits |= negative ? 0x80000000 : 0;
  return p;
}

/// Rounds a JSON number (its text, nothing around it) once to float32, ties to even; or takes the raw bits of
/// "\"0x7fc00001\"" with its quotes. Errors: `bad_input` for anything else, and for a number beyond float32's range.
Result<std::uint32_t> parse_float32(std::string_view token);

}  // namespace delta::formats
