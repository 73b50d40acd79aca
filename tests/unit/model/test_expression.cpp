// Expressions by hand: the examples of the page, each operator on what is easy to get wrong, and what each mistake is
// told.
#include <catch2/catch.hpp>
#include <string>

#include "model/expression.hpp"

using namespace delta;

namespace {

constexpr const char* kObject =
    R"({"author":{"name":"Jane Doe"},"big":9007199254740993,"flag":true,"huge":1e+300,"id.old":7,"lang":"en",)"
    R"("max":18446744073709551615,"min":-9223372036854775808,"none":null,"part":-0.5,"tags":["a"],"views":1500})";

Expression parsed(std::string_view text) {
  auto expression = Expression::parse(text);
  if (!expression) FAIL(text << ": " << expression.error().text());
  return *std::move(expression);
}

bool holds(std::string_view text, std::string_view object = kObject) { return *parsed(text).matches(object); }

std::string message(std::string_view text) {
  const auto expression = Expression::parse(text);
  if (expression) FAIL(text << " was read as " << expression->text());
  CHECK(expression.error().code == ErrorCode::usage);
  return expression.error().message;
}

std::string hint(std::string_view text) {
  const auto expression = Expression::parse(text);
  if (expression) FAIL(text << " was read as " << expression->text());
  return expression.error().hint;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("Expressions hold as the examples of the page say") {
  CHECK(holds("lang = en"));
  CHECK(holds("lang != de and views > 1e3"));
  CHECK(holds(R"(author.name ~ "J* D?e")"));
  CHECK_FALSE(holds(R"(author = "Jane Doe")"));
  CHECK(holds("has author and has tags"));
  CHECK(holds(R"("id.old" in (6, 7, 8))"));
  CHECK_FALSE(holds("id.old = 7"));
  CHECK_FALSE(holds("year != 2020"));
  CHECK(holds("not year = 2020"));
  CHECK_FALSE(holds(R"(views > "1000")"));
  CHECK_FALSE(holds("tags = a"));
  CHECK_FALSE(holds("lang = de or lang = en and views < 10"));
}

TEST_CASE("A key that is missing makes every comparison false") {
  const std::string term = GENERATE("year = 1", "year != 1", "year < 1", "year <= 1", "year > 1", "year >= 1",
                                    "year ~ \"*\"", "year in (1)", "has year", "author.age = 1", "lang.name = en",
                                    "tags.a = 1", "author.name.first != x", "\"\" != 1", "year = null");
  INFO(term);
  CHECK_FALSE(holds(term));
  CHECK(holds("not " + term));
  CHECK_FALSE(holds(term, ""));
}

TEST_CASE("Keys name members by their exact names") {
  CHECK(holds("has author.name"));
  CHECK_FALSE(holds("has Author"));
  CHECK(holds(R"(has "author"."name")"));
  CHECK_FALSE(holds(R"(has "author.name")"));
  CHECK(holds("a.\"b c\".d = 1", R"({"a":{"b c":{"d":1}}})"));
  CHECK(holds(R"("\u00e9" = 1)", "{\"\xc3\xa9\":1}"));
  CHECK(holds(R"("in" = 1 and "null" = 2)", R"({"in":1,"null":2})"));
  CHECK(holds(R"("" = 1)", R"({"":1})"));
  CHECK(holds("android = 1 or nothing = 1", R"({"nothing":1})"));
  CHECK(holds("a-b = 1 and _c = 2", R"({"_c":2,"a-b":1})"));
}

TEST_CASE("Values of different types are neither equal nor ordered") {
  CHECK(holds("flag = true"));
  CHECK_FALSE(holds("flag = \"true\""));
  CHECK(holds("flag != \"true\""));
  CHECK(holds("flag != false"));
  CHECK_FALSE(holds("flag >= 1"));
  CHECK(holds("none = null"));
  CHECK_FALSE(holds("none != null"));
  CHECK_FALSE(holds("none = false"));
  CHECK_FALSE(holds("views = \"1500\""));
  CHECK_FALSE(holds("views <= \"9\""));
  CHECK_FALSE(holds("lang >= 0"));
  CHECK_FALSE(holds("views ~ \"*\""));
  CHECK_FALSE(holds("views in (\"1500\", true, null)"));
  CHECK(holds("views in (\"1500\", true, null, 1500)"));
  CHECK(holds("tags != a and author != a"));
  CHECK_FALSE(holds("tags < a or author > a"));
}

TEST_CASE("Numbers are compared exactly") {
  CHECK(holds("views = 1500.0 and views = 15e2 and views >= 1500 and views <= 1.5E+3"));
  CHECK(holds("big = 9007199254740993"));
  CHECK_FALSE(holds("big = 9007199254740992.0"));
  CHECK(holds("big > 9007199254740992.0 and big < 9007199254740994.0"));
  CHECK(holds("max = 18446744073709551615"));
  CHECK(holds("max < 18446744073709551616.0 and max > 18446744073709549568.0 and max > -1 and max < 1e300"));
  CHECK(holds("min = -9223372036854775808 and min = -9223372036854775808.0 and min > -9223372036854777856.0"));
  CHECK(holds("min < 0 and min < 18446744073709551615 and min < -0.5 and min > -1e300"));
  CHECK(holds("part < 0 and part > -1 and part = -5e-1 and part != 0 and part < 1"));
  CHECK(holds("huge > 18446744073709551615 and huge = 1e300 and huge < 1.1e300"));
  CHECK(holds("zero = -0.0 and zero >= 0 and zero <= 0.0 and zero > -5e-324 and zero < 5e-324", R"({"zero":0})"));
  CHECK(holds("n > -1.5 and n < -0.5", R"({"n":-1})"));
}

TEST_CASE("Strings are compared by bytes") {
  CHECK(holds("s < b and s > Z and s >= a and s <= a and s < aa", R"({"s":"a"})"));
  CHECK(holds("s > z", "{\"s\":\"\xc3\xa9\"}"));
  CHECK(holds("s >= \"2026-01-01\" and s < \"2027\"", R"({"s":"2026-05-09"})"));
  CHECK(holds(R"(s = "a\u0000b" and s > "a")", R"({"s":"a\u0000b"})"));
  CHECK(holds("model = v1.2-beta", R"({"model":"v1.2-beta"})"));
}

TEST_CASE("A pattern matches the whole string") {
  CHECK(holds(R"(lang ~ "e?" and lang ~ "[a-f]n" and not lang ~ e and lang ~ en)"));
  CHECK(holds(R"(s ~ "\\**")", R"({"s":"*x"})"));
  CHECK_FALSE(holds(R"(s ~ "\\**")", R"({"s":"x"})"));
  CHECK(holds(R"(s ~ "")", R"({"s":""})"));
}

TEST_CASE("not binds more strongly than and, and and more than or") {
  const char* const object = R"({"t":1})";
  CHECK(holds("t = 1 or t = 1 and t = 2", object));
  CHECK_FALSE(holds("(t = 1 or t = 1) and t = 2", object));
  CHECK(holds("not t = 2 and t = 1", object));
  CHECK_FALSE(holds("not (t = 2 or t = 1)", object));
  CHECK(holds("not t = 1 or t = 1", object));
  CHECK(holds("not not t = 1", object));
}

TEST_CASE("Expressions have one text") {
  const auto text = [](std::string_view expression) {
    auto once = parsed(expression).text();
    CHECK(parsed(once).text() == once);
    return once;
  };
  CHECK(text("lang=en") == R"(lang = "en")");
  CHECK(text(" \t\r\n a.b\n=\t1e3 ") == "a.b = 1000");
  CHECK(text("((a=1 and(b=2))and c=3)or not(not has d)") == "a = 1 and b = 2 and c = 3 or not not has d");
  CHECK(text("(a=1 or b=2)and not(c=3 and d=4)") == "(a = 1 or b = 2) and not (c = 3 and d = 4)");
  CHECK(text("a=1 or(b=2 or c=3)") == "a = 1 or b = 2 or c = 3");
  CHECK(text(R"("a"."b c"."in"."1" in("x" ,y,-0.0,true,null))") == R"(a."b c"."in"."1" in ("x", "y", 0, true, null))");
  CHECK(text(R"(has"x")") == "has x");
  CHECK(text(R"(a~"\u002a\u0001")") == R"(a ~ "*\u0001")");
  CHECK(text("a<1 or a<=1 or a>1 or a>=1 or a!=1") == "a < 1 or a <= 1 or a > 1 or a >= 1 or a != 1");
}

TEST_CASE("a text that is not an expression is refused at its byte") {
  CHECK(message("") == "byte 1: expected a key, not the end");
  CHECK(message("lang") == "byte 5: expected an operator, not the end");
  CHECK(message("lang =") == "byte 7: expected a value, not the end");
  CHECK(message("lang = = en") == "byte 8: expected a value, not '= en'");
  CHECK(message("lang = en de") == "byte 11: expected and, or, or the end, not 'de'");
  CHECK(message("lang = en and") == "byte 14: expected a key, not the end");
  CHECK(message("(lang = en") == "byte 11: expected and, or, or a closing parenthesis, not the end");
  CHECK(message("lang = en)") == "byte 10: expected and, or, or the end, not ')'");
  CHECK(message("()") == "byte 2: expected a key, not ')'");
  CHECK(message("has") == "byte 4: expected a key, not the end");
  CHECK(message("a..b = 1") == "byte 3: expected a key, not '.b = 1'");
  CHECK(message("a. = 1") == "byte 3: expected a key, not ' = 1'");
  CHECK(message("a . b = 1") == "byte 3: expected an operator, not '. b = 1'");
  CHECK(message("a in 1") == "byte 6: expected an opening parenthesis, not '1'");
  CHECK(message("a in ()") == "byte 7: expected a value, not ')'");
  CHECK(message("a in (1,)") == "byte 9: expected a value, not ')'");
  CHECK(message("a in (1 2)") == "byte 9: expected a comma or a closing parenthesis, not '2)'");
  CHECK(message("in = 1") == "byte 1: expected a key, not 'in = 1'");
  CHECK(message("a = or") == "byte 5: expected a value, not 'or'");
  CHECK(message("a < true") == "byte 5: expected a number or a string, not 'true'");
  CHECK(message("a >= null") == "byte 6: expected a number or a string, not 'null'");
  CHECK(message("a ~ 5") == "byte 5: expected a pattern, not '5'");
  CHECK(message("a = 2026-01-01") == "byte 5: '2026-01-01' is not a number");
  for (const char* number : {"01", "+1", "-", "1.", ".5e", "1e", "1e+", "--1", "1and", "0x10", "1.2.3", "-a"}) {
    INFO(number);
    CHECK_FALSE(Expression::parse(std::string("a = ") + number));
  }
  CHECK(message("a = 18446744073709551617") ==
        "byte 5: neither 64 bits nor float64 can hold the number '18446744073709551617'");
  CHECK(message("a = 1e400") == "byte 5: neither 64 bits nor float64 can hold the number '1e400'");
  CHECK(message("a = \"x") == "byte 5: the string that begins here does not end");
  CHECK(message("a = \"x\\\"") == "byte 5: the string that begins here does not end");
  CHECK(message("a = \"x\\") == "byte 5: the string that begins here does not end");
  for (const char* string : {"\"\\x\"", "\"\n\"", "\"\xff\"", "\"\\ud800\"", "\"\xed\xa0\x80\""}) {
    INFO(string);
    CHECK(message(std::string("a = ") + string) == "byte 5: the string that begins here is not written as JSON has it");
  }
  CHECK(message(std::string_view("a = 1\0", 6)) == "byte 6: expected and, or, or the end, not '\\x00'");
  CHECK(message("a = 1 \xff") == "byte 7: expected and, or, or the end, not '\\xff'");
}

TEST_CASE("Habits of other grammars get a hint") {
  CHECK(hint("a == 1") == "equality is one =");
  CHECK(hint("a <> 1") == "inequality is !=");
  CHECK(hint("a = 1 && b = 2") == "write and");
  CHECK(hint("a = 1 || b = 2") == "write or");
  CHECK(hint("!a = 1") == "write not");
  CHECK(hint("a = 1 AND b = 2") == "keywords are in lower case");
  CHECK(hint("a IN (1)") == "keywords are in lower case");
  CHECK(hint("a = 'x'") == "strings stand in double quotes");
  CHECK(hint("a ~ *x") == R"(a pattern stands in double quotes: name ~ "a*")");
  CHECK(hint("a = \xc3\xa9") == "names and strings that are not ASCII stand in double quotes");
  CHECK(hint("in = 1") == "a key that is a keyword stands in double quotes");
  CHECK(hint("a = not") == "a string that is a keyword stands in double quotes");
  CHECK(hint("author = Jane Doe") == "join terms by and or or; a string of several words stands in double quotes");
  CHECK(hint("a = 2026-01-01") == "a string that begins like one stands in double quotes");
}

TEST_CASE("Expressions are bounded") {
  const auto nested = [](std::size_t depth) { return repeated("(", depth) + "a=1" + repeated(")", depth); };
  CHECK(parsed(nested(64)).text() == "a = 1");
  CHECK(message(nested(65)) == "byte 65: parentheses and not are nested deeper than 64");
  CHECK(holds(repeated("not ", 64) + "views = 1500"));
  CHECK(message(repeated("not ", 65) + "a = 1") == "byte 257: parentheses and not are nested deeper than 64");
  CHECK(message(repeated("not (", 32) + "not a = 1" + repeated(")", 32)).ends_with("nested deeper than 64"));
  CHECK(holds(repeated("(a=1) or ", 100) + "(views=1500)"));  // side by side is not deep

  CHECK_FALSE(holds("a=0" + repeated(" or a=0", 4095)));
  CHECK(message("a=0" + repeated(" or a=0", 4096)).ends_with("there are more than 4096 terms and values"));
  CHECK_FALSE(holds("a in (0" + repeated(",0", 4095) + ")"));
  CHECK(message("a in (0" + repeated(",0", 4096) + ")").ends_with("there are more than 4096 terms and values"));
  CHECK(message(repeated("has a or ", 4096) + "has a").ends_with("there are more than 4096 terms and values"));

  CHECK_FALSE(holds("a" + repeated(".a", 63) + " = 1"));
  CHECK(message("a" + repeated(".a", 64) + " = 1") == "byte 129: the key has more than 64 names");
  CHECK_FALSE(holds("a ~ \"" + std::string(1024, '*') + "\""));
  CHECK(message("a ~ \"" + std::string(1025, '*') + "\"") == "byte 5: the pattern is over 1.0 KiB");

  CHECK(holds("has lang" + std::string((64 << 10) - 8, ' ')));
  CHECK(message("has lang" + std::string((64 << 10) - 7, ' ')) == "the expression is over 64.0 KiB: 64.0 KiB");
  // Spaces and quotes that the canonical text adds count, too: it has to be an expression itself.
  CHECK(message("k in (" + std::string(100, 'a') + repeated("," + std::string(60, 'b'), 1060) + ")")
            .starts_with("the expression in its canonical text is over 64.0 KiB"));
}
