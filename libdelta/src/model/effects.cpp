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

// What is kept of a vector stands anywhere in memory, and waiting for it takes longer than all else. So it is asked for
// some deltas before: about as long as memory takes.
constexpr std::size_t kAhead = 8;

double value(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Which deltas count, and which vectors have one that has not seen the one before it, or not in key order.
class Order {
 public:
  Order(const Catalog& catalog, const History& history, const EffectOptions& options)
      : history_(history), options_(options), ranks_(origin_ranks(catalog)), last_(catalog.vectors()) {}

  bool counts(VectorNo vector, CommitNo commit, std::uint64_t seq) const {
    if (!options_.vectors.contains(vector)) return false;
    return history_.folded(commit) && (options_.seen == nullptr || seq <= (*options_.seen)[history_.origin(commit)]);
  }
  bool counts(const Delta& c) const { return counts(c.vector, c.commit, c.seq); }

  /// The next delta that counts. False: its vector is contested.
  bool take(VectorNo vector, Timestamp time, CommitNo commit, std::uint64_t seq) {
    if (contested_.contains(vector)) return false;
    Last& last = last_[vector];
    const Last next{time, seq, commit, 1};
    if (last.any != 0 && !follows(next, last)) {
      contested_.insert(vector);
      return false;
    }
    last = next;
    return true;
  }

  /// Of one that comes soon. Inlined, as are the others: a compiler drops a call that only fetches.
  [[gnu::always_inline]] void expect(VectorNo vector) const { __builtin_prefetch(&last_[vector], 1); }

  const VectorSet& contested() const { return contested_; }
  const OriginRanks& ranks() const { return ranks_; }
  bool less(const Key& a, const Key& b) const { return RankedKey(ranks_, a) < RankedKey(ranks_, b); }

 private:
  struct Last {
    Timestamp time;
    std::uint64_t seq;
    CommitNo commit;
    std::uint32_t any;  // 0 before the first delta
  };

  Key key(const Last& c) const { return {c.time, history_.origin(c.commit), c.seq}; }
  bool follows(const Last& c, const Last& last) const {
    return history_.happens_before(last.commit, last.seq, c.commit, c.seq) && less(key(last), key(c));
  }

  const History& history_;
  const EffectOptions& options_;
  const OriginRanks ranks_;
  ZeroedTable<VectorNo, Last> last_;
  VectorSet contested_;
};

class Judge {
 public:
  using Visit = std::function<void(const DeltaEffect&)>;
  Judge(const Catalog& catalog, const History& history, const Order& order, Visit visit)
      : catalog_(catalog),
        history_(history),
        answered_(history.readable_times()),
        order_(order),
        state_(catalog),
        visit_(std::move(visit)) {}

  /// The next delta of its vector.
  void take(const Delta& c) { judge(c, false); }

  /// Has the values fetched that a delta of the batch will change, if it is there.
  [[gnu::always_inline]] void expect(const DeltaBatch& batch, std::size_t i) const {
    if (i >= batch.size() || batch.ops[i] != Operation::sparse) return;
    const auto values = state_.bits(batch.vectors[i]);
    const std::uint64_t begin = i == 0 ? 0 : batch.index_ends[i - 1];
    for (std::uint64_t at = begin; at < batch.index_ends[i]; ++at) {
      if (batch.indices[at] < values.size()) __builtin_prefetch(&values[batch.indices[at]], 1);
    }
  }

  /// Visits all deltas of the contested vectors. What take() said of these vectors does not count.
  Status replay(DeltaSource& source) {
    if (order_.contested().empty()) return {};
    DELTA_OK(source.each(order_.contested(), {}, [&](const DeltaBatch& batch) -> Status {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (order_.contested().contains(batch.vectors[i]) && order_.counts(batch[i])) gathered_.add(batch[i]);
      }
      return {};
    }));
    replay_contested();
    return {};
  }

 private:
  Key key(const Delta& c) const { return {c.time, history_.origin(c.commit), c.seq}; }

  /// The states before and after are those of kept times: what was there then is there still.
  bool known(const Delta& c) const {
    return c.lost == 0 && answered_.contains(c.time.us()) && (c.time.us() == 0 || answered_.contains(c.time.us() - 1));
  }

  void judge(const Delta& c, bool conflict) {
    DeltaEffect effect{
        key(c),   c.commit,
        c.vector, static_cast<std::uint32_t>(16 + 4 * (c.indices.size() + c.bits.size()) + c.metadata.size()),
        c.op,     conflict,
        {},       {}};
    c.op == Operation::sparse&& state_.exists(c.vector) ? set_some(c, effect) : change(c, effect);
    visit_(effect);
  }

  /// Only what is assigned can differ.
  void set_some(const Delta& c, DeltaEffect& effect) {
    const auto row = state_.put(c.vector);
    double sum = 0;
    std::uint32_t changed = 0;
    for (std::size_t i = 0; i < c.indices.size(); ++i) {
      std::uint32_t& value_here = row[c.indices[i]];
      add_change(value_here, c.bits[i], sum, changed);
      value_here = c.bits[i];
    }
    if (known(c)) set_change(sum, changed, effect);
  }

  void change(const Delta& c, DeltaEffect& effect) {
    const bool was = state_.exists(c.vector);
    const auto before = state_.bits(c.vector);
    before_.assign(before.begin(), before.end());
    Delta values = c;
    values.metadata = {};
    apply(state_, history_.origin(c.commit), values);
    if (!known(c)) return;
    const bool is = state_.exists(c.vector);
    const auto after = state_.bits(c.vector);
    double sum = 0;
    std::uint32_t changed = 0;
    for (std::size_t dim = 0; dim < std::max(before_.size(), after.size()); ++dim) {
      add_change(was ? before_[dim] : 0, is ? after[dim] : 0, sum, changed);
    }
    set_change(sum, was != is ? catalog_.dims(c.vector) : changed, effect);
  }

  static void add_change(std::uint32_t before, std::uint32_t after, double& sum, std::uint32_t& changed) {
    if (before == after) return;
    const double by = value(after) - value(before);
    sum += by * by;
    ++changed;
  }
  static void set_change(double sum, std::uint32_t changed, DeltaEffect& effect) {
    effect.changed = changed;
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
      put_in_key_order(history_, order_.ranks(), catalog_.dims(vector), deltas, united);
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
  const KeptTimes answered_;
  const Order& order_;
  State state_;
  Visit visit_;
  DeltaBatch gathered_;
  std::vector<std::uint32_t> before_;
};

}  // namespace

