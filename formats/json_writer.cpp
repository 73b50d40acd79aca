// Numbers by std::to_chars: shortest, exact, and deaf to the locale. A matrix dumped as text is mostly numbers, so each
// is formatted on the stack and appended once.
#include "formats/json_writer.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "delta/code_point.hpp"

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
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' && c != '\\';
}
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x7f; }

void append_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHexDigits[unit >> shift & 15];
}

// The character at the front of `text`, beyond printable ASCII: as it is, unless a terminal would obey it, or show
// it as something else. Takes it off; false if it is not UTF-8.
bool append_character(std::string& out, std::string_view& text) {
  const CodePoint next = first_code_point(text);
  if (next.bytes == 0) return false;
  if (!is_control(next.code) && !is_deceptive(next.code)) {
    out += text.substr(0, next.bytes);
  } else if (next.code < 0x10000) {
    append_unit(out, next.code);
  } else {
    append_unit(out, 0xd800 + ((next.code - 0x10000) >> 10));
    append_unit(out, 0xdc00 + ((next.code - 0x10000) & 0x3ff));
  }
  text.remove_prefix(next.bytes);
  return true;
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
    if (is_ascii(text[0])) {
      append_escaped(out_, text[0]);
    } else if (append_character(out_, text)) {
      continue;
    } else {
      ++replaced_;
      out_ += "\xef\xbf\xbd";
    }
    text.remove_prefix(1);
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
  while (true) {
    const auto ascii = static_cast<std::size_t>(std::find_if_not(json.begin(), json.end(), is_ascii) - json.begin());
    out_ += json.substr(0, ascii);
    json.remove_prefix(ascii);
    if (json.empty()) return *this;
    if (append_character(out_, json)) continue;
    out_ += json[0];
    json.remove_prefix(1);
  }
}

}  // namespace delta::formats
