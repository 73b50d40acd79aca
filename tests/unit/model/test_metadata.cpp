// Metadata patches: one text for one meaning, and RFC 7396 by its own examples.
#include <catch2/catch.hpp>
#include <random>

#include "delta/limits.hpp"
#include "delta/state.hpp"
#include "model/metadata.hpp"
#include "must.hpp"

using namespace delta;
using delta::model::canonical_metadata;
using delta::model::is_canonical_metadata;
using delta::model::merge_metadata;
using sample::must;

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

// As a JSON string.
std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '\n' ? "\\n" : std::string(1, c);
  return out + '"';
}

// What `number` is written as.
std::string number(const std::string& literal) {
  const std::string text = canonical("{\"n\":" + literal + "}");
  return text.substr(5, text.size() - 6);
}

}  // namespace

TEST_CASE("a patch between two objects turns the one into the other") {
  const std::string texts[] = {"",
                               R"({"a":1})",
                               R"({"a":{}})",
                               R"({"a":{"b":1,"c":[1,null,{"x":null}]}})",
                               R"({"a":{"b":{"c":2}},"z":"\u0000"})",
                               R"({"a":{"b":[]},"z":{}})",
                               R"({"a":[{"b":1}]})",
                               R"({"":{"":{"":0}}})"};
  for (const auto& from : texts) {
    for (const auto& to : texts) {
      const auto patches = delta::model::metadata_patches(from, to);
      INFO(from << " to " << to);
      CHECK(patches.size() == (from == to ? 0 : 1));
      std::string text = from;
      for (const auto& patch : patches) {
        CHECK(is_canonical_metadata(patch));
        text = merge_metadata(text, patch);
      }
      CHECK(text == to);
    }
  }
  CHECK(delta::model::metadata_patches(R"({"a":{"b":1,"c":2},"d":3})", R"({"a":{"b":1,"c":4}})").at(0) ==
        R"({"a":{"c":4},"d":null})");
}

TEST_CASE("a patch beyond the limit comes in parts that are within it") {
  // Grown by many patches, to more than one may hold; names and values with escapes, deep and shallow.
  std::string big, wide;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i), text(3000, i % 2 ? 'x' : '\n');
    big = merge_metadata(
        big, canonical("{\"k\\u0001" + n + "\":{\"deep\":{\"er\":" + json_text(text) + "}},\"e" + n + "\":{}}"));
  }
  for (int part = 0; part < 10; ++part) {
    std::string patch = "{\"o\":{\"p\":{";
    for (int i = 0; i < 4000; ++i) patch += (i ? ",\"" : "\"") + std::to_string(part * 4000 + i) + "\":1";
    wide = merge_metadata(wide, canonical(patch + "}}}"));
  }
  for (const auto& [from, to] : {std::pair(std::string(), big), {big, std::string()}, {big, wide}, {wide, big}}) {
    const auto patches = delta::model::metadata_patches(from, to);
    CHECK(patches.size() > (to.empty() ? 0 : 1));  // names alone are short
    std::string text = from;
    for (const auto& patch : patches) {
      CHECK(patch.size() <= kMaxMetadataBytes);
      CHECK(is_canonical_metadata(patch));
      text = merge_metadata(text, patch);
    }
    CHECK((text == to));  // not shown: megabytes
  }
}

TEST_CASE("a patch of any size is taken as parts, unless one member alone is over the limit") {
  using delta::model::canonical_patches;
  const std::string x(40000, 'x');
  const std::string two = R"({"b":")" + x + R"(","gone":null,"a":{"in":")" + x + R"("}})";
  const auto patches = must(canonical_patches(two));
  CHECK(patches.size() == 2);
  std::string text = canonical(R"({"gone":1})");
  for (const auto& patch : patches) {
    CHECK(patch.size() <= kMaxMetadataBytes);
    CHECK(is_canonical_metadata(patch));
    text = merge_metadata(text, patch);
  }
  CHECK((text == R"({"a":{"in":")" + x + R"("},"b":")" + x + R"("})"));
  CHECK(must(canonical_patches(R"( {"b" : 1.0, "a":null} )")) == std::vector<std::string>{R"({"a":null,"b":1})"});
  CHECK(must(canonical_patches("{}")).empty());
  const auto over = canonical_patches(R"({"a":1,"b":{"c":")" + x + x + R"("}})");
  REQUIRE_FALSE(over);
  CHECK(over.error().code == delta::ErrorCode::limit);
  CHECK_FALSE(canonical_patches("[]"));
  CHECK_FALSE(canonical_patches(R"({"a":1,"a":2})"));
}

