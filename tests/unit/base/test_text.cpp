// Untrusted bytes, sizes and hash prefixes.
#include <catch2/catch.hpp>

#include "delta/text.hpp"

using namespace delta;
using namespace std::string_literals;

TEST_CASE("UTF-8 is well-formed by RFC 3629 only") {
  for (const auto& good : {""s, "abc"s, "\0"s, "é"s, "\u07ff"s, "\u0800"s, "\ud7ff"s, "\ue000"s, "\uffff"s,
                           "\U00010000"s, "\U0010ffff"s}) {
    INFO(good);
    CHECK(valid_utf8(good));
  }
  for (const auto& bad : {"\x80"s, "\xbf"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc2"s, "\xc2\x41"s, "\xe0\x9f\xbf"s,
                          "\xe2\x82"s, "\xed\xa0\x80"s, "\xed\xbf\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xf0\x9f\x98"s,
                          "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s, "a\xfe"s}) {
    INFO(bad);
    CHECK_FALSE(valid_utf8(bad));
  }
}

TEST_CASE("control characters are C0, DEL and C1, and nothing else") {
  for (const auto& with : {"a\0"s, "\n"s, "\x1f"s, "\x7f"s, "\u0080"s, "x\u009f"s}) CHECK(has_control(with));
  for (const auto& without : {""s, " "s, "~"s, "\u00a0"s, "é\U0001f600"s}) CHECK_FALSE(has_control(without));
}

TEST_CASE("escape() leaves nothing that a terminal would obey") {
  CHECK(escape("plain ünïcode 💾") == "plain ünïcode 💾");
  CHECK(escape("a\x1b[31m\n") == "a\\x1b[31m\\x0a");
  CHECK(escape("\xff\xc3") == "\\xff\\xc3");
  CHECK(escape("back\\slash") == "back\\\\slash");
  CHECK(escape("\u0085") == "\\xc2\\x85");
  CHECK(escape("a\u202eb") == "a\\xe2\\x80\\xaeb");
  CHECK(escape("a\u200bb\u2060\ufeff") == "a\\xe2\\x80\\x8bb\\xe2\\x81\\xa0\\xef\\xbb\\xbf");
  CHECK(escape("\U000e0041") == "\\xf3\\xa0\\x81\\x81");
  CHECK(escape("abcdef", 6) == "abcdef");
  CHECK(escape("abcdefg", 6) == "abcdef…");
  CHECK(escape("abcdeé", 6) == "abcde…");  // a character is never cut in two
  CHECK(quote("x") == "'x'");
}

TEST_CASE("every string of two bytes is escaped into valid text without controls") {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string out = escape(std::string{static_cast<char>(a), static_cast<char>(b)});
      REQUIRE(valid_utf8(out));
      REQUIRE_FALSE(has_control(out));
    }
  }
}

TEST_CASE("sizes are printed in powers of 1024 with one decimal") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(1023) == "1023 B");
  CHECK(human_size(1024) == "1.0 KiB");
  CHECK(human_size(1536) == "1.5 KiB");
  CHECK(human_size(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(human_size(40055603) == "38.2 MiB");
  CHECK(human_size(std::uint64_t{5} << 40) == "5.0 TiB");
  CHECK(human_size(~std::uint64_t{0}) == "16.0 EiB");
}

TEST_CASE("sizes are read as bytes or with a unit of 1024") {
  CHECK(*parse_size("0") == 0);
  CHECK(*parse_size("4096") == 4096);
  CHECK(*parse_size("100K") == 102400);
  CHECK(*parse_size("100k") == 102400);
  CHECK(*parse_size("256M") == 268435456);
  CHECK(*parse_size("256MiB") == 268435456);
  CHECK(*parse_size("1G") == 1073741824);
  CHECK(*parse_size("2T") == 2199023255552);
  CHECK(*parse_size("9223372036854775807") == 9223372036854775807u);
  for (const std::string_view bad : {"", "M", "-1", "+1", " 1", "1 M", "1.5M", "1MB", "1B", "1m", "1P",
                                     "9223372036854775808", "8388608T", "99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("numbers agree with their nouns") {
  CHECK(plural(1, "delta") == "1 delta");
  CHECK(plural(0, "delta") == "0 deltas");
  CHECK(plural(2, "entry", "entries") == "2 entries");
}

TEST_CASE("a hash prefix matches exactly the hashes that begin with it") {
  Hash hash{};
  hash[0] = 0xab;
  hash[1] = 0xcd;
  hash[2] = 0xef;
  hash[31] = 0x01;
  CHECK(hex(hash, 7) == "abcdef0");
  CHECK(hex(hash).size() == 64);
  CHECK(hex(hash).substr(60) == "0001");
  CHECK(parse_hash_prefix("ABCD")->matches(hash));
  CHECK(parse_hash_prefix("abcde")->matches(hash));
  CHECK(parse_hash_prefix(hex(hash))->matches(hash));
  CHECK_FALSE(parse_hash_prefix("abcd0")->matches(hash));
  CHECK_FALSE(parse_hash_prefix("abce")->matches(hash));
  CHECK_FALSE(parse_hash_prefix("abc"));
  CHECK_FALSE(parse_hash_prefix("abcg"));
  CHECK_FALSE(parse_hash_prefix(hex(hash) + "0"));
}
