// What the data of a log promise to those who use them, and whether they keep it: share/doc/delta/contract-1.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/export.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"
#include "delta/states_around.hpp"
#include "delta/timestamp.hpp"

namespace delta {

/// Whether a text contains what a pattern describes.
using TextMatcher = std::function<bool(std::string_view)>;
/// Makes a matcher of a regular expression; an error says why the text is none. The library itself has no regular
/// expressions: null refuses each contract that holds a pattern.
using PatternCompiler = std::function<Result<TextMatcher>(std::string_view)>;

enum class Severity : std::uint8_t { warning, error };
/// "warning", "error".
DELTA_EXPORT std::string_view severity_name(Severity severity) noexcept;

enum class RuleVerdict : std::uint8_t {
  kept,
  exempt,   ///< nothing to judge: the first scope of a namespace, or too little history
  unknown,  ///< the log does not answer (any more) what the rule asks
  broken,
};
/// "kept", "exempt", "unknown", "broken".
DELTA_EXPORT std::string_view rule_verdict_name(RuleVerdict verdict) noexcept;

/// The rules of a contract, in the order in which it states them. Cheap to copy; add() changes this copy alone.
class DELTA_EXPORT Contract {
 public:
  /// Without any rule.
  Contract() noexcept;
  /// bad_input: not the JSON of a contract; the message names the rule and the member.
  static Result<Contract> parse(std::string_view json, const PatternCompiler& patterns = {});
  /// One more rule, "NAME=VALUE", for all namespaces. VALUE is JSON, or else a text. Errors: those of parse().
  Status add(std::string_view rule, const PatternCompiler& patterns = {});

  std::size_t size() const noexcept;  ///< rules
  /// A line for each rule: what it asks, of which namespace, over which scope.
  Result<std::vector<std::string>> explain() const;
  /// The canonical JSON, which parse() reads as the same contract.
  Result<std::string> text() const;

  struct Rules;  // for the library itself
  const Rules& impl() const noexcept { return *rules_; }

 private:
  DELTA_HIDDEN explicit Contract(std::shared_ptr<const Rules> rules) noexcept;
  std::shared_ptr<const Rules> rules_;
};

/// One rule that is broken, or that could not be judged, in one place.
struct ContractFinding {
  std::string rule;        ///< its id, such as "max-changed"
  std::size_t number = 0;  ///< its place in the contract, from 1
  Severity severity = Severity::error;
  RuleVerdict verdict = RuleVerdict::broken;  ///< broken or unknown
  std::string name_space;
  std::string scope;                  ///< "main:1..80", "run 17", "2026-03-01", "since v1.0"; empty: the present state
  std::string what;                   ///< a sentence
  std::vector<std::string> ids = {};  ///< some vectors that it is about, at most five
  std::optional<double> measured = {};  ///< where the rule measures something
};

struct ContractReport {
  std::vector<ContractFinding> findings;  ///< by rule, then by scope
  std::vector<RuleVerdict> verdicts;      ///< of each rule of the contract: the worst of its places
  std::uint64_t judged = 0;               ///< places: pairs of a rule and a namespace, for each scope
  std::uint64_t exempt = 0;               ///< among them

  /// No rule with the severity `error` is broken or unknown.
  bool kept() const {
    for (const auto& finding : findings) {
      if (finding.severity == Severity::error) return false;
    }
    return true;
  }
};

struct JudgeOptions {
  /// The clock, for the age of the newest commit and for times ahead; none: rules that need it are `unknown`.
  std::optional<Micros> now = {};
  /// Judge only so many scopes, the last ones.
  std::optional<std::size_t> scopes = {};
  /// What a gate has to let in: judge only namespaces with deltas of commits for which this is true, and changes from
  /// the first scope on that holds one. Empty: all.
  std::function<bool(CommitNo)> is_new = {};
  /// With `is_new`, where these commits are the newest: the states around them. Where the rules allow, nothing else is
  /// read then. Null: the log is folded.
  const StatesAround* states = nullptr;
};

/// Judges a log. Memory: its present state, and for the rules that compare, one more. Errors: those of reading; what a
/// pruned log does not answer is no error but a finding.
DELTA_EXPORT Result<ContractReport> judge(const Log& log, const Contract& contract, const JudgeOptions& options = {});

struct ProposeOptions {
  std::string scope = "commit";  ///< of the rules that look at a change: "commit", "run" or "day"
};

/// A contract that the log keeps: of each namespace what its present state and its history show, with room. Each rule
/// says in its description what was measured. The JSON has a rule a line. Errors: those of reading; usage: another
/// scope; bad_input: the log holds no vectors.
DELTA_EXPORT Result<std::string> propose_contract(const Log& log, const ProposeOptions& options = {});

}  // namespace delta
