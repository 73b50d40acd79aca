// The state before a scope is at hand. Where each commit has seen all before it, and the log was not pruned, the deltas
// of the scope are applied to it one after the other: the log is read once. In any other log the vectors that the scope
// touched are folded anew, up to its end.
#include "ops/contract_walk.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "delta/feed.hpp"
#include "delta/snapshot.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

using Visit = std::function<Status(const ScopeChange&)>;
using Bits = std::span<const std::uint32_t>;

/// The values of some vectors as they were.
class OldValues {
 public:
  void clear() {
    places_.clear();
    bits_.clear();
  }
  bool holds(VectorNo vector) const { return places_.contains(vector); }
  /// `bits`: empty if it did not exist.
  void put(VectorNo vector, Bits bits) {
    places_.emplace(vector, std::pair(bits_.size(), bits.size()));
    bits_.insert(bits_.end(), bits.begin(), bits.end());
  }
  /// REQUIRES: holds(vector)
  Bits of(VectorNo vector) const {
    const auto [begin, size] = places_.at(vector);
    return Bits(bits_).subspan(begin, size);
  }

 private:
  std::unordered_map<VectorNo, std::pair<std::size_t, std::size_t>> places_;
  std::vector<std::uint32_t> bits_;
};

class Walk {
 public:
  Walk(const Log& log, const ScopeSurvey& survey, const WalkOptions& options, const Visit& visit)
      : log_(log), survey_(survey), options_(options), visit_(visit) {}

