// Rules of a contract as a report has them. Several rules of one kind are told apart by their places in the contract.
#include <map>

#include "delta/text.hpp"
#include "verdicts/report.hpp"

namespace deltalog::verdicts {
namespace {

std::string place_of(const delta::ContractFinding& finding) {
  std::string out;
  if (!finding.name_space.empty()) out = "namespace " + delta::quote(finding.name_space, 60);
  if (!finding.scope.empty()) out += (out.empty() ? "" : ", ") + finding.scope;
  return out;
}

std::string sentence_of(const delta::ContractFinding& finding) {
  std::string out = finding.what;
  for (std::size_t i = 0; i < finding.ids.size(); ++i) {
    out += (i == 0 ? ", such as " : ", ") + delta::quote(finding.ids[i], 60);
  }
  return out;
}

}  // namespace

Result<std::vector<Judgement>> judge_contract(const delta::Contract& contract, const delta::ContractReport& report,
                                              const std::vector<std::string>& files) {
  DELTA_TRY(const auto lines, contract.explain());
  std::map<std::string, std::size_t, std::less<>> seen;
  std::vector<Judgement> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto colon = lines[i].find(": ");
    Judgement judgement{lines[i].substr(0, colon), Suite::contract, Severity::error, lines[i].substr(colon + 2)};
    if (seen[judgement.rule]++ > 0) judgement.rule += '.' + std::to_string(i + 1);
    for (const auto& finding : report.findings) {
      if (finding.number != i + 1) continue;
      judgement.severity = finding.severity == delta::Severity::error ? Severity::error : Severity::warning;
      const bool unknown = finding.verdict == delta::RuleVerdict::unknown && judgement.outcome != Outcome::failed;
      judgement.outcome = unknown ? Outcome::unknown : Outcome::failed;
      const std::string file = files.size() == 1 && files[0] != "-" ? files[0] : "";
      judgement.hits.push_back({file, 0, place_of(finding), sentence_of(finding)});
    }
    out.push_back(std::move(judgement));
  }
  return out;
}

}  // namespace deltalog::verdicts
