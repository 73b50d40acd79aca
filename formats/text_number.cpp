#include "formats/text_number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "delta/text.hpp"
#include "formats/decimal.hpp"
#include "formats/json_writer.hpp"

namespace delta::formats {
namespace {

constexpr std::uint32_t kInfinity = 0x7f800000, kNan = 0x7fc00000, kSign = 0x80000000;
constexpr std::size_t kShown = 60;  // bytes of a value in a message

Error no_number(std::string_view text) {
  return error(ErrorCode::bad_input, text.empty() ? "a value is missing" : escape(text, kShown) + " is not a number");
}

bool is_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

/// As JSON wants it: a digit on either side of the point.
std::string as_json(std::string_view text) {
  std::string out(text);
  if (out.starts_with('.')) out.insert(out.begin(), '0');
  const std::size_t point = out.find('.');
  const bool bare =
      point != std::string::npos && (point + 1 == out.size() || out[point + 1] == 'e' || out[point + 1] == 'E');
  if (bare) out.insert(point + 1, "0");
  return out;
}

bool separates(char c, bool commas) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || (commas && c == ','); }

}  // namespace

Result<std::uint32_t> parse_number(std::string_view text) {
  if (text.size() == 10 && text.starts_with("0x")) {
    std::uint32_t bits = 0;
    const auto done = std::from_chars(text.data() + 2, text.data() + text.size(), bits, 16);
    if (done.ec == std::errc() && done.ptr == text.data() + text.size()) return bits;
    return no_number(text);
  }
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const std::uint32_t sign = negative ? kSign : 0;
  if (is_word(digits, "nan")) return sign | kNan;
  if (is_word(digits, "inf") || is_word(digits, "infinity")) return sign | kInfinity;
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return no_number(text);
  const std::string json = as_json(digits);
  auto bits = parse_float32(json);
  if (bits) return sign | *bits;
  const bool large = bits.error().message.ends_with("does not fit float32");
  return large ? error(ErrorCode::bad_input, escape(text, kShown) + " does not fit float32") : no_number(text);
}

void write_number(std::string& out, std::uint32_t bits) {
  if ((bits & kInfinity) != kInfinity) {
    JsonWriter(out).float32(bits);
  } else if ((bits & ~kSign) == kInfinity) {
    out += bits == kInfinity ? "inf" : "-inf";
  } else {
    out += bits == kNan ? "nan" : fmt::format("0x{:08x}", bits);
  }
}

Status parse_numbers(std::string_view text, bool commas, std::span<std::uint32_t> bits) {
  const char *p = text.data(), *const end = p + text.size();
  for (std::size_t i = 0;; ++i) {
    while (p != end && separates(*p, commas)) ++p;
    if (p == end) {
      if (i == bits.size()) return {};
      return error(ErrorCode::bad_input, fmt::format("{}, where {} are expected", plural(i, "value"), bits.size()));
    }
    if (i == bits.size()) {
      return error(ErrorCode::bad_input, fmt::format("more than {}", plural(bits.size(), "value")));
    }
    const char* next = scan_float32(p, bits[i]);
    if (next == nullptr || next > end || (next != end && !separates(*next, commas))) {
      next = std::find_if(p, end, [&](char c) { return separates(c, commas); });
      DELTA_TRY(bits[i], parse_number({p, static_cast<std::size_t>(next - p)}));
    }
    p = next;
  }
}

std::size_t count_numbers(std::string_view text, bool commas) {
  std::size_t count = 0;
  bool inside = false;
  for (const char c : text) {
    const bool now = !separates(c, commas);
    count += now && !inside;
    inside = now;
  }
  return count;
}

}  // namespace delta::formats
