#include "model/contexts.hpp"

#include <algorithm>

#include "delta/error.hpp"

namespace delta::model {

std::uint32_t Contexts::put(const Leaf& leaf) {
  leaves_.push_back(leaf);
  return static_cast<std::uint32_t>(leaves_.size() - 1);
}

std::uint32_t Contexts::put(Inner inner, std::uint32_t height) {
  inner.top = 0;
  for (const std::uint32_t child : inner.child) inner.top = std::max(inner.top, top({child, height - 1}));
  inners_.push_back(inner);
  return static_cast<std::uint32_t>(inners_.size() - 1);
}

/// Two by two, then what came of it two by two: sets that have a common past and a little of their own are looked at in
/// their own parts alone, a logarithmic number of times. One after the other, the whole would be looked at again for
/// each.
Contexts::Set Contexts::unite(std::vector<Set>& sets) {
  std::erase_if(sets, [](Set set) { return set.node == 0; });
  if (sets.empty()) return {};
  const Mark mark{leaves_.size(), inners_.size()};
  if (sets.size() > 2) {
    const auto less = [](Set a, Set b) { return a.height != b.height ? a.height < b.height : a.node < b.node; };
    std::sort(sets.begin(), sets.end(), less);
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  }
  const bool garbage = sets.size() > 1;
  while (sets.size() > 1) {
    const std::size_t pairs = sets.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) sets[i] = unite(sets[2 * i], sets[2 * i + 1]);
    if (sets.size() % 2 == 1) sets[pairs] = sets.back();
    sets.resize(sets.size() - pairs);
  }
  return garbage ? keep(sets[0], mark) : sets[0];
}

Contexts::Set Contexts::unite(Set a, Set b) {
  if (b.node == 0 || a == b) return a;
  if (a.node == 0) return b;
  if (a.height == b.height) return {unite_level(a.node, b.node, a.height), a.height};
  const Set tall = a.height > b.height ? a : b, low = a.height > b.height ? b : a;
  const std::uint32_t beside = inners_[tall.node].child[0];
  const std::uint32_t first = unite(Set{beside, tall.height - 1}, lifted(low, tall.height - 1)).node;
  if (first == beside) return tall;
  Inner inner = inners_[tall.node];
  inner.child[0] = first;
  return {put(inner, tall.height), tall.height};
}

Contexts::Set Contexts::lifted(Set set, std::uint32_t height) {
  if (set.node == 0) return {0, height};
  while (set.height < height) {
    Inner inner;
    inner.child[0] = set.node;
    set = {put(inner, set.height + 1), set.height + 1};
  }
  return set;
}

std::uint32_t Contexts::unite_level(std::uint32_t a, std::uint32_t b, std::uint32_t height) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  if (height == 0) return unite_leaves(a, b);
  const Inner x = inners_[a], y = inners_[b];
  Inner both;
  for (std::uint32_t i = 0; i < kWidth; ++i) both.child[i] = unite_level(x.child[i], y.child[i], height - 1);
  if (both.child == x.child) return a;
  if (both.child == y.child) return b;
  return put(both, height);
}

std::uint32_t Contexts::unite_leaves(std::uint32_t a, std::uint32_t b) {
  const Leaf &x = leaves_[a], &y = leaves_[b];
  Leaf both = x;
  bool all_of_x = true, all_of_y = true;
  for (std::uint32_t i = 0; i < kWidth; ++i) {
    const bool less = x.whole[i] != y.whole[i] ? x.whole[i] < y.whole[i] : x.partial[i] < y.partial[i];
    const bool same = x.whole[i] == y.whole[i] && x.partial[i] == y.partial[i];
    if (less) {
      both.whole[i] = y.whole[i];
      both.partial[i] = y.partial[i];
    }
    all_of_x = all_of_x && !less;
    all_of_y = all_of_y && (less || same);
  }
  if (all_of_x) return a;
  if (all_of_y) return b;
  both.top = std::max(x.top, y.top);
  return put(both);
}

Contexts::Set Contexts::raise(Set set, std::span<const Seen> more) {
  if (more.empty()) return set;
  std::uint32_t height = set.height;
  while (!covers(height, more.back().chain)) ++height;
  set = lifted(set, height);
  return {raise(set.node, height, more), height};
}

std::uint32_t Contexts::raise(std::uint32_t node, std::uint32_t height, std::span<const Seen> more) {
  if (height == 0) {
    Leaf leaf = leaves_[node];
    bool raised = false;
    for (const Seen& seen : more) {
      const std::uint32_t at = slot(seen.chain, 0);
      if (!Seen{seen.chain, leaf.whole[at], leaf.partial[at], 0}.less_than(seen)) continue;
      leaf.whole[at] = seen.whole;
      leaf.partial[at] = seen.partial;
      leaf.top = std::max(leaf.top, seen.rank);
      raised = true;
    }
    return raised ? put(leaf) : node;
  }
  Inner inner = inners_[node];
  for (std::size_t i = 0; i < more.size();) {
    const std::uint32_t at = slot(more[i].chain, height);
    std::size_t end = i + 1;
    while (end < more.size() && slot(more[end].chain, height) == at) ++end;
    inner.child[at] = raise(inner.child[at], height - 1, more.subspan(i, end - i));
    i = end;
  }
  return inner.child == inners_[node].child ? node : put(inner, height);
}

/// Drops the nodes made since the mark, except those of the set.
Contexts::Set Contexts::keep(Set set, Mark mark) {
  std::vector<Leaf> leaves;
  std::vector<Inner> inners;
  set.node = move_out(set.node, set.height, mark, leaves, inners);
  leaves_.resize(mark.leaves);
  inners_.resize(mark.inners);
  leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
  inners_.insert(inners_.end(), inners.begin(), inners.end());
  return set;
}

std::uint32_t Contexts::move_out(std::uint32_t node, std::uint32_t height, Mark mark, std::vector<Leaf>& leaves,
                                 std::vector<Inner>& inners) {
  if (height == 0) {
    if (node < mark.leaves) return node;
    leaves.push_back(leaves_[node]);
    return static_cast<std::uint32_t>(mark.leaves + leaves.size() - 1);
  }
  if (node < mark.inners) return node;
  Inner inner = inners_[node];
  for (std::uint32_t& child : inner.child) child = move_out(child, height - 1, mark, leaves, inners);
  inners.push_back(inner);
  return static_cast<std::uint32_t>(mark.inners + inners.size() - 1);
}

}  // namespace delta::model
