// The rare path: texts that a double cannot decide, do not fit, or are not numbers. std::from_chars rounds correctly
// and knows no locale, but says "out of range" both above and below, and takes texts that JSON does not.
#include "formats/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "delta/text.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kShown = 60;  // bytes of a value in a message

// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_json_number(std::string_view s) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < s.size() && s[i] >= '0' && s[i] <= '9') ++i;
    return i - start;
  };
  const auto one_of = [&](std::string_view set_of) {
    return i < s.size() && set_of.find(s[i]) != std::string_view::npos && ++i != 0;
  };
  one_of("-");
  const bool zero = i < s.size() && s[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (one_of(".") && digits() == 0) return false;
  if (one_of("eE")) {
    one_of("+-");
    if (digits() == 0) return false;
  }
  return i == s.size();
}

std::optional<std::uint32_t> hex_bits(std::string_view token) {
  if (token.size() != 12 || token.substr(0, 3) != "\"0x" || token.back() != '"') return std::nullopt;
  std::uint32_t bits = 0;
  const char* const end = token.data() + 11;
  const auto done = std::from_chars(token.data() + 3, end, bits, 16);
  if (done.ec != std::errc() || done.ptr != end) return std::nullopt;
  return bits;
}

// True if the first significant digit stands behind the decimal point. REQUIRES: is_json_number(), not zero.
bool is_below_one(std::string_view token) {
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  const std::string_view mantissa = token.substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t digit = mantissa.find_first_of("123456789");
  std::string_view exponent = token.substr(std::min(e + 1, token.size()));
  if (!exponent.empty() && exponent[0] == '+') exponent.remove_prefix(1);
  std::int32_t power = 0;
  if (std::from_chars(exponent.data(), exponent.data() + exponent.size(), power).ec == std::errc::result_out_of_range) {
    return exponent[0] == '-';  // no line is long enough to make up for it
  }
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(digit);
  return (place > 0 ? place : place + 1) + power <= 0;  // it is 0.DIGITS times ten to this
}

// The decimal's digits once more; the standard's conversion says "out of range" both above and below.
Result<std::uint32_t> round_decimal(std::string_view token) {
  float value = 0;
  const auto done = std::from_chars(token.data(), token.data() + token.size(), value);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (done.ec == std::errc() && (bits & 0x7f800000) != 0x7f800000) return bits;
  if (done.ec == std::errc::result_out_of_range && is_below_one(token)) return token[0] == '-' ? 0x80000000 : 0;
  return error(ErrorCode::bad_input, escape(token, kShown) + " does not fit float32");
}

}  // namespace

Result<std::uint32_t> parse_float32(std::string_view token) {
  if (is_json_number(token)) return round_decimal(token);
  if (const auto bits = hex_bits(token)) return *bits;
  return error(ErrorCode::bad_input, escape(token, kShown) + " is not a number")
      .with_hint("numbers are decimals, or raw bits such as \"0x7fc00001\"");
}

}  // namespace delta::formats
