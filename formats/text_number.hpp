// Numbers as tables of text hold them, which is more than JSON allows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "delta/result.hpp"

namespace delta::formats {

/// Rounds a decimal once to float32: a JSON number, or one with a plus before it, or with no digit before or behind its
/// point; "nan", "inf" and "infinity" in any case, with a sign; raw bits as 0x7fc00001. bad_input otherwise.
Result<std::uint32_t> parse_number(std::string_view text);

/// Appends the shortest decimal that parse_number() gives the same bits for; "nan", "inf" and "-inf"; the raw bits of
/// any other NaN.
void write_number(std::string& out, std::uint32_t bits);

/// Numbers that spaces, tabs or line ends keep apart, and commas, if `commas` are allowed; as many as there is room
/// for. bad_input: more or fewer, or no number. REQUIRES: a byte that is no part of a number can be read behind the
/// text.
Status parse_numbers(std::string_view text, bool commas, std::span<std::uint32_t> bits);
/// How many such numbers there are, whatever they are.
std::size_t count_numbers(std::string_view text, bool commas);

}  // namespace delta::formats
