#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "formats/element.hpp"

using namespace delta;
using formats::first_misfit, formats::narrow, formats::widen;

namespace {

std::uint32_t word(float x) { return std::bit_cast<std::uint32_t>(x); }

}  // namespace

TEST_CASE("every element of a narrow type comes back as the bits that it was") {
  for (const auto& [element, count] : {std::pair(Element::f16, 65536u), std::pair(Element::bf16, 65536u),
                                       std::pair(Element::i8, 256u), std::pair(Element::u8, 256u)}) {
    INFO(element_name(element));
    for (std::uint32_t raw = 0; raw < count; ++raw) {
      const auto back = narrow(element, widen(element, raw));
      REQUIRE(back);
      REQUIRE(*back == raw);
    }
  }
}

TEST_CASE("narrowing loses nothing: any other value is not one of the type") {
  // Every exponent, with fractions about what f16 and bf16 keep of them.
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (const std::uint32_t fraction :
         {0u, 1u, 0x1000u, 0x2000u, 0x8000u, 0x10000u, 0x3fe000u, 0x400000u, 0x7fe000u, 0x7f0000u, 0x7fffffu}) {
      for (const std::uint32_t sign : {0u, 0x80000000u}) {
        const std::uint32_t bits = sign | exponent << 23 | fraction;
        for (const Element element : {Element::f32, Element::f16, Element::bf16, Element::i8, Element::u8}) {
          const auto raw = narrow(element, bits);
          INFO(element_name(element) << ": " << std::hex << bits);
          if (raw) CHECK(widen(element, *raw) == bits);
        }
        const float x = std::bit_cast<float>(bits);
        CHECK(bool(narrow(Element::bf16, bits)) == ((bits & 0xffff) == 0));
        CHECK(bool(narrow(Element::u8, bits)) == (x >= 0 && x <= 255 && std::floor(x) == x && sign == 0));
        CHECK(bool(narrow(Element::i8, bits)) == (x >= -128 && x <= 127 && std::floor(x) == x && bits != 0x80000000));
      }
    }
  }
  CHECK(narrow(Element::f16, word(65504)) == 0x7bffu);
  CHECK_FALSE(narrow(Element::f16, word(65536)));
  CHECK(narrow(Element::f16, word(0x1p-24f)) == 1u);
  CHECK_FALSE(narrow(Element::f16, word(0x1p-25f)));
  CHECK_FALSE(narrow(Element::f16, word(0x1.8p-24f)));
  CHECK_FALSE(narrow(Element::f16, 0x7f800001));  // a NaN that would lose all its bits
  CHECK(narrow(Element::f16, 0x80000000) == 0x8000u);
}

TEST_CASE("the first value that a type does not hold is named by its place") {
  const std::vector<std::uint32_t> bits = {word(1), word(2), word(2.5f), word(-1)};
  CHECK(first_misfit(Element::f32, bits) == std::nullopt);
  CHECK(first_misfit(Element::f16, bits) == std::nullopt);
  CHECK(first_misfit(Element::i8, bits) == 2u);
  CHECK(first_misfit(Element::u8, std::span(bits).first(2)) == std::nullopt);
  CHECK(parse_element("bf16").value() == Element::bf16);
  CHECK(parse_element("f8").error().code == ErrorCode::unsupported);
}
