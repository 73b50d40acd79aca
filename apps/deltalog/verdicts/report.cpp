#include "verdicts/report.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace deltalog::verdicts {

using delta::Verdict;

std::string_view suite_name(Suite suite) {
  return suite == Suite::integrity ? "integrity" : suite == Suite::policy ? "policy" : "contract";
}

std::string_view severity_name(Severity severity) {
  return severity == Severity::note ? "note" : severity == Severity::warning ? "warning" : "error";
}

bool Judgement::counts() const {
  if (outcome == Outcome::passed || severity != Severity::error) return false;
  return hits.empty() || !std::ranges::all_of(hits, &Hit::accepted);
}

void fingerprint_hits(Report& report) {
  std::map<std::string, std::uint64_t, std::less<>> seen;
  for (auto& judgement : report.rules) {
    for (auto& hit : judgement.hits) {
      hit.fingerprint = judgement.id() + '|' + hit.file + '|' + hit.where;
      const std::uint64_t number = ++seen[hit.fingerprint];
      if (number > 1) hit.fingerprint += '|' + std::to_string(number);
    }
  }
}

std::optional<bool> kept(const Report& report, Suite suite) {
  std::optional<bool> kept;
  for (const auto& judgement : report.rules) {
    if (judgement.suite == suite) kept = kept.value_or(true) && !judgement.counts();
  }
  return kept;
}

namespace {

struct IntegrityRule {
  Verdict verdict;
  std::string_view text;
};

constexpr std::array kIntegrityRules = {
    IntegrityRule{Verdict::unlinked, "The commit before the first one of each origin is in one of the files."},
    IntegrityRule{Verdict::pruned, "Every delta is here, so the hashes of the commits vouch for them."},
    IntegrityRule{Verdict::ahead, "No commit has a time ahead of the clock."},
    IntegrityRule{Verdict::redundant, "No commit names a parent that another of its parents had seen."},
    IntegrityRule{Verdict::ignored, "This version knows the types of all frames."},
    IntegrityRule{Verdict::lost, "No repair had to leave out deltas that damage took."},
    IntegrityRule{Verdict::conflict, "All vectors of a namespace have one number of dimensions."},
    IntegrityRule{Verdict::pending, "All causes of each commit are in one of the files."},
    IntegrityRule{Verdict::unsealed, "The last segment has its footer."},
    IntegrityRule{Verdict::torn, "No file ends inside a frame."},
    IntegrityRule{Verdict::empty, "No file is empty."},
    IntegrityRule{Verdict::trailer, "The trailer of each segment is whole."},
    IntegrityRule{Verdict::damaged_tail, "The last frame of each file is whole."},
    IntegrityRule{Verdict::unsupported, "This version has all features that the files need."},
    IntegrityRule{Verdict::invalid, "No delta and no commit breaks a rule of the model."},
    IntegrityRule{Verdict::late, "No commit comes after a pruning that had assumed that there was none."},
    IntegrityRule{Verdict::forked, "No dot has two different deltas."},
    IntegrityRule{Verdict::corrupt, "All bytes are those that were written."},
    IntegrityRule{Verdict::foreign, "Every file is a delta log."},
};

std::string rule_name(Verdict verdict) {
  std::string name(delta::verdict_name(verdict));
  std::ranges::replace(name, ' ', '-');
  return name;
}

}  // namespace

std::vector<Judgement> judge_integrity(const std::vector<delta::Finding>& findings) {
  std::vector<Judgement> out;
  for (const auto& rule : kIntegrityRules) {
    const Severity severity = is_note(rule.verdict) ? Severity::note : Severity::error;
    Judgement judgement{rule_name(rule.verdict), Suite::integrity, severity, std::string(rule.text)};
    for (const auto& finding : findings) {
      if (finding.verdict != rule.verdict) continue;
      judgement.outcome = Outcome::failed;
      judgement.hits.push_back({finding.file, finding.offset, finding.where, finding.what, finding.hint});
    }
    out.push_back(std::move(judgement));
  }
  return out;
}

}  // namespace deltalog::verdicts
