// Characters out of bytes that nobody has checked yet, and which of them must not reach a terminal as they are. Public
// because every front end escapes in its own form, and all of them have to escape the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "delta/export.hpp"

namespace delta {

struct CodePoint {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  ///< 0: not well-formed UTF-8 (RFC 3629)
};

/// The one at the front of `text`. REQUIRES: not empty
DELTA_EXPORT CodePoint first_code_point(std::string_view text) noexcept;

/// C0 (below U+0020), DEL, or C1 (U+0080 to U+009F).
constexpr bool is_control(std::uint32_t code) { return code < 0x20 || (code >= 0x7f && code <= 0x9f); }

/// Characters that cannot be seen, or that reorder or break the line around them: marks of direction, zero-width ones,
/// separators of lines, invisible operators and tags.
constexpr bool is_deceptive(std::uint32_t code) {
  return code == 0x061c || code == 0x180e || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
         (code >= 0xe0000 && code <= 0xe007f);
}

}  // namespace delta
