#include "delta/vector_set.hpp"

namespace delta {

const VectorSet& VectorSet::all() noexcept {
  static const VectorSet all = [] {
    VectorSet set;
    set.all_ = true;
    return set;
  }();
  return all;
}

std::uint64_t* VectorSet::word(VectorNo vector) noexcept {
  const std::size_t number = index(vector), range = number / kRange;
  if (range >= places_.size() || places_[range] == 0) return nullptr;
  return &chunks_[places_[range] - 1][number % kRange / 64];
}

bool VectorSet::insert(VectorNo vector) {
  DELTA_CHECK(!all_);
  const std::size_t range = index(vector) / kRange;
  if (range >= places_.size()) places_.resize(range + 1);
  if (places_[range] == 0) {
    chunks_.emplace_back();
    places_[range] = static_cast<std::uint32_t>(chunks_.size());
  }
  std::uint64_t& bits = *word(vector);
  const std::uint64_t bit = std::uint64_t{1} << (index(vector) % 64);
  if ((bits & bit) != 0) return false;
  bits |= bit;
  ++size_;
  return true;
}

bool VectorSet::erase(VectorNo vector) noexcept {
  DELTA_CHECK(!all_);
  std::uint64_t* bits = word(vector);
  const std::uint64_t bit = std::uint64_t{1} << (index(vector) % 64);
  if (bits == nullptr || (*bits & bit) == 0) return false;
  *bits &= ~bit;
  --size_;
  return true;
}

std::vector<VectorNo> VectorSet::numbers() const {
  std::vector<VectorNo> out;
  out.reserve(size_);
  each([&](VectorNo vector) { out.push_back(vector); });
  return out;
}

}  // namespace delta
