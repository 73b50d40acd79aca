// One rule of a contract: what it asks, as it was written and as it was understood. The table of all kinds of rules is
// in rules.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "contract/json_schema.hpp"
#include "delta/contract.hpp"
#include "delta/kept_neighbours.hpp"
#include "delta/property.hpp"

namespace delta::contract {

/// What max-outliers can look at, by the names that a contract uses.
inline constexpr std::array<std::string_view, 6> kMeasures = {"changed",  "created",   "deleted",
                                                              "l2-drift", "mean-norm", "centroid-shift"};
/// Below so many earlier scopes nothing is an outlier.
inline constexpr std::uint64_t kLeastHistory = 5;

/// What a rule has to look at.
enum class Looks : std::uint8_t {
  state,   ///< the vectors of one namespace at one moment
  change,  ///< what a scope did to a namespace
  log,     ///< the history behind the present state
};

/// The stable ids, in the order of the page.
enum class RuleId : std::uint8_t {
  dims,
  element,
  finite,
  range,
  norm,
  max_zero,
  id_pattern,
  min_count,
  max_count,
  required_ids,
  required_metadata,
  metadata_schema,
  max_duplicates,
  max_constant_dims,
  max_changed,
  max_created,
  max_deleted,
  max_l2_drift,
  max_cosine_drift,
  max_norm_shift,
  max_centroid_shift,
  max_outliers,
  min_kept_neighbours,
  max_rate,
  origins,
  operations,
  canaries,
  no_conflicts,
  max_skew,
  max_age,
  max_chain,
};

/// "2%" of something, or a number of things.
struct Limit {
  double amount = 0;
  bool percent = false;
  bool allows(double count, double of) const { return percent ? count * 100 <= amount * of : count <= amount; }
  std::string text() const;
};

struct Scope {
  enum class Kind : std::uint8_t { commit, run, day, since };
  Kind kind = Kind::commit;
  std::string tag = {};  // of `since`
  std::string text() const;
  friend bool operator==(const Scope&, const Scope&) = default;
};

/// What the value of a rule says; each kind of rule fills in what it needs.
struct Asked {
  Limit limit;                                            // max-..., also of counts
  std::optional<double> least = {}, most = {};            // range; canaries and neighbours: `least`
  double length = 1, within = 0;                          // norm
  std::vector<std::string> names = {};                    // ids, metadata keys, origins, operations, measures
  std::vector<std::pair<double, double>> quantiles = {};  // drift: part (1: the maximum), most
  double k = 0;                                           // outliers: in MADs
  std::uint64_t count = 0;                                // dims; outliers: scopes; neighbours; rate: burst
  std::uint64_t sample = 1000;                            // neighbours
  Micros duration = 0;                                    // age, skew, rate
  std::string name = {};                                  // a tag, a pattern
  Element element = Element::f32;
  Metric metric = Metric::l2;
  TextMatcher pattern = {};
  std::shared_ptr<const JsonSchema> schema = {};
};

struct RuleKind;

struct Rule {
  const RuleKind* kind = nullptr;  // in the table
  Severity severity = Severity::error;
  std::optional<std::string> name_space = {};  // none: each
  Scope scope = {};
  bool check_first = false;
  std::string description = {};  // for people
  Json value = {};               // as written
  Asked asked = {};

  bool applies_to(std::string_view ns_name) const { return !name_space || *name_space == ns_name; }
};

struct RuleKind {
  RuleId id;
  std::string_view name;
  Looks looks;
  /// Reads the value. The error's message follows "the value".
  Status (*read)(Asked& asked, const Json& value, const PatternCompiler& patterns);
  /// What it asks, without a subject: "at most 2% of the vectors are changed".
  std::string (*explain)(const Asked& asked, const Json& value);
};

/// All, in order of RuleId.
std::span<const RuleKind> rule_kinds();
const RuleKind* find_rule_kind(std::string_view name);
inline const RuleKind& kind_of(RuleId id) { return rule_kinds()[static_cast<std::size_t>(id)]; }

}  // namespace delta::contract

namespace delta {

struct Contract::Rules {
  std::vector<contract::Rule> rules;
};

}  // namespace delta
