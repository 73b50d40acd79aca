// Pages from the system: zeroed when they are first touched, and huge where that spares page faults.
#include "base/page_source.hpp"

#include <cstdint>
#include <new>

#include "os/syscalls.hpp"

namespace delta::os {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20;

std::byte* map_bytes(std::size_t bytes) {
  void* at = sys().map(bytes);
  if (at == nullptr) throw std::bad_alloc();
  return static_cast<std::byte*>(at);
}

Mapping map(std::size_t bytes, bool huge) {
  if (!huge) return {map_bytes(bytes), bytes};
  // A huge page must be aligned: map more, and give back what is before and after.
  std::byte* at = map_bytes(bytes + kHuge);
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(at) % kHuge) % kHuge;
  const std::size_t page = 4096, used = (bytes + page - 1) / page * page;
  if (before > 0) sys().unmap(at, before);
  if (kHuge - before + bytes > used) sys().unmap(at + before + used, kHuge - before + bytes - used);
  sys().advise_huge(at + before, used);
  return {at + before, used};
}

void unmap(Mapping mapping) { sys().unmap(mapping.at, mapping.bytes); }

[[maybe_unused]] const bool installed = (set_page_source({map, unmap}), true);

}  // namespace
}  // namespace delta::os
