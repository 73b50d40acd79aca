// File descriptors with an owner, and the loops that repeat a system call until it is complete: interrupted calls
// are retried, short ones continued, errors name the file and the reason.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "delta/result.hpp"
#include "os/syscalls.hpp"

namespace delta::os {

/// Calls until the call was not interrupted. Gives up, with EINTR in errno, when it always was: a signal that comes
/// without end (a timer, a file system that is broken) must not make a program that spins.
template <class Call>
auto retry(Call call) {
  constexpr int kMost = 1000;
  auto result = call();
  for (int tries = 1; result < 0 && errno == EINTR && tries < kMost; ++tries) result = call();
  return result;
}

/// "cannot WHAT: REASON" about a file; the code tells a missing file and a closed pipe apart from other failures.
Error os_error(std::string_view what, const std::string& file, int number = errno);

/// Owns a descriptor, or borrows a standard one. Closing here reports nothing: use close() where it matters.
class Fd {
 public:
  Fd() = default;
  static Fd owned(int fd) { return Fd(fd, true); }
  static Fd borrowed(int fd) { return Fd(fd, false); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0 && owned_) sys().close(fd_);
  }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  /// Some file systems report a failed write only now. The descriptor is gone in any case.
  Status close(const std::string& file);

 private:
  Fd(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_ = -1;
  bool owned_ = false;
};

/// open() with O_CLOEXEC, retried; -1 and errno if it failed.
int try_open(const std::string& path, int flags, mode_t mode = 0);

/// Opens as try_open() does. Errors: the path is empty, or the system's.
Result<Fd> open_fd(const std::string& path, int flags, mode_t mode = 0);

Result<struct stat> stat_fd(const Fd& fd, const std::string& file);

/// Up to into.size() bytes from where the descriptor stands; 0 is the end.
Result<std::size_t> read_some(const Fd& fd, std::span<Byte> into, const std::string& file);
/// Bytes from `offset`: fewer than into.size() only at the end of the file.
Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, std::span<Byte> into, const std::string& file);
Status write_all(const Fd& fd, ByteView bytes, const std::string& file);
Status write_all_at(const Fd& fd, std::uint64_t offset, ByteView bytes, const std::string& file);
/// fsync() once (not counting interruptions); 0 or the errno. A failure means that written data may be lost, whatever a
/// second call says: never call it again.
int try_sync(const Fd& fd);
Status sync_fd(const Fd& fd, const std::string& file);

}  // namespace delta::os
