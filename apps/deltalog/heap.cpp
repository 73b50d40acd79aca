#include "heap.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace deltalog {

// A process that lives for a few milliseconds touches a few MiB, and each 4 KiB of these cost over a microsecond: as
// much as a twentieth of a huge page. glibc asks for such pages only by an environment variable, so the first MiB of
// the heap are asked for here: taken once and given back, so that later blocks come from there.
void grow_heap_by_huge_pages() {
  constexpr std::size_t kHuge = std::size_t{2} << 20, kHeap = 4 * kHuge;
  // To where glibc moves the two by itself as blocks are freed: blocks of some 100 KiB are to come from the heap from
  // the start.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  void* const block = std::malloc(kHeap);
  if (block == nullptr) return;
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(block) % kHuge) % kHuge;
  ::madvise(static_cast<char*>(block) + before, (kHeap - before) / kHuge * kHuge, MADV_HUGEPAGE);
  std::free(block);
  // What is before the first huge page is never used, nor touched.
  constexpr std::size_t kHeader = 64;
  static void* const unused = before > kHeader ? std::malloc(before - kHeader) : nullptr;
  static_cast<void>(unused);
}

}  // namespace deltalog
