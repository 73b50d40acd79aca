// What an index of near neighbours consists of.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delta/ann.hpp"
#include "index/ann_graph.hpp"

namespace delta {
namespace nearest {

/// The rows that an index takes: those whose values are finite.
Result<std::vector<VectorNo>> finite_rows(const State& state, NamespaceNo ns);
/// The distance between two vectors, as a part of the length of the first; infinity: that has none.
double part_moved(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to);

}  // namespace nearest

/// A node holds a vector as it was when it was last repaired. A node without an id is dead: it leads to others, and is
/// not an answer.
struct AnnIndex::Parts {
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr Micros kCurrent = ~Micros{0};

  std::string name_space;
  std::uint32_t dims = 0;
  AnnOptions options;
  AnnQuality quality;
  Micros time = 0;                  // of the state that it was last repaired to
  std::vector<std::string> ids;     // of each node; empty: it is dead
  std::vector<float> moved;         // by which part of its length each has moved since it was linked
  std::vector<Micros> since;        // when each began to be stale, if a repair left it so; else kCurrent
  std::vector<std::uint32_t> bits;  // raw float32, row after row
  std::size_t live = 0;             // nodes

  nearest::GraphShape shape() const { return {dims, options.metric, options.links, options.breadth}; }
  std::span<const std::uint32_t> bits_of(std::size_t node) const { return std::span(bits).subspan(node * dims, dims); }
  /// Adds a node to the lists, not to the graph.
  void push(std::string_view id, std::span<const std::uint32_t> values) {
    ids.emplace_back(id);
    moved.push_back(0);
    since.push_back(kCurrent);
    bits.insert(bits.end(), values.begin(), values.end());
    ++live;
  }
  void kill(std::size_t node) {
    ids[node].clear();
    --live;
  }
  /// The values of a node; its links stay.
  void overwrite(std::size_t node, std::span<const std::uint32_t> values) {
    std::ranges::copy(values, bits.begin() + static_cast<std::ptrdiff_t>(node * dims));
    if (made) made->overwrite(static_cast<std::uint32_t>(node), values);
    since[node] = kCurrent;
  }
  /// Links one more vector; `again`: that was linked before. REQUIRES: grow() made room for it.
  void add(const State& state, VectorNo vector, bool again = false) {
    push(state.catalog().id(vector), state.bits(vector));
    // Of a vector that is linked anew, fewer candidates are enough: that is most of what a repair costs.
    const std::uint32_t fewer = std::max(options.links, options.breadth * 3 / 5);
    made->add(state.bits(vector), again ? fewer : options.breadth);
  }
  /// Views of the ids: valid until one changes.
  std::unordered_map<std::string_view, std::uint32_t> nodes_by_id() const {
    std::unordered_map<std::string_view, std::uint32_t> nodes;
    nodes.reserve(live);
    for (std::size_t node = 0; node < ids.size(); ++node) {
      if (!ids[node].empty()) nodes.emplace(ids[node], static_cast<std::uint32_t>(node));
    }
    return nodes;
  }

  /// Of each row: the node of its id; kNone: there is none.
  std::vector<std::uint32_t> nodes_of(const State& state, std::span<const VectorNo> rows) const {
    const auto known = nodes_by_id();
    std::vector<std::uint32_t> nodes;
    nodes.reserve(rows.size());
    for (const VectorNo vector : rows) {
      const auto node = known.find(state.catalog().id(vector));
      nodes.push_back(node == known.end() ? kNone : node->second);
    }
    return nodes;
  }
  /// Kills the nodes that are not among these. Returns how many these were.
  std::size_t kill_all_but(std::span<const std::uint32_t> nodes) {
    std::vector<bool> there(ids.size(), false);
    for (const std::uint32_t node : nodes) {
      if (node != kNone) there[node] = true;
    }
    const std::size_t before = live;
    for (std::size_t node = 0; node < ids.size(); ++node) {
      if (!there[node] && !ids[node].empty()) kill(node);
    }
    return before - live;
  }

  /// What was read stays a list of links until it is searched: an index that nobody asks costs no graph. Thread-safe.
  const nearest::Graph& graph() const {
    const std::lock_guard lock(mutex);
    if (!made) make_graph(ids.size());
    return *made;
  }
  /// Makes room for more nodes.
  void grow(std::size_t more) {
    if (made) links = made->links();
    make_graph(ids.size() + more);
  }
  nearest::GraphLinks current_links() const { return made ? made->links() : links; }

  mutable nearest::GraphLinks links;  // while there is no graph
  mutable std::optional<nearest::Graph> made;

 private:
  void make_graph(std::size_t room) const {
    made.emplace(nearest::Graph::of(shape(), room, bits, links));
    links = {};
  }
  mutable std::mutex mutex;
};

}  // namespace delta
