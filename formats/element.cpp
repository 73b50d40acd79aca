#include "formats/element.hpp"

#include <algorithm>

namespace delta::formats {
namespace {

std::optional<std::uint32_t> narrow_half(std::uint32_t bits) {
  const std::uint32_t sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
  if (exponent == 0xff || (exponent >= 113 && exponent <= 142)) {  // an infinity, a NaN or a normal number
    if ((fraction & 0x1fff) != 0) return {};
    const std::uint32_t biased = exponent == 0xff ? 0x1f : exponent - 112;
    return sign | biased << 10 | fraction >> 13;
  }
  const float size = std::bit_cast<float>(bits & 0x7fffffff) * 0x1p24f;  // subnormal, or zero: multiples of 2^-24
  if (exponent > 142 || size != static_cast<float>(static_cast<std::uint32_t>(size))) return {};
  return sign | static_cast<std::uint32_t>(size);
}

std::optional<std::uint32_t> narrow_integer(std::uint32_t bits, int least, int most) {
  const float value = std::bit_cast<float>(bits);
  if (!(value >= static_cast<float>(least) && value <= static_cast<float>(most))) return {};  // nor is a NaN
  const int whole = static_cast<int>(value);
  if (std::bit_cast<std::uint32_t>(static_cast<float>(whole)) != bits) return {};  // nor is -0
  return static_cast<std::uint32_t>(whole) & 0xff;
}

}  // namespace

std::uint32_t widen(Element element, std::uint32_t raw) {
  switch (element) {
    case Element::f32:
      return raw;
    case Element::f16:
      return widen_half(static_cast<std::uint16_t>(raw));
    case Element::bf16:
      return raw << 16;
    case Element::i8:
      return std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int8_t>(raw)));
    case Element::u8:
      return std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::uint8_t>(raw)));
  }
  return raw;
}

std::optional<std::uint32_t> narrow(Element element, std::uint32_t bits) {
  switch (element) {
    case Element::f32:
      return bits;
    case Element::f16:
      return narrow_half(bits);
    case Element::bf16:
      return (bits & 0xffff) == 0 ? std::optional(bits >> 16) : std::nullopt;
    case Element::i8:
      return narrow_integer(bits, -128, 127);
    case Element::u8:
      return narrow_integer(bits, 0, 255);
  }
  return bits;
}

std::optional<std::size_t> first_misfit(Element element, std::span<const std::uint32_t> bits) {
  if (element == Element::f32) return {};
  const auto at = std::ranges::find_if(bits, [element](std::uint32_t b) { return !narrow(element, b); });
  return at == bits.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - bits.begin()));
}

}  // namespace delta::formats
