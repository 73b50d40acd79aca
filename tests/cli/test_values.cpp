// What the text of an option means, and how far a suggestion may be fetched.
#include <catch2/catch.hpp>

#include "cli/values.hpp"
#include "formats/suggest.hpp"
#include "ui/table.hpp"

using namespace deltalog;

namespace {

std::string dims(std::string_view text) {
  const auto ranges = parse_dims(text);
  if (!ranges) return ranges.error().message;
  std::string out;
  for (const auto& r : *ranges) out += std::to_string(r.first) + ".." + std::to_string(r.last) + " ";
  return out;
}

const Command& probe() {
  static const Command command = {.name = "probe",
                                  .summary = "",
                                  .synopsis = "",
                                  .description = "",
                                  .operands = {{"A", "the first", true}, {"B", "the second", false}},
                                  .options = {{"quiet", 'q', "", ""},
                                              {"verbose", 'v', "", ""},
                                              {"output", 'o', "OUT", ""},
                                              {"id", 0, "ID", "", true},
                                              {"level", 0, "L", "", false, {"low", "high"}},
                                              {"pair", 0, "P", "", true, {}, Kind::text, {}, true},
                                              {"help", 'h', "", ""}},
                                  .example = ""};
  return command;
}

std::string parsed(std::vector<std::string> words) {
  const auto got = parse(probe(), words);
  if (!got) return got.error().message;
  std::string out;
  for (const char* flag : {"quiet", "verbose", "help"}) out += std::string(got->count(flag), flag[0]);
  for (const char* option : {"output", "id", "level", "pair"}) {
    for (const auto& value : got->values(option)) out += " " + std::string(option) + "=" + value;
  }
  for (const auto& operand : got->operands()) out += " <" + operand + ">";
  return out;
}

}  // namespace

TEST_CASE("Options take exactly the word that is theirs") {
  struct Row {
    std::vector<std::string> words;
    std::string result;
  };
  const auto row = GENERATE(values<Row>({
      {{"a"}, " <a>"},
      {{"-q", "a", "-v", "b"}, "qv <a> <b>"},
      {{"-qv", "a"}, "qv <a>"},
      {{"-qo", "x", "a"}, "q output=x <a>"},
      {{"-qox", "a"}, "q output=x <a>"},
      {{"--output=x", "a"}, " output=x <a>"},
      {{"--output=", "a"}, " output= <a>"},
      {{"--output", "-q", "a"}, " output=-q <a>"},
      {{"--id", "--", "a"}, " id=-- <a>"},
      {{"--id", "[a,b]", "--id", "c", "-"}, " id=[a,b] id=c <->"},
      {{"--", "-q", "--id"}, " <-q> <--id>"},
      {{"-h", "--nonsense"}, "h"},
      {{"--nonsense", "-h"}, "h"},
      {{"--quiet=1", "-xq", "--level=none", "-o1", "-o2", "--help"}, "h output=1"},
      {{"--nonsense", "-qxh"}, "unknown option '--nonsense'"},
      {{"--level", "-h"}, "--level: '-h' is not one of low and high"},
      {{"--output"}, "--output needs a value: OUT"},
      {{"a", "-o"}, "--output needs a value: OUT"},
      {{"a", "-ox", "-oy"}, "--output is given twice"},
      {{"a", "--quiet=1"}, "--quiet takes no value"},
      {{"a", "--quiet=true"}, "--quiet takes no value"},
      {{"a", "--quiet={}"}, "--quiet takes no value"},
      {{"a", "--quiet="}, "--quiet takes no value"},
      {{"a", "--id={}", "--id", "{}"}, " id={} id={} <a>"},
      {{"-ox-y", "--", "--id=c", "-q-v"}, " output=x-y <--id=c> <-q-v>"},
      {{"a", "-q-v"}, "unknown option '--'"},
      {{"a", "-q-"}, "unknown option '--'"},
      {{"a", "-q", "-5"}, "unknown option '-5'"},
      {{"a", "--output", "-5"}, " output=-5 <a>"},
      {{"a", "--nonsense", "--level=none"}, "unknown option '--nonsense'"},
      {{"a", "--level=none", "--nonsense"}, "--level: 'none' is not one of low and high"},
      {{"a", "--quie"}, "unknown option '--quie'"},
      {{"a", "-x"}, "unknown option '-x'"},
      {{"a", "-qx"}, "unknown option '-x'"},
      {{"a", "--level", "medium"}, "--level: 'medium' is not one of low and high"},
      {{"--pair", "x", "--pair", "y", "a"}, " pair=x pair=y <a>"},
      {{"--pair=x", "--pair", "y", "a"}, " pair=x pair=y <a>"},
      {{"--pair", "x", "y", "--pair", "z", "a"}, " pair=x pair=z <y> <a>"},
      {{"--pair", "x", "a"}, "--pair needs two values or more: --pair A --pair B"},
      {{}, "missing A: the first"},
      {{"a", "b", "c"}, "unexpected argument 'c'"},
  }));
  CHECK(parsed(row.words) == row.result);
}

