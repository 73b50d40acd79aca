#include "formats/json/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "delta/text.hpp"
#include "formats/decimal.hpp"
#include "formats/ndjson_tokens.hpp"

namespace delta::formats {
namespace {

using ndjson::skip_space;

Error bad(std::string message) { return error(ErrorCode::bad_input, std::move(message)); }
Error miscounted(std::size_t have, std::size_t wanted) {
  return bad(fmt::format("{}, and the first vector has {}", plural(have, "value"), wanted));
}

/// Without its quotes and padding.
std::string_view base64_of(std::string_view json) {
  json.remove_prefix(1);
  if (!json.empty()) json.remove_suffix(1);
  while (!json.empty() && json.back() == '=') json.remove_suffix(1);
  return json;
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

Status parse_base64(std::string_view text, std::span<std::uint32_t> bits) {
  std::uint32_t held = 0, value = 0;
  unsigned have = 0;
  std::size_t bytes = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return bad("a vector as text is no base64: " + quote(std::string_view(&c, 1)));
    held = held << 6 | static_cast<std::uint32_t>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    const std::size_t place = bytes % 4;
    value = (place == 0 ? 0 : value) | (held >> have & 0xff) << 8 * place;
    if (place == 3) bits[bytes / 4] = value;
    ++bytes;
  }
  return {};
}

}  // namespace

Result<std::size_t> count_json_values(std::string_view json) {
  if (json.starts_with('[')) {
    const char *const end = json.data() + json.size(), *const p = skip_space(json.data() + 1, end);
    if (p == end || *p == ']') return std::size_t{0};
    return static_cast<std::size_t>(std::ranges::count(json, ',')) + 1;
  }
  if (!json.starts_with('"')) return bad("a vector is an array of numbers, or base64, not " + escape(json, 60));
  const std::size_t digits = base64_of(json).size(), bytes = digits * 6 / 8;
  if (digits % 4 == 1 || bytes % 4 != 0) return bad("a vector as text is no base64 of float32");
  return bytes / 4;
}

Status parse_json_values(std::string_view json, std::span<std::uint32_t> bits) {
  DELTA_TRY(const std::size_t count, count_json_values(json));
  if (count != bits.size()) return miscounted(count, bits.size());
  if (json[0] == '"') return parse_base64(base64_of(json), bits);
  const char *const end = json.data() + json.size(), *p = skip_space(json.data() + 1, end);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const char* next = scan_float32(p, bits[i]);
    if (next == nullptr) {
      const std::string_view token = ndjson::element_text(p, end);
      auto value = parse_float32(token);
      if (!value) {
        const std::string hint = value.error().hint;
        return bad(fmt::format("element {} of the vector: {}", i, value.error().message)).with_hint(hint);
      }
      bits[i] = *value;
      next = p + token.size();
    }
    p = skip_space(next, end);
    if (p == end || *p != (i + 1 == bits.size() ? ']' : ',')) {
      return bad(fmt::format("not JSON: ',' or ']' expected behind element {} of the vector", i));
    }
    p = skip_space(p + 1, end);
  }
  return {};
}

}  // namespace delta::formats
