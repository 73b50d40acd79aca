// Zeroed memory in large steps, for what is big and lives long. A page fault every 4 KiB costs more than filling the page:
// on a state of 30 MB that was half of a snapshot's time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "delta/export.hpp"

namespace delta {

struct FreePages {
  std::size_t bytes = 0;  ///< of a mapping; 0: from the heap
  DELTA_EXPORT void operator()(std::uint32_t* at) const;
};
using Pages = std::unique_ptr<std::uint32_t[], FreePages>;

/// `count` zeroed values. `huge`: ask for huge pages (2 MiB), where the system has them; only for memory that will be filled.
DELTA_EXPORT Pages allocate_pages(std::size_t count, bool huge);

}  // namespace delta