TEST_CASE("a change of metadata is taken back member by member, where nothing has come since") {
  const auto revert = [](std::string_view before, std::string_view after, std::string_view now) {
    std::vector<std::string> kept;
    std::string out = delta::model::revert_metadata(before, after, now, kept);
    for (const auto& name : kept) out += " kept " + name;
    return out;
  };
  CHECK(revert("", R"({"a":1})", R"({"a":1,"b":2})") == R"({"b":2})");
  CHECK(revert(R"({"a":1})", "", "") == R"({"a":1})");
  CHECK(revert(R"({"a":1})", R"({"a":2})", R"({"a":3})") == R"({"a":3} kept a)");
  CHECK(revert(R"({"a":1})", R"({"a":2})", R"({"a":1})") == R"({"a":1})");
  CHECK(revert(R"({"a":1})", R"({"a":2})", "") == " kept a");
  CHECK(revert(R"({"a":1})", "", R"({"a":5})") == R"({"a":5} kept a)");
  CHECK(revert(R"({"a":{"x":1},"b":1})", R"({"a":{"x":1,"y":2},"b":2})", R"({"a":{"x":1,"y":2},"b":3})") ==
        R"({"a":{"x":1},"b":3} kept b)");
  CHECK(revert(R"({"a":1})", R"({"a":1})", R"({"a":7})") == R"({"a":7})");
}

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
  for (const auto& json : {R"({"a":1.5,"b":[1e-9,1e20,1e22,18446744073709551616,-2.5e-5],"c":{"d":null}})",
                           R"({"\u0001":"\ud83d\ude00"})"}) {
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
  for (const std::string json : {"",
                                 " ",
                                 "nul",
                                 "null",
                                 "1",
                                 "\"a\"",
                                 "[]",
                                 "{",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{\"a\":1}x",
                                 "{\"a\":1}{}",
                                 "{'a':1}",
                                 "{\"a\":01}",
                                 "{\"a\":NaN}",
                                 "{\"a\":+1}",
                                 "{\"a\":.5}",
                                 "{\"a\":\"\n\"}",
                                 "{\"a\":\"\xff\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":1e400}",
                                 "{\"a\":-1e309}",
                                 "{\"a\":18446744073709551617}",
                                 "{\"a\":18446744073709552000}",
                                 "{\"a\":-9223372036854775809}",
                                 "{\"a\":1,\"a\":2}",
                                 "{\"x\":[{\"a\":1,\"\\u0061\":1}]}",
                                 "// c\n{}"}) {
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
      {R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],)"
       R"("content":"This will be unchanged"})",
       R"({"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]})",
       R"({"author":{"givenName":"John"},"content":"This will be unchanged","phoneNumber":"+01-123-456-7890",)"
       R"("tags":["example"],"title":"Hello!"})"},
  };
  for (const Example& e : examples) {
    const auto text = [](std::string_view json) { return json.empty() ? std::string() : canonical(json); };
    CHECK(merge_metadata(text(e.original), text(e.patch)) == e.result);
  }
}

TEST_CASE("an empty patch changes nothing, and numbers survive a merge") {
  CHECK(merge_metadata("", "") == "");
  CHECK(merge_metadata("{\"a\":1}", "") == "{\"a\":1}");
  CHECK(merge_metadata("{\"a\":1.8446744073709552e+19}", "{\"b\":9007199254740993}") ==
        "{\"a\":1.8446744073709552e+19,\"b\":9007199254740993}");
}

TEST_CASE("patches of a state may wait, and come out as if each had been merged at once") {
  std::mt19937 random(1);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Catalog catalog;
  const auto ns = catalog.add_namespace("", 1);
  const std::uint32_t vectors = 5;
  for (std::uint32_t v = 0; v < vectors; ++v) catalog.add_vector(ns, std::to_string(v));
  State state(catalog);
  Indexed<VectorNo, std::string> expected(vectors);
  for (int turn = 0; turn < 3000; ++turn) {
    const VectorNo v{below(vectors)};
    const std::string name = "k" + std::to_string(below(40)), inner = "i" + std::to_string(below(4));
    const std::string patches[] = {R"({")" + name + R"(":null})", R"({")" + name + R"(":)" + std::to_string(turn) + "}",
                                   R"({")" + name + R"(":{")" + inner + R"(":[null,1]}})",
                                   R"({")" + name + R"(":{")" + inner + R"(":null}})"};
    if (below(200) == 0) {
      state.set_metadata(v, {});
      expected[v].clear();
    }
    const std::string patch = canonical(patches[below(4)]);
    state.patch_metadata(v, patch);
    expected[v] = merge_metadata(expected[v], patch);
    if (below(50) != 0) continue;
    state.settle_metadata();
    for (const VectorNo i : expected.numbers()) REQUIRE(state.stored_metadata(i) == expected[i]);
  }
}
