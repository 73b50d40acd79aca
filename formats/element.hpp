// Elements of other types than float32, by their bits: what is widened comes back as the very bytes that it was, NaNs
// included.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "delta/property.hpp"

namespace delta::formats {

/// Bytes of one.
constexpr std::size_t element_width(Element element) {
  switch (element) {
    case Element::f32:
      return 4;
    case Element::f16:
    case Element::bf16:
      return 2;
    case Element::i8:
    case Element::u8:
      return 1;
  }
  return 4;
}

/// binary16 as float32. Exact for every one: subnormals become normal, a NaN's payload keeps its place below the
/// exponent.
constexpr std::uint32_t widen_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0x1f) return sign | 0x7f800000 | fraction << 13;
  if (exponent != 0) return sign | (exponent + 112) << 23 | fraction << 13;
  return sign | std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f);
}
/// An element as float32: `raw` are its bits, in the lowest places.
std::uint32_t widen(Element element, std::uint32_t raw);
/// The bits of the element that widen() gives `bits` for; none: there is no such one. Nothing is rounded.
std::optional<std::uint32_t> narrow(Element element, std::uint32_t bits);
/// Place of the first value that the type does not hold.
std::optional<std::size_t> first_misfit(Element element, std::span<const std::uint32_t> bits);

}  // namespace delta::formats
