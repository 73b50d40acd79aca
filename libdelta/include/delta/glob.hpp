// Patterns of names, as shells have them.
#pragma once

#include <string_view>

#include "delta/export.hpp"

namespace delta {

/// `*` any run of characters, `?` one character, `[a-z]` and `[!a-z]` sets, `\` takes the next literally. Whole text.
/// Takes time by the product of the two lengths at most.
DELTA_EXPORT bool glob_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace delta
