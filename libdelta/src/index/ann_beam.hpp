// The search of a graph on its lowest level, for one query: the nearest nodes found so far are followed, nearest first,
// until none of them leads to a nearer one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace delta::nearest {

/// How far a node is from the query, as the graph compares them; float32's largest value: that is not finite.
struct NearNode {
  float distance = 0;
  std::uint32_t node = 0;
};

/// A graph as it stands in memory: one record for each node, which holds the links of the lowest level (their number,
/// then the nodes, each 4 bytes) and the values.
struct GraphRecords {
  const char* first = nullptr;
  std::size_t stride = 0, links = 0, values = 0;  // bytes: of one record; within it, before links and values
  std::size_t dims = 0;

  const std::uint32_t* links_of(std::uint32_t node) const {
    return reinterpret_cast<const std::uint32_t*>(first + node * stride + links);
  }
  const std::uint32_t* values_of(std::uint32_t node) const {
    return reinterpret_cast<const std::uint32_t*>(first + node * stride + values);
  }
};

using Distance = float (*)(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept;

/// Nodes that were seen in this search: those whose mark is `now`.
struct SeenNodes {
  std::uint16_t* marks = nullptr;
  std::uint16_t now = 0;
};

/// The `breadth` nearest that are found from `entry` on, nearest first. REQUIRES: breadth > 0; nothing is seen.
std::vector<NearNode> search_beam(const GraphRecords& graph, Distance distance, const std::uint32_t* query,
                                  NearNode entry, std::size_t breadth, SeenNodes seen);

}  // namespace delta::nearest
