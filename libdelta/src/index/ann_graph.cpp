#include "index/ann_graph.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

// Its prefetches read beyond the ends of lists.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include "index/distance.hpp"

namespace delta::nearest {
namespace {

constexpr float kFarthest = std::numeric_limits<float>::max();

float finite(float distance) { return std::isfinite(distance) ? distance : kFarthest; }

const std::uint32_t* bits_at(const void* at) { return static_cast<const std::uint32_t*>(at); }

float l2_distance(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept {
  return finite(squared_difference(a, b, dims));
}
/// Of vectors of length 1 it orders as the cosine does.
float ip_distance(const std::uint32_t* a, const std::uint32_t* b, std::size_t dims) noexcept {
  return finite(-inner_product(a, b, dims));
}
Distance distance_by(Metric metric) { return metric == Metric::l2 ? l2_distance : ip_distance; }

/// As hnswlib calls it.
template <Distance kDistance>
float distance_of_bytes(const void* a, const void* b, const void* dims) {
  return kDistance(bits_at(a), bits_at(b), *static_cast<const std::size_t*>(dims));
}

class Space final : public hnswlib::SpaceInterface<float> {
 public:
  Space(Metric metric, std::size_t dims) : metric_(metric), dims_(dims) {}
  std::size_t get_data_size() override { return dims_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return metric_ == Metric::l2 ? distance_of_bytes<l2_distance> : distance_of_bytes<ip_distance>;
  }
  void* get_dist_func_param() override { return &dims_; }

 private:
  Metric metric_;
  std::size_t dims_;
};

/// Numbers that look random, the same everywhere (splitmix64).
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/// One node in `links` reaches level 1, one of these in `links` level 2, and so on.
int level_of(std::size_t node, std::uint32_t links) {
  std::uint64_t number = mixed(node);
  int level = 0;
  while (level < kMaxLevel && number % links == 0) {
    number /= links;
    ++level;
  }
  return level;
}

}  // namespace

struct Graph::State {
  using Hnsw = hnswlib::HierarchicalNSW<float>;

  State(const GraphShape& wanted, std::size_t room)
      : shape(wanted),
        space(wanted.metric, wanted.dims),
        hnsw(&space, std::max<std::size_t>(room, 1), wanted.links, wanted.breadth) {
    hnsw.mult_ = 0;  // no level but those that are given
    std::fill_n(hnsw.linkLists_, hnsw.max_elements_,
                nullptr);  // what it frees if memory runs out while a node is added
  }

  /// What the graph compares: for cosine the vector of length 1.
  std::vector<std::uint32_t> compared(std::span<const std::uint32_t> bits) const {
    std::vector<std::uint32_t> out(bits.begin(), bits.end());
    if (shape.metric != Metric::cosine) return out;
    const double length = std::sqrt(static_cast<double>(inner_product(bits.data(), bits.data(), bits.size())));
    if (length == 0 || !std::isfinite(length)) return out;
    for (std::uint32_t& b : out) {
      b = std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<float>(b) / length));
    }
    return out;
  }

  void put_node(std::size_t node, std::span<const std::uint32_t> bits, int level) {
    const auto number = static_cast<hnswlib::tableint>(node);
    std::memset(hnsw.get_linklist0(number), 0, hnsw.size_data_per_element_);
    hnsw.setExternalLabel(number, node);
    const auto values = compared(bits);
    std::memcpy(hnsw.getDataByInternalId(number), values.data(), values.size() * sizeof(float));
    if (level > 0) {
      const std::size_t size = hnsw.size_links_per_element_ * static_cast<std::size_t>(level) + 1;
      auto* const lists = static_cast<char*>(std::calloc(size, 1));
      if (lists == nullptr) throw std::bad_alloc();
      hnsw.linkLists_[node] = lists;
    }
    hnsw.element_levels_[node] = level;
    hnsw.cur_element_count = node + 1;
  }

  GraphRecords records() const {
    return {hnsw.data_level0_memory_, hnsw.size_data_per_element_, hnsw.offsetLevel0_, hnsw.offsetData_, shape.dims};
  }

  /// From the entry down to level 1: the node that is nearest among those that a nearer one leads to.
  NearNode descend(const std::uint32_t* query) const {
    const Distance distance = distance_by(shape.metric);
    const GraphRecords nodes = records();
    NearNode near{distance(query, nodes.values_of(hnsw.enterpoint_node_), shape.dims), hnsw.enterpoint_node_};
    for (int level = hnsw.maxlevel_; level > 0; --level) {
      for (bool nearer = true; nearer;) {
        nearer = false;
        const std::uint32_t* const links = hnsw.get_linklist(near.node, level);
        for (std::size_t i = 1; i <= *links; ++i) {
          const NearNode next{distance(query, nodes.values_of(links[i]), shape.dims), links[i]};
          if (next.distance >= near.distance) continue;
          near = next;
          nearer = true;
        }
      }
    }
    return near;
  }

  GraphShape shape;
  Space space;
  Hnsw hnsw;
};

