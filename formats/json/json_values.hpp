// The values of a vector in JSON text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "delta/result.hpp"

namespace delta::formats {

/// How many values there are in "[1, 2]" or in a string of base64, whatever they are. bad_input: neither an array nor a
/// string.
Result<std::size_t> count_json_values(std::string_view json);
/// Reads them. bad_input: not bits.size(), one that does not fit float32, or not base64. REQUIRES: a byte that is no
/// part of a number can be read behind the text.
Status parse_json_values(std::string_view json, std::span<std::uint32_t> bits);

}  // namespace delta::formats
