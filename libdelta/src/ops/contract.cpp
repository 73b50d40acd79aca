// Who is asked what: the present state of each namespace, what each scope did, and the history behind both.
#include "delta/contract.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/boundary.hpp"
#include "contract/judging.hpp"
#include "delta/conflicts.hpp"
#include "delta/kept_neighbours.hpp"
#include "delta/property.hpp"
#include "delta/snapshot.hpp"
#include "delta/text.hpp"
#include "delta/two_states.hpp"
#include "ops/contract_survey.hpp"
#include "ops/contract_walk.hpp"
#include "store/union.hpp"

namespace delta {
namespace ops {
namespace {

using contract::Looks;
using contract::Outcome;
using contract::Rule;
using contract::RuleId;

class Judge {
 public:
  Judge(const Log& log, const Contract& contract, const JudgeOptions& options)
      : log_(log), rules_(contract.impl().rules), options_(options), findings_(rules_.size()) {
    report_.verdicts.resize(rules_.size(), RuleVerdict::exempt);
  }

  Result<ContractReport> run() {
    if (rules_.empty()) return std::move(report_);
    if (!options_.is_new) find_missing();
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].kind->looks == Looks::change) DELTA_OK(add_scopes(i));
    }
    DELTA_OK(survey());
    DELTA_OK(judge_present());
    for (const ScopeSurvey& kind : survey_.kinds) DELTA_OK(judge_scopes(kind));
    for (auto& list : findings_) std::ranges::move(list, std::back_inserter(report_.findings));
    return std::move(report_);
  }

 private:
  const Catalog& catalog() const { return log_.catalog(); }
  const std::string& name(NamespaceNo ns) const { return catalog().name_space(ns).name; }

  void put(std::size_t rule, const std::string& name_space, const std::string& scope, Outcome outcome) {
    ++report_.judged;
    report_.exempt += outcome.verdict == RuleVerdict::exempt;
    RuleVerdict& worst = report_.verdicts[rule];
    // One place where a rule was kept says more than all where there was nothing to judge.
    if (worst == RuleVerdict::exempt || (outcome.verdict > worst && outcome.verdict != RuleVerdict::exempt)) {
      worst = outcome.verdict;
    }
    if (outcome.verdict < RuleVerdict::unknown) return;
    ContractFinding finding;
    finding.rule = rules_[rule].kind->name;
    finding.number = rule + 1;
    finding.severity = rules_[rule].severity;
    finding.verdict = outcome.verdict;
    finding.name_space = name_space;
    finding.scope = scope;
    finding.what = std::move(outcome.what);
    finding.ids = std::move(outcome.ids);
    finding.measured = outcome.measured;
    findings_[rule].push_back(std::move(finding));
  }