TEST_CASE("Options whose order among each other matters keep it") {
  const std::vector<std::string> words = {"--id=1", "-ox", "a", "--id", "2", "--level", "low", "--id", "3"};
  const auto got = parse(probe(), words);
  REQUIRE(got);
  std::string out;
  for (const auto& given : got->in_order({"id", "level"})) {
    out += std::string(given.option) + "=" + std::string(given.value) + " ";
  }
  CHECK(out == "id=1 id=2 level=low id=3 ");
  CHECK(got->in_order({"quiet"}).empty());
}

using delta::formats::edit_distance;
using delta::formats::nearest;

TEST_CASE("Unknown words get a hint only when something is near") {
  const std::vector<std::string_view> names = {"encode", "snapshot", "verify", "log", "namespace"};
  CHECK(nearest("encoed", names) == "encode");
  CHECK(nearest("snap", names) == "snapshot");
  CHECK(nearest("verfy", names) == "verify");
  CHECK(nearest("lgo", names) == "log");
  CHECK(nearest("frobnicate", names).empty());
  CHECK(nearest("x", names).empty());
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abcd", "abdc") == 1);
}

TEST_CASE("Ranges of dimensions come out sorted and disjoint") {
  CHECK(dims("0-15,20") == "0..15 20..20 ");
  CHECK(dims("20,0-15,16,10-12") == "0..16 20..20 ");
  CHECK(dims("65535") == "65535..65535 ");
  for (const char* bad : {"", "a", "1-", "-1", "3-1", "1,,2", "1048576", "1 ", "0x1", "99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(parse_dims(bad));
  }
}

TEST_CASE("Bounds are a count or a share") {
  CHECK(parse_bound("12")->count == 12u);
  CHECK(parse_bound("50%")->share == 0.5);
  CHECK(parse_bound("0.5%")->share == 0.005);
  for (const char* bad : {"", "%", "-1", "101%", "nan%", "1e3%", "5 %", "-5%"}) {
    INFO(bad);
    CHECK_FALSE(parse_bound(bad));
  }
}

TEST_CASE("Distances are finite and not negative") {
  CHECK(*parse_distance("0") == 0);
  CHECK(*parse_distance("0.5") == 0.5);
  CHECK(*parse_distance("1e-3") == 1e-3);
  for (const char* bad : {"", "-1", "-0", "nan", "inf", "1e999", "0.5 ", " 0.5", "0,5", "0x1p3", "x"}) {
    INFO(bad);
    CHECK_FALSE(parse_distance(bad));
  }
}

TEST_CASE("A commit is cut by a number, a duration, or both") {
  CHECK(parse_commit_every("1000")->deltas == 1000u);
  CHECK(parse_commit_every("15m")->duration == 900'000'000u);
  CHECK(parse_commit_every("10,1s")->deltas == 10u);
  CHECK(parse_commit_every("10,1s")->duration == 1'000'000u);
  for (const char* bad : {"", "0", "10,20", "1s,2s", "10,", "x"}) {
    INFO(bad);
    CHECK_FALSE(parse_commit_every(bad));
  }
}

TEST_CASE("Tables align what is seen, not bytes") {
  Table table({{"id"}, {"n", Align::right}});
  table.add({"\xc3\xa9", "1"});
  table.add({"\x1b[1mab\x1b[0m", "100"});
  CHECK(table.text() == "id    n\n\xc3\xa9     1\n\x1b[1mab\x1b[0m  100\n");
}

TEST_CASE("Windows are spelt by their kind and its durations") {
  using Shape = delta::WindowSpec::Kind;
  CHECK(parse_window("tumbling:1h")->length == 3'600'000'000u);
  CHECK(parse_window("sliding:1h/10m")->step == 600'000'000u);
  CHECK(parse_window("session:30m")->kind == Shape::session);
  const auto adaptive = parse_window("adaptive:100:10ms:5s");
  REQUIRE(adaptive);
  CHECK(adaptive->count == 100u);
  CHECK(adaptive->shortest == 10'000u);
  CHECK(adaptive->length == 5'000'000u);
  for (const char* bad : {"", "tumbling", "tumbling:", "tumbling:1", "tumbling:1h:2h", "sliding:1h", "sliding:1h/",
                          "hopping:1h", "adaptive:1s:2s:3s", "adaptive:1:2s", "session:-1s", "tumbling:1h/10m"}) {
    INFO(bad);
    CHECK_FALSE(parse_window(bad));
  }
}
