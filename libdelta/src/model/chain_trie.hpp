// One thing a chain at most, found by what a context has seen of the chains: a trie of the shape of Contexts, so that a
// walk down both at once goes only where both have something.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "model/contexts.hpp"

namespace delta::model {

class ChainTrie {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// What stands at a chain, or kNone.
  std::uint32_t find(std::uint32_t chain) const {
    if (!Contexts::covers(height_, chain)) return kNone;
    std::uint32_t node = root_;
    for (std::uint32_t height = height_; height > 0; --height) node = nodes_[node].child[Contexts::slot(chain, height)];
    return nodes_[node].child[Contexts::slot(chain, 0)] - 1;
  }
  /// Replaces what stood there. `rank`: that of what is put there.
  void put(std::uint32_t chain, std::uint32_t value, std::uint32_t rank) {
    while (!Contexts::covers(height_, chain)) {
      Node above;
      above.child[0] = root_;
      above.least = nodes_[root_].least;
      root_ = add(above);
      ++height_;
    }
    if (root_ == 0) root_ = add({});
    std::uint32_t node = root_;
    for (std::uint32_t height = height_;; --height) {
      nodes_[node].least = std::min(nodes_[node].least, rank);
      const std::uint32_t slot = Contexts::slot(chain, height);
      if (height == 0) {
        nodes_[node].child[slot] = value + 1;
        return;
      }
      if (nodes_[node].child[slot] == 0) {
        const std::uint32_t fresh = add({});
        nodes_[node].child[slot] = fresh;
      }
      node = nodes_[node].child[slot];
    }
  }
  /// REQUIRES: something stands there.
  void clear(std::uint32_t chain) {
    std::uint32_t node = root_;
    for (std::uint32_t height = height_; height > 0; --height) node = nodes_[node].child[Contexts::slot(chain, height)];
    nodes_[node].child[Contexts::slot(chain, 0)] = 0;
  }

  /// Asks `gone(value)` for each value at a chain that the set has a part of, unless by its rank it cannot be
  /// in the set, and takes away what is gone. `rank(value)`: as it was put.
  template <class Gone, class Rank>
  void remove_if(const Contexts& contexts, Contexts::Set set, const Gone& gone, const Rank& rank) {
    std::uint32_t node = root_, height = height_;
    for (; height > set.height; --height) node = nodes_[node].child[0];  // of the other chains nothing has been seen
    while (set.height > height) set = contexts.child(set, 0);
    walk(contexts, set, node, height, gone, rank);
  }
  template <class Visit>
  void each(const Visit& visit) const {
    each(root_, height_, visit);
  }

  // For other walks.
  std::uint32_t root() const { return root_; }
  std::uint32_t height() const { return height_; }
  std::uint32_t child(std::uint32_t node, std::uint32_t slot) const { return nodes_[node].child[slot]; }
  std::uint64_t steps() const { return steps_; }  ///< nodes that remove_if() has looked at

 private:
  struct Node {
    std::array<std::uint32_t, Contexts::kWidth> child = {};  // nodes; at height 0: values + 1
    std::uint32_t least = kNone;                             // the least rank of what stands below, or less
  };

  std::uint32_t add(const Node& node) {
    nodes_.push_back(node);
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  template <class Gone, class Rank>
  void walk(const Contexts& contexts, Contexts::Set set, std::uint32_t number, std::uint32_t height, const Gone& gone,
            const Rank& rank) {
    if (number == 0 || set.node == 0) return;
    Node& node = nodes_[number];
    if (node.least > contexts.top(set)) return;
    ++steps_;
    std::uint32_t least = kNone;
    for (std::uint32_t i = 0; i < Contexts::kWidth; ++i) {
      if (node.child[i] == 0) continue;
      if (height > 0) {
        walk(contexts, contexts.child(set, i), node.child[i], height - 1, gone, rank);
        least = std::min(least, nodes_[node.child[i]].least);
        continue;
      }
      const auto& leaf = contexts.leaf(set.node);
      const bool any = leaf.whole[i] != 0 || leaf.partial[i] != 0;
      if (any && gone(node.child[i] - 1)) {
        node.child[i] = 0;
      } else {
        least = std::min(least, rank(node.child[i] - 1));
      }
    }
    node.least = least;
  }

  template <class Visit>
  void each(std::uint32_t number, std::uint32_t height, const Visit& visit) const {
    if (number == 0) return;
    for (const std::uint32_t child : nodes_[number].child) {
      if (child == 0) continue;
      height > 0 ? each(child, height - 1, visit) : visit(child - 1);
    }
  }

  std::vector<Node> nodes_{1};  // the first is empty
  std::uint32_t root_ = 0, height_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace delta::model
