// Two rules shape this. After a failed write the rest of the buffer is never sent: bytes after a hole would look like
// damage, so the file is cut back to where it was whole. After a failed fsync nothing is retried: the kernel may have
// dropped the dirty pages and would call the second fsync a success.
#include "os/append_file.hpp"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "os/cleanup.hpp"
#include "os/fd.hpp"
#include "os/writer_lock.hpp"

namespace delta::os {

struct AppendFile::State {
  std::string name;
  Fd fd;
  struct stat opened;
  std::uint64_t size = 0;
  std::uint64_t boundary = 0;
  CutBackGuard guard;           // cuts back when a signal comes
  std::optional<Error> broken;  // why nothing more can be done

  ~State() {
    if (!fd) return;
    if (size > boundary && !broken) take_back();
    guard.disarm();
    unlock(fd);
  }
  bool cut(std::uint64_t to) {
    return retry([&] { return sys().truncate(fd.get(), static_cast<off_t>(to)); }) == 0;
  }
  /// Takes back what was written. The cut is made durable, as far as the disk can: what comes next would stand in the
  /// same place, often with the same dots and salt, and a power cut must not mix the two.
  bool take_back() {
    const bool done = cut(boundary);
    static_cast<void>(try_sync(fd));
    return done;
  }
  /// `why`, after the attempt to restore the file.
  Error roll_back(Error why) {
    if (take_back()) {
      why.message += "; the file is as it was";
      size = boundary;
    } else {
      why.message += "; what was written of it could not be cut off again (" + os_error("truncate", name).message + ")";
      broken = why;
    }
    return why;
  }
  bool named() const;
};

// True when the path still names the file that was opened: it may have been replaced, by what does not ask for locks.
bool AppendFile::State::named() const {
  struct stat now;
  return sys().stat(name.c_str(), &now) == 0 && now.st_dev == opened.st_dev && now.st_ino == opened.st_ino;
}

AppendFile::AppendFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
AppendFile::AppendFile(AppendFile&&) noexcept = default;
AppendFile& AppendFile::operator=(AppendFile&&) noexcept = default;
AppendFile::~AppendFile() = default;

Result<AppendFile> AppendFile::open(const std::string& path, const LockWait& wait) {
  if (path == "-") return error(ErrorCode::usage, "only a file can be appended to, not '-'");
  constexpr int kTries = 100;
  for (int tries = 0; tries < kTries; ++tries) {
    auto state = std::make_unique<State>();
    state->name = path;
    DELTA_TRY(state->fd, open_fd(path, O_RDWR | O_NONBLOCK));  // a FIFO would wait for a writer
    DELTA_TRY(state->opened, stat_fd(state->fd, path));
    if (!S_ISREG(state->opened.st_mode)) return error(ErrorCode::io, "is not a regular file").in(path);
    DELTA_OK(wait_for_lock(state->fd, path, wait));
    if (!state->named()) continue;
    DELTA_TRY(state->opened, stat_fd(state->fd, path));  // it may have grown while we waited
    state->size = state->boundary = static_cast<std::uint64_t>(state->opened.st_size);
    DELTA_TRY([[maybe_unused]] const LockState extended, try_lock(state->fd, state->size, path));
    state->guard = CutBackGuard(state->fd.get(), state->boundary);
    return AppendFile(std::move(state));
  }
  return error(ErrorCode::locked, "another process keeps replacing it").in(path);
}

const std::string& AppendFile::name() const { return state_->name; }
std::uint64_t AppendFile::hard_links() const { return state_->opened.st_nlink; }
std::uint64_t AppendFile::size() const { return state_->size; }

Status AppendFile::read(std::uint64_t offset, std::span<Byte> into) const {
  const State& s = *state_;
  DELTA_TRY(const std::size_t n, read_at(s.fd, offset, into, s.name));
  if (n == into.size()) return {};
  return error(ErrorCode::corrupt, "the file ends before " + plural(into.size(), "byte") + " could be read")
      .in(s.name)
      .at("byte " + std::to_string(offset));
}

Status AppendFile::write(ByteView bytes) {
  State& s = *state_;
  if (s.broken) return *s.broken;
  auto written = write_all_at(s.fd, s.size, bytes, s.name);
  s.size += bytes.size();  // at most that much stands there now
  if (!written) return s.roll_back(std::move(written).error());
  return {};
}

Status AppendFile::truncate(std::uint64_t size) {
  State& s = *state_;
  if (s.broken) return *s.broken;
  DELTA_CHECK(size <= s.size);
  DELTA_TRY([[maybe_unused]] const LockState extended,
            try_lock(s.fd, size, s.name));  // readers are told before the bytes go
  if (!s.cut(size)) return os_error("truncate", s.name);
  s.size = s.boundary = size;
  s.guard.move(size);
  return {};
}

Status AppendFile::sync() {
  State& s = *state_;
  if (s.broken) return *s.broken;
  auto synced = sync_fd(s.fd, s.name);
  if (synced) return {};
  s.broken = s.roll_back(std::move(synced).error());
  return *s.broken;
}

Status AppendFile::check_named() const {
  if (state_->named()) return {};
  return error(ErrorCode::io, "was replaced or removed by another program while it was locked here").in(state_->name);
}

Status AppendFile::acknowledge() {
  State& s = *state_;
  DELTA_OK(sync());
  pass_commit_point();
  if (auto named = check_named(); !named) {
    Error why = s.roll_back(std::move(named).error());
    why.message += "; nothing was acknowledged";
    return why;
  }
  s.guard.move(s.size);
  const std::uint64_t before = std::exchange(s.boundary, s.size);
  // Were it refused, readers would see the commit when the lock goes: what is done is done.
  static_cast<void>(or_out_of_memory([&] { return unlock_before(s.fd, before, s.boundary, s.name); }));
  return {};
}

}  // namespace delta::os
