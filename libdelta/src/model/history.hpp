// Commits and what they have seen. Contexts are closed sets of dots, asked about once for each delta of a log, so they
// must be small and quick in the histories that people have: nearly linear, however many origins take turns, or a few
// such lines side by side, joined here and there.
//
// Each linked commit stands in one *chain*, a run of commits that have each seen all those before them in it. A context
// is then its own chain up to itself, which needs no words, and for each other chain how far it has seen that. A linear
// history is one chain, whoever wrote it; two logs that were written apart and united are two. What is said of the
// other chains is shared wherever it is the same (see contexts.hpp). There are about as many chains as there were ever
// commits that had not seen each other: a commit may lengthen a chain of which it has seen the whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/commit_columns.hpp"
#include "base/dot_ranges.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"
#include "model/contexts.hpp"
#include "model/records.hpp"

namespace delta::model {

/// "origin:seq", made safe to print.
std::string dot_text(const Catalog& catalog, Dot dot);
/// "origin:first..last", made safe to print.
std::string commit_text(const Catalog& catalog, const CommitView& commit);

class History {
 public:
  /// Keeps the reference; origins of commits are numbers of it.
  explicit History(const Catalog& catalog) : catalog_(&catalog) {}

  /// Adds a commit, in any order, and returns its number (numbers count from 0 in order of adding; the same commit
  /// added again returns the old number). A commit whose causes are not all here yet is *pending*; it is linked when
  /// they arrive. Causes: the parents, and the origin's previous seq, said or not. Errors: forked (another commit holds
  /// one of its dots); bad_input (no deltas, a seq of 0 or beyond 64 bits, an unknown origin, a parent of its own
  /// origin that is not before it). Nothing changes on an error. `records`: not empty: this copy of the commit is
  /// pruned, and counts once the version vector of one of them is folded. Such commits wait for each other, so they are
  /// folded by settle() alone. Another pruned copy adds its records; a whole copy makes the commit whole.
  Result<CommitNo> add(const CommitView& commit, std::span<const RecordNo> records = {});
  /// Room for as many commits.
  void reserve(std::size_t commits);
  /// Numbers a record; equal ones once.
  RecordNo add_record(PruneRecord record) { return records_.add(std::move(record)); }
  /// Folds all pruned commits that can be: the greatest set of commits whose contexts, and for each pruned one a
  /// record, lie in it.
  void admit_pruned();
  /// When all commits are in, and before admit_pruned(): says which dots damage took. Those that no commit here holds
  /// are gone for good: who needs one of them waits for what its origin wrote before it. Their origins are in the
  /// catalog.
  void admit_lost(const DotRanges& dots);
  /// Damage took deltas of each copy of the commit that is here, or what would stand for them.
  bool incomplete(CommitNo number) const;
  /// What is gone of an origin.
  std::span<const SeqRange> lost(OriginNo origin) const;
  /// The last seq of an origin that was ever given out, as far as it is known here.
  std::uint64_t last_given(OriginNo origin) const;

  std::size_t size() const { return commits_.size(); }
  CommitView commit(CommitNo number) const { return commits_[number]; }  ///< valid until the next add()
  OriginNo origin(CommitNo number) const { return commits_.origin(number); }
  Timestamp time(CommitNo number) const { return commits_.time(number); }
  bool folded(CommitNo number) const { return links_[number].chain != kPending; }
  std::vector<CommitNo> pending() const;  ///< in order of number
  /// The pending commit of an origin that has the least seqs.
  std::optional<CommitNo> first_pending(OriginNo origin) const;
  /// The records of a pruned commit; empty: it is whole.
  const std::vector<RecordNo>& records(CommitNo number) const;
  /// All pruned commits and their records, in order of number.
  const std::map<CommitNo, std::vector<RecordNo>>& pruned() const { return pruned_; }
  const PruneRecord& record(RecordNo record) const { return records_[record]; }
  /// Its version vector is folded.
  bool complete(RecordNo record) const;
  /// The times that all folded commits answer; all() if none of them is pruned.
  KeptTimes readable_times() const;
  /// late: of what is folded, a commit that a pruning had assumed not to exist: the version vector of its record does
  /// not cover it, nor has it seen all of that; or another copy of a commit that it pruned, which may hold deltas
  /// that this pruning dropped.
  Status check_closed() const;
  const std::vector<CommitNo>& linked() const { return linked_; }  ///< folded commits, causes before effects

  /// The commits that set something (Commit::setting), pending ones included, in order of number.
  const std::vector<CommitNo>& settings() const { return settings_; }

  /// The commit that makes this one a fork: that shares a dot with it, the one of least seqs.
  std::optional<CommitNo> overlapping(const CommitView& commit) const;

  /// Number of the commit that holds the dot, pending ones included.
  std::optional<CommitNo> find(Dot dot) const;
  /// Last seq of an origin that is folded; 0: none.
  std::uint64_t head(OriginNo origin) const { return origins_.contains(origin) ? origins_[origin].last : 0; }
  /// The maximal dots of everything folded, in order of origin name: the parents of a commit that has seen it all.
  std::vector<Dot> heads() const;
  /// They are the heads, in whatever order; each is of another origin.
  bool are_heads(std::span<const Dot> dots) const;

