// Most of the time of a search is spent waiting for values that stand in no cache, so those of all nodes that a node
// leads to are asked for before the first of them is compared.
#include "index/ann_beam.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace delta::nearest {
namespace {

constexpr std::size_t kLine = 64;  // bytes that the processor fetches at once
constexpr std::size_t kAhead = 3;  // nodes whose values are on their way while one is compared

void fetch(const std::uint32_t* values, std::size_t dims) {
  const auto* const bytes = reinterpret_cast<const char*>(values);
  const std::size_t size = dims * sizeof(*values);
  for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes + at);
  __builtin_prefetch(bytes + size - 1);
}

/// The nearest nodes so far in order, each with whether it was followed. Short, so that inserting is moving some bytes.
class Beam {
 public:
  explicit Beam(std::size_t most) : most_(most) { nodes_.reserve(most + 1); }

  bool takes(float distance) const { return nodes_.size() < most_ || distance < nodes_.back().near.distance; }
  void insert(NearNode near) {
    if (!takes(near.distance)) return;
    const auto at = std::upper_bound(nodes_.begin(), nodes_.end(), near.distance,
                                     [](float distance, const Entry& entry) { return distance < entry.near.distance; });
    next_ = std::min(next_, static_cast<std::size_t>(at - nodes_.begin()));
    nodes_.insert(at, {near, false});
    if (nodes_.size() > most_) nodes_.pop_back();
  }
  /// The nearest one that was not followed, which then counts as followed; null: there is none.
  const NearNode* follow() {
    while (next_ < nodes_.size() && nodes_[next_].followed) ++next_;
    if (next_ == nodes_.size()) return nullptr;
    nodes_[next_].followed = true;
    return &nodes_[next_].near;
  }
  std::vector<NearNode> sorted() const {
    std::vector<NearNode> all;
    all.reserve(nodes_.size());
    for (const Entry& entry : nodes_) all.push_back(entry.near);
    return all;
  }

 private:
  struct Entry {
    NearNode near;
    bool followed;
  };
  std::size_t most_;
  std::size_t next_ = 0;  // before it, all were followed
  std::vector<Entry> nodes_;
};

}  // namespace

std::vector<NearNode> search_beam(const GraphRecords& graph, Distance distance, const std::uint32_t* query,
                                  NearNode entry, std::size_t breadth, SeenNodes seen) {
  Beam beam(breadth);
  beam.insert(entry);
  seen.marks[entry.node] = seen.now;
  std::array<std::uint32_t, 512> fresh;  // as many links as a node may have
  while (const NearNode* const from = beam.follow()) {
    const std::uint32_t* const links = graph.links_of(from->node);
    std::size_t count = 0;
    for (std::size_t i = 1; i <= *links; ++i) __builtin_prefetch(seen.marks + links[i]);
    for (std::size_t i = 1; i <= *links; ++i) {
      const std::uint32_t node = links[i];
      if (std::exchange(seen.marks[node], seen.now) == seen.now) continue;
      fresh[count++] = node;
      if (count <= kAhead) fetch(graph.values_of(node), graph.dims);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) fetch(graph.values_of(fresh[i + kAhead]), graph.dims);
      beam.insert({distance(query, graph.values_of(fresh[i]), graph.dims), fresh[i]});
    }
  }
  return beam.sorted();
}

}  // namespace delta::nearest
