// Numbers by std::to_chars: shortest, exact, and deaf to the locale. A matrix dumped as text is mostly numbers, so each is
// formatted on the stack and appended once.
#include "formats/json_writer.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "delta/text.hpp"

namespace delta::formats {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

template <class T>
void append_number(std::string& out, T value) {
  char digits[32];
  const auto done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

// The two-character escapes, then \u00XX; nothing for a character that may stand as it is.
void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\'; }

// How many bytes the character at the front takes if it is UTF-8 beyond ASCII, else 0.
std::size_t sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return lead >= 0xc2 && text.size() >= n && valid_utf8(text.substr(0, n)) ? n : 0;
}

}  // namespace

JsonWriter& JsonWriter::open(char c) {
  separate();
  out_ += c;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char c) {
  out_ += c;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  quoted(text);
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    out_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    std::size_t n = 1;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escaped(out_, text[0]);
    } else if (n = sequence(text); n != 0) {
      out_ += text.substr(0, n);
    } else {
      n = 1;
      ++replaced_;
      out_ += "\xef\xbf\xbd";
    }
    text.remove_prefix(n);
  }
  out_ += '"';
}

JsonWriter& JsonWriter::u64(std::uint64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::i64(std::int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::u64_text(std::uint64_t value) {
  separate();
  out_ += '"';
  append_number(out_, value);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if ((std::bit_cast<std::uint64_t>(value) & 0x7ff0000000000000) == 0x7ff0000000000000) return null();
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::float32(std::uint32_t bits) {
  separate();
  if ((bits & 0x7f800000) == 0x7f800000) {
    out_ += "\"0x";
    for (int shift = 28; shift >= 0; shift -= 4) out_ += kHexDigits[bits >> shift & 15];
    out_ += '"';
    return *this;
  }
  const float value = std::bit_cast<float>(bits);
  const auto whole = value > -0x1p24f && value < 0x1p24f ? static_cast<std::int32_t>(value) : 0;
  if (bits == 0x80000000) {
    out_ += "-0.0";
  } else if (static_cast<float>(whole) == value) {
    append_number(out_, whole);
  } else {
    append_number(out_, value);
  }
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace delta::formats
