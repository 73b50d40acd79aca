// As the fold does: a vector is followed at once as long as each next delta of it has seen the last one and has a
// greater key. What was noted of a vector where that fails is struck out, and its deltas are gathered and replayed in
// key order. It fails, too, where copies that were pruned apart hold pieces of one delta: those are put together then.
#include "model/effects.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "delta/kept_times.hpp"
#include "model/pieces.hpp"
#include "model/standing.hpp"

namespace delta::model {
namespace {

double value(std::uint32_t bits) { return std::bit_cast<float>(bits); }

class Judge {
 public:
  Judge(const Catalog& catalog, const History& history, const EffectOptions& options)
      : catalog_(catalog),
        history_(history),
        options_(options),
        answered_(history.readable_times()),
        ranks_(origin_ranks(catalog)),
        state_(catalog),
        last_(catalog.vectors()) {}

  Status take(const DeltaBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta c = batch[i];
      if (!counts(c) || contested_.contains(c.vector)) continue;
      Last& last = last_[c.vector];
      if (last.any != 0 && !follows(c, last)) {
        contested_.insert(c.vector);
        continue;
      }
      last = {c.time, c.seq, c.commit, 1};
      judge(c, false);
    }
    return {};
  }

  Status gather(const DeltaBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (counts(batch[i]) && contested_.contains(batch.vectors[i])) gathered_.add(batch[i]);
    }
    return {};
  }

  const VectorSet& contested() const { return contested_; }

  std::vector<DeltaEffect> finish() {
    std::erase_if(effects_, [&](const DeltaEffect& e) { return contested_.contains(e.vector); });
    replay_contested();
    std::ranges::sort(effects_, [&](const DeltaEffect& a, const DeltaEffect& b) { return less(a.key, b.key); });
    return std::move(effects_);
  }

 private:
  struct Last {
    Timestamp time;
    std::uint64_t seq;
    CommitNo commit;
    std::uint32_t any;  // 0 before the first delta
  };

  bool counts(const Delta& c) const {
    if (!options_.vectors.contains(c.vector)) return false;
    return history_.folded(c.commit) &&
           (options_.seen == nullptr || c.seq <= (*options_.seen)[history_.commit(c.commit).origin]);
  }
  Key key(const Delta& c) const { return {c.time, history_.commit(c.commit).origin, c.seq}; }
  bool less(const Key& a, const Key& b) const { return RankedKey(ranks_, a) < RankedKey(ranks_, b); }
  bool follows(const Delta& c, const Last& last) const {
    return history_.happens_before(last.commit, last.seq, c.commit, c.seq) &&
           less({last.time, history_.commit(last.commit).origin, last.seq}, key(c));
  }

  /// The states before and after are those of kept times: what was there then is there still.
  bool known(const Delta& c) const {
    return c.lost == 0 && answered_.contains(c.time.us()) && (c.time.us() == 0 || answered_.contains(c.time.us() - 1));
  }

  void judge(const Delta& c, bool conflict) {
    const bool was = state_.exists(c.vector);
    const auto before = state_.bits(c.vector);
    before_.assign(before.begin(), before.end());
    Delta values = c;
    values.metadata = {};
    apply(state_, history_.commit(c.commit).origin, values);
    const bool is = state_.exists(c.vector);
    DeltaEffect effect{
        key(c),   c.commit,
        c.vector, static_cast<std::uint32_t>(16 + 4 * (c.indices.size() + c.bits.size()) + c.metadata.size()),
        c.op,     conflict,
        {},       {}};
    if (known(c)) compare(was, is, effect);
    effects_.push_back(effect);
  }

  void compare(bool was, bool is, DeltaEffect& effect) const {
    const auto after = state_.bits(effect.vector);
    double sum = 0;
    std::uint32_t changed = 0;
    for (std::size_t dim = 0; dim < std::max(before_.size(), after.size()); ++dim) {
      const std::uint32_t a = was ? before_[dim] : 0, b = is ? after[dim] : 0;
      if (a == b) continue;
      const double by = value(b) - value(a);
      sum += by * by;
      ++changed;
    }
    effect.changed = was != is ? catalog_.dims(effect.vector) : changed;
    if (std::isfinite(sum)) effect.distance = std::sqrt(sum);
  }

  void replay_contested() {
    std::vector<std::uint32_t> order(gathered_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return gathered_.vectors[i]; });
    std::vector<Delta> deltas;
    for (std::size_t i = 0; i < order.size();) {
      const VectorNo vector = gathered_.vectors[order[i]];
      deltas.clear();
      for (; i < order.size() && gathered_.vectors[order[i]] == vector; ++i) deltas.push_back(gathered_[order[i]]);
      DeltaBatch united;
      put_in_key_order(history_, ranks_, catalog_.dims(vector), deltas, united);
      state_.set_exists(vector, false);
      replay(deltas, catalog_.dims(vector));
    }
  }

  /// An assignment is in conflict that has not seen an earlier one of the same dimension since the last delete: then
  /// there is one that stands.
  void replay(std::span<const Delta> deltas, std::uint32_t dims) {
    Standing standing(history_);
    bool any = true;
    for (std::uint32_t i = 0; i < deltas.size(); ++i) {
      const Delta& c = deltas[i];
      if (any && (i == 0 || c.op == Operation::remove)) {
        standing.reset(dims, deltas.size());
        any = false;
      }
      any |= is_assignment(c.op);
      judge(c, is_assignment(c.op) && standing.assign(deltas, i));
    }
  }

  const Catalog& catalog_;
  const History& history_;
  const EffectOptions& options_;
  const KeptTimes answered_;
  const OriginRanks ranks_;
  State state_;
  ZeroedTable<VectorNo, Last> last_;
  VectorSet contested_;
  DeltaBatch gathered_;
  std::vector<std::uint32_t> before_;
  std::vector<DeltaEffect> effects_;
};

}  // namespace

Result<std::vector<DeltaEffect>> effects(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const EffectOptions& options) {
  Judge judge(catalog, history, options);
  DELTA_OK(source.each(options.vectors, {}, [&](const DeltaBatch& batch) { return judge.take(batch); }));
  if (!judge.contested().empty()) {
    DELTA_OK(source.each(judge.contested(), {}, [&](const DeltaBatch& batch) { return judge.gather(batch); }));
  }
  return judge.finish();
}

}  // namespace delta::model
