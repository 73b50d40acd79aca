// The state before a scope is at hand; of the state after it only the vectors that the scope touched are folded, and
// then put in its place.
#include "ops/contract_walk.hpp"

#include <algorithm>

#include "delta/snapshot.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

class Walk {
 public:
  Walk(const Log& log, const ScopeSurvey& survey) : log_(log), survey_(survey) {}

  Status run(std::size_t from, const std::function<Status(const ScopeChange&)>& visit) {
    for (std::size_t scope = from; scope < survey_.scopes.size(); ++scope) {
      if (survey_.touched[scope].empty()) continue;
      DELTA_OK(step(scope, visit));
    }
    return {};
  }

 private:
  using Touches = std::map<NamespaceNo, Touched>;

  /// An error of a cut that is not answered becomes why_.
  Result<std::optional<State>> state_at(const CutOptions& cut, const VectorSet& vectors) {
    auto state = snapshot(log_, cut, vectors);
    if (state) return {std::optional(std::move(*state))};
    if (state.error().code != ErrorCode::not_kept) return std::move(state).error();
    why_ = state.error().message;
    return {std::nullopt};
  }

  Status begin(std::size_t scope) {
    meters_.clear();
    if (scope == 0) {
      before_.emplace(log_.impl().shared_catalog);
    } else {
      DELTA_TRY(before_, state_at(survey_.scopes.after(scope - 1), VectorSet::all()));
    }
    if (!before_) return {};
    for (const NamespaceNo ns : numbers<NamespaceNo>(log_.catalog().namespaces())) {
      contract::Meter meter(log_.catalog().name_space(ns).dims);
      DELTA_TRY(const auto rows, before_->rows(ns));
      for (const VectorNo vector : rows) meter.start(before_->bits(vector));
      meters_.emplace(ns, std::move(meter));
    }
    return {};
  }

  Status step(std::size_t scope, const std::function<Status(const ScopeChange&)>& visit) {
    const Touches& touches = survey_.touched[scope];
    if (!before_) DELTA_OK(begin(scope));
    std::optional<State> after;
    if (before_) {
      VectorSet all;
      for (const auto& [ns, touched] : touches) touched.vectors.each([&](VectorNo vector) { all.insert(vector); });
      DELTA_TRY(after, state_at(survey_.scopes.after(scope), all));
    }
    for (const NamespaceNo ns : in_order(touches)) {
      ScopeChange change{scope, ns, survey_.first_of(ns) == scope};
      if (after) {
        change.facts = measure(touches.at(ns), ns, *after);
        change.before = &*before_;
        change.after = &*after;
      } else {
        change.why = why_;
      }
      DELTA_OK(visit(change));
    }
    if (!after) {
      before_.reset();
      return {};
    }
    for (const auto& [ns, touched] : touches) {
      touched.vectors.each([&](VectorNo vector) { before_->take(*after, vector); });
    }
    return {};
  }

  std::vector<NamespaceNo> in_order(const Touches& touches) const {
    std::vector<NamespaceNo> out;
    for (const auto& [ns, touched] : touches) out.push_back(ns);
    std::ranges::sort(out, {}, [&](NamespaceNo ns) {
      const Namespace& named = log_.catalog().name_space(ns);
      return std::pair<std::string_view, std::uint32_t>(named.name, named.dims);
    });
    return out;
  }

  contract::ChangeFacts measure(const Touched& touched, NamespaceNo ns, const State& after) {
    contract::Meter& meter = meters_.at(ns);
    meter.begin();
    touched.vectors.each(
        [&](VectorNo vector) { meter.change(log_.catalog().id(vector), before_->bits(vector), after.bits(vector)); });
    contract::ChangeFacts facts = meter.end();
    for (const OriginNo origin : touched.origins) facts.origins.emplace_back(log_.catalog().origin(origin));
    std::ranges::sort(facts.origins);
    facts.operations = touched.operations;
    return facts;
  }

  const Log& log_;
  const ScopeSurvey& survey_;
  std::optional<State> before_;  // of all vectors; none: not known
  std::string why_;              // then
  std::map<NamespaceNo, contract::Meter> meters_;
};

}  // namespace

Status walk_scopes(const Log& log, const ScopeSurvey& survey, std::size_t from,
                   const std::function<Status(const ScopeChange&)>& visit) {
  return Walk(log, survey).run(from, visit);
}

}  // namespace delta::ops
