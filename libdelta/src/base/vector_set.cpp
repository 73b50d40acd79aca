#include "delta/vector_set.hpp"

namespace delta {

const VectorSet& VectorSet::all() {
  static const VectorSet all = [] {
    VectorSet set;
    set.all_ = true;
    return set;
  }();
  return all;
}

std::uint64_t* VectorSet::word(std::uint32_t vector) {
  const std::size_t range = vector / kRange;
  if (range >= places_.size() || places_[range] == 0) return nullptr;
  return &chunks_[places_[range] - 1][vector % kRange / 64];
}

bool VectorSet::insert(std::uint32_t vector) {
  DELTA_CHECK(!all_);
  const std::size_t range = vector / kRange;
  if (range >= places_.size()) places_.resize(range + 1);
  if (places_[range] == 0) {
    chunks_.emplace_back();
    places_[range] = static_cast<std::uint32_t>(chunks_.size());
  }
  std::uint64_t& bits = *word(vector);
  const std::uint64_t bit = std::uint64_t{1} << (vector % 64);
  if ((bits & bit) != 0) return false;
  bits |= bit;
  ++size_;
  return true;
}

bool VectorSet::erase(std::uint32_t vector) {
  DELTA_CHECK(!all_);
  std::uint64_t* bits = word(vector);
  const std::uint64_t bit = std::uint64_t{1} << (vector % 64);
  if (bits == nullptr || (*bits & bit) == 0) return false;
  *bits &= ~bit;
  --size_;
  return true;
}

std::vector<std::uint32_t> VectorSet::numbers() const {
  std::vector<std::uint32_t> out;
  out.reserve(size_);
  each([&](std::uint32_t vector) { out.push_back(vector); });
  return out;
}

}  // namespace delta
