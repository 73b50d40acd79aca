#include "os/kept_file.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>

namespace delta::os {
namespace {

/// The files that may be closed and are open; the one that was used last comes last.
struct Open {
  std::mutex mutex;
  std::list<KeptFile*> files;
  std::size_t most = 0;  // 0: not asked yet
};

/// Never destroyed: a file may be closed after it would be.
Open& all_open() {
  static Open* const open = new Open;
  return *open;
}

/// The other half is left for what is written, and for the program that uses the library.
std::size_t half_of_limit() {
  constexpr std::size_t kFewest = 8, kMost = 1 << 16;
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMost;
  return std::clamp<std::size_t>(static_cast<std::size_t>(limit.rlim_cur) / 2, kFewest, kMost);
}

}  // namespace

std::size_t KeptFile::set_most(std::size_t most) {
  Open& open = all_open();
  const std::scoped_lock lock(open.mutex);
  return std::exchange(open.most, most);
}

KeptFile::KeptFile(Fd fd, const std::string& path, const struct stat& info)
    : fd_(std::move(fd)), name_(path), device_(info.st_dev), inode_(info.st_ino) {
  std::error_code failed;
  path_ = std::filesystem::absolute(path, failed).string();
  if (failed) path_.clear();
  if (path_.empty()) return;
  Open& open = all_open();
  const std::scoped_lock lock(open.mutex);
  place_ = open.files.insert(open.files.end(), this);
  ++users_;
  close_some();
  --users_;
}

/// Closes what nobody uses until as few are open as may be. REQUIRES: the mutex is held.
void KeptFile::close_some() {
  Open& open = all_open();
  if (open.most == 0) open.most = half_of_limit();
  for (auto at = open.files.begin(); open.files.size() > open.most && at != open.files.end();) {
    KeptFile& file = **at;
    if (file.users_ > 0) {
      ++at;
      continue;
    }
    at = open.files.erase(at);
    file.fd_ = Fd();
  }
}

KeptFile::~KeptFile() {
  if (path_.empty()) return;
  Open& open = all_open();
  const std::scoped_lock lock(open.mutex);
  if (fd_) open.files.erase(place_);
}

Result<KeptFile::Use> KeptFile::use() {
  if (path_.empty()) return Use(this);
  Open& open = all_open();
  const std::scoped_lock lock(open.mutex);
  if (fd_) {
    open.files.splice(open.files.end(), open.files, place_);
  } else {
    DELTA_OK(open_again());
    place_ = open.files.insert(open.files.end(), this);
  }
  ++users_;
  close_some();
  return Use(this);
}

KeptFile::Use::~Use() {
  if (file_ == nullptr || file_->path_.empty()) return;
  const std::scoped_lock lock(all_open().mutex);
  --file_->users_;
}

Status KeptFile::open_again() {
  auto opened = open_fd(path_, O_RDONLY);
  if (!opened) {
    opened.error().file = name_;
    return std::move(opened).error();
  }
  Fd fd = std::move(*opened);
  DELTA_TRY(const auto info, stat_fd(fd, name_));
  if (info.st_dev != device_ || info.st_ino != inode_) {
    return error(ErrorCode::io, "was replaced by another file while it was read")
        .in(name_)
        .with_hint("more files are read than may be open at once, so that this one was closed: ulimit -n");
  }
  fd_ = std::move(fd);
  return {};
}

}  // namespace delta::os
