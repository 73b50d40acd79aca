#include "os/standard_names.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace delta::os {
namespace {

std::optional<int> number_of(std::string_view path) {
  constexpr std::pair<std::string_view, int> names[] = {
      {"/dev/stdin", STDIN_FILENO}, {"/dev/stdout", STDOUT_FILENO}, {"/dev/stderr", STDERR_FILENO}};
  for (const auto& [name, number] : names) {
    if (path == name) return number;
  }
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = -1;
    const char* const end = path.data() + path.size();
    const auto [stop, failure] = std::from_chars(path.data() + folder.size(), end, number);
    if (failure == std::errc() && stop == end && number >= 0) return number;
  }
  return std::nullopt;
}

}  // namespace

Result<Fd> named_descriptor(const std::string& path) {
  const auto number = number_of(path);
  if (!number) return Fd();
  const int flags = retry([&] { return sys().fd_flags(*number); });
  if (flags < 0 || (flags & FD_CLOEXEC) != 0) return os_error("open", path, EBADF);
  return Fd::borrowed(*number);
}

}  // namespace delta::os
