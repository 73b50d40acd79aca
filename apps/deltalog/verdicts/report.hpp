// What a check found, as data: a list of rules, each with what it found. Every form of a report is made of this alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "delta/contract.hpp"
#include "delta/error.hpp"
#include "delta/finding.hpp"

namespace deltalog::verdicts {

/// What kind of question a rule asks. Reports keep them apart: a whole log may break a contract, and a damaged one may
/// keep it.
enum class Suite : unsigned char {
  integrity,  ///< is the log what its writers wrote?
  policy,     ///< were they allowed to?
  contract,   ///< is what they wrote good?
};
std::string_view suite_name(Suite suite);

enum class Severity : unsigned char { note, warning, error };
std::string_view severity_name(Severity severity);

enum class Outcome : unsigned char {
  passed,
  failed,
  unknown,  ///< it cannot be told: counts as failed
};

struct Hit {
  std::string file;  ///< the log; empty: all of them together
  std::uint64_t offset = 0;
  std::string where;  ///< a frame or a dot: what stays the same when values change
  std::string what;
  std::string hint = {};
  std::string fingerprint = {};  ///< by fingerprint_hits()
  bool accepted = false;         ///< a baseline knows it
};

struct Judgement {
  std::string rule;  ///< its id: "torn", "max-changed"; stable
  Suite suite = Suite::integrity;
  Severity severity = Severity::error;
  std::string text;  ///< what the rule asks: one sentence
  Outcome outcome = Outcome::passed;
  std::vector<Hit> hits = {};

  std::string id() const { return std::string(suite_name(suite)) + '/' + rule; }
  /// It has the severity error, it is broken or cannot be told, and not all of that is accepted.
  bool counts() const;
};

struct Report {
  std::string command;             ///< "verify"
  std::vector<std::string> files;  ///< the logs
  std::vector<Judgement> rules;
  std::string summary;                       ///< one line
  std::optional<delta::Error> stopped = {};  ///< the check could not be done
};

/// Names each hit by its rule, file and place, and by its number where several have these: the same from run to run,
/// whatever the values are.
void fingerprint_hits(Report& report);

/// Of the rules that ask this; none: there is no such rule.
std::optional<bool> kept(const Report& report, Suite suite);

/// A rule for each verdict that delta::verify() knows, with what it found.
std::vector<Judgement> judge_integrity(const std::vector<delta::Finding>& findings);
/// The rules of a contract. `files`: the logs that were judged; of several, no hit names one.
Result<std::vector<Judgement>> judge_contract(const delta::Contract& contract, const delta::ContractReport& report,
                                              const std::vector<std::string>& files);

}  // namespace deltalog::verdicts
