// Which vectors of a catalog: all, or some of them by number.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "delta/error.hpp"
#include "delta/export.hpp"
#include "delta/numbers.hpp"

namespace delta {

/// A set of vector numbers. What it costs grows with what it holds: 512 bytes for each range of 4,096 numbers that
/// it has a number of, and 4 bytes for each range below the greatest number.
class DELTA_EXPORT VectorSet {
 public:
  VectorSet() = default;  ///< of no vector
  VectorSet(std::initializer_list<VectorNo> vectors) : VectorSet(std::span(vectors.begin(), vectors.size())) {}
  explicit VectorSet(std::span<const VectorNo> vectors) {
    for (const VectorNo vector : vectors) insert(vector);
  }
  /// Of every vector, those that are added later too. Lives as long as the program.
  static const VectorSet& all() noexcept;

  bool is_all() const { return all_; }
  bool empty() const { return !all_ && size_ == 0; }
  std::size_t size() const { return size_; }  ///< REQUIRES: !is_all()

  bool contains(VectorNo vector) const {
    const std::size_t number = index(vector), range = number / kRange;
    if (range >= places_.size() || places_[range] == 0) return all_;
    return (chunks_[places_[range] - 1][number % kRange / 64] >> (number % 64) & 1) != 0;
  }
  bool insert(VectorNo vector);          ///< false: it was in. REQUIRES: !is_all()
  bool erase(VectorNo vector) noexcept;  ///< false: it was not in. REQUIRES: !is_all()

  /// Calls visit(number) for each vector, in rising order. REQUIRES: !is_all()
  template <class Visit>
  void each(Visit&& visit) const {
    DELTA_CHECK(!all_);
    for (std::size_t range = 0; range < places_.size(); ++range) {
      if (places_[range] == 0) continue;
      const Chunk& chunk = chunks_[places_[range] - 1];
      for (std::size_t word = 0; word < chunk.size(); ++word) {
        for (std::uint64_t left = chunk[word]; left != 0; left &= left - 1) {
          visit(nth<VectorNo>(range * kRange + word * 64 + static_cast<unsigned>(std::countr_zero(left))));
        }
      }
    }
  }
  std::vector<VectorNo> numbers() const;  ///< in rising order. REQUIRES: !is_all()

 private:
  static constexpr std::size_t kRange = 4096;
  using Chunk = std::array<std::uint64_t, kRange / 64>;

  DELTA_HIDDEN std::uint64_t* word(VectorNo vector) noexcept;  // of its bit; null: it is in no chunk

  std::vector<std::uint32_t> places_;  // by range: of its chunk, from 1; 0: none is in
  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  bool all_ = false;
};

}  // namespace delta
