// A graph of near neighbours (HNSW), by hnswlib: the only file that names it is ann_graph.cpp, and its exceptions end
// there. Nodes are numbered in the order in which they were added, and the level of a node follows from its number, so
// the same vectors in the same order make the same graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "delta/metric.hpp"
#include "delta/result.hpp"
#include "index/ann_beam.hpp"

namespace delta::nearest {

struct GraphShape {
  std::uint32_t dims = 0;
  Metric metric = Metric::l2;
  std::uint32_t links = 16;     ///< of a node on each level above the lowest one, 2 to 256; on that twice as many
  std::uint32_t breadth = 200;  ///< candidates while a node is added, from `links` to 2^16
};

/// The links of a graph, as a file holds them.
struct GraphLinks {
  std::vector<std::uint8_t> levels;  ///< of each node, from 0
  std::uint32_t entry = 0;           ///< a node of the greatest level
  /// Of each node, for each of its levels from 0: the count, then the nodes.
  std::vector<std::uint32_t> lists;
};

inline constexpr std::uint8_t kMaxLevel = 16;

/// Whether `links` may be those of a graph of `nodes` nodes: every list is there and no longer than the shape allows,
/// every node that it names is another one and reaches the level, the entry has the greatest level. corrupt: not so.
Status check_links(const GraphShape& shape, std::size_t nodes, const GraphLinks& links);

class Graph {
 public:
  /// Without nodes, with room for `room`.
  static Graph make(const GraphShape& shape, std::size_t room);
  /// REQUIRES: check_links() finds nothing. `bits`: the values of the nodes, one after the other.
  static Graph of(const GraphShape& shape, std::size_t room, std::span<const std::uint32_t> bits,
                  const GraphLinks& links);
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  std::size_t size() const noexcept;
  /// Links it to the best of `breadth` candidates. REQUIRES: there is room; `dims` finite values.
  void add(std::span<const std::uint32_t> bits, std::uint32_t breadth);
  /// The node then has these values; its links stay.
  void overwrite(std::uint32_t node, std::span<const std::uint32_t> bits);
  /// At most `breadth` nodes near to the query, nearest first. Thread-safe.
  std::vector<NearNode> search(std::span<const std::uint32_t> query, std::size_t breadth) const;
  GraphLinks links() const;

 private:
  struct State;
  explicit Graph(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace delta::nearest
