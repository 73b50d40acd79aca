// A contract from what a log has shown: each limit is twice the greatest value that was measured, or a floor, so that
// the log itself keeps all of it.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "base/boundary.hpp"
#include "contract/judging.hpp"
#include "delta/contract.hpp"
#include "delta/property.hpp"
#include "delta/snapshot.hpp"
#include "delta/text.hpp"
#include "ops/contract_survey.hpp"
#include "ops/contract_walk.hpp"
#include "store/union.hpp"

namespace delta {
namespace ops {
namespace {

constexpr double kRoom = 2;

/// The next number of two decimal digits that is not less.
double rounded_up(double x) {
  if (!(x > 0)) return 0;
  int exponent = 0;
  double digits = x;
  for (; digits >= 100; digits /= 10) ++exponent;
  for (; digits < 10; digits *= 10) --exponent;
  const auto whole = static_cast<int>(digits) + (digits > std::trunc(digits) ? 1 : 0);
  const std::string text = std::to_string(whole) + "e" + std::to_string(exponent);
  double out = x;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string percent(double share) { return number_text(rounded_up(share * 100)) + "%"; }
std::string shown(double x) { return number_text(static_cast<float>(x)); }

Json text_json(std::string text) { return Json(Json::Value(std::move(text))); }
Json number_json(double x) { return Json(Json::Value(x)); }
Json count_json(std::uint64_t count) { return Json(Json::Value(count)); }

/// What the scopes of one namespace measured.
struct Series {
  std::vector<double> changed, created, deleted, l2_median, l2_most, cosine_median, cosine_most, norm, centroid;
  std::uint64_t least = ~std::uint64_t{0};  // vectors after a scope
  std::vector<std::string> origins;

  void add(const ScopeChange& change) {
    const contract::ChangeFacts& facts = *change.facts;
    for (const auto& origin : facts.origins) {
      if (std::ranges::find(origins, origin) == origins.end()) origins.push_back(origin);
    }
    least = std::min(least, facts.after);
    if (facts.before == 0) return;
    const auto measures = facts.measures();
    changed.push_back(*measures[0]);
    created.push_back(*measures[1]);
    deleted.push_back(*measures[2]);
    add_drift(facts.l2, l2_median, l2_most);
    add_drift(facts.cosine, cosine_median, cosine_most);
    if (facts.norm_before && facts.norm_after && *facts.norm_before > 0) {
      norm.push_back(std::abs(*facts.norm_after / *facts.norm_before - 1));
    }
    if (measures[5]) centroid.push_back(*measures[5]);
  }

 private:
  static void add_drift(const std::vector<double>& drifts, std::vector<double>& median, std::vector<double>& most) {
    if (drifts.empty() || !std::isfinite(drifts.back())) return;
    median.push_back(contract::quantile(drifts, 0.5));
    most.push_back(drifts.back());
  }
};

class Proposal {
 public:
  Proposal(const Log& log, std::string scope) : log_(log), scope_(std::move(scope)) {}

  Result<std::string> run() {
    DELTA_TRY(const auto scopes, Scopes::make(log_, {kind_of_scope(), {}}));
    survey_.kinds.emplace_back(scopes);
    DELTA_OK(survey_.run(log_));
    DELTA_OK(
        walk_scopes(log_, survey_.kinds[0], {.in_order = survey_.in_order}, [&](const ScopeChange& change) -> Status {
          if (change.facts) series_[change.ns].add(change);
          return {};
        }));
    DELTA_TRY(const State state, snapshot(log_));
    DELTA_TRY(const auto properties, properties_of(log_));
    for (const NamespaceNo ns : numbers<NamespaceNo>(log_.catalog().namespaces())) {
      DELTA_TRY(auto rows, state.rows(ns));
      if (rows.empty()) continue;
      name_ = log_.catalog().name_space(ns).name;
      const contract::StateView view{&state, ns, std::move(rows), property_named(properties, name_, kElementKey)};
      propose_state(view);
      propose_changes(series_[ns], view.rows.size());
    }
    if (rules_.empty()) return error(ErrorCode::bad_input, "the log holds no vectors to learn from");
    return text();
  }

 private:
  contract::Scope::Kind kind_of_scope() const {
    return scope_ == "run"   ? contract::Scope::Kind::run
           : scope_ == "day" ? contract::Scope::Kind::day
                             : contract::Scope::Kind::commit;
  }

  std::string text() const {
    std::string out = "{\"contract\":1,\"scope\":\"" + scope_ + "\",\"rules\":[\n";
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      print_json(out += "  ", rules_[i]);
      out += i + 1 < rules_.size() ? ",\n" : "\n]}\n";
    }
    return out;
  }

  void put(std::string_view rule, Json value, std::string description) {
    Json out = Json::object();
    out.members().emplace("rule", text_json(std::string(rule)));
    out.members().emplace("value", std::move(value));
    out.members().emplace("namespace", text_json(name_));
    if (!description.empty()) out.members().emplace("description", text_json(std::move(description)));
    rules_.push_back(std::move(out));
  }

  /// How many vectors (or dimensions) break a rule whose limit is 0.
  static double count_of(const char* rule, const contract::StateView& view) {
    Contract contract;
    DELTA_CHECK(unless_out_of_memory(contract.add(rule)));
    return contract::judge_state(contract.impl().rules[0], view).measured.value_or(0);
  }

  void propose_state(const contract::StateView& view) {
    const auto count = static_cast<double>(view.rows.size());
    const std::uint32_t dims = log_.catalog().name_space(view.ns).dims;
    put("dims", count_json(dims), "");
    if (!view.element.empty()) put("element", text_json(std::string(view.element)), "");
    const bool finite = count_of("finite=true", view) == 0;
    if (finite) put("finite", Json(Json::Value(true)), "");
    if (finite) propose_values(view);
    const double zeros = count_of("max-zero=0", view), same = count_of("max-duplicates=0", view);
    put("max-zero", zeros == 0 ? count_json(0) : text_json(percent(std::min(1.0, kRoom * zeros / count))),
        shown(zeros) + " now");
    put("max-duplicates", text_json(percent(std::min(1.0, std::max(0.01, kRoom * same / count)))),
        shown(same) + " now");
    const double constant = count_of("max-constant-dims=0", view);
    if (view.rows.size() >= 100) put("max-constant-dims", number_json(constant), shown(constant) + " now");
    propose_metadata(view);
  }

  void propose_values(const contract::StateView& view) {
    double least = 0, most = 0;
    std::vector<double> norms;
    for (const VectorNo vector : view.rows) {
      for (const std::uint32_t bits : view.state->bits(vector)) {
        const double x = std::bit_cast<float>(bits);
        least = std::min(least, x);
        most = std::max(most, x);
      }
      if (const double norm = contract::norm_of(view.state->bits(vector)); norm > 0) norms.push_back(norm);
    }
    const double room = rounded_up((most - least) / 2);
    Json range = Json::array();
    range.elements().push_back(number_json(least < 0 ? -rounded_up(room - least) : least));
    range.elements().push_back(number_json(rounded_up(most + room)));
    put("range", std::move(range), "from " + shown(least) + " to " + shown(most) + " now");
    if (norms.empty()) return;
    std::ranges::sort(norms);
    const double middle = contract::quantile(norms, 0.5);
    const double off = std::max(middle - norms.front(), norms.back() - middle);
    if (off > 0.05 * middle) return;  // lengths are not what this namespace is careful about
    Json norm = Json::object();
    norm.members().emplace("is", number_json(static_cast<double>(std::round(middle * 1e4)) / 1e4));
    norm.members().emplace("within", number_json(rounded_up(std::max(0.001 * middle, kRoom * off) + 1e-4)));
    put("norm", std::move(norm), "from " + shown(norms.front()) + " to " + shown(norms.back()) + " now");
  }

  void propose_metadata(const contract::StateView& view) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < view.rows.size(); ++i) {
      const std::string_view text = view.state->metadata(view.rows[i]);
      const Json metadata = text.empty() ? Json::object() : or_bad_alloc(parse_json_object(text));
      if (i == 0) {
        for (const auto& [key, value] : metadata.members()) keys.push_back(key);
      }
      std::erase_if(keys, [&](const auto& key) { return metadata.find(key) == nullptr; });
      if (keys.empty()) return;
    }
    Json names = Json::array();
    for (auto& key : keys) names.elements().push_back(text_json(std::move(key)));
    put("required-metadata", std::move(names), "each vector has them now");
  }

