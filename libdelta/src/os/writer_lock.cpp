#include "os/writer_lock.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "delta/text.hpp"

namespace delta::os {
namespace {

struct flock range_of(short type, std::uint64_t from, std::uint64_t to) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(from);
  lock.l_len = static_cast<off_t>(to == 0 ? 0 : to - from);  // 0: to infinity
  return lock;
}

int control(const Fd& fd, int command, struct flock& lock) {
  return retry([&] { return sys().control_lock(fd.get(), command, &lock); });
}

bool lacks_locks(int number) {
  return number == ENOLCK || number == EOPNOTSUPP || number == ENOSYS || number == EINVAL;
}

/// "process 4711 (deltalog)", by the locks that /proc lists of our own processes; empty: it cannot be known.
std::string holder_of(const Fd& fd) {
  namespace fs = std::filesystem;
  struct stat info;
  if (sys().fstat(fd.get(), &info) != 0) return {};
  const std::string inode = ":" + std::to_string(info.st_ino) + " ";
  std::error_code failed;
  for (fs::directory_iterator process("/proc", fs::directory_options::skip_permission_denied, failed), end;
       !failed && process != end; process.increment(failed)) {
    const std::string pid = process->path().filename().string();
    if (!std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; })) continue;
    std::error_code closed;  // it may have ended, or be another user's
    for (fs::directory_iterator file(process->path() / "fdinfo", closed); !closed && file != end;
         file.increment(closed)) {
      std::ifstream lines(file->path());
      for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("lock:") || line.find("WRITE") == line.npos || line.find(inode) == line.npos) continue;
        std::string name;
        std::getline(std::ifstream(process->path() / "comm"), name);
        return "process " + pid + (name.empty() ? "" : " (" + escape(name) + ")");
      }
    }
  }
  return {};
}

std::string seconds(Micros time) {
  return time % 1'000'000 == 0 ? std::to_string(time / 1'000'000) + " s" : std::to_string(time / 1000) + " ms";
}

Error busy(const Fd& fd, const std::string& file, const LockWait& wait) {
  const std::string holder = holder_of(fd);
  std::string what = (holder.empty() ? "another process" : holder) + " is writing";
  if (wait.longest > 0) what += ", still after " + seconds(wait.longest);
  return error(ErrorCode::locked, std::move(what)).in(file).with_hint("--wait DURATION waits longer");
}

}  // namespace

Result<LockState> try_lock(const Fd& fd, std::uint64_t from, const std::string& file) {
  struct flock lock = range_of(F_WRLCK, from, 0);
  if (control(fd, F_OFD_SETLK, lock) == 0) return LockState::held;
  if (errno == EAGAIN || errno == EACCES) return LockState::busy;
  if (lacks_locks(errno)) return LockState::no_locks;
  return os_error("lock", file);
}

Status unlock_before(const Fd& fd, std::uint64_t from, std::uint64_t to, const std::string& file) {
  if (from == to) return {};
  struct flock lock = range_of(F_UNLCK, from, to);
  return control(fd, F_OFD_SETLK, lock) == 0 ? Status() : os_error("unlock", file);
}

void unlock(const Fd& fd) {
  struct flock lock = range_of(F_UNLCK, 0, 0);
  control(fd, F_OFD_SETLK, lock);
}

Status wait_for_lock(const Fd& fd, const std::string& file, const LockWait& wait) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  long pause = 1'000'000;  // nanoseconds; doubled up to 32 ms
  for (;;) {
    DELTA_TRY(const LockState state, try_lock(fd, kLockGate, file));
    if (state == LockState::held) return {};
    if (state == LockState::no_locks) {
      if (!wait.required) return {};
      return error(ErrorCode::locked,
                   "this file system has no locks, so that two writers could destroy each other's commits")
          .in(file)
          .with_hint("--wait none writes without a lock");
    }
    const auto waited =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
    if (waited >= wait.longest) return busy(fd, file, wait);
    const struct timespec time = {
        0, std::min(pause, static_cast<long>(std::min<std::uint64_t>(wait.longest - waited, 1'000'000) * 1000))};
    sys().sleep(&time);
    pause = std::min(pause * 2, 32'000'000l);
  }
}

std::optional<std::uint64_t> locked_from(const Fd& fd) {
  struct flock lock = range_of(F_WRLCK, 0, 0);
  if (control(fd, F_OFD_GETLK, lock) != 0 || lock.l_type == F_UNLCK) return {};
  return static_cast<std::uint64_t>(lock.l_start);
}

// The size is taken before the question and behind it: only if it stands still in between was nobody writing at the
// moment of the question, and all that is there is acknowledged (or was left by a writer that was killed).
Result<std::uint64_t> acknowledged_size(const Fd& fd, const std::string& file) {
  constexpr int kTries = 10'000;
  for (int tries = 0; tries < kTries; ++tries) {
    DELTA_TRY(const struct stat before, stat_fd(fd, file));
    const auto from = locked_from(fd);
    DELTA_TRY(const struct stat after, stat_fd(fd, file));
    const auto size = static_cast<std::uint64_t>(after.st_size);
    if (from && *from <= size) return *from;
    if (before.st_size == after.st_size) return size;
  }
  return error(ErrorCode::io, "changes faster than it can be read").in(file);
}

}  // namespace delta::os