Result<std::vector<DeltaEffect>> effects(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const EffectOptions& options) {
  std::vector<DeltaEffect> all;
  Order order(catalog, history, options);
  Judge judge(catalog, history, order, [&](const DeltaEffect& effect) { all.push_back(effect); });
  DELTA_OK(source.each(options.vectors, {}, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta c = batch[i];
      if (order.counts(c) && order.take(c.vector, c.time, c.commit, c.seq)) judge.take(c);
    }
    return {};
  }));
  std::erase_if(all, [&](const DeltaEffect& e) { return order.contested().contains(e.vector); });
  DELTA_OK(judge.replay(source));
  std::ranges::sort(all, [&](const DeltaEffect& a, const DeltaEffect& b) { return order.less(a.key, b.key); });
  return all;
}

Status each_effect(const Catalog& catalog, const History& history, DeltaSource& places, DeltaSource& source,
                   const EffectOptions& options, const std::function<void(Timestamp)>& placed,
                   const std::function<void(VectorNo)>& expected,
                   const std::function<void(const DeltaEffect&)>& visit) {
  Order order(catalog, history, options);
  DELTA_OK(places.each(options.vectors, {}, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (i + kAhead < batch.size()) order.expect(batch.vectors[i + kAhead]);
      if (!order.counts(batch.vectors[i], batch.commits[i], batch.seqs[i])) continue;
      placed(batch.times[i]);
      order.take(batch.vectors[i], batch.times[i], batch.commits[i], batch.seqs[i]);
    }
    return {};
  }));
  Judge judge(catalog, history, order, visit);
  DELTA_OK(source.each(options.vectors, {}, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (i + kAhead < batch.size()) expected(batch.vectors[i + kAhead]);
      judge.expect(batch, i + kAhead);
      if (!order.contested().contains(batch.vectors[i]) && order.counts(batch[i])) judge.take(batch[i]);
    }
    return {};
  }));
  return judge.replay(source);
}

}  // namespace delta::model
