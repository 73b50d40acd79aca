// The policy that a fold goes by, and its rules laid out for the dimensions of one namespace after the other.
#pragma once

#include <map>
#include <vector>

#include "delta/policy.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// What the log says at a cut: the policy setting of greatest key among the folded commits inside it; none: lww.
/// Errors: those of CutTest::make(); unsupported: it names a strategy that this version does not know; corrupt: it is
/// malformed.
Result<Policy> policy_at(const Catalog& catalog, const History& history, const Cut& cut);

/// A name for a time: UTF-8 without control characters, and not written as a time is. bad_input.
Status check_tag(std::string_view name);

/// Refuses a setting that should not be written: bad_input or unsupported. What Setting::parse() refuses it refuses
/// too.
Status check_setting(std::string_view text);

/// The rules that count, by dimension. Keeps the references; looks a namespace up when it is first asked about.
class RuleTable {
 public:
  RuleTable(const Policy& policy, const Catalog& catalog) : policy_(policy), catalog_(catalog) {}
  /// As many as the namespace has dimensions; null: lww, by no rule. Valid while the table lives.
  const std::vector<const Policy::Rule*>& of(NamespaceNo ns);
  std::string_view name(const Policy::Rule* rule);  ///< as text; of null "lww"

 private:
  const Policy& policy_;
  const Catalog& catalog_;
  std::map<NamespaceNo, std::vector<const Policy::Rule*>> rules_;
  std::map<const Policy::Rule*, std::string> names_;
};

}  // namespace delta::model
