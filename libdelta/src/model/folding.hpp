// One fold as it goes on: chains in place as they come, the contested set aside and resolved by the rules of a policy.
// For fold.cpp and fold_chains.cpp.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/transform.hpp"
#include "model/concurrent_vectors.hpp"
#include "model/fold.hpp"
#include "model/policy.hpp"

namespace delta::model {

class Folding {
 public:
  Folding(const Catalog& catalog, const History& history, const CutTest& cut, const VectorSet& vectors)
      : catalog_(catalog),
        history_(history),
        state_(catalog, vectors.is_all() ? ~std::size_t{0} : vectors.size()),
        contest_(catalog, history, cut, vectors) {}

  ConcurrentVectors& contest() { return contest_; }

  /// What is remembered of deltas that were taken.
  struct Notes {
    std::vector<VectorNo> partial = {};                              // vectors with a create that lost values
    std::vector<std::pair<VectorNo, std::uint64_t>> overflows = {};  // vector, count
  };

  /// Before the first pass: what a base has folded already. REQUIRES: the cut contains it.
  Status start(const FoldBase& base, const VectorSet& vectors) { return start(base, vectors, own_); }
  Status start(const FoldBase& base, const VectorSet& vectors, Notes& notes) {
    contest_.start(base);
    base.unresolved().each([&](VectorNo vector) {
      if (vectors.contains(vector)) contest_.add(vector);
    });
    return base.each(vectors, [&](const FoldedVector& folded) -> Status {
      if (!contest_.start(folded)) return {};
      if (folded.exists) {
        std::ranges::copy(folded.bits, state_.put(folded.vector).begin());
        state_.set_exists(folded.vector, true);
        state_.set_created(folded.vector, folded.created);
      }
      if (!folded.metadata.empty()) state_.set_metadata(folded.vector, std::string(folded.metadata));
      if (folded.overflows != 0) notes.overflows.emplace_back(folded.vector, folded.overflows);
      return {};
    });
  }

  Status take(const DeltaBatch& batch) {
    return contest_.take(batch, [this](const Delta& c) { apply_noted(c, own_); });
  }
  Status take(const Delta& c, Notes& notes) {
    return contest_.take(c, [&](const Delta& d) { apply_noted(d, notes); });
  }
  Status take(const Delta& c) { return take(c, own_); }

  /// Goes on from where another one stands with a vector.
  void go_on(Folding& from, VectorNo vector) {
    from.state_.settle_metadata(vector);
    state_.take(from.state_, vector);
    contest_.go_on(from.contest_, vector);
  }
  /// Notes that count beside its own.
  void share(const Notes& common) { common_ = &common; }

  /// After the first pass. A create that lost values may have left a dimension without any. That is rare, and shows as
  /// a NaN.
  void doubt() {
    const auto nan = [](std::uint32_t bits) { return magnitude(bits) > kInfinity; };
    each_notes([&](const Notes& notes) {
      for (const VectorNo vector : notes.partial) {
        if (state_.exists(vector) && std::ranges::any_of(state_.bits(vector), nan)) contest_.add(vector);
      }
    });
  }

  /// After the second pass: those of the contested whose deltas form a chain after all. They did not come in key order.
  void settle_chains() {
    std::erase_if(own_.overflows, [this](const auto& counted) { return contest_.contested().contains(counted.first); });
    for (const VectorNo vector : contest_.vectors()) {
      const VectorFold fold = contest_.fold(vector);
      if (!fold.chain() || (fold.exists() && fold.missing_value())) continue;
      std::uint64_t overflows = 0;
      replay(vector, fold, overflows);
      if (overflows != 0) own_.overflows.emplace_back(vector, overflows);
      contest_.settle(vector, fold.deltas().back());
    }
  }

  /// After doubt() and settle_chains(): gives away what is folded of the vectors that are not contested.
  State take_state() {
    state_.settle_metadata();
    return std::move(state_);
  }
  /// How often deltas of vectors overflowed.
  const std::vector<std::pair<VectorNo, std::uint64_t>>& overflows() const { return own_.overflows; }

  State finish() {
    each_notes([&](const Notes& notes) {
      for (const auto& [vector, count] : notes.overflows) {
        if (!contest_.contested().contains(vector)) state_.overflows += count;
      }
    });
    state_.settle_metadata();
    return std::move(state_);
  }

  /// `conflicted`: if not null, gets the vectors that have several candidates somewhere.
  Status settle(const Policy& policy, std::vector<VectorNo>* conflicted) {
    RuleTable rules(policy, catalog_);
    for (const VectorNo vector : contest_.vectors()) {
      const VectorFold fold = contest_.fold(vector);
      DELTA_OK(check_missing_value(catalog_, vector, fold));
      if (fold.chain()) {
        replay(vector, fold, state_.overflows);
        continue;
      }
      state_.set_exists(vector, false);
      state_.set_metadata(vector, fold.metadata());  // also where it does not exist: the next create finds it
      if (fold.exists()) {
        if (settle(vector, fold, rules.of(catalog_.namespace_of(vector))) && conflicted) conflicted->push_back(vector);
      }
    }
    return {};
  }

 private:
  void apply_noted(const Delta& c, Notes& notes) {
    std::uint64_t overflows = 0;  // apart: a contested vector's count is taken back
    apply(state_, history_.origin(c.commit), c, overflows);
    if (overflows != 0) notes.overflows.emplace_back(c.vector, overflows);
    if (c.op == Operation::create && has_indices(c)) notes.partial.push_back(c.vector);
  }
  template <class Visit>
  void each_notes(const Visit& visit) const {
    visit(own_);
    if (common_ != nullptr) visit(*common_);
  }

  /// One delta after the other, as the first pass would have done it.
  void replay(VectorNo vector, const VectorFold& fold, std::uint64_t& overflows) {
    state_.set_exists(vector, false);
    state_.set_metadata(vector, {});
    for (std::size_t i = 0; i < fold.deltas().size(); ++i) apply(state_, fold.origin(i), fold.deltas()[i], overflows);
  }

  bool settle(VectorNo vector, const VectorFold& fold, std::span<const Policy::Rule* const> rules) {
    state_.set_exists(vector, true);
    state_.set_created(vector, fold.key(fold.created()));
    const auto row = state_.put(vector);
    bool conflict = false;
    for (std::uint32_t dim = 0; dim < row.size(); ++dim) {
      conflict |= fold.standing(dim).size() > 1;
      row[dim] = fold.resolve(dim, rules[dim], catalog_, candidates_, state_.overflows).bits;
    }
    return conflict;
  }

  const Catalog& catalog_;
  const History& history_;
  State state_;
  ConcurrentVectors contest_;
  Notes own_;
  const Notes* common_ = nullptr;
  std::vector<Candidate> candidates_;
};

/// Resolves what was gathered, by `policy`, or where that is null by what the log says at the cut.
inline Status settle(const Catalog& catalog, const History& history, Folding& folding, const Cut& cut,
                     const Policy* policy, std::vector<VectorNo>* conflicted) {
  if (folding.contest().contested().empty()) return {};
  if (policy != nullptr) return folding.settle(*policy, conflicted);
  DELTA_TRY(const Policy own, policy_at(catalog, history, cut));
  return folding.settle(own, conflicted);
}

}  // namespace delta::model
