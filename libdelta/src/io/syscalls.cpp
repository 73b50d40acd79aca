// Thin: what the table promises beyond the calls themselves is the 64-bit offset and one name a call.
#include "io/syscalls.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace delta::io {
namespace {

static_assert(sizeof(off_t) == 8, "files are addressed by 64 bits");

const Syscalls kReal = {
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
    .rename_new = [](const char* from, const char* to) { return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE); },
    .link = ::link,
    .unlink = ::unlink,
    .control_lock = [](int fd, int command, struct flock* lock) { return ::fcntl(fd, command, lock); },
    .sleep = [](const struct timespec* time) { return ::nanosleep(time, nullptr); },
    .isatty = ::isatty,
};

std::atomic<const Syscalls*> in_force = &kReal;

}  // namespace

const Syscalls& sys() { return *in_force.load(std::memory_order_acquire); }

ScopedSyscalls::ScopedSyscalls(const Syscalls& table) : before_(in_force.exchange(&table)) {}
ScopedSyscalls::~ScopedSyscalls() { in_force.store(before_); }

}  // namespace delta::io