  /// A namespace that is not there must not look like one that keeps its rules.
  void find_missing() {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.name_space && catalog().namespaces_named(*rule.name_space).empty()) {
        put(i, *rule.name_space, "", Outcome::unknown("the log has no namespace " + quote(*rule.name_space, 60)));
      } else if (!rule.name_space && catalog().namespaces() == 0) {
        put(i, "", "", Outcome::unknown("the log has no vectors"));
      }
    }
  }

  Status add_scopes(std::size_t rule) {
    const contract::Scope& scope = rules_[rule].scope;
    if (std::ranges::find(kinds_, scope) != kinds_.end()) return {};
    kinds_.push_back(scope);
    auto scopes = Scopes::make(log_, scope);
    if (scopes) {
      survey_.kinds.emplace_back(std::move(*scopes));
      kept_kinds_.push_back(scope);
      return {};
    }
    if (scopes.error().code != ErrorCode::not_found) return std::move(scopes).error();
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].kind->looks != Looks::change || rules_[i].scope != scope) continue;
      put(i, rules_[i].name_space.value_or(""), scope.text(), Outcome::unknown(scopes.error().message));
    }
    return {};
  }

  /// The entries of the catalog that are judged: of each name those that hold vectors; where none does, the last.
  std::vector<NamespaceNo> present_namespaces(const Indexed<NamespaceNo, std::vector<VectorNo>>& rows) const {
    std::vector<NamespaceNo> out;
    for (const NamespaceNo ns : numbers<NamespaceNo>(catalog().namespaces())) {
      const auto entries = catalog().namespaces_named(name(ns));
      const bool none = std::ranges::all_of(entries, [&](NamespaceNo entry) { return rows[entry].empty(); });
      if (!rows[ns].empty() || (none && ns == entries.back())) out.push_back(ns);
    }
    std::ranges::stable_sort(out, {}, [&](NamespaceNo ns) { return std::string_view(name(ns)); });
    return out;
  }

  Status survey() {
    if (options_.states != nullptr && new_alone()) states_ = options_.states;
    if (states_ == nullptr || states_->vectors_before == 0) {
      return survey_.run(log_, options_.is_new);  // all of it is new, or may be asked for
    }
    return survey_.run_new(log_, options_.is_new, states_->vectors_before);
  }

  /// Whether the rules look at nothing but the new commits, and the states around them.
  bool new_alone() const {
    if (!options_.is_new) return false;
    for (const Rule& rule : rules_) {
      if (rule.kind->id == RuleId::max_chain || rule.kind->id == RuleId::max_rate ||
          rule.kind->id == RuleId::max_outliers) {
        return false;
      }
    }
    return std::ranges::all_of(survey_.kinds, [&](const ScopeSurvey& kind) { return begins_new(kind.scopes); });
  }

  /// Whether no scope holds old and new commits.
  bool begins_new(const Scopes& scopes) const {
    if (!scopes.linear()) return false;
    const std::size_t first = first_judged(scopes);
    for (const CommitNo commit : numbers<CommitNo>(log_.commits())) {
      const auto scope = scopes.of(commit, log_.commit(commit).last(), log_.commit_time(commit));
      if (scope && *scope >= first && !options_.is_new(commit)) return false;
    }
    return true;
  }

  Status judge_present() {
    if (states_ != nullptr) return judge_now(*states_->now);
    DELTA_TRY(const State state, snapshot(log_));
    return judge_now(state);
  }

  Status judge_now(const State& state) {
    DELTA_TRY(const auto properties, properties_of(log_));
    Indexed<NamespaceNo, std::vector<VectorNo>> rows(catalog().namespaces());
    for (const NamespaceNo ns : rows.numbers()) {
      DELTA_TRY(rows[ns], state.rows(ns));
    }
    for (const NamespaceNo ns : present_namespaces(rows)) {
      const contract::StateView view{&state, ns, rows[ns], property_named(properties, name(ns), kElementKey)};
      for (std::size_t i = 0; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        if (!rule.applies_to(name(ns)) || (options_.is_new && !survey_.namespaces[ns].is_new)) continue;
        if (rule.kind->looks == Looks::state) put(i, name(ns), "", contract::judge_state(rule, view));
        if (rule.kind->looks == Looks::log) {
          DELTA_TRY(auto outcome, judge_history(rule, ns, state));
          put(i, name(ns), "", std::move(outcome));
        }
      }
    }
    return {};
  }

  Result<Outcome> judge_history(const Rule& rule, NamespaceNo ns, const State& state) {
    const NamespaceSurvey& of = survey_.namespaces[ns];
    switch (rule.kind->id) {
      case RuleId::canaries:
        return judge_canaries(rule, ns, state);
      case RuleId::no_conflicts:
        return judge_conflicts(ns);
      case RuleId::max_skew:
        return judge_skew(rule, of);
      case RuleId::max_age:
        return judge_age(rule, of);
      default:
        if (of.longest <= rule.asked.count) return Outcome();
        return Outcome::broken(
            "a vector has " + plural(of.longest, "delta") + ", more than " + std::to_string(rule.asked.count),
            static_cast<double>(of.longest), {std::string(catalog().id(of.longest_vector))});
    }
  }

  Result<Outcome> judge_conflicts(NamespaceNo ns) {
    if (!conflicts_) {
      conflicts_.emplace(catalog().namespaces());
      DELTA_TRY(const auto count, conflicts(log_, {}, VectorSet::all(), [&](const Conflict& conflict) -> Status {
                  auto& vectors = (*conflicts_)[catalog().namespace_of(conflict.vector)];
                  if (vectors.empty() || vectors.back() != conflict.vector) vectors.push_back(conflict.vector);
                  return {};
                }));
      static_cast<void>(count);
    }
    const auto& vectors = (*conflicts_)[ns];
    if (vectors.empty()) return Outcome();
    std::vector<std::string> ids;
    for (const VectorNo vector : vectors) {
      if (ids.size() < contract::kMaxExamples) ids.emplace_back(catalog().id(vector));
    }
    return Outcome::broken(
        plural(vectors.size(), "vector") + (vectors.size() == 1 ? " has" : " have") + " values in conflict",
        static_cast<double>(vectors.size()), std::move(ids));
  }

  static Outcome no_clock() { return Outcome::unknown("no clock was given"); }

  Outcome judge_skew(const Rule& rule, const NamespaceSurvey& of) const {
    if (!options_.now) return no_clock();
    if (!of.newest || of.newest->us() <= *options_.now + rule.asked.duration) return {};
    return Outcome::broken("the newest delta is of " + format_time(of.newest->us()) + ", ahead of the clock (" +
                               format_time(*options_.now) + ") by more than " + rule.asked.name,
                           static_cast<double>(of.newest->us() - *options_.now) / 1e6);
  }

  Outcome judge_age(const Rule& rule, const NamespaceSurvey& of) const {
    if (!options_.now) return no_clock();
    if (!of.newest) return Outcome::broken("there is no delta");
    if (of.newest->us() >= *options_.now || *options_.now - of.newest->us() <= rule.asked.duration) return {};
    return Outcome::broken("the newest delta is of " + format_time(of.newest->us()) + ", older than " +
                               rule.asked.name + " at " + format_time(*options_.now),
                           static_cast<double>(*options_.now - of.newest->us()) / 1e6);
  }

  Result<Outcome> judge_canaries(const Rule& rule, NamespaceNo ns, const State& state) {
    const std::string tag_name = "the tag " + quote(rule.asked.name, 60);
    DELTA_TRY(const auto tag, log_.tag(rule.asked.name));
    if (!tag) return Outcome::unknown("there is not " + tag_name);
    CutOptions cut;
    cut.at = tag->at;
    cut.as_seen_by = tag->heads;
    VectorSet vectors;
    for (const auto& id : rule.asked.names) {
      if (const auto vector = catalog().find_vector(ns, id)) vectors.insert(*vector);
    }
    auto then = snapshot(log_, cut, vectors);
    if (!then && (then.error().code == ErrorCode::not_kept || then.error().code == ErrorCode::not_found)) {
      return Outcome::unknown(then.error().message);
    }
    if (!then) return std::move(then).error();
    return compare_canaries(rule, ns, *then, state);
  }

  Outcome compare_canaries(const Rule& rule, NamespaceNo ns, const State& then, const State& state) const {
    std::vector<std::string> moved, unknown;
    double least = 1;
    for (const auto& id : rule.asked.names) {
      const auto vector = catalog().find_vector(ns, id);
      if (!vector || !then.exists(*vector)) {
        unknown.push_back(id);
        continue;
      }
      const bool gone = !state.exists(*vector);
      const double cosine = gone ? -1 : 1 - contract::cosine_distance(then.bits(*vector), state.bits(*vector));
      least = std::min(least, cosine);
      if (!(cosine >= *rule.asked.least)) moved.push_back(id + (gone ? " (is gone)" : ""));
    }
    if (!moved.empty()) {
      const std::string what = plural(moved.size(), "canary", "canaries") + " of " +
                               std::to_string(rule.asked.names.size()) + " moved since " + escape(rule.asked.name, 60) +
                               ": the least cosine is " + number_text(static_cast<float>(least));
      moved.resize(std::min(moved.size(), contract::kMaxExamples));
      return Outcome::broken(what, least, std::move(moved));
    }
    if (unknown.empty()) return {};
    // Without a namespace of its own, the rule is about those that have them.
    if (!rule.name_space && unknown.size() == rule.asked.names.size() && catalog().namespaces() > 1) return {};
    Outcome out = Outcome::unknown(plural(unknown.size(), "canary", "canaries") + " did not exist at the tag");
    out.ids = std::move(unknown);
    return out;
  }

  /// The first scope that is to be judged.
  std::size_t first_judged(const Scopes& scopes) const {
    std::size_t first = scopes.first_judged();
    if (options_.scopes) first = std::max(first, scopes.size() - std::min(scopes.size(), *options_.scopes));
    if (!options_.is_new) return first;
    std::size_t least = scopes.size();
    for (const CommitNo commit : numbers<CommitNo>(log_.commits())) {
      if (!options_.is_new(commit)) continue;
      const auto scope = scopes.of(commit, log_.commit(commit).last(), log_.commit_time(commit));
      if (scope) least = std::min(least, *scope);
    }
    return std::max(first, least);
  }

  struct Series {
    std::vector<contract::Measures> before;
    std::map<std::size_t, contract::RateBucket> rates = {};  // by rule
  };

  Status judge_scopes(const ScopeSurvey& survey) {
    const contract::Scope& scope = kept_kinds_[static_cast<std::size_t>(&survey - survey_.kinds.data())];
    std::vector<std::size_t> rules;
    std::size_t history = 0;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (rules_[i].kind->looks != Looks::change || rules_[i].scope != scope) continue;
      rules.push_back(i);
      if (rules_[i].kind->id == RuleId::max_outliers) history = std::max<std::size_t>(history, rules_[i].asked.count);
    }
    const std::size_t judged = first_judged(survey.scopes);
    WalkOptions walk{.from = judged - std::min(judged - survey.scopes.first_judged(), history), .measured = {}};
    walk.in_order = survey_.in_order;
    for (const std::size_t rule : rules) walk.measured |= contract::measured_for(rules_[rule]);
    if (states_ != nullptr) {
      walk.before = states_->before;
      walk.present = states_->now;
    }
    std::map<NamespaceNo, Series> series;
    fill_buckets(survey, rules, walk.from, series);
    return walk_scopes(log_, survey, walk, [&](const ScopeChange& change) -> Status {
      Series& of = series[change.ns];
      for (const std::size_t rule : rules) DELTA_OK(judge_change(survey, change, rule, of, change.scope >= judged));
      if (change.facts) of.before.push_back(change.facts->measures());
      return {};
    });
  }

  /// What came before the walk has drawn on the rates, too.
  void fill_buckets(const ScopeSurvey& survey, const std::vector<std::size_t>& rules, std::size_t from,
                    std::map<NamespaceNo, Series>& series) const {
    for (std::size_t scope = 0; scope < from; ++scope) {
      for (const auto& [ns, touched] : survey.touched[scope]) {
        for (const std::size_t i : rules) {
          if (rules_[i].kind->id == RuleId::max_rate) series[ns].rates[i].take(rules_[i], touched.times);
        }
      }
    }
  }

  Status judge_change(const ScopeSurvey& survey, const ScopeChange& change, std::size_t number, Series& series,
                      bool judged) {
    const Rule& rule = rules_[number];
    if (!rule.applies_to(name(change.ns))) return {};
    Outcome outcome;
    if (rule.kind->id == RuleId::max_rate) {
      outcome = series.rates[number].take(rule, survey.touched[change.scope].at(change.ns).times);
    }
    if (!judged) return {};
    const bool exempt = change.first && !rule.check_first && about_before(rule);
    if (!change.facts) {
      outcome = Outcome::unknown(change.why);
    } else if (exempt) {
      outcome = Outcome::exempt("it is the first scope of the namespace");
    } else if (rule.kind->id == RuleId::min_kept_neighbours) {
      DELTA_TRY(outcome, judge_neighbours(survey, rule, change));
    } else if (rule.kind->id != RuleId::max_rate) {
      outcome = contract::judge_change(rule, *change.facts, series.before);
    }
    put(number, name(change.ns), survey.scopes.name(change.scope), std::move(outcome));
    return {};
  }

  /// The first load of a namespace tells nothing of what it changed; who wrote it, and how, it does.
  static bool about_before(const Rule& rule) {
    return rule.kind->id != RuleId::origins && rule.kind->id != RuleId::operations;
  }

  Result<Outcome> judge_neighbours(const ScopeSurvey& survey, const Rule& rule, const ScopeChange& change) {
    const auto cut = survey.scopes.before(change.scope);
    if (!cut) return Outcome::exempt("there was no vector before");
    DELTA_TRY(const TwoStates states, two_snapshots(log_, *cut, survey.scopes.after(change.scope)));
    KeptNeighboursOptions options;
    options.k = rule.asked.count;
    options.metric = rule.asked.metric;
    options.sample = rule.asked.sample;
    DELTA_TRY(const auto kept, kept_neighbours(states.first, change.ns, states.second, change.ns, options));
    if (kept.common == 0) return Outcome::exempt("no vector was there before and is there now, and had neighbours");
    if (kept.mean >= *rule.asked.least) return Outcome();
    std::vector<std::string> ids;
    for (const auto& vector : kept.vectors) {
      if (ids.size() < contract::kMaxExamples) ids.emplace_back(vector.id);
    }
    return Outcome::broken(number_text(std::round(kept.mean * 1e4) / 100) + " % of the " +
                               plural(options.k, "nearest neighbour") + " stayed, on average, less than " +
                               number_text(*rule.asked.least * 100) + " %",
                           kept.mean, std::move(ids));
  }

  const Log& log_;
  const std::vector<Rule>& rules_;
  const JudgeOptions& options_;
  const StatesAround* states_ = nullptr;  // if they and the new commits are all that the rules look at
  ContractReport report_;
  std::vector<std::vector<ContractFinding>> findings_;  // by rule
  std::vector<contract::Scope> kinds_, kept_kinds_;     // asked for; surveyed
  ContractSurvey survey_;
  std::optional<Indexed<NamespaceNo, std::vector<VectorNo>>> conflicts_;
};

}  // namespace
}  // namespace ops

Result<ContractReport> judge(const Log& log, const Contract& contract, const JudgeOptions& options) try {
  const Boundary boundary;
  return ops::Judge(log, contract, options).run();
} catch (...) {
  return caught();
}

}  // namespace delta
