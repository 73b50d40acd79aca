// The fold: a set of deltas to a state (laws 2 to 6). A vector whose deltas form a chain in happens-before order, as
// they come, is folded in place and pays for nothing else; any other is set aside, gathered whole and resolved
// dimension by dimension.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "delta/delta.hpp"
#include "delta/policy.hpp"
#include "delta/state.hpp"
#include "delta/vector_set.hpp"
#include "model/fold_base.hpp"
#include "model/history.hpp"
#include "model/key_order.hpp"
#include "model/standing.hpp"

namespace delta::model {

/// Which deltas of the folded commits count. With neither: all ("now"). With both: those inside both.
struct Cut {
  std::optional<Micros> at = {};     ///< timestamps up to and with this microsecond
  std::vector<Dot> as_seen_by = {};  ///< these deltas and their contexts; none: all
  bool before = false;               ///< with `as_seen_by`: their contexts alone
};

/// Yields deltas with `commits`, `seqs` and `vectors` numbered by one history and catalog; each delta once, or each
/// piece that a pruned copy has left of it; in any order (near key order is fastest). A source may yield
/// deltas of other vectors too. `until`: deltas of later timestamps may be left out.
/// each() may be called again and yields the same deltas.
class DeltaSource {
 public:
  using Visit = std::function<Status(const DeltaBatch&)>;
  virtual ~DeltaSource() = default;
  virtual Status each(const VectorSet& vectors, std::optional<Micros> until, const Visit& visit) = 0;
};

/// A cut made ready to be asked about each delta.
class CutTest {
 public:
  /// not_found: a dot of `as_seen_by` is not in the history, or its commit is pending; not_kept: commits were pruned,
  /// and their records do not say that the cut is still answered (law 8). Keeps the reference.
  static Result<CutTest> make(const Catalog& catalog, const History& history, const Cut& cut);

  /// Pending commits never are inside.
  bool contains(const Delta& c) const {
    return history_->folded(c.commit) && c.time <= until_ &&
           (!seen_ || c.seq <= (*seen_)[history_->commit(c.commit).origin]);
  }
  /// Every delta that a base has folded is inside: it has seen these, the last one of them at `latest`.
  bool contains(const SeenSeqs& seen, Timestamp latest) const;

 private:
  explicit CutTest(const History& history) : history_(&history) {}
  const History* history_;
  Timestamp until_{~std::uint64_t{0}};
  std::optional<SeenSeqs> seen_;
};

/// Is this delta inside the cut? For one question; for many make a CutTest. A dot that is not folded: nothing is
/// inside.
bool in_cut(const Catalog& catalog, const History& history, const Cut& cut, const Delta& delta);

/// The state of some vectors at a cut. `policy`: null: what the log says at the cut, asked only where
/// deltas of a vector do not form a chain. `conflicted`: if not null, gets the vectors that exist and have several
/// candidates in some dimension. `base`: null, or where the fold may start, if all of it is inside the cut: the answer
/// is the same, bit for bit. Errors: those of the source, of the base, of CutTest::make() and of policy_at(); corrupt:
/// a delta that does not fit the dimensions of its vector, or a vector that exists with a dimension of which pruning
/// has left no value.
Result<State> fold(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                   const VectorSet& vectors = VectorSet::all(), const Policy* policy = nullptr,
                   std::vector<VectorNo>* conflicted = nullptr, const FoldBase* base = nullptr);

/// All deltas of one vector inside a cut, in the order of the source: for a VectorFold. Errors as fold().
Result<DeltaBatch> gather(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                          VectorNo vector);

/// row[indices[i]] = bits[i]. Of either there is one for each of the other, and `row` is neither.
inline void scatter(std::span<const std::uint32_t> indices, std::span<const std::uint32_t> bits,
                    std::uint32_t* __restrict row) {
  const std::uint32_t* __restrict at = indices.data();
  const std::uint32_t* __restrict from = bits.data();
  std::size_t left = indices.size();
  for (; left >= 4; left -= 4, at += 4, from += 4) {
    row[at[0]] = from[0];
    row[at[1]] = from[1];
    row[at[2]] = from[2];
    row[at[3]] = from[3];
  }
  for (; left > 0; --left) row[*at++] = *from++;
}

/// The rest of apply(). `overflows`: where they are counted.
void apply_any(State& state, OriginNo origin, const Delta& delta, std::uint64_t& overflows);

/// One more delta, which has seen everything folded so far, onto a state. REQUIRES: it fits the vector's dimensions.
inline void apply(State& state, OriginNo origin, const Delta& delta, std::uint64_t& overflows) {
  if (delta.op != Operation::sparse || !delta.metadata.empty()) return apply_any(state, origin, delta, overflows);
  if (!state.exists(delta.vector)) return;
  scatter(delta.indices, delta.bits, state.put(delta.vector).data());
}
inline void apply(State& state, OriginNo origin, const Delta& delta) { apply(state, origin, delta, state.overflows); }

/// All deltas of one vector inside a cut, resolved without a policy: what stands in each dimension (laws 3 to 5).
class VectorFold {
 public:
  /// `deltas` in any order, a delta twice counts once, pieces of a pruned one are united; what they view must outlive
  /// this. `ranks`: see origin_ranks(). REQUIRES: they fit `dims`, and are of folded commits.
  VectorFold(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta> deltas);

