// What POSIX leaves to the caller of read() and write(), done once.
#include "os/fd.hpp"

#include <fcntl.h>

#include <system_error>

namespace delta::os {
namespace {

// Calls write_some(rest, done) until everything is written. A call that writes nothing and reports no error would never
// end.
template <class WriteSome>
Status write_fully(ByteView bytes, const std::string& file, WriteSome write_some) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = retry([&] { return write_some(bytes.subspan(done), done); });
    if (n <= 0) return os_error("write", file, n == 0 ? EIO : errno);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

}  // namespace

Error os_error(std::string_view what, const std::string& file, int number) {
  const ErrorCode code = number == ENOENT  ? ErrorCode::not_found
                         : number == EPIPE ? ErrorCode::closed_pipe
                                           : ErrorCode::io;
  // Whoever asks has tried often: see retry().
  const std::string reason = number == EINTR ? "interrupted again and again" : std::generic_category().message(number);
  return error(code, "cannot " + std::string(what) + ": " + reason).in(file);
}

Status Fd::close(const std::string& file) {
  const int fd = std::exchange(fd_, -1);
  // Not retried when interrupted: Linux has closed it by then, and the number may be another file's.
  if (fd >= 0 && owned_ && sys().close(fd) != 0 && errno != EINTR) return os_error("close", file);
  return {};
}

int try_open(const std::string& path, int flags, mode_t mode) {
  return retry([&] { return sys().open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode); });
}

Result<Fd> open_fd(const std::string& path, int flags, mode_t mode) {
  if (path.empty()) return error(ErrorCode::usage, "a file name is empty");
  const int fd = try_open(path, flags, mode);
  if (fd < 0) return os_error((flags & O_CREAT) != 0 ? "create" : "open", path);
  return Fd::owned(fd);
}

Result<struct stat> stat_fd(const Fd& fd, const std::string& file) {
  struct stat info;
  if (sys().fstat(fd.get(), &info) != 0) return os_error("look at it", file);
  return info;
}

Result<std::size_t> read_some(const Fd& fd, std::span<Byte> into, const std::string& file) {
  const ssize_t n = retry([&] { return sys().read(fd.get(), into.data(), into.size()); });
  if (n < 0) return os_error("read", file);
  return static_cast<std::size_t>(n);
}

Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, std::span<Byte> into, const std::string& file) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = retry([&] {
      return sys().pread(fd.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    });
    if (n < 0) return os_error("read", file);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Status write_all(const Fd& fd, ByteView bytes, const std::string& file) {
  return write_fully(bytes, file,
                     [&](ByteView rest, std::size_t) { return sys().write(fd.get(), rest.data(), rest.size()); });
}

Status write_all_at(const Fd& fd, std::uint64_t offset, ByteView bytes, const std::string& file) {
  return write_fully(bytes, file, [&](ByteView rest, std::size_t done) {
    return sys().pwrite(fd.get(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
  });
}

int try_sync(const Fd& fd) {
  return retry([&] { return sys().fsync(fd.get()); }) == 0 ? 0 : errno;
}

Status sync_fd(const Fd& fd, const std::string& file) {
  const int failure = try_sync(fd);
  return failure == 0 ? Status() : os_error("make it durable (fsync)", file, failure);
}

}  // namespace delta::os