  static std::string quantiles(std::vector<double>& values, double unit, const char* sign) {
    std::ranges::sort(values);
    const auto at = [&](double part) { return shown(contract::quantile(values, part) * unit) + sign; };
    return plural(values.size(), "scope") + ": median " + at(0.5) + ", 90 % quantile " + at(0.9) + ", most " + at(1);
  }

  void propose_share(std::string_view rule, std::vector<double>& values, double floor) {
    if (values.empty()) return;
    std::string measured = quantiles(values, 100, " %");
    const bool of_all = rule == "max-changed" || rule == "max-deleted";
    if (of_all && kRoom * values.back() >= 1) return;  // there cannot be more
    put(rule, text_json(percent(std::max(floor, kRoom * values.back()))), std::move(measured));
  }

  void propose_drift(std::string_view rule, std::vector<double>& medians, std::vector<double>& most, double limit) {
    if (medians.empty()) return;
    std::string measured = "medians of " + quantiles(medians, 1, "");
    std::ranges::sort(most);
    const auto room = [&](double x) { return number_json(std::min(limit, rounded_up(std::max(1e-6, kRoom * x)))); };
    Json value = Json::object();
    value.members().emplace("p50", room(medians.back()));
    value.members().emplace("max", room(most.back()));
    put(rule, std::move(value), std::move(measured) + "; the greatest of all is " + shown(most.back()));
  }

