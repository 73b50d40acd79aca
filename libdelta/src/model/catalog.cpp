// Interning by open addressing: millions of ids, each stored once, no allocation per id, and no text compared unless
// 32 bits of its hash agree.
#include "delta/catalog.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/boundary.hpp"
#include "base/checksum.hpp"
#include "delta/error.hpp"

namespace delta {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kFirstSlots = 64;

std::uint64_t hash(std::uint64_t seed, std::string_view text) { return checksum(bytes_of(text), seed); }
std::uint64_t hash(NamespaceNo ns, std::string_view text) { return hash(index(ns), text); }

template <Number No>
std::optional<No> as(std::optional<std::uint32_t> found) {
  return found ? std::optional(No{*found}) : std::nullopt;
}

}  // namespace

template <class Same>
std::optional<std::uint32_t> Catalog::Index::find(std::uint64_t hash, Same same) const {
  if (slots_ == 0) return std::nullopt;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = tag & (slots_ - 1); words_[2 * at + 1] != 0; at = (at + 1) & (slots_ - 1)) {
    if (words_[2 * at] == tag && same(words_[2 * at + 1] - 1)) return words_[2 * at + 1] - 1;
  }
  return std::nullopt;
}

void Catalog::Index::insert(std::uint64_t hash, std::uint32_t number) {
  DELTA_CHECK(number < ~std::uint32_t{0} - 1);
  if (used_ * 3 >= slots_ * 2) resize(std::max(kFirstSlots, slots_ * 2));
  put(static_cast<std::uint32_t>(hash >> 32), number + 1);
  ++used_;
}

void Catalog::Index::put(std::uint32_t tag, std::uint32_t mark) {
  std::size_t at = tag & (slots_ - 1);
  while (words_[2 * at + 1] != 0) at = (at + 1) & (slots_ - 1);
  words_[2 * at] = tag, words_[2 * at + 1] = mark;
}

void Catalog::Index::prefetch(std::uint64_t hash) const {
  if (slots_ > 0) __builtin_prefetch(&words_[2 * (hash >> 32 & (slots_ - 1))]);
}

void Catalog::Index::reserve(std::size_t used) {
  const std::size_t slots = std::max(kFirstSlots, std::bit_ceil(used * 3 / 2 + 1));
  if (slots > slots_) resize(slots);
}

void Catalog::Index::resize(std::size_t slots) {
  const Pages old = std::exchange(words_, allocate_pages(2 * slots, PageSize::huge));
  const std::size_t before = std::exchange(slots_, slots);
  for (std::size_t at = 0; at < before; ++at) {
    if (old[2 * at + 1] != 0) put(old[2 * at], old[2 * at + 1]);
  }
}

std::optional<NamespaceNo> Catalog::find_namespace(std::string_view name, std::uint32_t dims) const noexcept {
  return as<NamespaceNo>(namespace_index_.find(
      hash(dims, name), [&](std::uint32_t n) { return namespaces_[n].dims == dims && namespaces_[n].name == name; }));
}

NamespaceNo Catalog::add_namespace(std::string_view name, std::uint32_t dims) {
  if (const auto known = find_namespace(name, dims)) return *known;
  const auto number = static_cast<std::uint32_t>(namespaces_.size());
  namespace_index_.insert(hash(dims, name), number);
  namespaces_.push_back({std::string(name), dims});
  const std::uint64_t name_hash = hash(0, name);
  auto place = find_name(name, name_hash);
  if (!place) {
    place = static_cast<std::uint32_t>(named_.size());
    name_index_.insert(name_hash, *place);
    named_.emplace_back();
  }
  named_[*place].push_back(NamespaceNo{number});
  return NamespaceNo{number};
}

std::optional<std::uint32_t> Catalog::find_name(std::string_view name, std::uint64_t hash) const noexcept {
  return name_index_.find(hash, [&](std::uint32_t place) { return name_space(named_[place].front()).name == name; });
}

