// Building an index, and comparing it with a state.
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

}  // namespace

Result<std::vector<VectorNo>> finite_rows(const State& state, NamespaceNo ns) {
  DELTA_TRY(auto rows, state.rows(ns));
  std::erase_if(rows, [&](VectorNo vector) { return !model::all_finite(state.bits(vector)); });
  return rows;
}

}  // namespace nearest

AnnIndex::AnnIndex(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AnnIndex::AnnIndex(AnnIndex&&) noexcept = default;
AnnIndex& AnnIndex::operator=(AnnIndex&&) noexcept = default;
AnnIndex::~AnnIndex() = default;

const std::string& AnnIndex::name_space() const noexcept { return parts_->name_space; }
std::uint32_t AnnIndex::dims() const noexcept { return parts_->dims; }
const AnnOptions& AnnIndex::options() const noexcept { return parts_->options; }
Micros AnnIndex::time() const noexcept { return parts_->time; }
void AnnIndex::set_time(Micros time) noexcept { parts_->time = time; }
std::size_t AnnIndex::nodes() const noexcept { return parts_->ids.size(); }
std::size_t AnnIndex::size() const noexcept { return parts_->live; }

Result<AnnIndex> AnnIndex::build(const State& state, NamespaceNo ns, const AnnOptions& options,
                                 const VectorSet& vectors) try {
  const Boundary boundary;
  DELTA_OK(nearest::check_options(options));
  DELTA_TRY(auto rows, nearest::finite_rows(state, ns));
  std::erase_if(rows, [&](VectorNo vector) { return !vectors.contains(vector); });
  auto parts = std::make_unique<Parts>();
  parts->name_space = state.catalog().name_space(ns).name;
  parts->dims = state.catalog().name_space(ns).dims;
  parts->options = options;
  parts->made.emplace(nearest::Graph::make(parts->shape(), rows.size()));
  for (const VectorNo vector : rows) parts->add(state, vector);
  return AnnIndex(std::move(parts));
} catch (...) {
  return caught();
}

Result<AnnCounts> AnnIndex::compare(const State& state, NamespaceNo ns, const AnnRepairOptions& options) const try {
  const Boundary boundary;
  DELTA_TRY(const auto rows, state.rows(ns));
  const auto nodes = parts_->nodes_of(state, rows);
  AnnCounts counts;
  counts.removed = parts_->live;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_there = nodes[i] != Parts::kNone;
    if (is_there) --counts.removed;
    if (!options.vectors.contains(rows[i])) continue;
    if (!is_there) {
      ++counts.unindexed;
    } else if (const auto held = parts_->bits_of(nodes[i]); std::ranges::equal(state.bits(rows[i]), held)) {
      ++counts.synchronised;
    } else {
      ++counts.stale;
      const double drift = nearest::part_moved(held, state.bits(rows[i]));
      counts.drifted += static_cast<double>(parts_->moved[nodes[i]]) + drift >= options.relink;
      counts.mean_drift += drift;
      counts.largest_drift = std::max(counts.largest_drift, drift);
    }
  }
  if (counts.stale > 0) counts.mean_drift /= static_cast<double>(counts.stale);
  return counts;
} catch (...) {
  return caught();
}

}  // namespace delta
