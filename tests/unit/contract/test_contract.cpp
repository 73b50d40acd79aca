#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "contract/rule.hpp"
#include "delta/contract.hpp"
#include "must.hpp"
#include "patterns.hpp"

using namespace delta;
using sample::must;

namespace {

/// What a contract of one rule, stated by its members, is refused for.
std::string refusal_of(const std::string& members) {
  const auto contract = Contract::parse("{\"contract\":1,\"rules\":[{" + members + "}]}", occurs);
  if (contract) return "taken";
  CHECK(contract.error().where == "rule 1");
  return contract.error().message;
}

/// What "NAME=VALUE" is refused for; "taken" if it is not.
std::string refusal_of_rule(const std::string& text) {
  Contract contract;
  const auto added = contract.add(text, occurs);
  return added ? "taken" : added.error().message;
}

}  // namespace

TEST_CASE("a contract is read, explained, and written in a form that is read back") {
  const auto contract = must(Contract::parse(
      R"({"contract":1,"scope":"run","description":"nightly","rules":[
        {"rule":"dims","value":512,"namespace":"images"},
        {"rule":"max-changed","value":"2%","severity":"warning"},
        {"rule":"max-l2-drift","value":{"p99":0.5,"max":1},"scope":"since:v1","first":"check"},
        {"rule":"id-pattern","value":"img"}]})",
      occurs));
  CHECK(contract.size() == 4);
  CHECK(
      must(contract.explain()) ==
      std::vector<std::string>{
          "dims: in namespace 'images', vectors have 512 dimensions",
          "max-changed: in each namespace, over each run, at most 2% of the vectors change (a warning)",
          "max-l2-drift: in each namespace, since v1, of the changed vectors, 99 % of them by at most 0.5, each by at "
          "most 1 (Euclidean distance); the first scope counts",
          "id-pattern: in each namespace, each id matches 'img'"});
  const std::string text = must(contract.text());
  CHECK(must(must(Contract::parse(text, occurs)).text()) == text);
  CHECK(text == R"({"contract":1,"rules":[{"namespace":"images","rule":"dims","value":512},)"
                R"({"rule":"max-changed","scope":"run","severity":"warning","value":"2%"},)"
                R"({"first":"check","rule":"max-l2-drift","scope":"since:v1","value":{"max":1,"p99":0.5}},)"
                R"({"rule":"id-pattern","value":"img"}]})");
}

TEST_CASE("what a contract does not know is refused by its name and place") {
  const auto refusal = [](std::string_view json) {
    const auto contract = Contract::parse(json, occurs);
    return contract ? "taken" : contract.error().message;
  };
  CHECK(refusal("[]") == "is not an object");
  CHECK(refusal("{}") == "lacks \"contract\":1, which says what it is");
  CHECK(refusal(R"({"contract":2})") == "is a contract of another version than 1");
  CHECK(refusal(R"({"contract":1})") == "lacks \"rules\", an array");
  CHECK(refusal(R"({"contract":1,"rules":[],"rulez":[]})") == "holds the member 'rulez', which there is not");
  CHECK(refusal(R"({"contract":1,"rules":[],"scope":"week"})") ==
        "the scope 'week' is not commit, run, day or since:TAG");
  CHECK(refusal(R"({"contract":1,"rules":[7]})") == R"(is no object such as {"rule":"finite","value":true})");
  CHECK(refusal_of(R"("value":true)") == "lacks the member 'rule'");
  CHECK(refusal_of(R"("rule":"finite")") == "lacks the member 'value'");
  CHECK(refusal_of(R"("rule":"infinite","value":true)") == "there is no rule 'infinite'");
  CHECK(refusal_of(R"("rule":"finite","value":true,"severe":1)") == "holds the member 'severe', which there is not");
  CHECK(refusal_of(R"("rule":"finite","value":true,"severity":"fatal")") ==
        "the severity 'fatal' is neither error nor warning");
  CHECK(refusal_of(R"("rule":"finite","value":true,"scope":"run")") ==
        "has a scope, but finite does not look at changes");
  CHECK(refusal_of(R"("rule":"finite","value":true,"first":"check")") ==
        "has \"first\", but finite does not look at changes");
  CHECK(refusal_of(R"("rule":"max-changed","value":1,"first":"maybe")") == "\"first\" is neither check nor exempt");
}

