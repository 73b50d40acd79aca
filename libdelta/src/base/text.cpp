// No locale and no <cctype>: what a byte means must not depend on the environment. Everything here takes bytes that
// nobody has checked yet, so nothing here trusts a length or a lead byte.
#include "delta/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/boundary.hpp"
#include "delta/code_point.hpp"

namespace delta {

// Table 3-7 of the Unicode standard, as arithmetic.
CodePoint first_code_point(std::string_view s) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(s[i])); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || s.size() < n) return {};
  std::uint32_t code = lead & (0xffu >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (at(i) & 0x3f);
  }
  const std::uint32_t least = n == 4 ? 0x10000 : n == 3 ? 0x800 : 0x80;
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || surrogate ? CodePoint{} : CodePoint{code, n};
}

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_hex(std::string& out, unsigned char byte) {
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const CodePoint d = first_code_point(text);
    if (d.bytes == 0) return false;
    text.remove_prefix(d.bytes);
  }
  return true;
}

bool has_control(std::string_view text) noexcept {
  while (!text.empty()) {
    const CodePoint d = first_code_point(text);
    if (d.bytes != 0 && is_control(d.code)) return true;
    text.remove_prefix(d.bytes != 0 ? d.bytes : 1);
  }
  return false;
}

std::string escape(std::string_view text, std::size_t max_bytes) {
  std::string out;
  std::size_t used = 0;
  while (used < text.size()) {
    const std::string_view rest = text.substr(used);
    const CodePoint d = first_code_point(rest);
    const std::size_t n = d.bytes != 0 ? d.bytes : 1;
    if (used + n > max_bytes) return out + "…";
    if (d.bytes == 0 || is_control(d.code) || is_deceptive(d.code)) {
      for (const char c : rest.substr(0, n)) append_hex(out += "\\x", static_cast<unsigned char>(c));
    } else if (d.code == '\\') {
      out += "\\\\";
    } else {
      out += rest.substr(0, n);
    }
    used += n;
  }
  return out;
}

std::string quote(std::string_view text, std::size_t max_bytes) {
  std::string out = "'";  // not "'" + ...: g++ 12 warns about its own operator+
  return (out += escape(text, max_bytes)) += '\'';
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> units = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  std::size_t unit = 0;
  while (unit + 1 < units.size() && bytes >> (10 * (unit + 1)) != 0) ++unit;
  if (unit == 0) return std::to_string(bytes) + " B";
  // Tenths in integers, so that every machine rounds alike.
  const auto tenths_of = [bytes](std::size_t u) {
    const std::uint64_t one = std::uint64_t{1} << (10 * u);
    const std::uint64_t rest = bytes & (one - 1);
    const std::uint64_t scaled = u >= 6 ? (rest >> 10) * 10 : rest * 10;  // no overflow: rest < 2^60
    const std::uint64_t divisor = u >= 6 ? one >> 10 : one;
    return (bytes >> (10 * u)) * 10 + (scaled + divisor / 2) / divisor;
  };
  std::uint64_t tenths = tenths_of(unit);
  if (tenths >= 10240 && unit + 1 < units.size()) tenths = tenths_of(++unit);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + std::string(units[unit]);
}

Result<std::uint64_t> parse_size(std::string_view text) try {
  const Boundary boundary;
  const auto fail = [&](std::string_view why) {
    return error(ErrorCode::usage,
                 quote(text) + " is not a size: " + std::string(why) + " (write 4096, 100K, 256M or 1G)");
  };
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure == std::errc::result_out_of_range) return fail("it is too large");
  if (failure != std::errc{}) return fail("it does not begin with a whole number");
  std::string_view suffix(stop, static_cast<std::size_t>(end - stop));
  if (suffix.empty()) {
    return value <= std::numeric_limits<std::int64_t>::max() ? Result(value) : fail("it is too large");
  }
  const std::size_t power = std::string_view("KMGT").find(suffix[0] == 'k' ? 'K' : suffix[0]);
  suffix.remove_prefix(1);
  if (power == std::string_view::npos || (!suffix.empty() && suffix != "iB")) {
    return fail("its unit is not one of K, M, G, T");
  }
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) >> shift) {
    return fail("it is too large");
  }
  return value << shift;
} catch (...) {
  return caught();
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string out = std::to_string(count) + " ";
  if (count == 1) return out += one;
  return many.empty() ? (out += one) += "s" : out += many;
}

namespace {

template <class Float>
std::string shortest_text(Float x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x < 0 ? "-Infinity" : "Infinity";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace

std::string number_text(double x) { return shortest_text(x); }
std::string number_text(float x) { return shortest_text(x); }

std::string dots_text(std::string_view origin, std::uint64_t first, std::uint64_t last) {
  std::string text = std::string(origin) + ":" + std::to_string(first);
  if (last > first) text.append("..").append(std::to_string(last));
  return text;
}

std::string hex(const Hash& hash, std::size_t digits) {
  std::string out;
  for (const std::uint8_t byte : hash) append_hex(out, byte);
  if (digits < out.size()) out.resize(digits);
  return out;
}

bool HashPrefix::matches(const Hash& hash) const noexcept {
  const std::size_t whole = digits / 2;
  for (std::size_t i = 0; i < whole; ++i) {
    if (hash[i] != bytes[i]) return false;
  }
  return digits % 2 == 0 || hash[whole] >> 4 == bytes[whole] >> 4;
}

Result<HashPrefix> parse_hash_prefix(std::string_view text) try {
  const Boundary boundary;
  HashPrefix prefix;
  prefix.digits = text.size();
  bool good = text.size() >= 4 && text.size() <= 2 * prefix.bytes.size();
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    const int value = hex_value(text[i]);
    good = value >= 0;
    if (good) prefix.bytes[i / 2] = static_cast<std::uint8_t>(prefix.bytes[i / 2] | value << (i % 2 == 0 ? 4 : 0));
  }
  if (!good) return error(ErrorCode::usage, quote(text) + " is not a hash: write 4 to 64 hexadecimal digits");
  return prefix;
} catch (...) {
  return caught();
}

}  // namespace delta
