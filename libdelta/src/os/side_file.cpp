#include "os/side_file.hpp"

#include <fcntl.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "base/magic.hpp"
#include "os/fd.hpp"
#include "os/temporary.hpp"

namespace delta::os {
namespace {

/// A group that cannot be kept gets no more than everybody.
Status take_after(const Fd& fd, const struct stat& like, const std::string& path) {
  DELTA_TRY(const struct stat own, stat_fd(fd, path));
  mode_t mode = like.st_mode & 0777;
  const bool same = like.st_uid == own.st_uid && like.st_gid == own.st_gid;
  if (!same && sys().change_owner(fd.get(), like.st_uid, like.st_gid) != 0) {
    const auto nobody = static_cast<uid_t>(-1);
    const bool group = like.st_gid == own.st_gid || sys().change_owner(fd.get(), nobody, like.st_gid) == 0;
    if (!group) mode &= ~static_cast<mode_t>(070) | (mode & 07) << 3;
  }
  return sys().change_mode(fd.get(), mode) == 0 ? Status() : os_error("set the mode", path);
}

Status remove(const std::string& path) {
  if (sys().unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return os_error("remove", path);
}

std::string side_path(const std::string& log, const char* suffix) {
  std::error_code failed;
  std::filesystem::path named = log;
  if (std::filesystem::is_symlink(named, failed)) named = std::filesystem::canonical(named, failed);
  return (failed ? log : named.string()) + suffix;
}

}  // namespace

std::string index_path(const std::string& log) { return side_path(log, ".dlx"); }
std::string checkpoints_path(const std::string& log) { return side_path(log, ".dlc"); }

bool stands(const std::string& path) noexcept {
  struct stat info;
  return sys().stat(path.c_str(), &info) == 0;
}

Status replace_side_file(const std::string& path, const std::string& like, ByteView bytes) {
  struct stat info;
  if (sys().stat(like.c_str(), &info) != 0) return os_error("look at it", like);
  DELTA_TRY(Temporary temporary, Temporary::create(path, 0600));
  DELTA_OK(write_all(temporary.fd(), bytes, path));
  DELTA_OK(take_after(temporary.fd(), info, path));
  DELTA_OK(temporary.close(path));
  if (sys().rename(temporary.path().c_str(), path.c_str()) != 0) return os_error("rename the finished file", path);
  temporary.release();
  return {};
}

Status extend_side_file(const std::string& path, std::uint64_t at, ByteView bytes) {
  DELTA_TRY(Fd fd, open_fd(path, O_WRONLY | O_NOFOLLOW));
  DELTA_OK(write_all_at(fd, at, bytes, path));
  const auto end = static_cast<off_t>(at + bytes.size());
  if (retry([&] { return sys().truncate(fd.get(), end); }) != 0) return os_error("truncate", path);
  return fd.close(path);
}

void remove_index(const std::string& path) noexcept {
  const Fd fd = Fd::owned(try_open(path, O_RDONLY | O_NOFOLLOW));
  std::array<Byte, kIndexMagic.size()> begin{};
  const auto size = fd ? retry([&] { return sys().pread(fd.get(), begin.data(), begin.size(), 0); }) : -1;
  if (size == static_cast<ssize_t>(begin.size()) && begin == kIndexMagic) sys().unlink(path.c_str());
}

Status remove_checkpoints(const std::string& log) { return remove(checkpoints_path(log)); }

}  // namespace delta::os
