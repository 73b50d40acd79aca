#include "model/names.hpp"

#include "delta/limits.hpp"
#include "delta/text.hpp"

namespace delta::model {
namespace {

constexpr std::string_view kSpecial = "%;@/,=:";
constexpr std::string_view kDefaultNamespace = "%";  // not the escape of anything

Error bad(std::string message) { return error(ErrorCode::usage, std::move(message)); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

}  // namespace

Result<std::string> parse_name(std::string_view text) {
  if (text.empty()) return bad("a name is empty");
  if (const auto at = text.find_first_of(kSpecial.substr(1)); at != text.npos) {
    return bad("the name " + quote(text) + " holds " + quote(text.substr(at, 1)) + ", which is written %XX");
  }
  if (!valid_utf8(text) || has_control(text)) {
    return bad("the name " + quote(text) + " is not plain UTF-8; other bytes are written %XX");
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) return bad("the name " + quote(text) + " has a % without two hexadecimal digits");
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (out.size() > kMaxNameBytes) {
    return bad("the name " + quote(text, 40) + " has more than " + std::to_string(kMaxNameBytes) + " bytes");
  }
  if (!valid_utf8(out)) return bad("the name " + quote(text) + " is not UTF-8");
  return out;
}

// All of a character that is special or a control.
std::string name_text(std::string_view name) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool c1 = c == 0xc2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xa0;
    if (c >= 0x20 && c != 0x7f && !c1 && kSpecial.find(name[i]) == kSpecial.npos) {
      out += name[i];
      continue;
    }
    for (const std::size_t end = i + (c1 ? 1 : 0);; ++i) {
      const auto byte = static_cast<unsigned char>(name[i]);
      ((out += '%') += kDigits[byte >> 4]) += kDigits[byte & 15];
      if (i == end) break;
    }
  }
  return out;
}

Result<std::string> parse_namespace(std::string_view text) {
  if (text == kDefaultNamespace) return std::string();
  return parse_name(text);
}

std::string namespace_text(std::string_view name) {
  return name.empty() ? std::string(kDefaultNamespace) : name_text(name);
}

std::string namespace_phrase(std::string_view name) {
  return name.empty() ? "the default namespace" : "namespace " + quote(name);
}

std::string list_text(std::span<const std::uint32_t> numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < numbers.size() ? ", " : " and ") + std::to_string(numbers[i]);
  }
  return text;
}

}  // namespace delta::model
