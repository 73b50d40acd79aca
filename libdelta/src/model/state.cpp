// Values in chunks that never move: a state grows without copying what it holds, and a span stays good.
#include "delta/state.hpp"

#include <algorithm>

#include "delta/error.hpp"
#include "model/metadata.hpp"

namespace delta {
namespace {

constexpr std::uint32_t kChunkValues = 1 << 20;  // 4 MiB

}  // namespace

bool key_less(const Catalog& catalog, const Key& a, const Key& b) {
  if (a.time != b.time) return a.time < b.time;
  if (a.origin != b.origin) return catalog.origin(a.origin) < catalog.origin(b.origin);
  return a.seq < b.seq;
}

State::Row& State::row(std::uint32_t vector) {
  if (vector >= rows_.size()) {
    DELTA_CHECK(vector < catalog_->vectors());
    rows_.resize(catalog_->vectors());
  }
  return rows_[vector];
}

State::Pool& State::pool(std::uint32_t ns) {
  if (ns >= pools_.size()) pools_.resize(catalog_->namespaces());
  Pool& pool = pools_[ns];
  if (pool.dims == 0) {
    pool.dims = catalog_->name_space(ns).dims;
    while ((std::uint64_t{2} << pool.shift) * pool.dims <= kChunkValues && pool.shift < 16) ++pool.shift;
  }
  return pool;
}

void State::make_room() {
  if (rows_.size() < catalog_->vectors()) rows_.resize(catalog_->vectors());
  for (std::uint32_t ns = 0; ns < catalog_->namespaces(); ++ns) {
    Pool& room = pool(ns);
    room.chunks.reserve((catalog_->vectors() >> room.shift) + 1);
  }
}

void State::give_row(std::uint32_t vector) {
  Row& row = this->row(vector);
  Pool& pool = this->pool(catalog_->namespace_of(vector));
  const std::uint32_t inside = pool.used & ((std::uint32_t{1} << pool.shift) - 1);
  if (inside == 0) {
    const bool large = !pool.chunks.empty() || std::uint64_t{catalog_->vectors()} * pool.dims >= 2 * kChunkValues;
    pool.chunks.push_back(allocate_pages((std::size_t{1} << pool.shift) * pool.dims, large));  // a small state stays small
  }
  row.values = pool.chunks.back().get() + std::size_t{inside} * pool.dims;
  row.dims = pool.dims;
  ++pool.used;
}

void State::take(const State& from, std::uint32_t vector) {
  set_metadata(vector, std::string(from.stored_metadata(vector)));
  set_exists(vector, from.exists(vector));
  if (!from.exists(vector)) return;
  std::ranges::copy(from.bits(vector), put(vector).begin());
  set_created(vector, from.created(vector));
}

void State::set_exists(std::uint32_t vector, bool exists) {
  Row& r = row(vector);
  if (r.exists == exists) return;
  r.exists = exists;
  exists ? ++existing_ : --existing_;
  if (!r.listed) existed_.push_back(vector);
  r.listed = true;
}

void State::set_created(std::uint32_t vector, Key key) { row(vector).created = key; }

void State::set_metadata(std::uint32_t vector, std::string text) {
  if (!patches_.empty()) patches_.erase(vector);
  if (vector >= metadata_.size()) {
    if (text.empty()) return;
    DELTA_CHECK(vector < catalog_->vectors());
    metadata_.resize(catalog_->vectors());
  }
  metadata_[vector] = std::move(text);
}

void State::patch_metadata(std::uint32_t vector, std::string_view patch) {
  const std::size_t bytes = vector < metadata_.size() ? metadata_[vector].size() : 0;
  const auto waiting = patches_.find(vector);
  if (waiting == patches_.end() && patch.size() >= bytes) {
    set_metadata(vector, model::merge_metadata(stored_metadata(vector), patch));
    return;
  }
  Patches& patches = waiting == patches_.end() ? patches_[vector] : waiting->second;
  patches.text += patch;
  patches.ends.push_back(patches.text.size());
  if (patches.text.size() < bytes) return;
  merge(vector, patches);
  patches_.erase(vector);
}

void State::merge(std::uint32_t vector, const Patches& patches) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (const std::size_t end : patches.ends) {
    parts.push_back(std::string_view(patches.text).substr(begin, end - begin));
    begin = end;
  }
  metadata_[vector] = model::merge_metadata(metadata_[vector], parts);  // not empty: else they would not have waited
}

void State::settle_metadata() {
  for (const auto& [vector, patches] : patches_) merge(vector, patches);
  patches_.clear();
}

std::string_view State::stored_metadata(std::uint32_t vector) const {
  DELTA_CHECK(patches_.empty() || !patches_.contains(vector));
  return vector < metadata_.size() ? std::string_view(metadata_[vector]) : std::string_view();
}

std::string_view State::metadata(std::uint32_t vector) const {
  return exists(vector) ? stored_metadata(vector) : std::string_view();
}

std::vector<std::uint32_t> State::rows(std::uint32_t ns) const {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t v : existed_) {
    if (rows_[v].exists && catalog_->namespace_of(v) == ns) out.push_back(v);
  }
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return key_less(*catalog_, rows_[a].created, rows_[b].created);
  };
  if (!std::is_sorted(out.begin(), out.end(), before)) std::sort(out.begin(), out.end(), before);
  return out;
}

}  // namespace delta
