// Law 4: which assignments stand in each dimension of one vector. An assignment ends those of its dimensions that it
// has seen, and stands.
//
// Dimensions in which the same stand share one set. A set that all its dimensions leave at once becomes what they come
// to, and is not copied. It is looked through, as long as it is small; in a large one what has been seen is found by
// chain, since of a chain one assignment stands at most. So a thousand writers of one dimension who have not seen each
// other cost a thousand steps, not a million.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "delta/delta.hpp"
#include "model/chain_trie.hpp"
#include "model/history.hpp"
#include "model/pieces.hpp"

namespace delta::model {

class Standing {
 public:
  /// Keeps the reference.
  explicit Standing(const History& history) : history_(&history) {}

  /// Nothing stands in any of `dims` dimensions. `most`: assignments that will come, a guess.
  void reset(std::uint32_t dims, std::size_t most);
  /// The next assignment, in key order: deltas[number]. That a delta which was seen has a smaller key, and so is here
  /// already, is what the clock rule gives. REQUIRES: it fits `dims`; `deltas` are the same each time. True: it has not
  /// seen something that stands in a dimension of it.
  bool assign(std::span<const Delta> deltas, std::uint32_t number);
  /// After assign(): `visit(dim, ended)` for each dimension of it and each assignment that it ended there.
  template <class Visit>
  void each_ended(const Delta& assigned, const Visit& visit) const {
    for (std::size_t i = 0; i < left_by_.size(); ++i) {
      const Set& set = sets_[left_by_[i]];
      const std::uint32_t dim = has_indices(assigned) ? assigned.indices[i] : static_cast<std::uint32_t>(i);
      for (std::size_t e = set.ended_begin; e < set.ended_end; ++e) visit(dim, ended_[e]);
    }
  }
  /// After the last one: what standing() needs.
  void finish();

  /// In key order.
  std::span<const std::uint32_t> standing(std::uint32_t dim) const {
    const Set& set = sets_[set_of_[dim]];
    return {pool_.data() + set.begin, set.size};
  }
  std::uint32_t set_of(std::uint32_t dim) const { return set_of_[dim]; }
  std::uint32_t dims() const { return static_cast<std::uint32_t>(set_of_.size()); }
  std::uint64_t steps() const { return steps_; }  ///< assignments and nodes that were looked at or copied

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint32_t kSmall = 32;
  struct Large {
    ChainTrie by_chain;
    std::vector<std::uint32_t> beside;  // where two of one chain stand, against the clock rule: the later ones
    std::uint32_t size = 0;
  };
  struct Set {
    std::size_t begin = 0;  // in pool_: numbers of deltas, in key order
    std::uint32_t size = 0, room = 0;
    std::uint32_t dims = 0;                      // how many stand so; 0: free
    std::uint32_t after = kNone;                 // while an assignment moves dims: the set that they move to
    std::uint32_t large = kNone;                 // in large_; then nothing is in pool_
    std::size_t ended_begin = 0, ended_end = 0;  // in ended_: by the assignment that moved dims from here
  };
  using Deltas = std::span<const Delta>;

  bool before(Deltas deltas, std::uint32_t a, std::uint32_t b) const {
    return history_->happens_before(deltas[a].commit, deltas[a].seq, deltas[b].commit, deltas[b].seq);
  }
  void move(std::uint32_t dim, std::uint32_t& from);
  std::uint32_t fresh_set();
  bool fill(Deltas deltas, std::uint32_t from, std::uint32_t number);
  void add_to_small(Deltas deltas, std::size_t begin, std::uint32_t size, Set& to, std::uint32_t number);
  void add_to_large(Deltas deltas, Set& to, std::uint32_t number);
  void enlarge(Deltas deltas, Set& set);
  void put(Deltas deltas, Large& large, std::uint32_t number) const;
  void remove_seen(Deltas deltas, Large& large, std::uint32_t number);
  void shrink(Set& set);
  void list(const Large& large, Set& set);

  const History* history_;
  std::vector<std::uint32_t> set_of_;  // by dim
  std::vector<Set> sets_;
  std::vector<std::uint32_t> pool_;         // what stands, of all small sets: one allocation for most vectors
  std::vector<std::uint32_t> free_, left_;  // sets: free ones; those that the current assignment takes dims from
  std::vector<std::uint32_t> left_by_;      // by dimension of the current assignment: the set that it left
  std::vector<std::uint32_t> ended_;        // by the current assignment
  std::vector<std::unique_ptr<Large>> large_;
  std::uint64_t steps_ = 0;
};

}  // namespace delta::model
