// Sets of commits that are closed downwards in each chain (see history.hpp): how far each chain has been seen. As tries
// over the numbers of chains whose nodes never change once they are there, so that sets that are nearly the same share
// nearly all of their nodes: ten thousand writers who have all seen the same ten thousand others take no more room than
// one of them, and what takes in two sets looks only at where they differ.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace delta::model {

/// How much of a chain has been seen: `whole` commits, and of the next one the seqs up to `partial` (0: nothing).
/// `rank`: of the last commit of which something has been seen; whatever sees it has a greater one.
struct Seen {
  std::uint32_t chain = 0;
  std::uint32_t whole = 0;
  std::uint64_t partial = 0;
  std::uint32_t rank = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
  bool less_than(const Seen& o) const { return whole != o.whole ? whole < o.whole : partial < o.partial; }
};

class Contexts {
 public:
  static constexpr std::uint32_t kBits = 3, kWidth = 1 << kBits;  // children of a node
  /// Of chains 0 to kWidth^(height + 1) - 1. Node 0: nothing has been seen.
  struct Set {
    std::uint32_t node = 0;
    std::uint32_t height = 0;
    friend bool operator==(const Set&, const Set&) = default;
  };
  struct Leaf {
    std::array<std::uint64_t, kWidth> partial = {};
    std::array<std::uint32_t, kWidth> whole = {};
    std::uint32_t top = 0;  // the greatest rank in it
  };
  struct Inner {
    std::array<std::uint32_t, kWidth> child = {};
    std::uint32_t top = 0;
  };

  static std::uint32_t slot(std::uint32_t chain, std::uint32_t height) {
    return (chain >> (kBits * height)) & (kWidth - 1);
  }
  static bool covers(std::uint32_t height, std::uint32_t chain) {
    return std::uint64_t{chain} >> (kBits * (height + 1)) == 0;
  }

  /// Whether dot `seq` of the commit at place `index` of a chain is in it.
  bool contains(Set set, std::uint32_t chain, std::uint32_t index, std::uint64_t seq) const {
    const Leaf& leaf = leaf_of(set, chain);
    const std::uint32_t at = slot(chain, 0);
    return index < leaf.whole[at] || (index == leaf.whole[at] && seq <= leaf.partial[at]);
  }
  /// How many commits of the chain have been seen whole.
  std::uint32_t whole(Set set, std::uint32_t chain) const { return leaf_of(set, chain).whole[slot(chain, 0)]; }

  /// All that is in any of them, which are left in any state. Where one of two has all of the other, its nodes are
  /// kept.
  Set unite(std::vector<Set>& sets);
  /// `set`, and what `more` says, which is in order of chain, each once.
  Set raise(Set set, std::span<const Seen> more);

  // For walks.
  const Leaf& leaf(std::uint32_t node) const { return leaves_[node]; }
  const Inner& inner(std::uint32_t node) const { return inners_[node]; }
  std::uint32_t top(Set set) const { return set.height == 0 ? leaves_[set.node].top : inners_[set.node].top; }
  Set child(Set set, std::uint32_t slot) const { return {inners_[set.node].child[slot], set.height - 1}; }
  std::size_t nodes() const { return leaves_.size() + inners_.size() - 2; }

 private:
  struct Mark {
    std::size_t leaves, inners;
  };

  const Leaf& leaf_of(Set set, std::uint32_t chain) const {
    if (!covers(set.height, chain)) return leaves_[0];
    std::uint32_t node = set.node;
    for (std::uint32_t height = set.height; height > 0; --height) node = inners_[node].child[slot(chain, height)];
    return leaves_[node];
  }
  Set unite(Set a, Set b);
  std::uint32_t unite_level(std::uint32_t a, std::uint32_t b, std::uint32_t height);
  std::uint32_t unite_leaves(std::uint32_t a, std::uint32_t b);
  Set lifted(Set set, std::uint32_t height);
  std::uint32_t raise(std::uint32_t node, std::uint32_t height, std::span<const Seen> more);
  std::uint32_t put(const Leaf& leaf);
  std::uint32_t put(Inner inner, std::uint32_t height);
  Set keep(Set set, Mark mark);
  std::uint32_t move_out(std::uint32_t node, std::uint32_t height, Mark mark, std::vector<Leaf>& leaves,
                         std::vector<Inner>& inners);

  std::vector<Leaf> leaves_{1};   // the first is empty: node 0 at height 0
  std::vector<Inner> inners_{1};  // and at any other height
};

}  // namespace delta::model
