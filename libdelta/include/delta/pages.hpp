// Zeroed memory in large steps, for what is big and lives long. A page fault every 4 KiB costs more than filling the
// page: on a state of 30 MB that was half of a snapshot's time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "delta/export.hpp"

namespace delta {

struct FreePages {
  std::size_t bytes = 0;  ///< of a mapping; 0: from the heap
  DELTA_EXPORT void operator()(std::uint32_t* at) const noexcept;
};
using Pages = std::unique_ptr<std::uint32_t[], FreePages>;

enum class PageSize : std::uint8_t {
  usual,
  huge,  ///< 2 MiB, where the system has them: for memory that will be filled
};
/// `count` zeroed values; std::bad_alloc where there is no memory.
DELTA_HIDDEN Pages allocate_pages(std::size_t count, PageSize size);

/// Elements that are all zero bits until they are written, and take no memory before: for tables of which a reader of
/// one vector needs one row. `Place`: an integer, or a number of delta/numbers.hpp.
template <class Place, class T>
class ZeroedTable {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint32_t) == 0 &&
                alignof(T) <= alignof(std::max_align_t));

 public:
  ZeroedTable() = default;
  explicit ZeroedTable(std::size_t size) { resize(size); }
  ZeroedTable(ZeroedTable&& from) noexcept { *this = std::move(from); }
  ZeroedTable& operator=(ZeroedTable&& from) noexcept {
    pages_ = std::move(from.pages_);
    few_ = std::move(from.few_);
    size_ = std::exchange(from.size_, 0);
    room_ = std::exchange(from.room_, 0);
    return *this;
  }
  /// One that lists the elements which are written, up to kFew of them: pages of the system take longer to get and to
  /// give back than a question about one vector.
  static ZeroedTable for_few(std::size_t size) {
    ZeroedTable table;
    table.few_ = std::make_unique<Few>();
    table.size_ = size;
    return table;
  }
  static constexpr std::size_t kFew = 8;

  std::size_t size() const { return size_; }
  bool contains(Place at) const { return static_cast<std::size_t>(at) < size_; }
  /// Valid until another element is written, or resize().
  T& operator[](Place at) { return few_ ? listed(static_cast<std::size_t>(at)) : all()[static_cast<std::size_t>(at)]; }
  const T& operator[](Place at) const {
    return few_ ? few_->find(static_cast<std::size_t>(at)) : all()[static_cast<std::size_t>(at)];
  }

  /// Moves what is there. REQUIRES: no fewer than before.
  void resize(std::size_t size) {
    if (size > room_ && !few_) {
      room_ = std::max(size, 2 * room_);
      Pages more = allocate(room_);
      std::copy_n(all(), size_, reinterpret_cast<T*>(more.get()));
      pages_ = std::move(more);
    }
    size_ = size;
  }
  /// From here on each element has its place: one thread may write some while others read others.
  void spread() {
    if (!few_) return;
    pages_ = allocate(size_);
    room_ = size_;
    for (std::size_t i = 0; i < few_->count; ++i) all()[few_->places[i]] = few_->elements[i];
    few_ = nullptr;
  }

 private:
  struct Few {
    std::size_t count = 0;
    std::array<std::size_t, kFew> places = {};
    std::array<T, kFew + 1> elements = {};  // of them; the one behind them is zero

    const T& find(std::size_t place) const {
      std::size_t i = 0;
      while (i < count && places[i] != place) ++i;
      return elements[i];
    }
  };

  static Pages allocate(std::size_t count) {
    return allocate_pages(count * (sizeof(T) / sizeof(std::uint32_t)), PageSize::usual);
  }
  T* all() { return reinterpret_cast<T*>(pages_.get()); }
  const T* all() const { return reinterpret_cast<const T*>(pages_.get()); }
  [[gnu::noinline]] T& listed(std::size_t place) {
    std::size_t i = 0;
    while (i < few_->count && few_->places[i] != place) ++i;
    if (i == kFew) {
      spread();
      return all()[place];
    }
    if (i == few_->count) few_->places[few_->count++] = place;
    return few_->elements[i];
  }

  Pages pages_;
  std::unique_ptr<Few> few_;  // null: each element has its place in `pages_`
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace delta
