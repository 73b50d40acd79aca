#include <catch2/catch.hpp>
#include <string>

#include "delta/cursor.hpp"
#include "must.hpp"

using namespace delta;
using sample::must;

TEST_CASE("a cursor is one line of JSON, and is read back") {
  Cursor cursor;
  CHECK(cursor.text() == "{}");
  cursor.advance("main", 7);
  cursor.advance("al\"ice", 3);
  cursor.advance("main", 5);  // not back
  cursor.advance("nobody", 0);
  CHECK(cursor.text() == R"({"al\"ice":3,"main":7})");
  CHECK(must(Cursor::parse(cursor.text())) == cursor);
  CHECK(cursor.seq("main") == 7);
  CHECK(cursor.seq("bob") == 0);
  CHECK(must(Cursor::parse(R"( { "b" : 1 } )")).text() == R"({"b":1})");
  CHECK(must(Cursor::parse(R"({"b":18446744073709551615})")).seq("b") == ~std::uint64_t{0});
}

TEST_CASE("what is no cursor is refused, and says where") {
  const auto why = [](std::string_view text) { return Cursor::parse(text).error().message; };
  CHECK(why("[1]").starts_with("the cursor "));
  CHECK(why("{").starts_with("the cursor is not JSON"));
  CHECK(why(R"({"a":0})") == "the cursor has no seq of origin 'a': a whole number from 1 is wanted");
  CHECK(why(R"({"a":-1})") == "the cursor has no seq of origin 'a': a whole number from 1 is wanted");
  CHECK(why(R"({"a":1.5})") == "the cursor has no seq of origin 'a': a whole number from 1 is wanted");
  CHECK(why(R"({"a":"1"})") == "the cursor has no seq of origin 'a': a whole number from 1 is wanted");
  CHECK(why(R"({"":1})") == "the cursor names '', which is no origin");
  CHECK_FALSE(Cursor::parse(R"({"a":1,"a":2})"));
}
