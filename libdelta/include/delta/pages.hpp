// Zeroed memory in large steps, for what is big and lives long. A page fault every 4 KiB costs more than filling the
// page: on a state of 30 MB that was half of a snapshot's time.
#pragma once

#include <algorithm>
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
    size_ = std::exchange(from.size_, 0);
    room_ = std::exchange(from.room_, 0);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool contains(Place at) const { return static_cast<std::size_t>(at) < size_; }
  T& operator[](Place at) { return reinterpret_cast<T*>(pages_.get())[static_cast<std::size_t>(at)]; }
  const T& operator[](Place at) const { return reinterpret_cast<const T*>(pages_.get())[static_cast<std::size_t>(at)]; }

  /// Moves what is there. REQUIRES: no fewer than before.
  void resize(std::size_t size) {
    if (size > room_) {
      room_ = std::max(size, 2 * room_);
      Pages more = allocate_pages(room_ * (sizeof(T) / sizeof(std::uint32_t)), PageSize::usual);
      std::copy_n(reinterpret_cast<const T*>(pages_.get()), size_, reinterpret_cast<T*>(more.get()));
      pages_ = std::move(more);
    }
    size_ = size;
  }

 private:
  Pages pages_;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace delta
