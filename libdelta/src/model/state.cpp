// Values in chunks that never move: a state grows without copying what it holds, and a span stays good. Chunks of a
// namespace grow from little to large: there may be as many namespaces as vectors.
#include "delta/state.hpp"

#include <algorithm>
#include <utility>

#include "base/boundary.hpp"
#include "delta/error.hpp"
#include "model/metadata.hpp"

namespace delta {
namespace {

constexpr std::uint32_t kChunkValues = 1 << 20;  // 4 MiB, at most, unless one row is longer
constexpr std::uint32_t kChunkRows = 1 << 16;    // at most
constexpr std::uint32_t kFirstValues = 64;       // at least, of a namespace that is one of many

}  // namespace

State::Row& State::row(VectorNo vector) {
  if (!rows_.contains(vector)) {
    DELTA_CHECK(index(vector) < catalog_->vectors());
    rows_.resize(catalog_->vectors());
  }
  return rows_[vector];
}

State::Pool& State::pool(NamespaceNo ns) {
  if (!pools_.contains(ns)) pools_.resize(catalog_->namespaces());
  Pool& pool = pools_[ns];
  if (pool.dims == 0) pool.dims = catalog_->name_space(ns).dims;
  return pool;
}

void State::make_room() {
  if (rows_.size() < catalog_->vectors()) rows_.resize(catalog_->vectors());
  rows_.spread();
}

/// Doubles the memory; or, if the namespace has all its vectors, makes room for all of them at once.
void State::add_chunk(Pool& pool) {
  const std::uint64_t dims = std::max<std::uint64_t>(pool.dims, 1);
  const std::uint64_t vectors = std::min(catalog_->vectors(), most_);
  std::uint64_t rows = std::max<std::uint64_t>(pool.used, kFirstValues / dims);
  if (catalog_->namespaces() == 1) rows = std::max<std::uint64_t>(rows, vectors);
  rows = std::clamp<std::uint64_t>(rows, 1, std::clamp<std::uint64_t>(kChunkValues / dims, 1, kChunkRows));
  const bool large = !pool.chunks.empty() || vectors * pool.dims >= 2 * kChunkValues;
  pool.chunks.push_back(
      allocate_pages(rows * pool.dims, large ? PageSize::huge : PageSize::usual));  // a small state stays small
  pool.next = pool.chunks.back().get();
  pool.left = static_cast<std::uint32_t>(rows);
}

void State::give_row(VectorNo vector) {
  Row& row = this->row(vector);
  Pool& pool = this->pool(catalog_->namespace_of(vector));
  if (pool.left == 0) add_chunk(pool);
  row.values = std::exchange(pool.next, pool.next + pool.dims);
  row.dims = pool.dims;
  --pool.left;
  ++pool.used;
}

void State::take(const State& from, VectorNo vector) {
  set_metadata(vector, std::string(from.stored_metadata(vector)));
  set_exists(vector, from.exists(vector));
  if (!from.exists(vector)) return;
  std::ranges::copy(from.bits(vector), put(vector).begin());
  set_created(vector, from.created(vector));
}

void State::set_exists(VectorNo vector, bool exists) {
  Row& r = row(vector);
  if (r.exists == exists) return;
  r.exists = exists;
  exists ? ++existing_ : --existing_;
  if (!r.listed) pool(catalog_->namespace_of(vector)).existed.push_back(vector);
  r.listed = true;
}

void State::set_created(VectorNo vector, Key key) { row(vector).created = key; }

std::string* State::text_at(VectorNo vector) const noexcept {
  const std::size_t chunk = index(vector) / kTexts;
  return chunk < metadata_.size() && metadata_[chunk] ? &metadata_[chunk][index(vector) % kTexts] : nullptr;
}

std::string& State::text_place(VectorNo vector) {
  DELTA_CHECK(index(vector) < catalog_->vectors());
  const std::size_t chunk = index(vector) / kTexts;
  if (chunk >= metadata_.size()) metadata_.resize(chunk + 1);
  if (!metadata_[chunk]) metadata_[chunk] = std::make_unique<std::string[]>(kTexts);
  return metadata_[chunk][index(vector) % kTexts];
}

void State::set_metadata(VectorNo vector, std::string text) {
  if (!patches_.empty()) patches_.erase(vector);
  if (text.empty() && text_at(vector) == nullptr) return;
  text_place(vector) = std::move(text);
}

void State::patch_metadata(VectorNo vector, std::string_view patch) {
  const std::string* text = text_at(vector);
  const std::size_t bytes = text != nullptr ? text->size() : 0;
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

void State::merge(VectorNo vector, const Patches& patches) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (const std::size_t end : patches.ends) {
    parts.push_back(std::string_view(patches.text).substr(begin, end - begin));
    begin = end;
  }
  std::string& text = *text_at(vector);
  text = model::merge_metadata(text, parts);  // not empty: else they would not have waited
}

void State::settle_metadata() {
  for (const auto& [vector, patches] : patches_) merge(vector, patches);
  patches_.clear();
}

void State::settle_metadata(VectorNo vector) {
  const auto waiting = patches_.find(vector);
  if (waiting == patches_.end()) return;
  merge(vector, waiting->second);
  patches_.erase(waiting);
}

std::string_view State::stored_metadata(VectorNo vector) const noexcept {
  DELTA_CHECK(patches_.empty() || !patches_.contains(vector));
  const std::string* text = text_at(vector);
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::string_view State::metadata(VectorNo vector) const noexcept {
  return exists(vector) ? stored_metadata(vector) : std::string_view();
}

Result<State> State::part(const VectorSet& vectors) const try {
  const Boundary boundary;
  State some(catalog_);
  some.overflows = overflows;
  const auto take = [&](VectorNo vector) {
    if (exists(vector)) some.take(*this, vector);
  };
  if (vectors.is_all()) {
    for (const VectorNo vector : numbers<VectorNo>(catalog_->vectors())) take(vector);
  } else {
    vectors.each(take);
  }
  return some;
} catch (...) {
  return caught();
}

Result<VectorSet> State::existing() const try {
  const Boundary boundary;
  VectorSet set;
  for (const Pool& pool : pools_) {
    for (const VectorNo v : pool.existed) {
      if (rows_[v].exists) set.insert(v);
    }
  }
  return set;
} catch (...) {
  return caught();
}

Result<std::vector<VectorNo>> State::rows(NamespaceNo ns) const try {
  const Boundary boundary;
  std::vector<VectorNo> out;
  if (!pools_.contains(ns)) return out;
  for (const VectorNo v : pools_[ns].existed) {
    if (rows_[v].exists) out.push_back(v);
  }
  const auto before = [&](VectorNo a, VectorNo b) { return key_less(*catalog_, rows_[a].created, rows_[b].created); };
  if (!std::is_sorted(out.begin(), out.end(), before)) std::sort(out.begin(), out.end(), before);
  return out;
} catch (...) {
  return caught();
}

}  // namespace delta