  void propose_changes(Series& of, std::size_t rows) {
    const std::uint64_t least = std::min<std::uint64_t>(of.least, rows);
    put("min-count", count_json((least + 1) / 2), "at least " + std::to_string(least) + " so far");
    propose_share("max-changed", of.changed, 0.05);
    propose_share("max-created", of.created, 0.05);
    propose_share("max-deleted", of.deleted, 0.05);
    propose_drift("max-l2-drift", of.l2_median, of.l2_most, 1e300);
    propose_drift("max-cosine-drift", of.cosine_median, of.cosine_most, 2);
    propose_share("max-norm-shift", of.norm, 0.01);
    propose_share("max-centroid-shift", of.centroid, 0.01);
    constexpr std::size_t kMostOrigins = 16;
    if (!of.origins.empty() && of.origins.size() <= kMostOrigins) {
      Json names = Json::array();
      std::ranges::sort(of.origins);
      for (const auto& origin : of.origins) names.elements().push_back(text_json(origin));
      put("origins", std::move(names), "all so far");
    }
    put("max-skew", text_json("1d"), "");
  }

  const Log& log_;
  std::string scope_, name_;
  ContractSurvey survey_;
  std::map<NamespaceNo, Series> series_;
  std::vector<Json> rules_;
};

}  // namespace
}  // namespace ops

Result<std::string> propose_contract(const Log& log, const ProposeOptions& options) try {
  const Boundary boundary;
  if (options.scope != "commit" && options.scope != "run" && options.scope != "day") {
    return error(ErrorCode::usage, "the scope " + quote(options.scope, 60) + " is not commit, run or day");
  }
  return ops::Proposal(log, options.scope).run();
} catch (...) {
  return caught();
}

}  // namespace delta
