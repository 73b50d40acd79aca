// Numbers as binary files hold them, to float32 by their bits: exact, or refused.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "delta/result.hpp"
#include "formats/element.hpp"

namespace delta::formats {

/// How a number stands in a file.
struct BinaryNumber {
  enum class Kind : std::uint8_t { f16, bf16, f32, f64, i8, u8, i16, u16, i32, u32, i64, u64 };

  Kind kind = Kind::f32;
  bool swap = false;  ///< not in the byte order of this machine

  constexpr std::size_t width() const {  ///< bytes of one
    constexpr std::uint8_t widths[] = {2, 2, 4, 8, 1, 1, 2, 2, 4, 4, 8, 8};
    return widths[static_cast<std::size_t>(kind)];
  }
  /// The narrowest type that holds all such numbers, except those that float32 does not hold.
  constexpr Element element() const {
    return kind == Kind::f16    ? Element::f16
           : kind == Kind::bf16 ? Element::bf16
           : kind == Kind::i8   ? Element::i8
           : kind == Kind::u8   ? Element::u8
                                : Element::f32;
  }
  /// As little-endian files hold the numbers of an element type.
  static constexpr BinaryNumber of(Element element) {
    constexpr Kind kinds[] = {Kind::f32, Kind::f16, Kind::bf16, Kind::i8, Kind::u8};
    return {kinds[static_cast<std::size_t>(element)], std::endian::native == std::endian::big};
  }
};

/// Converts to.size() numbers at `from`. NaNs keep their payload. The place of the first one that is not exactly a
/// float32, if it is not to be rounded to nearest even (`lossy`), or that is beyond float32; none: all were converted.
std::optional<std::size_t> to_float32(BinaryNumber type, const std::uint8_t* from, std::span<std::uint32_t> to,
                                      bool lossy);
/// What to_float32() says of the number at `from`, of that row and column. bad_input.
Error not_float32(BinaryNumber type, const std::uint8_t* from, std::uint64_t matrix_row, std::uint64_t column);

}  // namespace delta::formats
