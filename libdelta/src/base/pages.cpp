#include "delta/pages.hpp"

#include <cstdlib>
#include <new>

#include "base/page_source.hpp"

namespace delta {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20, kMapped = std::size_t{128} << 10;

constinit PageSource source = {nullptr, nullptr};  // none: the heap for all

}  // namespace

void set_page_source(const PageSource& other) { source = other; }

void FreePages::operator()(std::uint32_t* at) const noexcept {
  if (bytes > 0) {
    source.unmap({at, bytes});
  } else {
    std::free(at);
  }
}

Pages allocate_pages(std::size_t count, PageSize size) {
  constexpr std::size_t kMost = std::size_t{1} << 60;  // more would overflow below
  if (count > kMost) throw std::bad_alloc();
  const std::size_t bytes = count * sizeof(std::uint32_t);
  const bool huge = size == PageSize::huge;
  // What is small comes and goes, and the heap costs a system call less. But it may have to write the zeros, which is
  // in vain in what is large and not filled.
  if (source.map == nullptr || bytes < (huge ? kHuge : kMapped)) {
    auto* at = static_cast<std::uint32_t*>(std::calloc(count, sizeof(std::uint32_t)));
    if (at == nullptr) throw std::bad_alloc();
    return Pages(at, FreePages{0});
  }
  const Mapping mapping = source.map(bytes, huge);
  return Pages(static_cast<std::uint32_t*>(mapping.at), FreePages{mapping.bytes});
}

}  // namespace delta
