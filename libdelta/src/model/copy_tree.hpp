// The tree of one copy of a commit, from what the copy has of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/canonical.hpp"

namespace delta::model {

/// Of a whole copy it keeps a few hashes, of a pruned one all that are added.
class CopyTree {
 public:
  /// `leaves`: of the commit.
  CopyTree(std::uint64_t leaves, bool pruned) : leaves_(leaves), pruned_(pruned), partial_(pruned ? leaves : 0) {}

  /// The whole deltas of the copy, in order of place.
  void add(std::uint64_t place, const Hash& leaf) {
    if (!pruned_) return tree_.add(leaf);
    partial_.add(place, leaf);
    places_.push_back(place);
  }

  /// `nodes`: what the copy has for the rest. None: that and the leaves are not the whole commit. To be called once.
  std::optional<Hash> root(std::span<const Hash> nodes) {
    if (!pruned_) return nodes.empty() && tree_.size() == leaves_ ? std::optional(tree_.root()) : std::nullopt;
    return partial_.add_copy(places_, nodes) ? partial_.root() : std::nullopt;
  }

 private:
  std::uint64_t leaves_;
  bool pruned_;
  MerkleTree tree_;
  PartialTree partial_;
  std::vector<std::uint64_t> places_;
};

}  // namespace delta::model