std::span<const NamespaceNo> Catalog::namespaces_named(std::string_view name) const noexcept {
  const auto place = find_name(name, hash(0, name));
  return place ? std::span<const NamespaceNo>(named_[*place]) : std::span<const NamespaceNo>();
}

Result<std::vector<NamespaceNo>> Catalog::empty_namespaces() const try {
  const Boundary boundary;
  Indexed<NamespaceNo, bool> used(namespaces_.size());
  for (const Vector& vector : vectors_) used[vector.ns] = true;
  std::vector<NamespaceNo> empty;
  for (const NamespaceNo ns : used.numbers()) {
    if (!used[ns]) empty.push_back(ns);
  }
  std::ranges::sort(empty, {}, [this](NamespaceNo ns) {
    return std::pair(std::string_view(name_space(ns).name), name_space(ns).dims);
  });
  return empty;
} catch (...) {
  return caught();
}

std::optional<OriginNo> Catalog::find_origin(std::string_view name) const noexcept {
  return as<OriginNo>(origin_index_.find(hash(0, name), [&](std::uint32_t n) { return origins_[n] == name; }));
}

OriginNo Catalog::add_origin(std::string_view name) {
  if (const auto known = find_origin(name)) return *known;
  const auto number = static_cast<std::uint32_t>(origins_.size());
  origin_index_.insert(hash(0, name), number);
  origins_.emplace_back(name);
  return OriginNo{number};
}

std::optional<VectorNo> Catalog::find_vector(NamespaceNo ns, std::string_view text) const noexcept {
  return as<VectorNo>(vector_index_.find(
      hash(ns, text), [&](std::uint32_t n) { return vectors_[n].ns == ns && id(VectorNo{n}) == text; }));
}

VectorNo Catalog::add_vector(NamespaceNo ns, std::string_view text) { return add_vector(ns, text, hash(ns, text)); }

VectorNo Catalog::add_vector(NamespaceNo ns, std::string_view text, std::uint64_t hash) {
  DELTA_CHECK(index(ns) < namespaces_.size());
  const auto same = [&](std::uint32_t n) { return vectors_[n].ns == ns && id(VectorNo{n}) == text; };
  if (const auto known = vector_index_.find(hash, same)) return VectorNo{*known};
  const auto number = static_cast<std::uint32_t>(vectors_.size());
  vector_index_.insert(hash, number);
  store(ns, text);
  return VectorNo{number};
}

void Catalog::add_vectors(std::span<const NamespaceNo> namespaces, std::span<const std::string_view> ids,
                          std::vector<VectorNo>& numbers) {
  constexpr std::size_t kAhead = 8;  // so many slots are on their way from memory while one is looked at
  std::array<std::uint64_t, kAhead> hashes;
  const auto look_ahead = [&](std::size_t i) {
    if (i < ids.size()) vector_index_.prefetch(hashes[i % kAhead] = hash(namespaces[i], ids[i]));
  };
  numbers.reserve(numbers.size() + ids.size());
  for (std::size_t i = 0; i < kAhead; ++i) look_ahead(i);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    numbers.push_back(add_vector(namespaces[i], ids[i], hashes[i % kAhead]));
    look_ahead(i + kAhead);
  }
}

void Catalog::reserve_vectors(std::size_t more) {
  vector_index_.reserve(vectors_.size() + more);
  vectors_.reserve(std::max(vectors_.capacity(), vectors_.size() + more));
}

void Catalog::store(NamespaceNo ns, std::string_view text) {
  if (chunks_.empty() || chunks_.back().size() - used_ < text.size()) {
    chunks_.emplace_back(std::max(kChunkBytes, text.size()));
    used_ = 0;
  }
  std::copy(text.begin(), text.end(), chunks_.back().begin() + static_cast<std::ptrdiff_t>(used_));
  vectors_.push_back({ns, static_cast<std::uint32_t>(chunks_.size() - 1), static_cast<std::uint32_t>(used_),
                      static_cast<std::uint32_t>(text.size())});
  used_ += text.size();
}

}  // namespace delta
