// Two rules shape this. After a failed write the rest of the buffer is never sent: bytes after a hole would look like
// damage, so the file is cut back to where it was whole. After a failed fsync nothing is retried: the kernel may have
// dropped the dirty pages and would call the second fsync a success.
#include "io/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <optional>

#include "delta/text.hpp"
#include "io/fd.hpp"

namespace delta::io {

struct AppendFile::State {
  std::string name;
  Fd fd;
  std::uint64_t size = 0;
  std::uint64_t boundary = 0;
  std::optional<Error> broken;  // why nothing more can be done

  ~State() {
    if (size > boundary && !broken) cut(boundary);
  }
  bool cut(std::uint64_t to) {
    return retry([&] { return sys().truncate(fd.get(), static_cast<off_t>(to)); }) == 0;
  }
  /// `why`, after the attempt to restore the file.
  Error roll_back(Error why) {
    if (cut(boundary)) {
      why.message += "; the file is as it was";
      size = boundary;
    } else {
      why.message += "; what was written of it could not be cut off again (" + os_error("truncate", name).message + ")";
      broken = why;
    }
    return why;
  }
};

namespace {

Error locked(const std::string& path, std::string_view why) { return error(ErrorCode::locked, std::string(why)).in(path); }

// True when `path` still names the file that was opened: it may have been replaced between open() and flock().
bool still_names(const std::string& path, const struct stat& opened) {
  struct stat now;
  return sys().stat(path.c_str(), &now) == 0 && now.st_dev == opened.st_dev && now.st_ino == opened.st_ino;
}

}  // namespace

AppendFile::AppendFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
AppendFile::AppendFile(AppendFile&&) noexcept = default;
AppendFile& AppendFile::operator=(AppendFile&&) noexcept = default;
AppendFile::~AppendFile() = default;

Result<AppendFile> AppendFile::open(const std::string& path) {
  if (path == "-") return error(ErrorCode::usage, "only a file can be appended to, not '-'");
  constexpr int kTries = 10;
  for (int tries = 0; tries < kTries; ++tries) {
    auto state = std::make_unique<State>();
    state->name = path;
    DELTA_TRY(state->fd, open_fd(path, O_RDWR));
    if (retry([&] { return sys().lock(state->fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
      return errno == EWOULDBLOCK ? locked(path, "another process is writing") : os_error("lock", path);
    }
    DELTA_TRY(const struct stat info, stat_fd(state->fd, path));
    if (!S_ISREG(info.st_mode)) return error(ErrorCode::io, "is not a regular file").in(path);
    if (!still_names(path, info)) continue;
    state->size = state->boundary = static_cast<std::uint64_t>(info.st_size);
    return AppendFile(std::move(state));
  }
  return locked(path, "another process keeps replacing it");
}

const std::string& AppendFile::name() const { return state_->name; }
std::uint64_t AppendFile::size() const { return state_->size; }

Status AppendFile::read(std::uint64_t offset, std::span<Byte> into) const {
  const State& s = *state_;
  DELTA_TRY(const std::size_t n, read_at(s.fd, offset, into, s.name));
  if (n == into.size()) return {};
  return error(ErrorCode::corrupt, "the file ends before " + plural(into.size(), "byte") + " could be read")
      .in(s.name).at("byte " + std::to_string(offset));
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
  if (!s.cut(size)) return os_error("truncate", s.name);
  s.size = s.boundary = size;
  return {};
}

Status AppendFile::sync() {
  State& s = *state_;
  if (s.broken) return *s.broken;
  auto synced = sync_fd(s.fd, s.name);
  if (!synced) {
    s.broken = s.roll_back(std::move(synced).error());
    return *s.broken;
  }
  s.boundary = s.size;
  return {};
}

}  // namespace delta::io