  /// True when commit `by` has dot (origin of `other`, seq), a dot of commit `other`, in its context. Both folded.
  /// Deltas of one commit have seen those before them: use happens_before() for deltas.
  bool sees(CommitNo by, CommitNo other, std::uint64_t seq) const {
    const Link &b = links_[by], &o = links_[other];
    return b.chain == o.chain ? o.index < b.index
                              : b.others.node != 0 && contexts_.contains(b.others, o.chain, o.index, seq);
  }
  /// These dots and all that they had seen. Dots that are not here are skipped.
  SeenSeqs context(std::span<const Dot> dots) const;
  /// All that these dots count lies in a context, except settings, which change no vector. REQUIRES:
  /// they are folded.
  bool within(std::span<const Dot> dots, const SeenSeqs& context) const;
  /// Those dots of a context that nothing else in it has seen, in order of origin number.
  std::vector<Dot> tops(const SeenSeqs& seen) const;
  /// One of the parents, each of another origin, that another one of them has seen. Of those that are not folded
  /// nothing is known.
  std::optional<Dot> redundant_parent(std::span<const Dot> parents);
  /// True when the dot is folded and in the context of commit `number`, which is folded.
  bool context_contains(CommitNo number, Dot dot) const;

  /// Where a folded commit stands: its chain, its place in that, and its rank, which is greater than that of all it has
  /// seen.
  struct Place {
    std::uint32_t chain, index, rank;
  };
  Place place(CommitNo number) const { return {links_[number].chain, links_[number].index, links_[number].rank}; }
  const Contexts& contexts() const { return contexts_; }
  /// What a folded commit has seen of other chains than its own. What it says of its own is less than place() does.
  Contexts::Set others(CommitNo number) const { return links_[number].others; }
  /// What a commit that is not here has seen, of all chains: folded parents, its origin's previous seq, and their
  /// contexts.
  Contexts::Set context_of(const CommitView& commit);
  /// A folded dot is in it.
  bool in(Contexts::Set set, CommitNo number, std::uint64_t seq) const {
    return contexts_.contains(set, links_[number].chain, links_[number].index, seq);
  }

  /// Delta (a, a_seq) happens before delta (b, b_seq); the commits a and b are folded.
  bool happens_before(CommitNo a, std::uint64_t a_seq, CommitNo b, std::uint64_t b_seq) const {
    return a == b ? a_seq < b_seq : sees(b, a, a_seq);
  }
  /// True when the commit had seen every commit linked before it.
  bool linear(CommitNo number) const { return folded(number) && links_[number].linear; }

 private:
  static constexpr std::uint32_t kPending = ~std::uint32_t{0};
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Link {
    std::uint32_t chain = kPending;
    std::uint32_t index = 0;  // in its chain; while pending: the cause that it waits for
    std::uint32_t rank = 0;   // its place in linked_, from 1
    Contexts::Set others = {};
    bool linear = false;
    bool gated = false;  // pruned, and not yet let in by settle()
  };
  struct Origin {
    std::vector<CommitNo> numbers;  // of linked commits: without gaps, from 1
    std::uint64_t last = 0;
    std::uint32_t head = kNone;  // place in heads_ of its last commit, if that is maximal
  };
  struct Chain {
    std::uint32_t length = 0;
    CommitNo tip{};
    bool ended = false;  // in ended_
  };

  class Gates;

  void join(CommitNo number);
  void unite(CommitNo number, std::span<const RecordNo> records);
  static void unite_records(std::vector<RecordNo>& mine, std::span<const RecordNo> others);
  Status check(const CommitView& commit) const;
  Status check_closed(RecordNo record) const;
  Indexed<RecordNo, bool> complete_records() const;
  Error fork(const CommitView& a, const CommitView& b) const;
  std::optional<Dot> missing_cause(CommitNo number);
  bool link_next(CommitNo number);
  void note_linked(CommitNo number);
  void link(CommitNo number);
  void look_at_causes(const CommitView& commit);
  void see(Dot cause);
  Contexts::Set all_seen(std::optional<std::uint32_t> chain);
  std::uint32_t choose_chain(const CommitView& commit);
  bool seen_whole(std::uint32_t chain) const;
  void note_ended(const CommitView& commit, std::uint32_t chain);
  void update_heads(CommitNo number);
  void drop_head(OriginNo origin);
  CommitNo linked_commit(Dot dot) const;
  Dot before_loss(Dot dot) const;
  /// visit(dot) for the direct causes of a commit; instead of what is lost, for what its origin wrote before it.
  template <class Visit>
  void each_cause(const CommitView& commit, const Visit& visit) const {
    const auto visit_known = [&](Dot dot) {
      const Dot cause = before_loss(dot);
      if (cause.seq != 0) visit(cause);
    };
    visit_known({commit.origin, commit.first - 1});
    for (const Dot& parent : commit.parents) visit_known(parent);
  }

  const Catalog* catalog_;
  RecordTable records_;
  std::map<CommitNo, std::vector<RecordNo>> pruned_;
  std::map<CommitNo, std::vector<RecordNo>> shed_;  // those of pruned copies for which a whole one stands
  CommitColumns<CommitNo, OriginNo> commits_;
  Indexed<CommitNo, Link> links_;
  Indexed<OriginNo, Origin> origins_;
  std::vector<Chain> chains_;
  Contexts contexts_;
  std::vector<CommitNo> settings_;
  std::vector<CommitNo> linked_;
  std::vector<CommitNo> heads_;           // commits whose last dot nobody else has seen
  std::map<Dot, CommitNo> pending_;       // by first dot
  std::multimap<Dot, CommitNo> waiting_;  // a missing cause -> who waits for it
  Indexed<OriginNo, std::vector<SeqRange>> lost_;
  std::vector<std::uint32_t> ended_;  // chains whose last commit some commit of another chain has seen; the latest last
  // The context being built: what its direct causes had seen, united, and the causes themselves, in order of chain.
  std::vector<Contexts::Set> sets_;
  Contexts::Set united_;
  std::vector<Seen> causes_;
  // The last one that was built, and of what: many writers have seen the same.
  Contexts::Set last_united_, last_seen_;
  std::vector<Seen> last_causes_;
};

}  // namespace delta::model