namespace {

/// What hnswlib throws means that there is no memory: its other exceptions are for links that check_links() refuses.
template <class Work>
auto without_exceptions(Work work) {
  try {
    return work();
  } catch (const std::runtime_error&) {
    throw std::bad_alloc();
  }
}

Error broken(const char* what) { return error(ErrorCode::corrupt, std::string("the graph is broken: ") + what); }

}  // namespace

Status check_links(const GraphShape& shape, std::size_t nodes, const GraphLinks& links) {
  if (links.levels.size() != nodes) return broken("not every node has a level");
  if (nodes == 0) return links.lists.empty() ? Status() : broken("links without nodes");
  if (links.entry >= nodes) return broken("the entry is not a node");
  const std::uint8_t greatest = *std::ranges::max_element(links.levels);
  if (greatest > kMaxLevel || links.levels[links.entry] != greatest) return broken("the entry is not of the top level");
  std::size_t at = 0;
  for (std::size_t node = 0; node < nodes; ++node) {
    for (std::size_t level = 0; level <= links.levels[node]; ++level) {
      if (at == links.lists.size()) return broken("lists are missing");
      const std::uint32_t count = links.lists[at++];
      if (count > (level == 0 ? 2 : 1) * shape.links) return broken("a list is too long");
      if (links.lists.size() - at < count) return broken("a list ends too early");
      for (const std::uint32_t to : std::span(links.lists).subspan(at, count)) {
        if (to >= nodes || to == node || links.levels[to] < level) return broken("a link leads nowhere");
      }
      at += count;
    }
  }
  return at == links.lists.size() ? Status() : broken("there are more lists than nodes");
}

Graph::Graph(std::unique_ptr<State> state) : state_(std::move(state)) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

Graph Graph::make(const GraphShape& shape, std::size_t room) {
  return without_exceptions([&] { return Graph(std::make_unique<State>(shape, room)); });
}

Graph Graph::of(const GraphShape& shape, std::size_t room, std::span<const std::uint32_t> bits,
                const GraphLinks& links) {
  return without_exceptions([&] {
    auto state = std::make_unique<State>(shape, std::max(room, links.levels.size()));
    std::size_t at = 0;
    for (std::size_t node = 0; node < links.levels.size(); ++node) {
      const auto number = static_cast<hnswlib::tableint>(node);
      state->put_node(node, bits.subspan(node * shape.dims, shape.dims), links.levels[node]);
      for (int level = 0; level <= links.levels[node]; ++level) {
        auto* const list = state->hnsw.get_linklist_at_level(number, level);
        const std::size_t count = links.lists[at];
        std::memcpy(list, &links.lists[at], (count + 1) * sizeof(std::uint32_t));
        at += count + 1;
      }
      state->hnsw.label_lookup_[node] = number;
    }
    if (!links.levels.empty()) {
      state->hnsw.enterpoint_node_ = links.entry;
      state->hnsw.maxlevel_ = links.levels[links.entry];
    }
    return Graph(std::move(state));
  });
}

std::size_t Graph::size() const noexcept { return state_->hnsw.cur_element_count; }

void Graph::add(std::span<const std::uint32_t> bits, std::uint32_t breadth) {
  without_exceptions([&] {
    auto& hnsw = state_->hnsw;
    hnsw.ef_construction_ = breadth;
    const std::size_t node = hnsw.cur_element_count;
    const auto values = state_->compared(bits);
    hnsw.addPoint(values.data(), node, level_of(node, state_->shape.links));
  });
}

void Graph::overwrite(std::uint32_t node, std::span<const std::uint32_t> bits) {
  const auto values = state_->compared(bits);
  std::memcpy(state_->hnsw.getDataByInternalId(node), values.data(), values.size() * sizeof(float));
}

std::vector<NearNode> Graph::search(std::span<const std::uint32_t> query, std::size_t breadth) const {
  if (size() == 0) return {};
  return without_exceptions([&] {
    const auto values = state_->compared(query);
    auto& pool = *state_->hnsw.visited_list_pool_;
    const auto give_back = [&pool](hnswlib::VisitedList* list) { pool.releaseVisitedList(list); };
    const std::unique_ptr<hnswlib::VisitedList, decltype(give_back)> seen(pool.getFreeVisitedList(), give_back);
    return search_beam(state_->records(), distance_by(state_->shape.metric), values.data(),
                       state_->descend(values.data()), std::min(breadth, size()), {seen->mass, seen->curV});
  });
}

GraphLinks Graph::links() const {
  const auto& hnsw = state_->hnsw;
  GraphLinks links;
  for (std::size_t node = 0; node < size(); ++node) {
    const int top = hnsw.element_levels_[node];
    links.levels.push_back(static_cast<std::uint8_t>(top));
    for (int level = 0; level <= top; ++level) {
      const auto* const list = hnsw.get_linklist_at_level(static_cast<hnswlib::tableint>(node), level);
      links.lists.insert(links.lists.end(), list, list + 1 + *list);
    }
  }
  if (size() > 0) links.entry = hnsw.enterpoint_node_;
  return links;
}

}  // namespace delta::nearest
