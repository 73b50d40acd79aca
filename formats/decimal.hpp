// Decimals to float32, rounded once.
//
// The nearest double, which fast parsers give, decides the nearest float32 too, except where it lies exactly between two
// floats: the decimal may have lain to either side. Then, and where float32 is subnormal or ends, its digits are needed.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "delta/result.hpp"

namespace delta::formats {

/// The nearest float32 (ties to even) to the decimal whose nearest double is `d`, in `bits`; false where `d` cannot tell.
inline bool narrow(double d, std::uint32_t& bits) {
  const auto wide = std::bit_cast<std::uint64_t>(d);
  bits = std::bit_cast<std::uint32_t>(static_cast<float>(d));
  const std::uint32_t magnitude = bits & 0x7fffffff;
  const bool tie = (wide & 0x1fffffff) == 0x10000000;
  return !tie && magnitude < 0x7f800000 && (magnitude > 0x00800000 || (wide << 1) == 0);
}

/// Rounds a JSON number (its text, nothing around it) once to float32, ties to even; or takes the raw bits of
/// "\"0x7fc00001\"" with its quotes. Errors: `bad_input` for anything else, and for a number beyond float32's range.
Result<std::uint32_t> parse_float32(std::string_view token);

}  // namespace delta::formats
