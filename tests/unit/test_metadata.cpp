// Metadata patches: one text for one meaning, and RFC 7396 by its own examples.
#include <catch2/catch.hpp>

#include "model/metadata.hpp"
#include "support/limits.hpp"

using namespace delta;
using delta::model::canonical_metadata;
using delta::model::is_canonical_metadata;
using delta::model::merge_metadata;

namespace {

std::string canonical(std::string_view json) {
  const auto text = canonical_metadata(json);
  INFO(json << ": " << (text ? "taken" : text.error().text()));
  REQUIRE(text);
  return *text;
}

std::string nested(std::size_t depth) {
  std::string text = "1";
  for (std::size_t i = 0; i < depth; ++i) text = "{\"a\":" + text + "}";
  return text;
}

// What `number` is written as.
std::string number(const std::string& literal) {
  const std::string text = canonical("{\"n\":" + literal + "}");
  return text.substr(5, text.size() - 6);
}

}  // namespace

TEST_CASE("metadata has one way to be written") {
  CHECK(canonical(" { \"b\" : [ 1 , null , true , false , { } , [ ] ] , \"a\" : \"x\" } ") ==
        "{\"a\":\"x\",\"b\":[1,null,true,false,{},[]]}");
  CHECK(canonical("{}") == "");
  CHECK(canonical("{\"a\":{}}") == "{\"a\":{}}");
  CHECK(canonical("{\"é\":1,\"z\":2,\"Z\":3,\"\":4}") == "{\"\":4,\"Z\":3,\"z\":2,\"é\":1}");
  CHECK(canonical(R"({"a":"\u00e9\/\"\\\u0007\b\f\n\r\t\u000b\u001F\u007f\u0000"})") ==
        "{\"a\":\"é/\\\"\\\\\\u0007\\b\\f\\n\\r\\t\\u000b\\u001f\x7f\\u0000\"}");
  CHECK(canonical(R"({"a":"\ud83d\ude00"})") == "{\"a\":\"\U0001f600\"}");
}

TEST_CASE("equal numbers are written alike, and as short as they can be") {
  for (const auto& literal : {"1", "1.0", "1e0", "10e-1", "1.000"}) CHECK(number(literal) == "1");
  for (const auto& literal : {"0", "-0", "0.0", "-0.0", "0e7"}) CHECK(number(literal) == "0");
  CHECK(number("-17") == "-17");
  CHECK(number("0.1") == "0.1");
  CHECK(number("0.10000000000000001") == "0.1");
  CHECK(number("-1.5e-3") == "-0.0015");
  CHECK(number("0.000001") == "0.000001");
  CHECK(number("0.0000001") == "1e-7");
  CHECK(number("1.25e-7") == "1.25e-7");
  CHECK(number("123456.789") == "123456.789");
  CHECK(number("9007199254740993") == "9007199254740993");
  CHECK(number("-9223372036854775808") == "-9223372036854775808");
  CHECK(number("18446744073709551615") == "18446744073709551615");
  CHECK(number("1e18") == "1000000000000000000");
  CHECK(number("9223372036854775808.0") == "9223372036854775808");
  CHECK(number("18446744073709551616") == "1.8446744073709552e+19");
  CHECK(number("-9223372036854777856") == "-9.223372036854778e+18");
  CHECK(number("1e19") == "10000000000000000000");
  CHECK(number("-1e19") == "-1e+19");
  CHECK(number("100000000000000000000") == "1e+20");
  CHECK(number("1e21") == "1e+21");
  CHECK(number("1.7976931348623157e308") == "1.7976931348623157e+308");
  CHECK(number("5e-324") == "5e-324");
  CHECK(number("9.5367431640625e-07") == "9.5367431640625e-7");
  CHECK(number("5e-400") == "0");
}

