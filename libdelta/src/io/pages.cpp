#include "delta/pages.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace delta {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20, kMapped = std::size_t{128} << 10;

std::byte* map(std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(at);
}

}  // namespace

void FreePages::operator()(std::uint32_t* at) const {
  bytes > 0 ? static_cast<void>(::munmap(at, bytes)) : std::free(at);
}

Pages allocate_pages(std::size_t count, bool huge) {
  constexpr std::size_t kMost = std::size_t{1} << 60;  // more would overflow below
  if (count > kMost) throw std::bad_alloc();
  const std::size_t bytes = count * sizeof(std::uint32_t);
  // What is small comes and goes, and the heap costs a system call less. But it may have to write the zeros, which is
  // in vain in what is large and not filled.
  if (bytes < (huge ? kHuge : kMapped)) {
    auto* at = static_cast<std::uint32_t*>(std::calloc(count, sizeof(std::uint32_t)));
    if (at == nullptr) throw std::bad_alloc();
    return Pages(at, FreePages{0});
  }
  if (!huge) return Pages(reinterpret_cast<std::uint32_t*>(map(bytes)), FreePages{bytes});
  // A huge page must be aligned: map more, and give back what is before and after.
  std::byte* at = map(bytes + kHuge);
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(at) % kHuge) % kHuge;
  const std::size_t page = 4096, used = (bytes + page - 1) / page * page;
  if (before > 0) ::munmap(at, before);
  if (kHuge - before + bytes > used) ::munmap(at + before + used, kHuge - before + bytes - used);
  ::madvise(at + before, used, MADV_HUGEPAGE);
  return Pages(reinterpret_cast<std::uint32_t*>(at + before), FreePages{used});
}

}  // namespace delta
