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

  /// Before the first pass: what a base has folded already. REQUIRES: the cut contains it.
  Status start(const FoldBase& base, const VectorSet& vectors) {
    contest_.start(base);
    base.unresolved().each([&](VectorNo vector) {
      if (vectors.contains(vector)) contest_.add(vector);
    });
    return base.each(vectors, [this](const FoldedVector& folded) -> Status {
      if (!contest_.start(folded)) return {};
      if (folded.exists) {
        std::ranges::copy(folded.bits, state_.put(folded.vector).begin());
        state_.set_exists(folded.vector, true);
        state_.set_created(folded.vector, folded.created);
      }
      if (!folded.metadata.empty()) state_.set_metadata(folded.vector, std::string(folded.metadata));
      if (folded.overflows != 0) overflows_.emplace_back(folded.vector, folded.overflows);
      return {};
    });
  }

  Status take(const DeltaBatch& batch) {
    return contest_.take(batch, [this](const Delta& c) {
      std::uint64_t overflows = 0;  // apart: a contested vector's count is taken back
      apply(state_, history_.commit(c.commit).origin, c, overflows);
      if (overflows != 0) overflows_.emplace_back(c.vector, overflows);
      if (c.op == Operation::create && has_indices(c)) partial_.push_back(c.vector);
    });
  }

  /// After the first pass. A create that lost values may have left a dimension without any. That is rare, and shows as
  /// a NaN.
  void doubt() {
    const auto nan = [](std::uint32_t bits) { return magnitude(bits) > kInfinity; };
    for (const VectorNo vector : partial_) {
      if (state_.exists(vector) && std::ranges::any_of(state_.bits(vector), nan)) contest_.add(vector);
    }
  }

  /// After the second pass: those of the contested whose deltas form a chain after all. They did not come in key order.
  void settle_chains() {
    std::erase_if(overflows_, [this](const auto& counted) { return contest_.contested().contains(counted.first); });
    for (const VectorNo vector : contest_.vectors()) {
      const VectorFold fold = contest_.fold(vector);
      if (!fold.chain() || (fold.exists() && fold.missing_value())) continue;
      std::uint64_t overflows = 0;
      replay(vector, fold, overflows);
      if (overflows != 0) overflows_.emplace_back(vector, overflows);
      contest_.settle(vector, fold.deltas().back());
    }
  }

  /// After doubt() and settle_chains(): gives away what is folded of the vectors that are not contested.
  State take_state() {
    state_.settle_metadata();
    return std::move(state_);
  }
  /// How often deltas of vectors overflowed.
  const std::vector<std::pair<VectorNo, std::uint64_t>>& overflows() const { return overflows_; }

  State finish() {
    for (const auto& [vector, count] : overflows_) {
      if (!contest_.contested().contains(vector)) state_.overflows += count;
    }
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
  std::vector<VectorNo> partial_;                              // vectors with a create that lost values
  std::vector<std::pair<VectorNo, std::uint64_t>> overflows_;  // vector, count: of the first pass
  std::vector<Candidate> candidates_;
};

}  // namespace delta::model
