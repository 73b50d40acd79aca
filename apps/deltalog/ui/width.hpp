// How many cells of a terminal a text takes.
#pragma once

#include <cstddef>
#include <string_view>

namespace deltalog {

/// By utf8proc: two cells for wide characters (CJK, emoji), none for marks that join the character before them, and
/// none for colour sequences. What a user sees as one character (a flag, a family of emoji) takes at most two.
std::size_t display_width(std::string_view text);

}  // namespace deltalog
