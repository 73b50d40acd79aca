// Thin: what the table promises beyond the calls themselves is the 64-bit offset and one name a call.
#include "os/syscalls.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>

namespace delta::os {
namespace {

static_assert(sizeof(off_t) == 8, "files are addressed by 64 bits");

int list(const char* path, void (*each)(void* context, const char* name), void* context) {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path));
  if (!directory) return -1;
  while (const dirent* entry = ::readdir(directory.get())) each(context, entry->d_name);
  return 0;
}

void* map(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

constinit const Syscalls kReal = {
    .open = [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
    .close = ::close,
    .read = ::read,
    .pread = ::pread,
    .write = ::write,
    .pwrite = ::pwrite,
    .seek = ::lseek,
    .fsync = ::fsync,
    .truncate = ::ftruncate,
    .fstat = ::fstat,
    .stat = ::stat,
    .lstat = ::lstat,
    .rename = ::rename,
    .rename_new = [](const char* from,
                     const char* to) { return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE); },
    .link = ::link,
    .unlink = ::unlink,
    .control_lock = [](int fd, int command, struct flock* lock) { return ::fcntl(fd, command, lock); },
    .sleep = [](const struct timespec* time) { return ::nanosleep(time, nullptr); },
    .poll = ::poll,
    .fd_flags = [](int fd) { return ::fcntl(fd, F_GETFD); },
    .isatty = ::isatty,
    .duplicate = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); },
    .change_mode = ::fchmod,
    .change_owner = ::fchown,
    .readlink = ::readlink,
    .random = [](void* into, std::size_t n) { return ::getrandom(into, n, 0); },
    .map = map,
    .unmap = ::munmap,
    .advise_huge = [](void* at, std::size_t bytes) { return ::madvise(at, bytes, MADV_HUGEPAGE); },
    .list = list,
};

constinit std::atomic<const Syscalls*> in_force = &kReal;

}  // namespace

const Syscalls& sys() { return *in_force.load(std::memory_order_acquire); }

ScopedSyscalls::ScopedSyscalls(const Syscalls& table) : before_(in_force.exchange(&table)) {}
ScopedSyscalls::~ScopedSyscalls() { in_force.store(before_); }

}  // namespace delta::os
