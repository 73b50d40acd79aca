// The subset of JSON Schema that contracts have, against the suite of the specification (Debian's
// json-schema-test-suite). Patterns are RE2's, which is why this is a test of the program.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "contract/json_schema.hpp"
#include "contracts.hpp"
#include "must.hpp"

using namespace delta;
using sample::must;

namespace {

const std::filesystem::path kSuite = "/usr/share/json-schema-test-suite/tests/draft7";
constexpr const char* kFiles[] = {"type",    "required", "properties", "enum", "const",
                                  "minimum", "maximum",  "pattern",    "items"};

Json read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return must(parse_json(text.str()));
}

const Json::Array& elements(const Json& value) { return std::get<Json::Array>(value.value()); }
const std::string& text(const Json& value) { return std::get<std::string>(value.value()); }

}  // namespace

TEST_CASE("the supported keywords of JSON Schema mean what its suite says") {
  if (!std::filesystem::exists(kSuite)) {
    WARN("SKIPPED: json-schema-test-suite is not installed");
    return;
  }
  std::size_t tests = 0;
  std::string refused;
  for (const std::string name : kFiles) {
    const Json groups = read(kSuite / (name + ".json"));
    for (const Json& group : elements(groups)) {
      const std::string title = name + ": " + text(*group.find("description"));
      const auto schema = contract::JsonSchema::compile(*group.find("schema"), deltalog::contract_patterns());
      if (!schema) {
        refused += title + ": " + schema.error().message + "\n";
        continue;
      }
      for (const Json& test : elements(*group.find("tests"))) {
        INFO(title << ": " << text(*test.find("description")));
        CHECK(schema->breach(*test.find("data")).has_value() != std::get<bool>(test.find("valid")->value()));
        ++tests;
      }
    }
  }
  INFO("refused:\n" << refused);
  CHECK(tests >= 117);
}
