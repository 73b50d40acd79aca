// Where large memory comes from: the heap, unless the system layer gives pages of its own (os/page_source.cpp). So what
// is pure runs without that layer.
#pragma once

#include <cstddef>

namespace delta {

/// Zeroed memory. `bytes` are those to give back, which may be more than were asked for.
struct Mapping {
  void* at = nullptr;
  std::size_t bytes = 0;
};

struct PageSource {
  /// std::bad_alloc where there is no memory. `huge`: in pages of 2 MiB, where the system has them.
  Mapping (*map)(std::size_t bytes, bool huge);
  void (*unmap)(Mapping mapping);
};

/// Once, before another thread runs. What the heap gave before goes back to the heap.
void set_page_source(const PageSource& source);

}  // namespace delta
