#include <catch2/catch.hpp>

#include "delta/glob.hpp"

using namespace delta;

TEST_CASE("Globs match whole ids, by characters") {
  struct Row {
    const char *pattern, *text;
    bool hit;
  };
  const auto row = GENERATE(values<Row>({
      {"*", "", true},
      {"a*", "abc", true},
      {"a*", "xabc", false},
      {"*c", "abc", true},
      {"a*b*c", "aXbYbZc", true},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"?", "\xc3\xa9", true},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[^a]", "b", true},
      {"[]]", "]", true},
      {"[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"[ab", "[ab", true},
      {"", "", true},
      {"", "a", false},
      {"a**b", "ab", true},
      {"css.*.hsl", "css.types.color.hsl", true},
  }));
  INFO(row.pattern << " against " << row.text);
  CHECK(glob_match(row.pattern, row.text) == row.hit);
}
