// A table of system calls whose n-th call goes wrong, for tests of what is left behind then.
#pragma once

#include <cerrno>
#include <string>

#include "os/syscalls.hpp"

namespace delta::test {

enum class Fault { none, fail, interrupt, shorten };

/// What is to happen at call `at` (counted from 0 over all calls of the table), and what did.
struct Plan {
  Fault fault = Fault::none;
  int at = -1;
  int error = EIO;
  bool sticky = false;  ///< every later call of the same kind fails as well, as on a full disk
  int calls = 0;
  std::string hit;  ///< name of the call that went wrong; empty: none did
};
inline Plan plan;

/// True when the call is to return -1 with errno set. close() closes all the same, as the system's does.
inline bool goes_wrong(const char* name) {
  const int number = plan.calls++;
  const bool now = number == plan.at || (plan.sticky && number > plan.at && plan.hit == name);
  if (!now || plan.fault == Fault::none || plan.fault == Fault::shorten) return false;
  plan.hit = name;
  errno = plan.fault == Fault::interrupt ? EINTR : plan.error;
  return true;
}

/// How many bytes a read or write of n may move.
inline std::size_t shortened(const char* name, std::size_t n) {
  if (plan.fault != Fault::shorten || plan.calls - 1 != plan.at || n < 2) return n;
  plan.hit = name;
  return n / 2;
}

inline const os::Syscalls& faulty_syscalls() {
  static const os::Syscalls real = os::sys();
  static const os::Syscalls table = {
      .open = [](const char* p, int f, mode_t m) { return goes_wrong("open") ? -1 : real.open(p, f, m); },
      .close =
          [](int fd) {
            const bool bad = goes_wrong("close");
            const int saved = errno;
            real.close(fd);
            errno = saved;
            return bad ? -1 : 0;
          },
      .read = [](int fd, void* b, std::size_t n) -> ssize_t {
        return goes_wrong("read") ? -1 : real.read(fd, b, shortened("read", n));
      },
      .pread = [](int fd, void* b, std::size_t n, off_t o) -> ssize_t {
        return goes_wrong("pread") ? -1 : real.pread(fd, b, shortened("pread", n), o);
      },
      .write = [](int fd, const void* b, std::size_t n) -> ssize_t {
        return goes_wrong("write") ? -1 : real.write(fd, b, shortened("write", n));
      },
      .pwrite = [](int fd, const void* b, std::size_t n, off_t o) -> ssize_t {
        return goes_wrong("pwrite") ? -1 : real.pwrite(fd, b, shortened("pwrite", n), o);
      },
      .seek = [](int fd, off_t o, int w) -> off_t { return goes_wrong("seek") ? -1 : real.seek(fd, o, w); },
      .fsync = [](int fd) { return goes_wrong("fsync") ? -1 : real.fsync(fd); },
      .truncate = [](int fd, off_t n) { return goes_wrong("truncate") ? -1 : real.truncate(fd, n); },
      .fstat = [](int fd, struct stat* s) { return goes_wrong("fstat") ? -1 : real.fstat(fd, s); },
      .stat = [](const char* p, struct stat* s) { return goes_wrong("stat") ? -1 : real.stat(p, s); },
      .lstat = [](const char* p, struct stat* s) { return goes_wrong("lstat") ? -1 : real.lstat(p, s); },
      .rename = [](const char* a, const char* b) { return goes_wrong("rename") ? -1 : real.rename(a, b); },
      .rename_new = [](const char* a, const char* b) { return goes_wrong("rename_new") ? -1 : real.rename_new(a, b); },
      .link = [](const char* a, const char* b) { return goes_wrong("link") ? -1 : real.link(a, b); },
      .unlink = [](const char* p) { return goes_wrong("unlink") ? -1 : real.unlink(p); },
      .control_lock = [](int fd, int c,
                         struct flock* l) { return goes_wrong("control_lock") ? -1 : real.control_lock(fd, c, l); },
      .sleep = [](const struct timespec* t) { return goes_wrong("sleep") ? -1 : real.sleep(t); },
      .poll = [](struct pollfd* f, unsigned long n, int ms) { return goes_wrong("poll") ? -1 : real.poll(f, n, ms); },
      .fd_flags = [](int fd) { return goes_wrong("fd_flags") ? -1 : real.fd_flags(fd); },
      .isatty = [](int fd) { return goes_wrong("isatty") ? 0 : real.isatty(fd); },
      .duplicate = [](int fd) { return goes_wrong("duplicate") ? -1 : real.duplicate(fd); },
      .change_mode = [](int fd, mode_t m) { return goes_wrong("change_mode") ? -1 : real.change_mode(fd, m); },
      .change_owner = [](int fd, uid_t u,
                         gid_t g) { return goes_wrong("change_owner") ? -1 : real.change_owner(fd, u, g); },
      .readlink = [](const char* p, char* b, std::size_t n) -> ssize_t {
        return goes_wrong("readlink") ? -1 : real.readlink(p, b, n);
      },
      .random = [](void* b, std::size_t n) -> ssize_t { return goes_wrong("random") ? -1 : real.random(b, n); },
      .map = real.map,  // memory that runs out is tested by cli.alloc
      .unmap = real.unmap,
      .advise_huge = real.advise_huge,
      .list = [](const char* p, void (*e)(void*, const char*),
                 void* c) { return goes_wrong("list") ? -1 : real.list(p, e, c); },
  };
  return table;
}

}  // namespace delta::test
