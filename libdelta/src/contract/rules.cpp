// The one table of rules. A new rule is a line here, a place in RuleId, and the function that judges it.
#include <algorithm>
#include <array>

#include "contract/read_value.hpp"
#include "contract/rule.hpp"
#include "delta/text.hpp"

namespace delta::contract {
namespace {

std::string list(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) out += (i == 0 ? "" : ", ") + escape(names[i], 60);
  return names.size() > kMost ? out + " and " + std::to_string(names.size() - kMost) + " more" : out;
}

std::string json(const Json& value) {
  std::string out;
  print_json(out, value);
  return out;
}

std::string range_text(const Asked& a) {
  if (!a.least) return "at most " + number_text(*a.most);
  if (!a.most) return "at least " + number_text(*a.least);
  return "from " + number_text(*a.least) + " to " + number_text(*a.most);
}

std::string drift_text(const Asked& a, const std::string& what) {
  std::string out;
  for (const auto& [part, most] : a.quantiles) {
    const std::string name = part == 1 ? "each" : number_text(part * 100) + " % of them";
    out += (out.empty() ? "of the changed vectors, " : ", ") + name + " by at most " + number_text(most);
  }
  return out + " " + what;
}

using A = const Asked&;
using J = const Json&;

constexpr std::array kKinds = {
    RuleKind{RuleId::dims, "dims", Looks::state, read::count,
             [](A a, J) { return "vectors have " + plural(a.count, "dimension"); }},
    RuleKind{RuleId::element, "element", Looks::state, read::element,
             [](A a, J) { return "the type of the elements is " + std::string(element_name(a.element)); }},
    RuleKind{RuleId::finite, "finite", Looks::state, read::flag,
             [](A, J) { return std::string("each value is finite"); }},
    RuleKind{RuleId::range, "range", Looks::state, read::range,
             [](A a, J) { return "each value is " + range_text(a); }},
    RuleKind{RuleId::norm, "norm", Looks::state, read::norm,
             [](A a, J) {
               return "each vector has the length " + number_text(a.length) + ", within " + number_text(a.within);
             }},
    RuleKind{RuleId::max_zero, "max-zero", Looks::state, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of the vectors hold zeros alone"; }},
    RuleKind{RuleId::id_pattern, "id-pattern", Looks::state, read::pattern,
             [](A a, J) { return "each id matches " + quote(a.name, 200); }},
    RuleKind{RuleId::min_count, "min-count", Looks::state, read::count,
             [](A a, J) { return "there are at least " + plural(a.count, "vector"); }},
    RuleKind{RuleId::max_count, "max-count", Looks::state, read::count,
             [](A a, J) { return "there are at most " + plural(a.count, "vector"); }},
    RuleKind{RuleId::required_ids, "required-ids", Looks::state, read::names,
             [](A a, J) { return "these ids exist: " + list(a.names); }},
    RuleKind{RuleId::required_metadata, "required-metadata", Looks::state, read::names,
             [](A a, J) { return "the metadata of each vector have the keys " + list(a.names); }},
    RuleKind{RuleId::metadata_schema, "metadata-schema", Looks::state, read::schema,
             [](A, J value) { return "the metadata of each vector meet the schema " + escape(json(value), 4096); }},
    RuleKind{RuleId::max_duplicates, "max-duplicates", Looks::state, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of the vectors have the values of another one"; }},
    RuleKind{RuleId::max_constant_dims, "max-constant-dims", Looks::state, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of the dimensions are the same in all vectors"; }},
    RuleKind{RuleId::max_changed, "max-changed", Looks::change, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of the vectors change"; }},
    RuleKind{RuleId::max_created, "max-created", Looks::change, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of as many as there were are created"; }},
    RuleKind{RuleId::max_deleted, "max-deleted", Looks::change, read::limit,
             [](A a, J) { return "at most " + a.limit.text() + " of the vectors are deleted"; }},
    RuleKind{RuleId::max_l2_drift, "max-l2-drift", Looks::change, read::drift,
             [](A a, J) { return drift_text(a, "(Euclidean distance)"); }},
    RuleKind{RuleId::max_cosine_drift, "max-cosine-drift", Looks::change, read::drift,
             [](A a, J) { return drift_text(a, "(1 - cosine)"); }},
    RuleKind{RuleId::max_norm_shift, "max-norm-shift", Looks::change, read::share,
             [](A a, J) { return "the mean length of the vectors changes by at most " + a.limit.text(); }},
    RuleKind{RuleId::max_centroid_shift, "max-centroid-shift", Looks::change, read::share,
             [](A a, J) { return "the mean vector moves by at most " + a.limit.text() + " of the mean length"; }},
    RuleKind{RuleId::max_outliers, "max-outliers", Looks::change, read::outliers,
             [](A a, J) {
               return (a.names.empty() ? std::string("each measure") : list(a.names)) + " is within " +
                      number_text(a.k) + " median deviations of the last " + plural(a.count, "scope");
             }},
    RuleKind{RuleId::min_kept_neighbours, "min-kept-neighbours", Looks::change, read::neighbours,
             [](A a, J) {
               return "of the " + plural(a.count, "nearest neighbour") + " of a vector at least " +
                      number_text(*a.least * 100) + " % stay, on average";
             }},
    RuleKind{RuleId::max_rate, "max-rate", Looks::change, read::rate,
             [](A a, J) {
               return "at most " + number_text(a.k) + " deltas per " + a.name + ", and " + std::to_string(a.count) +
                      " at once";
             }},
    RuleKind{RuleId::origins, "origins", Looks::change, read::names,
             [](A a, J) { return "changes come from these origins: " + list(a.names); }},
    RuleKind{RuleId::operations, "operations", Looks::change, read::operations,
             [](A a, J) { return "deltas are of these operations: " + list(a.names); }},
    RuleKind{RuleId::canaries, "canaries", Looks::log, read::canaries,
             [](A a, J) {
               return "these vectors have a cosine of at least " + number_text(*a.least) + " to what they were at " +
                      quote(a.name, 60) + ": " + list(a.names);
             }},
    RuleKind{RuleId::no_conflicts, "no-conflicts", Looks::log, read::flag,
             [](A, J) { return std::string("no value is in conflict"); }},
    RuleKind{RuleId::max_skew, "max-skew", Looks::log, read::duration,
             [](A a, J) { return "no commit is ahead of the clock by more than " + a.name; }},
    RuleKind{RuleId::max_age, "max-age", Looks::log, read::duration,
             [](A a, J) { return "the newest commit is at most " + a.name + " old"; }},
    RuleKind{RuleId::max_chain, "max-chain", Looks::log, read::count,
             [](A a, J) { return "no vector has more than " + plural(a.count, "delta"); }},
};

}  // namespace

std::span<const RuleKind> rule_kinds() { return kKinds; }

const RuleKind* find_rule_kind(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &RuleKind::name);
  return found == kKinds.end() ? nullptr : &*found;
}

std::string Limit::text() const { return number_text(amount) + (percent ? "%" : ""); }

std::string Scope::text() const {
  switch (kind) {
    case Kind::commit:
      return "commit";
    case Kind::run:
      return "run";
    case Kind::day:
      return "day";
    case Kind::since:
      return "since:" + tag;
  }
  return "?";
}

}  // namespace delta::contract
