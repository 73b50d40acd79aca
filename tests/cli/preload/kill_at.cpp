// Loaded before the program (LD_PRELOAD): ends it as kill -9 does, before or within one of the calls that change files.
//
//     DELTA_KILL_AT=N    before the N-th call, from 1; of a write, half of its bytes are written first
//     DELTA_KILL_WHOLE=1 after the N-th call, which is done
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#define EXPORT __attribute__((visibility("default")))

namespace {

std::atomic<unsigned long> calls = 0;

unsigned long number(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 0;
}

/// The next function of this name, as the program would have called it.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

[[noreturn]] void end() {
  ::kill(::getpid(), SIGKILL);
  std::abort();
}

/// Counts the call, and ends the program where it is its turn. `half`: does the first half of it.
template <class Call, class Half>
auto counted(Call call, Half half) {
  const bool now = calls.fetch_add(1) + 1 == number("DELTA_KILL_AT");
  const bool whole = number("DELTA_KILL_WHOLE") != 0;
  if (now && !whole) {
    half();
    end();
  }
  const auto result = call();
  if (now) end();
  return result;
}

constexpr auto kNothing = [] {};

}  // namespace

extern "C" {

EXPORT ssize_t write(int fd, const void* from, std::size_t n) {
  static const auto next = real<ssize_t(int, const void*, std::size_t)>("write");
  if (fd <= 2) return next(fd, from, n);
  return counted([&] { return next(fd, from, n); }, [&] { static_cast<void>(next(fd, from, n / 2)); });
}

EXPORT ssize_t pwrite(int fd, const void* from, std::size_t n, off_t offset) {
  static const auto next = real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return counted([&] { return next(fd, from, n, offset); }, [&] { static_cast<void>(next(fd, from, n / 2, offset)); });
}

EXPORT int fsync(int fd) {
  static const auto next = real<int(int)>("fsync");
  return counted([&] { return next(fd); }, kNothing);
}

EXPORT int ftruncate(int fd, off_t size) noexcept {
  static const auto next = real<int(int, off_t)>("ftruncate");
  return counted([&] { return next(fd, size); }, kNothing);
}

EXPORT int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int(const char*, const char*)>("rename");
  return counted([&] { return next(from, to); }, kNothing);
}

EXPORT int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  static const auto next = real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return counted([&] { return next(from_at, from, to_at, to, flags); }, kNothing);
}

EXPORT int link(const char* from, const char* to) noexcept {
  static const auto next = real<int(const char*, const char*)>("link");
  return counted([&] { return next(from, to); }, kNothing);
}

EXPORT int unlink(const char* path) noexcept {
  static const auto next = real<int(const char*)>("unlink");
  return counted([&] { return next(path); }, kNothing);
}

EXPORT int fchmod(int fd, mode_t mode) noexcept {
  static const auto next = real<int(int, mode_t)>("fchmod");
  return counted([&] { return next(fd, mode); }, kNothing);
}
}