  Status run() {
    const std::size_t from = options_.from;
    if (from >= survey_.scopes.size()) return {};
    if (!survey_.scopes.linear()) return fold_each(from);
    return apply_each(from);
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

  /// The state before a scope; none, if that is not answered.
  Status begin(std::size_t scope) {
    meters_.clear();
    if (scope == 0) {
      before_.emplace(log_.impl().shared_catalog);
    } else if (options_.before != nullptr && scope == options_.from) {
      DELTA_TRY(before_, options_.before->part(VectorSet::all()));
    } else {
      DELTA_TRY(before_, state_at(survey_.scopes.after(scope - 1), VectorSet::all()));
    }
    if (!before_) return {};
    for (const NamespaceNo ns : numbers<NamespaceNo>(log_.catalog().namespaces())) {
      contract::Meter meter(log_.catalog().name_space(ns).dims, options_.measured);
      DELTA_TRY(const auto rows, before_->rows(ns));
      for (const VectorNo vector : rows) meter.start(before_->bits(vector));
      meters_.emplace(ns, std::move(meter));
    }
    return scope == options_.from && options_.present != nullptr && scope > 0 ? start_untouched() : Status();
  }

  /// What was not touched is as it is now.
  Status start_untouched() {
    VectorSet touched;
    for (std::size_t scope = options_.from; scope < survey_.scopes.size(); ++scope) {
      for (const auto& [ns, of] : survey_.touched[scope]) {
        of.vectors.each([&](VectorNo vector) { touched.insert(vector); });
      }
    }
    for (auto& [ns, meter] : meters_) {
      DELTA_TRY(const auto rows, options_.present->rows(ns));
      for (const VectorNo vector : rows) {
        if (!touched.contains(vector)) meter.start(options_.present->bits(vector));
      }
    }
    return {};
  }

  Status fold_each(std::size_t from) {
    for (std::size_t scope = from; scope < survey_.scopes.size(); ++scope) {
      if (!survey_.touched[scope].empty()) DELTA_OK(fold(scope));
    }
    return {};
  }

  Status fold(std::size_t scope) {
    if (!before_) DELTA_OK(begin(scope));
    std::optional<State> after;
    if (before_) {
      VectorSet all;
      for (const auto& [ns, touched] : survey_.touched[scope]) {
        touched.vectors.each([&](VectorNo vector) { all.insert(vector); });
      }
      DELTA_TRY(after, state_at(survey_.scopes.after(scope), all));
    }
    if (!after) {
      before_.reset();
      return tell(scope, {});
    }
    DELTA_OK(tell(scope, [&](VectorNo vector) { return std::pair(before_->bits(vector), after->bits(vector)); }));
    for (const auto& [ns, touched] : survey_.touched[scope]) {
      touched.vectors.each([&](VectorNo vector) { before_->take(*after, vector); });
    }
    return {};
  }

  Status apply_each(std::size_t from) {
    DELTA_OK(begin(from));
    std::size_t scope = from;
    const auto apply_all = [&](const DeltaBatch& batch) -> Status {
      for (std::size_t i = 0; i < batch.size(); ++i) DELTA_OK(apply(batch[i], scope));
      return {};
    };
    if (from == 0 && options_.in_order) {
      store::LogSource source(log_.impl());
      DELTA_OK(source.each(VectorSet::all(), std::nullopt, apply_all));
      return finish(scope);
    }
    Cursor cursor;
    if (from > 0) {
      DELTA_TRY(const auto seen, log_.context(survey_.scopes.after(from - 1).as_seen_by));
      for (const OriginNo origin : seen.numbers()) {
        if (seen[origin] > 0) cursor.advance(log_.catalog().origin(origin), seen[origin]);
      }
    }
    DELTA_TRY(Feed feed, Feed::after(log_, std::move(cursor)));
    FeedBatch batch;
    while (true) {
      DELTA_TRY(const bool more, feed.next(batch));
      if (!more) return finish(scope);
      DELTA_OK(apply_all(batch.deltas));
    }
  }

  Status apply(Delta delta, std::size_t& scope) {
    const auto of = survey_.scopes.of(delta);
    if (!of) return {};  // pending
    if (*of != scope) {
      DELTA_OK(finish(scope));
      scope = *of;
    }
    if (!old_.holds(delta.vector)) old_.put(delta.vector, before_->bits(delta.vector));
    delta.metadata = {};  // changes are of values
    model::apply(*before_, log_.commit(delta.commit).origin, delta);
    return {};
  }

  Status finish(std::size_t scope) {
    DELTA_OK(tell(scope, [&](VectorNo vector) { return std::pair(old_.of(vector), before_->bits(vector)); }));
    old_.clear();
    return {};
  }

  /// `values`: of a vector before and after; empty: not known.
  Status tell(std::size_t scope, const std::function<std::pair<Bits, Bits>(VectorNo)>& values) {
    for (const NamespaceNo ns : in_order(survey_.touched[scope])) {
      ScopeChange change{scope, ns, survey_.first_of(ns) == scope};
      if (values) {
        change.facts = measure(survey_.touched[scope].at(ns), ns, values);
      } else {
        change.why = why_;
      }
      DELTA_OK(visit_(change));
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

  contract::ChangeFacts measure(const Touched& touched, NamespaceNo ns,
                                const std::function<std::pair<Bits, Bits>(VectorNo)>& values) {
    contract::Meter& meter = meters_.at(ns);
    meter.begin();
    touched.vectors.each([&](VectorNo vector) {
      const auto [before, after] = values(vector);
      meter.change(log_.catalog().id(vector), before, after);
    });
    contract::ChangeFacts facts = meter.end();
    for (const OriginNo origin : touched.origins) facts.origins.emplace_back(log_.catalog().origin(origin));
    std::ranges::sort(facts.origins);
    facts.operations = touched.operations;
    return facts;
  }

  const Log& log_;
  const ScopeSurvey& survey_;
  const WalkOptions& options_;
  const Visit& visit_;
  std::optional<State> before_;  // of all vectors; none: not known
  OldValues old_;                // of a scope whose deltas are applied
  std::string why_;              // why the state is not known
  std::map<NamespaceNo, contract::Meter> meters_;
};

}  // namespace

Status walk_scopes(const Log& log, const ScopeSurvey& survey, const WalkOptions& options,
                   const std::function<Status(const ScopeChange&)>& visit) {
  return Walk(log, survey, options, visit).run();
}

}  // namespace delta::ops
