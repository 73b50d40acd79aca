// Interning by open addressing: millions of ids, each stored once, no allocation per id, and no text compared unless
// 32 bits of its hash agree.
#include "delta/catalog.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "delta/error.hpp"
#include "support/checksum.hpp"

namespace delta {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kFirstSlots = 64;

std::uint64_t hash(std::uint64_t seed, std::string_view text) { return checksum(bytes_of(text), seed); }

}  // namespace

template <class Same>
std::optional<std::uint32_t> Catalog::Index::find(std::uint64_t hash, Same same) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint64_t tag = hash >> 32, mask = slots_.size() - 1;
  for (std::uint64_t at = tag & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const auto number = static_cast<std::uint32_t>(slots_[at] - 1);
    if (slots_[at] >> 32 == tag && same(number)) return number;
  }
  return std::nullopt;
}

void Catalog::Index::insert(std::uint64_t hash, std::uint32_t number) {
  DELTA_CHECK(number < ~std::uint32_t{0} - 1);
  if (used_ * 3 >= slots_.size() * 2) resize(std::max(kFirstSlots, slots_.size() * 2));
  const std::uint64_t tag = hash >> 32, mask = slots_.size() - 1;
  std::uint64_t at = tag & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = tag << 32 | (number + 1);
  ++used_;
}

void Catalog::Index::reserve(std::size_t used) {
  const std::size_t slots = std::max(kFirstSlots, std::bit_ceil(used * 3 / 2 + 1));
  if (slots > slots_.size()) resize(slots);
}

void Catalog::Index::resize(std::size_t slots) {
  std::vector<std::uint64_t> old(slots);
  old.swap(slots_);
  const std::uint64_t mask = slots_.size() - 1;
  for (const std::uint64_t slot : old) {
    if (slot == 0) continue;
    std::uint64_t at = slot >> 32 & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::optional<std::uint32_t> Catalog::find_namespace(std::string_view name, std::uint32_t dims) const {
  return namespace_index_.find(hash(dims, name), [&](std::uint32_t n) {
    return namespaces_[n].dims == dims && namespaces_[n].name == name;
  });
}

std::uint32_t Catalog::add_namespace(std::string_view name, std::uint32_t dims) {
  if (const auto known = find_namespace(name, dims)) return *known;
  const auto number = static_cast<std::uint32_t>(namespaces_.size());
  namespace_index_.insert(hash(dims, name), number);
  namespaces_.push_back({std::string(name), dims});
  return number;
}

std::optional<std::uint32_t> Catalog::find_origin(std::string_view name) const {
  return origin_index_.find(hash(0, name), [&](std::uint32_t n) { return origins_[n] == name; });
}

std::uint32_t Catalog::add_origin(std::string_view name) {
  if (const auto known = find_origin(name)) return *known;
  const auto number = static_cast<std::uint32_t>(origins_.size());
  origin_index_.insert(hash(0, name), number);
  origins_.emplace_back(name);
  return number;
}

std::optional<std::uint32_t> Catalog::find_vector(std::uint32_t ns, std::string_view text) const {
  return vector_index_.find(hash(ns, text),
                            [&](std::uint32_t n) { return vectors_[n].ns == ns && id(n) == text; });
}

std::uint32_t Catalog::add_vector(std::uint32_t ns, std::string_view text) {
  DELTA_CHECK(ns < namespaces_.size());
  const std::uint64_t h = hash(ns, text);
  const auto same = [&](std::uint32_t n) { return vectors_[n].ns == ns && id(n) == text; };
  if (const auto known = vector_index_.find(h, same)) return *known;
  const auto number = static_cast<std::uint32_t>(vectors_.size());
  vector_index_.insert(h, number);
  store(ns, text);
  return number;
}

void Catalog::reserve_vectors(std::size_t more) {
  vector_index_.reserve(vectors_.size() + more);
  vectors_.reserve(std::max(vectors_.capacity(), vectors_.size() + more));
}

void Catalog::store(std::uint32_t ns, std::string_view text) {
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
