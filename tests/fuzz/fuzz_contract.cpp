// Any text as a contract: refused with a reason, or read, and then written in a form that is read back to the same one.
// What is read also judges: a state with a few odd vectors, and a change. A text that is no contract is tried as a
// rule, "NAME=VALUE".
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "contract/judging.hpp"
#include "delta/contract.hpp"
#include "delta/text.hpp"

using namespace delta;

namespace {

/// Not RE2, which has fuzzers of its own: a pattern is a text that must occur.
Result<TextMatcher> occurs(std::string_view text) {
  if (text.starts_with("(")) return error(ErrorCode::usage, "is no pattern");
  return TextMatcher(
      [part = std::string(text)](std::string_view of) { return of.find(part) != std::string_view::npos; });
}

struct Sample {
  Sample() : state(catalog) {
    const std::uint32_t rows[][2] = {{0x3f800000, 0}, {0x7fc00000, 0x7f800000}, {0, 0x80000000}, {0x3f800000, 0}};
    ns = catalog.add_namespace("n", 2);
    for (const auto& row : rows) {
      const VectorNo vector = catalog.add_vector(ns, "v" + std::to_string(catalog.vectors()));
      const auto bits = state.put(vector);
      bits[0] = row[0];
      bits[1] = row[1];
      state.set_exists(vector, true);
    }
    state.set_metadata(nth<VectorNo>(0), R"({"a":[1,"x",null,{"b":-0.5}],"lang":"en","n":18446744073709551615})");
    contract::Meter meter(2);
    meter.begin();
    meter.change("v0", rows[0], rows[1]);
    meter.change("v1", {}, rows[2]);
    facts = meter.end();
  }
  Catalog catalog;
  State state;
  NamespaceNo ns{};
  contract::ChangeFacts facts;
};

void check_text(const std::string& text) {
  if (!valid_utf8(text) || has_control(text)) std::abort();
}

void judge_all(const Contract& contract) {
  static Sample sample;
  for (const auto& rule : contract.impl().rules) {
    contract::Outcome outcome;
    const auto id = rule.kind->id;
    if (rule.kind->looks == contract::Looks::state) {
      outcome = contract::judge_state(rule, {&sample.state, sample.ns, sample.state.rows(sample.ns).value(), {}});
    } else if (id == contract::RuleId::max_rate) {
      outcome = contract::RateBucket().take(rule, {{1, 5}, {~Micros{0}, 7}});
    } else if (rule.kind->looks == contract::Looks::change && id != contract::RuleId::min_kept_neighbours) {
      const contract::Measures history[7] = {};
      outcome = contract::judge_change(rule, sample.facts, history);
    }
    check_text(outcome.what);
    if ((outcome.verdict == RuleVerdict::kept) != outcome.what.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Contract::parse(text, occurs);
  Contract contract;
  if (parsed) {
    contract = *parsed;
  } else {
    if (parsed.error().message.empty()) std::abort();
    check_text(parsed.error().text());
    if (const auto added = contract.add(text, occurs); !added) {
      check_text(added.error().text());
      return 0;
    }
  }
  const std::string canonical = contract.text().value();
  const auto again = Contract::parse(canonical, occurs);
  if (!again || again->text().value() != canonical || again->size() != contract.size()) std::abort();
  const auto lines = contract.explain().value();
  for (const auto& line : lines) check_text(line);
  judge_all(contract);
  return 0;
}
