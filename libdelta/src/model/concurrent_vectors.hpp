// Which vectors need more than folding in place, and all the deltas of those. Two passes over a source: the first asks
// of each delta whether it follows the last one of its vector, the second gathers the vectors where one did not.
#pragma once

#include <vector>

#include "delta/pages.hpp"
#include "delta/vector_set.hpp"
#include "model/fold.hpp"

namespace delta::model {

/// corrupt: the delta does not fit the dimensions of its vector.
Status check_fit(const Catalog& catalog, const History& history, const Delta& delta);

class ConcurrentVectors {
 public:
  /// Keeps the references. `vectors` as of fold().
  ConcurrentVectors(const Catalog& catalog, const History& history, const CutTest& cut, const VectorSet& vectors);

  /// The last delta of a vector.
  struct Last {
    Timestamp time;
    std::uint64_t seq;
    CommitNo commit;
    std::uint32_t count;  // of all its deltas: what gathering makes room for
  };

  /// The first pass goes on from a base: take() passes over what that has folded. Keeps the reference.
  void start(const FoldBase& base) { base_ = &base; }
  /// What the base holds of one vector. False: it is not wanted.
  bool start(const FoldedVector& vector);
  /// The first pass. `apply(change)` gets those that follow the last one of their vector.
  template <class Apply>
  Status take(const DeltaBatch& batch, const Apply& apply) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta c = batch[i];
      if (counts(c) && !is_based(c)) DELTA_OK(take(c, apply));
    }
    return {};
  }
  /// The same of one delta, which counts.
  template <class Apply>
  Status take(const Delta& c, const Apply& apply) {
    Last& last = last_[c.vector];
    ++last.count;
    if (contested_.contains(c.vector)) return {};
    DELTA_OK(check_fit(catalog_, history_, c));
    if (last.count > 1 && !follows(c, last)) {
      add(c.vector);
      return {};
    }
    last = {c.time, c.seq, c.commit, last.count};
    apply(c);
    return {};
  }
  bool counts(const Delta& c) const {
    DELTA_CHECK(last_.contains(c.vector));
    return wanted_.contains(c.vector) && cut_.contains(c);
  }
  /// The base that the pass goes on from has folded it.
  bool is_based(const Delta& c) const { return base_ != nullptr && base_->covers(history_.origin(c.commit), c.seq); }
  /// Something is known of the vector.
  bool has_taken(VectorNo vector) const { return last_[vector].count > 0 || contested_.contains(vector); }
  /// Goes on from where another one stands with a vector.
  void go_on(const ConcurrentVectors& from, VectorNo vector) {
    last_[vector] = from.last_[vector];
    if (from.contested_.contains(vector)) add(vector);
  }
  /// One more vector to be gathered.
  void add(VectorNo vector) { contested_.insert(vector); }
  const VectorSet& contested() const { return contested_; }
  /// One that is contested no more: its deltas form a chain that ends in `last`.
  void settle(VectorNo vector, const Delta& last) {
    contested_.erase(vector);
    last_[vector] = {last.time, last.seq, last.commit, last_[vector].count};
  }
  /// Of a vector that is not contested; count 0: no delta of it was taken.
  const Last& last(VectorNo vector) const { return last_[vector]; }

  /// The second pass, over what the first one saw. Or the only one, where all that is asked for was added before.
  Status gather(const DeltaBatch& batch);
  /// About what takes room of what was gathered.
  std::uint64_t bytes() const { return gathered_.row_bytes() + kPerDelta * gathered_.size(); }
  /// Forgets the vectors with the greatest numbers, and so half of the deltas that were gathered: contested() are then
  /// the others. False: there is only one left.
  bool give_up_half();
  /// Those that were gathered, by number. To be called once, before fold().
  std::vector<VectorNo> vectors();
  /// In key order already, which spares sorting what is large. Views what was gathered.
  VectorFold fold(VectorNo vector) const;

 private:
  /// Seen, and of greater key. The second follows from the first unless a clock rule was broken; then the key decides.
  bool follows(const Delta& c, const Last& last) const {
    if (!history_.happens_before(last.commit, last.seq, c.commit, c.seq)) return false;
    if (c.time != last.time) return c.time > last.time;
    return ranks_[history_.origin(c.commit)] >= ranks_[history_.origin(last.commit)];
  }

  static constexpr std::uint64_t kPerDelta = 40;  // bytes, beside those of a plain row

  void make_room();
  std::size_t place_of(VectorNo vector) const;  // in vectors_

  const Catalog& catalog_;
  const History& history_;
  const CutTest& cut_;
  const VectorSet& wanted_;
  const FoldBase* base_ = nullptr;
  OriginRanks ranks_;
  using LastDeltas = ZeroedTable<VectorNo, Last>;

  LastDeltas last_;  // by vector
  VectorSet contested_;
  bool room_made_ = false;
  DeltaBatch gathered_;
  std::vector<VectorNo> vectors_;          // that were gathered, ascending,
  std::vector<std::size_t> ends_, order_;  // where the places of each end in `order_`; places in `gathered_`
};

}  // namespace delta::model