TEST_CASE("what is canonical stays as it is") {
  for (const auto& json : {R"({"a":1.5,"b":[1e-9,1e20,1e22,18446744073709551616,-2.5e-5],"c":{"d":null}})", R"({"\u0001":"\ud83d\ude00"})"}) {
    const std::string once = canonical(json);
    CHECK(canonical(once) == once);
    CHECK(is_canonical_metadata(once));
    CHECK_FALSE(is_canonical_metadata(" " + once));
  }
  CHECK(is_canonical_metadata(""));
  CHECK_FALSE(is_canonical_metadata("{}"));
  CHECK_FALSE(is_canonical_metadata("{\"a\":1.0}"));
  CHECK_FALSE(is_canonical_metadata("{\"b\":1,\"a\":2}"));
}

TEST_CASE("what is no patch is refused") {
  for (const std::string json :
       {"", " ", "nul", "null", "1", "\"a\"", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{\"a\":1}{}", "{'a':1}", "{\"a\":01}",
        "{\"a\":NaN}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "{\"a\":1e400}",
        "{\"a\":-1e309}", "{\"a\":18446744073709551617}", "{\"a\":18446744073709552000}", "{\"a\":-9223372036854775809}", "{\"a\":1,\"a\":2}", "{\"x\":[{\"a\":1,\"\\u0061\":1}]}", "// c\n{}"}) {
    INFO(json);
    const auto text = canonical_metadata(json);
    REQUIRE_FALSE(text);
    CHECK(text.error().code == ErrorCode::bad_input);
    CHECK(text.error().message.substr(0, 9) == "metadata ");
  }
  CHECK(canonical_metadata("{\"a\":1,\"a\":2}").error().message == "metadata has the member 'a' twice");
  CHECK(canonical_metadata("{\"a\":1e400}").error().message == "metadata holds '1e400', which float64 cannot hold");
  CHECK(canonical_metadata("[1]").error().message == "metadata is not an object");
}

TEST_CASE("nesting and size have limits") {
  CHECK(canonical_metadata(nested(64)));
  CHECK_FALSE(canonical_metadata(nested(65)));
  CHECK_FALSE(canonical_metadata(std::string(100000, '[')));
  CHECK_FALSE(canonical_metadata("{\"a\":" + std::string(1000000, '[')));
  const auto of_size = [](std::size_t n) { return "{\"a\":\"" + std::string(n - 8, 'x') + "\"}"; };
  CHECK(canonical_metadata(of_size(kMaxMetadataBytes)));
  const auto over = canonical_metadata(of_size(kMaxMetadataBytes + 1));
  REQUIRE_FALSE(over);
  CHECK(over.error().code == ErrorCode::limit);
}

// RFC 7396, appendix A, where target and patch are objects: the only case that a metadata patch has. The others
// (arrays or scalars at the top) appear one level down, under "v".
TEST_CASE("patches merge as in the appendix of RFC 7396") {
  struct Example {
    std::string_view original, patch, result;
  };
  const Example examples[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", ""},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"v":["a","b"]})", R"({"v":["c","d"]})", R"({"v":["c","d"]})"},
      {R"({"v":{"a":"b"}})", R"({"v":["c"]})", R"({"v":["c"]})"},
      {R"({"v":{"a":"foo"}})", R"({"v":null})", ""},
      {R"({"v":{"a":"foo"}})", R"({"v":"bar"})", R"({"v":"bar"})"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"({"v":[1,2]})", R"({"v":{"a":"b","c":null}})", R"({"v":{"a":"b"}})"},
      {"", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"})",
       R"({"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]})",
       R"({"author":{"givenName":"John"},"content":"This will be unchanged","phoneNumber":"+01-123-456-7890","tags":["example"],"title":"Hello!"})"},
  };
  for (const Example& e : examples) {
    const auto text = [](std::string_view json) { return json.empty() ? std::string() : canonical(json); };
    CHECK(merge_metadata(text(e.original), text(e.patch)) == e.result);
  }
}

TEST_CASE("an empty patch changes nothing, and numbers survive a merge") {
  CHECK(merge_metadata("", "") == "");
  CHECK(merge_metadata("{\"a\":1}", "") == "{\"a\":1}");
  CHECK(merge_metadata("{\"a\":1.8446744073709552e+19}", "{\"b\":9007199254740993}") == "{\"a\":1.8446744073709552e+19,\"b\":9007199254740993}");
}
