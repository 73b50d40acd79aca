// The one seam to the operating system: every call goes through this table, so that a test can make the n-th
// call fail, be interrupted or fall short, and see that no byte is lost and no half file is left.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include <cstddef>

namespace delta::os {

struct Syscalls {
  int (*open)(const char* path, int flags, mode_t mode);
  int (*close)(int fd);
  ssize_t (*read)(int fd, void* into, std::size_t n);
  ssize_t (*pread)(int fd, void* into, std::size_t n, off_t offset);
  ssize_t (*write)(int fd, const void* from, std::size_t n);
  ssize_t (*pwrite)(int fd, const void* from, std::size_t n, off_t offset);
  off_t (*seek)(int fd, off_t offset, int whence);
  int (*fsync)(int fd);
  int (*truncate)(int fd, off_t size);
  int (*fstat)(int fd, struct stat* info);
  int (*stat)(const char* path, struct stat* info);
  int (*lstat)(const char* path, struct stat* info);
  int (*rename)(const char* from, const char* to);
  int (*rename_new)(const char* from, const char* to);  ///< fails with EEXIST when `to` exists
  int (*link)(const char* from, const char* to);
  int (*unlink)(const char* path);
  int (*control_lock)(int fd, int command, struct flock* lock);  ///< fcntl() with a lock
  int (*sleep)(const struct timespec* time);                     ///< nanosleep()
  int (*poll)(struct pollfd* files, unsigned long n, int milliseconds);
  int (*fd_flags)(int fd);  ///< fcntl(F_GETFD)
  int (*isatty)(int fd);
  int (*duplicate)(int fd);  ///< to be closed by exec()
  int (*change_mode)(int fd, mode_t mode);
  int (*change_owner)(int fd, uid_t user, gid_t group);
  ssize_t (*readlink)(const char* path, char* into, std::size_t n);
  ssize_t (*random)(void* into, std::size_t n);
  void* (*map)(std::size_t bytes);  ///< zeroed memory of this process; null: there is none
  int (*unmap)(void* at, std::size_t bytes);
  int (*advise_huge)(void* at, std::size_t bytes);  ///< that huge pages would serve
  /// Calls each(context, name) for all names in a directory.
  int (*list)(const char* path, void (*each)(void* context, const char* name), void* context);
};

/// The table in force: that of the operating system, unless a test has set one.
const Syscalls& sys();

/// For tests: puts another table in force, for all threads, until it is destroyed.
class ScopedSyscalls {
 public:
  explicit ScopedSyscalls(const Syscalls& table);
  ScopedSyscalls(const ScopedSyscalls&) = delete;
  ScopedSyscalls& operator=(const ScopedSyscalls&) = delete;
  ~ScopedSyscalls();

 private:
  const Syscalls* before_;
};

}  // namespace delta::os
