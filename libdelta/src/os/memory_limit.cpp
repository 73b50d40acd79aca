// A control group limits its children, too: so all groups on the way to the root are asked. In a container the root
// that is seen may itself be a limited group.
#include "os/memory_limit.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/boundary.hpp"
#include "delta/memory.hpp"
#include "os/fd.hpp"

namespace delta::os {
namespace {

constexpr std::uint64_t kNone = ~std::uint64_t{0};

/// The first bytes of a small file; empty if it cannot be read.
std::string read_small(const std::string& path) {
  const int fd = try_open(path, O_RDONLY);
  if (fd < 0) return {};
  const Fd file = Fd::owned(fd);
  std::array<Byte, 4096> bytes;
  const auto n = read_some(file, bytes, path);
  return n ? std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*n)) : std::string();
}

/// A number of bytes; "max" and anything else is no limit.
std::uint64_t limit_in(const std::string& path) {
  const std::string text = read_small(path);
  std::uint64_t limit = kNone;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), limit);
  return end.ec == std::errc() ? limit : kNone;
}

/// Of the group at `path` and of those around it, up to the root of the hierarchy.
std::uint64_t limit_around(const std::string& hierarchy, std::string_view path, const char* file) {
  std::uint64_t least = limit_in(hierarchy + "/" + file);
  while (path.size() > 1) {
    least = std::min(least, limit_in(hierarchy + std::string(path) + "/" + file));
    path = path.substr(0, path.rfind('/'));
  }
  return least;
}

bool names_memory(std::string_view controllers) {
  while (!controllers.empty()) {
    const auto comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "memory") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

}  // namespace

/// The lines of proc/self/cgroup are NUMBER:CONTROLLERS:PATH; of version 2 the number is 0 and no controllers are
/// named.
std::uint64_t memory_limit(const std::string& root) {
  const std::string groups = read_small(root + "/proc/self/cgroup");
  std::uint64_t least = kNone;
  for (std::string_view rest = groups; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto first = line.find(':');
    const auto second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, limit_around(root + "/sys/fs/cgroup", path, "memory.max"));
    } else if (names_memory(controllers)) {
      least = std::min(least, limit_around(root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace delta::os

namespace delta {

Result<std::uint64_t> default_memory() try {
  const Boundary boundary;
  constexpr std::uint64_t kMost = 256 << 20, kPart = 4;
  return std::min(kMost, os::memory_limit("") / kPart);
} catch (...) {
  return caught();
}

}  // namespace delta
