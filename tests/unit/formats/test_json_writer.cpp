// What the writer puts out must be JSON whatever goes in, and numbers must come back to the same bits.
#include <bit>
#include <catch2/catch.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "delta/text.hpp"
#include "formats/decimal.hpp"
#include "formats/json_writer.hpp"

using namespace delta::formats;

namespace {

std::string float_text(std::uint32_t bits) {
  std::string out;
  JsonWriter(out).float32(bits);
  return out;
}

std::string string_text(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

}  // namespace

TEST_CASE("objects and arrays get their commas") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("a", "x").key("b").begin_array().u64(1).i64(-2).boolean(true).null().end_array();
  json.key("c")
      .begin_object()
      .end_object()
      .key("d")
      .begin_array()
      .end_array()
      .key("e")
      .raw("[{}]")
      .end_object()
      .end_line();
  json.begin_object().key("n").u64_text(18446744073709551615u).end_object().end_line();
  CHECK(out == "{\"a\":\"x\",\"b\":[1,-2,true,null],\"c\":{},\"d\":[],\"e\":[{}]}\n{\"n\":\"18446744073709551615\"}\n");
}

TEST_CASE("strings are escaped where JSON or a terminal demands it and nowhere else") {
  CHECK(string_text("a/b") == "\"a/b\"");
  CHECK(string_text("\"\\\b\f\n\r\t") == "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
  CHECK(string_text(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\\u007f\"");
  CHECK(string_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

TEST_CASE("what a terminal obeys or hides is escaped, in strings and in JSON that is passed on") {
  const std::string text = "a\u0080b\u009bc\u202ed\u2066e\u061cf\u200bg\ufeffh\U000e0041i";
  const std::string safe = "a\\u0080b\\u009bc\\u202ed\\u2066e\\u061cf\\u200bg\\ufeffh\\udb40\\udc41i";
  CHECK(string_text(text) == '"' + safe + '"');
  std::string out;
  JsonWriter(out).raw("{\"k\":\"" + text + "\"}");
  CHECK(out == "{\"k\":\"" + safe + "\"}");
  for (std::uint32_t code = 0x80; code <= 0xffff; ++code) {  // the table of text.hpp and this are one
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const std::string one = {static_cast<char>(code < 0x800 ? 0xc0 | code >> 6 : 0xe0 | code >> 12),
                             static_cast<char>(code < 0x800 ? 0x80 | (code & 0x3f) : 0x80 | (code >> 6 & 0x3f)),
                             static_cast<char>(0x80 | (code & 0x3f))};
    const auto character = std::string_view(one).substr(0, code < 0x800 ? 2 : 3);
    const bool escaped = delta::escape(character) != character;
    if (escaped != (string_text(character)[1] == '\\')) CHECK(code == 0);
  }
}

TEST_CASE("bytes that are no UTF-8 are replaced and counted") {
  std::string out;
  JsonWriter json(out);
  json.begin_array()
      .string(
          "a\xff"
          "b")
      .string("\xc3")
      .string("\xed\xa0\x80")
      .string("\xc0\x80")
      .string("ok")
      .end_array();
  const std::string mark = "\xef\xbf\xbd";
  CHECK(out == "[\"a" + mark + "b\",\"" + mark + "\",\"" + mark + mark + mark + "\",\"" + mark + mark + "\",\"ok\"]");
  CHECK(json.replaced() == 7);
}

TEST_CASE("doubles are shortest, and null where JSON has no number") {
  std::string out;
  JsonWriter json(out);
  json.begin_array().number(0.1).number(3).number(-1e300).number(std::numeric_limits<double>::infinity());
  json.number(std::numeric_limits<double>::quiet_NaN()).end_array();
  CHECK(out == "[0.1,3,-1e+300,null,null]");
}

TEST_CASE("float32 is the shortest decimal, or raw bits") {
  CHECK(float_text(0x40400000) == "3");
  CHECK(float_text(0xc0400000) == "-3");
  CHECK(float_text(0) == "0");
  CHECK(float_text(0x80000000) == "-0.0");
  CHECK(float_text(0x3dcccccd) == "0.1");
  CHECK(float_text(0x3f800001) == "1.0000001");
  CHECK(float_text(0x47c35000) == "100000");
  CHECK(float_text(0x4b7fffff) == "16777215");
  CHECK(float_text(0x00000001) == "1e-45");
  CHECK(float_text(0x7f7fffff) == "3.4028235e+38");
  CHECK(float_text(0x7fc00001) == "\"0x7fc00001\"");
  CHECK(float_text(0xff800000) == "\"0xff800000\"");
}

TEST_CASE("every float32 comes back from its text") {
  std::uint64_t wrong = 0, tried = 0;
  for (std::uint64_t bits = 0; bits <= 0xffffffff;
       bits += 4099, ++tried) {  // prime: all exponents, all kinds of fraction
    const auto b = static_cast<std::uint32_t>(bits);
    const auto back = parse_float32(float_text(b));
    if (!back || *back != b) ++wrong;
  }
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (const std::uint32_t fraction : {0u, 1u, 0x7fffffu, 0x400000u}) {
      const std::uint32_t b = exponent << 23 | fraction;
      const auto back = parse_float32(float_text(b));
      if (!back || *back != b) ++wrong;
    }
  }
  CHECK(tried > 1000000);
  CHECK(wrong == 0);
}

TEST_CASE("the quick scan of a decimal agrees with the long way or leaves it to it") {
  std::uint64_t wrong = 0, scanned = 0;
  std::mt19937_64 random(11);
  for (int i = 0; i < 200000; ++i) {
    // Whole doubles, and floats' midpoints give or take a unit in the last place of a double: where rounding twice
    // errs.
    const auto bits = static_cast<std::uint32_t>(random()) & 0xbfffffff;
    const double middle = static_cast<double>(std::bit_cast<float>(bits)) * (1 + 0x1p-24);
    const double value = i % 2 == 0 ? middle : std::nextafter(middle, random() % 2 == 0 ? 1e300 : -1e300);
    char text[64];
    const int precision = 1 + static_cast<int>(random() % 24);
    const auto done = std::to_chars(text, text + 60, value, std::chars_format::general, precision);
    *done.ptr = ',';
    std::uint32_t quick = 0;
    const char* const end = scan_float32(text, quick);
    if (end == nullptr) continue;
    ++scanned;
    const auto slow = parse_float32({text, static_cast<std::size_t>(done.ptr - text)});
    wrong += end != done.ptr || !slow || *slow != quick;
  }
  CHECK(scanned > 20000);
  CHECK(wrong == 0);
}
