// "Did you mean", of words in input and on the command line.
#pragma once

#include <span>
#include <string_view>

namespace delta::formats {

/// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (bytes; optimal
/// string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The name closest to what was typed: one that it begins (3 letters or more), or one within a third of its length.
/// Empty if none is near. The first of equals.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> names);

}  // namespace delta::formats
