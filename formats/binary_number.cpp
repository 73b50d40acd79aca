// One loop a kind of number, so that the compiler makes the common ones wide.
#include "formats/binary_number.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string>

namespace delta::formats {
namespace {

using Kind = BinaryNumber::Kind;

template <class T>
T load(const std::uint8_t* p, bool swap) {
  T x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (sizeof x == 2) return swap ? static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(x))) : x;
  if constexpr (sizeof x == 4) return swap ? static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(x))) : x;
  if constexpr (sizeof x == 8) return swap ? static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(x))) : x;
  return x;
}

struct Narrowed {
  std::uint32_t bits;
  bool exact;
  bool fits;  // rounding does not make an infinity of it
};

// NaNs by their bits, because a conversion in hardware would make a signalling one quiet.
Narrowed from_double(std::uint64_t bits) {
  const auto sign = static_cast<std::uint32_t>(bits >> 32) & 0x80000000;
  if ((bits & 0x7fffffffffffffff) > 0x7ff0000000000000) {
    const auto payload = static_cast<std::uint32_t>(bits >> 29) & 0x7fffff;
    return {sign | 0x7f800000 | (payload != 0 ? payload : 0x400000), (bits & 0x1fffffff) == 0, true};
  }
  const double wide = std::bit_cast<double>(bits);
  const bool finite = (bits & 0x7fffffffffffffff) != 0x7ff0000000000000;
  if (finite && (wide >= 0x1.ffffffp127 || wide <= -0x1.ffffffp127)) return {sign | 0x7f800000, false, false};
  const float rounded = static_cast<float>(wide);
  return {std::bit_cast<std::uint32_t>(rounded), static_cast<double>(rounded) == wide, true};
}

template <class T>
Narrowed from_integer(T whole) {
  const float rounded = static_cast<float>(whole);
  constexpr float beyond = std::is_signed_v<T> ? 0x1p63f : 0x1p64f;  // what float32 rounds the greatest 64 bits to
  const bool exact = rounded < beyond && static_cast<T>(rounded) == whole;
  return {std::bit_cast<std::uint32_t>(rounded), exact, true};
}

/// Of the kinds that float32 may not hold.
Narrowed narrowed(BinaryNumber type, const std::uint8_t* from) {
  switch (type.kind) {
    case Kind::i32:
      return from_integer(std::int64_t{load<std::int32_t>(from, type.swap)});
    case Kind::u32:
      return from_integer(std::int64_t{load<std::uint32_t>(from, type.swap)});
    case Kind::i64:
      return from_integer(load<std::int64_t>(from, type.swap));
    case Kind::u64:
      return from_integer(load<std::uint64_t>(from, type.swap));
    default:
      return from_double(load<std::uint64_t>(from, type.swap));
  }
}

template <class Value>
std::optional<std::size_t> each(std::span<std::uint32_t> to, const Value& value) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(i);
  return {};
}

template <class T>
std::optional<std::size_t> each_as_float(const std::uint8_t* from, std::span<std::uint32_t> to, bool swap) {
  return each(to, [=](std::size_t i) {
    return std::bit_cast<std::uint32_t>(static_cast<float>(load<T>(from + sizeof(T) * i, swap)));
  });
}

std::string number_text(BinaryNumber type, const std::uint8_t* from) {
  if (type.kind == Kind::u64) return fmt::format("{}", load<std::uint64_t>(from, type.swap));
  if (type.kind == Kind::i64) return fmt::format("{}", load<std::int64_t>(from, type.swap));
  if (type.kind == Kind::u32) return fmt::format("{}", load<std::uint32_t>(from, type.swap));
  if (type.kind == Kind::i32) return fmt::format("{}", load<std::int32_t>(from, type.swap));
  const auto bits = load<std::uint64_t>(from, type.swap);
  const double wide = std::bit_cast<double>(bits);
  return wide != wide ? fmt::format("the NaN 0x{:016x}", bits) : fmt::format("{}", wide);
}

}  // namespace

std::optional<std::size_t> to_float32(BinaryNumber type, const std::uint8_t* from, std::span<std::uint32_t> to,
                                      bool lossy) {
  const bool swap = type.swap;
  switch (type.kind) {
    case Kind::f32:
      return each(to, [=](std::size_t i) { return load<std::uint32_t>(from + 4 * i, swap); });
    case Kind::f16:
      return each(to, [=](std::size_t i) { return widen_half(load<std::uint16_t>(from + 2 * i, swap)); });
    case Kind::bf16:
      return each(to, [=](std::size_t i) { return std::uint32_t{load<std::uint16_t>(from + 2 * i, swap)} << 16; });
    case Kind::i8:
      return each_as_float<std::int8_t>(from, to, swap);
    case Kind::u8:
      return each_as_float<std::uint8_t>(from, to, swap);
    case Kind::i16:
      return each_as_float<std::int16_t>(from, to, swap);
    case Kind::u16:
      return each_as_float<std::uint16_t>(from, to, swap);
    default:
      break;
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Narrowed n = narrowed(type, from + type.width() * i);
    if (!n.fits || (!n.exact && !lossy)) return i;
    to[i] = n.bits;
  }
  return {};
}

Error not_float32(BinaryNumber type, const std::uint8_t* from, std::uint64_t matrix_row, std::uint64_t column) {
  const bool fits = narrowed(type, from).fits;
  auto e = error(ErrorCode::bad_input,
                 number_text(type, from) + (fits ? " is not exactly a float32" : " is beyond the range of float32"))
               .at(fmt::format("row {}, column {}", matrix_row, column));
  return fits ? std::move(e).with_hint("--lossy-input rounds such values to the nearest float32") : std::move(e);
}

}  // namespace delta::formats
