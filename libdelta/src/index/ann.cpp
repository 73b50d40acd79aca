// Building, repairing, and comparing an index with a state.
#include "delta/ann.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "index/ann_parts.hpp"
#include "index/distance.hpp"
#include "model/rules.hpp"

namespace delta {
namespace nearest {
namespace {

Status check_options(const AnnOptions& options) {
  if (options.links < 2 || options.links > 256) return error(ErrorCode::usage, "a vector has 2 to 256 links");
  if (options.breadth >= options.links && options.breadth <= 65'536) return {};
  return error(ErrorCode::usage, "the candidates for links are at least as many as the links, and at most 65,536");
}

/// The rows that an index takes.
Result<std::vector<VectorNo>> finite_rows(const State& state, NamespaceNo ns) {
  DELTA_TRY(auto rows, state.rows(ns));
  std::erase_if(rows, [&](VectorNo vector) { return !model::all_finite(state.bits(vector)); });
  return rows;
}

/// The distance between two vectors, as a part of the length of the first.
float part_moved(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to) {
  const double by = squared_difference(from.data(), to.data(), from.size());
  const double length = inner_product(from.data(), from.data(), from.size());
  const double part = by == 0 ? 0 : std::sqrt(by / length);
  return std::isfinite(part) ? static_cast<float>(part) : std::numeric_limits<float>::max();
}

}  // namespace
}  // namespace nearest

AnnIndex::AnnIndex(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AnnIndex::AnnIndex(AnnIndex&&) noexcept = default;
AnnIndex& AnnIndex::operator=(AnnIndex&&) noexcept = default;
AnnIndex::~AnnIndex() = default;

const std::string& AnnIndex::name_space() const noexcept { return parts_->name_space; }
std::uint32_t AnnIndex::dims() const noexcept { return parts_->dims; }
const AnnOptions& AnnIndex::options() const noexcept { return parts_->options; }
std::size_t AnnIndex::nodes() const noexcept { return parts_->ids.size(); }
std::size_t AnnIndex::size() const noexcept { return parts_->live; }

Result<AnnIndex> AnnIndex::build(const State& state, NamespaceNo ns, const AnnOptions& options) try {
  const Boundary boundary;
  DELTA_OK(nearest::check_options(options));
  DELTA_TRY(const auto rows, nearest::finite_rows(state, ns));
  auto parts = std::make_unique<Parts>();
  parts->name_space = state.catalog().name_space(ns).name;
  parts->dims = state.catalog().name_space(ns).dims;
  parts->options = options;
  parts->made.emplace(nearest::Graph::make(parts->shape(), rows.size()));
  for (const VectorNo vector : rows) {
    parts->push(state.catalog().id(vector), state.bits(vector));
    parts->made->add(state.bits(vector));
  }
  return AnnIndex(std::move(parts));
} catch (...) {
  return caught();
}

Result<AnnRepair> AnnIndex::repair(const State& state, NamespaceNo ns, const AnnRepairOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const auto rows, nearest::finite_rows(state, ns));
  AnnRepair done;
  const auto nodes = parts_->nodes_of(state, rows);
  done.removed = parts_->kill_all_but(nodes);
  std::vector<VectorNo> more;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto values = state.bits(rows[i]);
    if (nodes[i] == Parts::kNone) {
      more.push_back(rows[i]);
      ++done.added;
      continue;
    }
    const auto held = parts_->bits_of(nodes[i]);
    if (std::ranges::equal(values, held)) continue;
    float& moved = parts_->moved[nodes[i]];
    moved += nearest::part_moved(held, values);
    if (moved < options.relink) {
      parts_->overwrite(nodes[i], values);
      ++done.overwritten;
    } else {
      parts_->kill(nodes[i]);
      more.push_back(rows[i]);
      ++done.relinked;
    }
  }
  const std::size_t all = parts_->ids.size() + more.size();
  done.rebuilt = 3 * (all - rows.size()) > all;
  if (done.rebuilt) {
    DELTA_TRY(*this, build(state, ns, parts_->options));
  } else if (!more.empty()) {
    parts_->add(state, more);
  }
  return done;
} catch (...) {
  return caught();
}

Result<AnnCounts> AnnIndex::compare(const State& state, NamespaceNo ns) const try {
  const Boundary boundary;
  DELTA_TRY(const auto rows, state.rows(ns));
  const auto nodes = parts_->nodes_by_id();
  AnnCounts counts;
  for (const VectorNo vector : rows) {
    const auto node = nodes.find(state.catalog().id(vector));
    if (node == nodes.end()) {
      ++counts.unindexed;
    } else if (std::ranges::equal(state.bits(vector), parts_->bits_of(node->second))) {
      ++counts.synchronised;
    } else {
      ++counts.stale;
    }
  }
  counts.removed = parts_->live - counts.synchronised - counts.stale;
  return counts;
} catch (...) {
  return caught();
}

}  // namespace delta
