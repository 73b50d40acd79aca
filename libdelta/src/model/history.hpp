// Commits and what they have seen. Contexts are closed sets of dots; this holds them in little memory when histories
// are nearly linear: a prefix of the link order, and the dots beyond it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"

namespace delta::model {

class History {
 public:
  explicit History(const Catalog& catalog) : catalog_(&catalog) {}

  /// Adds a commit, in any order, and returns its number (numbers count from 0 in order of adding; the same commit
  /// added again returns the old number). A commit whose causes are not all here yet is *pending*; it is linked when they arrive.
  /// Errors: forked (other content under one of its dots), bad_input (a context that lacks its own previous seq cannot
  /// arise: the own previous is always a cause).
  Result<std::uint32_t> add(Commit commit);

  std::size_t size() const { return commits_.size(); }
  const Commit& commit(std::uint32_t number) const { return commits_[number]; }
  bool folded(std::uint32_t number) const { return links_[number].position != kPending; }
  std::vector<std::uint32_t> pending() const;

  /// Number of the commit that holds the dot, pending ones included.
  std::optional<std::uint32_t> find(Dot dot) const;
  /// Last seq of an origin that is folded; 0: none.
  std::uint64_t head(std::uint32_t origin) const;
  /// The maximal dots of everything folded, in order of origin name: the parents of a commit that has seen it all.
  std::vector<Dot> heads() const;

  /// True when commit `by` has dot (origin of `other`, seq), a dot of commit `other`, in its context. Both folded.
  /// Deltas of one commit have seen those before them: use happens_before() for deltas.
  bool sees(std::uint32_t by, std::uint32_t other, std::uint64_t seq) const;

  /// Delta (a, a_seq) happens before delta (b, b_seq); a and b are commit numbers, both folded.
  bool happens_before(std::uint32_t a, std::uint64_t a_seq, std::uint32_t b, std::uint64_t b_seq) const {
    return a == b ? a_seq < b_seq : sees(b, a, a_seq);
  }
  /// True when the commit has seen every commit linked before it.
  bool linear(std::uint32_t number) const { return links_[number].floor == links_[number].position; }

 private:
  static constexpr std::uint32_t kPending = ~std::uint32_t{0};
  struct Link {
    std::uint32_t position = kPending;  // in link order, which extends happens-before
    std::uint32_t floor = 0;            // all commits linked before this position are in the context
    std::uint32_t extras_begin = 0, extras_end = 0;  // the last seqs seen of other origins beyond the floor
  };

  const Catalog* catalog_;
  std::vector<Commit> commits_;
  std::vector<Link> links_;
};

}  // namespace delta::model
