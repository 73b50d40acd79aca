#include "os/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "os/fd.hpp"
#include "os/syscalls.hpp"

namespace delta::os {
namespace {

Entry::Kind kind_of(const std::string& path) {
  struct stat info;
  if (sys().stat(path.c_str(), &info) == 0) return S_ISREG(info.st_mode) ? Entry::Kind::file : Entry::Kind::other;
  return errno == ENOENT || errno == ELOOP ? Entry::Kind::nowhere : Entry::Kind::unknown;
}

}  // namespace

bool is_directory(const std::string& path) {
  struct stat info;
  return sys().stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<std::vector<Entry>> entries(const std::string& directory, const std::string& suffix) {
  struct Found {
    const std::string& suffix;
    std::vector<std::string> names;
  } found{suffix, {}};
  const auto note = [](void* context, const char* name) {
    auto& here = *static_cast<Found*>(context);
    const std::string_view text = name;
    if (!text.starts_with('.') && text.ends_with(here.suffix)) here.names.emplace_back(text);
  };
  if (sys().list(directory.c_str(), note, &found) != 0) return os_error("read", directory);
  std::ranges::sort(found.names);
  std::vector<Entry> out;
  for (const std::string& name : found.names) {
    std::string path = directory.ends_with('/') ? directory + name : directory + "/" + name;
    const Entry::Kind kind = kind_of(path);
    out.push_back({std::move(path), kind});
  }
  return out;
}

}  // namespace delta::os
