#include "contracts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "cli/values.hpp"
#include "delta/file.hpp"
#include "delta/text.hpp"
#include "formats/json_writer.hpp"
#include "pattern.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

using delta::Contract;
using delta::ContractFinding;
using delta::ContractReport;
using delta::RuleVerdict;
using delta::Severity;

std::string place_of(const ContractFinding& finding) {
  std::string out;
  if (!finding.name_space.empty()) out = "namespace " + delta::quote(finding.name_space, 60);
  if (!finding.scope.empty()) out += (out.empty() ? "" : ", ") + finding.scope;
  return out;
}

/// The worst verdict of all rules.
RuleVerdict verdict_of(const ContractReport& report) {
  RuleVerdict worst = RuleVerdict::kept;
  for (const auto& finding : report.findings) {
    if (finding.severity == Severity::error) worst = std::max(worst, finding.verdict);
  }
  return worst;
}

std::size_t rules_that_are(const ContractReport& report, RuleVerdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(report.verdicts, verdict));
}

}  // namespace

std::string contract_finding_text(const ContractFinding& finding) {
  std::string out = finding.rule + ": ";
  if (const auto place = place_of(finding); !place.empty()) out += place + ": ";
  if (finding.verdict == RuleVerdict::unknown) out += "unknown: ";
  out += finding.what;
  for (std::size_t i = 0; i < finding.ids.size(); ++i) {
    out += (i == 0 ? ", such as " : ", ") + delta::quote(finding.ids[i], 60);
  }
  return out;
}

delta::PatternCompiler contract_patterns() {
  return [](std::string_view text) -> Result<delta::TextMatcher> {
    DELTA_TRY(auto pattern, Pattern::parse(text, Pattern::Syntax::perl));
    return delta::TextMatcher([pattern = std::move(pattern)](std::string_view of) { return pattern.matches(of); });
  };
}

Result<Contract> read_contract(const std::string& path) {
  constexpr std::size_t kMost = 16 << 20;
  DELTA_TRY(auto input, delta::InputStream::open(path));
  std::string text;
  std::array<std::uint8_t, 65536> piece;
  while (true) {
    DELTA_TRY(const std::size_t size, input.read(piece));
    if (size == 0) break;
    text.append(reinterpret_cast<const char*>(piece.data()), size);
    if (text.size() > kMost)
      return delta::error(delta::ErrorCode::limit, "is no contract: it has more than 16 MiB").in(path);
  }
  auto contract = Contract::parse(text, contract_patterns());
  if (!contract) return std::move(contract).error().in(path);
  return contract;
}

Result<std::optional<Contract>> contract_of(const Invocation& invocation) {
  const auto* file = invocation.value("contract");
  if (file == nullptr && !invocation.has("rule")) return {std::nullopt};
  Contract contract;
  if (file != nullptr) {
    DELTA_TRY(contract, read_contract(*file));
  }
  for (const auto& rule : invocation.values("rule")) {
    if (auto added = contract.add(rule, contract_patterns()); !added) {
      auto failure = std::move(added).error();
      if (failure.code == delta::ErrorCode::no_memory) return failure;
      return usage_error(invocation, "--rule: " + failure.message).with_hint("deltalog-contract(5) lists the rules");
    }
  }
  return {std::optional(std::move(contract))};
}

options::Options contract_options(std::string_view help) {
  return {{.name = "contract", .value = "FILE", .help = help, .kind = Kind::file},
          {.name = "rule", .value = "NAME=VALUE", .help = "one more rule, such as max-changed=2%", .repeatable = true}};
}

std::string contract_text(const ContractReport& report, const Console& console) {
  std::string out;
  for (const auto& finding : report.findings) {
    const bool error = finding.severity == Severity::error;
    out += console.paint(error ? Style::bad : Style::caution, delta::severity_name(finding.severity)) + ": ";
    out += contract_finding_text(finding) + "\n";
  }
  const RuleVerdict verdict = verdict_of(report);
  out += "contract " +
         console.paint(verdict == RuleVerdict::kept ? Style::good : Style::bad, delta::rule_verdict_name(verdict));
  return out + fmt::format(": {}: {} kept, {} broken, {} unknown, {} exempt\n",
                           delta::plural(report.verdicts.size(), "rule"), rules_that_are(report, RuleVerdict::kept),
                           rules_that_are(report, RuleVerdict::broken), rules_that_are(report, RuleVerdict::unknown),
                           rules_that_are(report, RuleVerdict::exempt));
}

std::string contract_json(const ContractReport& report, const verdicts::Report& judged) {
  std::string out;
  delta::formats::JsonWriter json(out);
  std::vector<std::span<const verdicts::Hit>> hits;  // of each rule, those that are not written yet
  for (const auto& judgement : judged.rules) {
    if (judgement.suite == verdicts::Suite::contract) hits.emplace_back(judgement.hits);
  }
  for (const auto& finding : report.findings) {
    const verdicts::Hit& hit = hits[finding.number - 1].front();
    json.begin_object().member("type", "contract-finding").key("v").u64(1);
    json.member("rule", finding.rule).key("number").u64(finding.number);
    json.member("severity", delta::severity_name(finding.severity));
    json.member("verdict", delta::rule_verdict_name(finding.verdict));
    json.member("namespace", finding.name_space).member("scope", finding.scope).member("what", finding.what);
    json.key("ids").begin_array();
    for (const auto& id : finding.ids) json.string(id);
    json.end_array();
    if (finding.measured) json.key("measured").number(*finding.measured);
    json.member("fingerprint", hit.fingerprint).key("accepted").boolean(hit.accepted);
    hits[finding.number - 1] = hits[finding.number - 1].subspan(1);
    json.end_object().end_line();
  }
  json.begin_object().member("type", "contract").key("v").u64(1);
  json.member("verdict", delta::rule_verdict_name(verdict_of(report)));
  json.key("rules").u64(report.verdicts.size());
  json.key("kept").u64(rules_that_are(report, RuleVerdict::kept));
  json.key("broken").u64(rules_that_are(report, RuleVerdict::broken));
  json.key("unknown").u64(rules_that_are(report, RuleVerdict::unknown));
  json.key("exempt").u64(rules_that_are(report, RuleVerdict::exempt));
  json.key("findings").u64(report.findings.size()).end_object().end_line();
  return out;
}

}  // namespace deltalog