TEST_CASE("each kind of value says what it should be") {
  CHECK(refusal_of_rule("finite") == "'finite' is not NAME=VALUE");
  CHECK(refusal_of_rule("finite=false") == "the value of finite is not true; to ask for nothing, leave the rule out");
  CHECK(refusal_of_rule("dims=2.5") == "the value of dims is not a whole number");
  CHECK(refusal_of_rule("dims=-2") == "the value of dims is not a whole number");
  CHECK(refusal_of_rule("max-changed=2 %%") ==
        "the value of max-changed is neither a whole number nor a share such as \"2%\"");
  CHECK(refusal_of_rule("max-changed=-2%") != "taken");
  CHECK(refusal_of_rule("max-changed=2%") == "taken");
  CHECK(refusal_of_rule("max-changed=0.25%") == "taken");
  CHECK(refusal_of_rule("max-changed=7") == "taken");
  CHECK(refusal_of_rule("max-norm-shift=7") == "the value of max-norm-shift is no share such as \"2%\"");
  CHECK(refusal_of_rule("element=f64") != "taken");
  CHECK(refusal_of_rule("element=bf16") == "taken");
  CHECK(refusal_of_rule("range=[1,0]") == "the value of range has a LEAST that is greater than MOST");
  CHECK(refusal_of_rule("range=[null,null]") != "taken");
  CHECK(refusal_of_rule("range=[null,1]") == "taken");
  CHECK(refusal_of_rule("norm={\"is\":1}") == "the value of norm lacks \"within\", or it is less than 0");
  CHECK(refusal_of_rule("norm={\"within\":0.1,\"of\":2}") ==
        "the value of norm has the member 'of', which there is not");
  CHECK(refusal_of_rule("id-pattern=(") == "the value of id-pattern '(' is no regular expression");
  CHECK(refusal_of_rule("operations=upsert") ==
        "the value of operations names the operation 'upsert', which there is not");
  CHECK(refusal_of_rule("origins=[]") == "the value of origins is neither a text nor an array of texts");
  CHECK(refusal_of_rule("max-l2-drift={\"median\":1}") ==
        "the value of max-l2-drift has the member 'median', which is neither max nor a quantile such as p99");
  CHECK(refusal_of_rule("max-l2-drift={\"p0\":1}") != "taken");
  CHECK(refusal_of_rule("max-outliers={\"k\":3,\"last\":2}") ==
        "the value of max-outliers lacks \"last\", or it is less than 5");
  CHECK(refusal_of_rule("max-outliers={\"k\":3,\"last\":9,\"of\":\"size\"}") ==
        "the value of max-outliers names the measure 'size', which there is not");
  CHECK(refusal_of_rule("min-kept-neighbours={\"min\":2}") ==
        "the value of min-kept-neighbours lacks \"min\", a number from 0 to 1");
  CHECK(refusal_of_rule("canaries={\"ids\":\"a\",\"min\":0.9}") ==
        "the value of canaries lacks \"tag\", the name of the cut to compare with");
  CHECK(refusal_of_rule("max-age=soon") != "taken");
  CHECK(refusal_of_rule("max-rate={\"deltas\":5,\"per\":\"0s\"}") == "the value of max-rate has \"per\", which is 0");
  CHECK(refusal_of_rule("metadata-schema={\"maxLength\":5}")
            .starts_with("the value of metadata-schema # holds the keyword 'maxLength', which is not supported"));
  CHECK(refusal_of_rule("metadata-schema={\"properties\":{\"a\":{\"items\":[{}]}}}") ==
        "the value of metadata-schema #/properties/a/items is an array; only one schema for all elements is supported");
}

TEST_CASE("without regular expressions at hand a contract with a pattern is refused") {
  const auto contract = Contract::parse(R"({"contract":1,"rules":[{"rule":"id-pattern","value":"a"}]})");
  REQUIRE(!contract);
  CHECK(contract.error().code == ErrorCode::unsupported);
}

TEST_CASE("the table of rules is in the order of their numbers, and each is found by its name") {
  std::size_t place = 0;
  for (const auto& kind : contract::rule_kinds()) {
    CHECK(static_cast<std::size_t>(kind.id) == place++);
    CHECK(contract::find_rule_kind(kind.name) == &kind);
  }
  CHECK(place == static_cast<std::size_t>(contract::RuleId::max_chain) + 1);
}

TEST_CASE("the pages name each rule") {
  for (const std::string page :
       {"formats/spec/contract-1.schema.json", "formats/spec/contract-1.md", "man/deltalog-contract.5"}) {
    std::ifstream in(page);
    std::stringstream text;
    text << in.rdbuf();
    for (const auto& kind : contract::rule_kinds()) {
      INFO(page << ": " << kind.name);
      CHECK(text.str().find(kind.name) != std::string::npos);
    }
  }
}