  std::span<const Delta> deltas() const { return deltas_; }  ///< in key order
  OriginNo origin(std::size_t delta) const { return history_->commit(deltas_[delta].commit).origin; }
  Key key(std::size_t delta) const { return {deltas_[delta].time, origin(delta), deltas_[delta].seq}; }
  /// Each delta has seen the one before it: no conflict, apply() one after the other gives the state.
  bool chain() const { return chain_; }
  bool exists() const { return exists_; }
  std::size_t created() const { return created_; }  ///< number of the last create. REQUIRES: exists()
  std::size_t live() const { return live_; }        ///< deltas before this number are void (before the last delete)

  /// A dimension in which nothing stands though the vector exists: no pruning by the rules leaves that.
  std::optional<std::uint32_t> missing_value() const;
  /// Numbers of the assignments that stand in a dimension, in key order. REQUIRES: exists(); there is at least one,
  /// unless missing_value().
  std::span<const std::uint32_t> standing(std::uint32_t dim) const { return standing_.standing(dim); }
  /// Dimensions of one set have the same standing assignments.
  std::uint32_t set_of(std::uint32_t dim) const { return standing_.set_of(dim); }
  /// Transforms that are not void, in key order.
  std::span<const std::uint32_t> transforms() const { return transforms_; }
  /// Those of greater key than a delta.
  std::span<const std::uint32_t> transforms_after(std::size_t delta) const;
  /// The value that an assignment's branch has in a dimension that it assigns.
  std::uint32_t branch(std::uint32_t dim, std::size_t delta, std::uint64_t& overflows) const;
  void candidates(std::uint32_t dim, std::vector<Candidate>& out, std::uint64_t& overflows) const;
  /// Law 4: the value, and which of standing() it is. `rule`: the one for this dimension, null: lww. Under lww only the
  /// branch that counts is looked at. REQUIRES: exists()
  Resolution resolve(std::uint32_t dim, const Policy::Rule* rule, const Catalog& catalog,
                     std::vector<Candidate>& scratch, std::uint64_t& overflows) const;
  std::string metadata() const;

 private:
  void find_lifecycle();
  bool before(std::size_t a, std::size_t b) const {
    return history_->happens_before(deltas_[a].commit, deltas_[a].seq, deltas_[b].commit, deltas_[b].seq);
  }

  const History* history_;
  std::unique_ptr<DeltaBatch> united_;  // what some of deltas_ view, wherever this is moved to
  std::vector<Delta> deltas_;
  std::vector<std::uint32_t> transforms_;
  Standing standing_;  // none if it does not exist
  std::size_t created_ = 0, live_ = 0;
  bool exists_ = false, chain_ = true;
};

/// corrupt: the vector exists, and pruning has left it a dimension without a value.
Status check_missing_value(const Catalog& catalog, VectorNo vector, const VectorFold& fold);

}  // namespace delta::model
