// An output is whole or absent. It is written beside its place under a name that nobody asks for, made durable, and only
// then given its name; a failure, a destructor or a signal removes the temporary file. What is no regular file (a pipe, a
// device) cannot be replaced as a whole and is written through.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "delta/file.hpp"
#include "io/cleanup.hpp"
#include "io/fd.hpp"

namespace delta {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

struct Place {
  std::string directory, base;
};

Place split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

Error exists_already(const std::string& path) {
  return error(ErrorCode::exists, "exists already").in(path).with_hint("-f replaces it");
}

struct Temporary {
  std::string path;
  io::Fd fd;
  io::CleanupGuard guard;
};

// ".NAME.PID.N.tmp": what it belongs to, and whose it is. A left-over of a process that had our number is stepped over.
Result<Temporary> create_temporary(const Place& place, const std::string& target) {
  static std::atomic<unsigned> counter = 0;
  constexpr std::size_t kLongestBase = 200;  // a name has 255 bytes at most
  const std::string base = place.base.size() <= kLongestBase ? place.base : "output";
  for (int tries = 0; tries < 1000; ++tries) {
    Temporary made;
    made.path = place.directory + "/." + base + "." + std::to_string(::getpid()) + "." + std::to_string(counter++) + ".tmp";
    made.guard = io::CleanupGuard(made.path);  // before there is a file: a signal may come between any two calls
    const int fd = io::try_open(made.path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    const int failure = errno;
    if (fd >= 0) {
      made.fd = io::Fd::owned(fd);
      return made;
    }
    made.guard.disarm();
    if (failure != EEXIST) return io::os_error("create", target, failure);
  }
  return io::os_error("create a temporary file", target, EEXIST);
}

// Gives the file its name, in one step, unless the name is taken.
Status name_new(const std::string& from, const std::string& to) {
  const io::Syscalls& sys = io::sys();
  if (sys.rename_new(from.c_str(), to.c_str()) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {  // not on this file system: a second name, then drop the first
    if (sys.link(from.c_str(), to.c_str()) == 0) {
      sys.unlink(from.c_str());
      return {};
    }
  }
  return errno == EEXIST ? exists_already(to) : io::os_error("rename the finished file", to);
}

}  // namespace

struct OutputFile::State {
  std::string name, path;
  Options options;
  io::Fd fd;
  io::Fd directory;       // none: written through
  std::string temporary;  // empty: none, or no longer
  io::CleanupGuard guard;
  Buffer buffer;
  bool failed = false;

  ~State() { abandon(); }
  void abandon() {
    if (!temporary.empty()) io::sys().unlink(temporary.c_str());
    temporary.clear();
    guard.disarm();
  }
  Status flush() {
    const Status written = io::write_all(fd, buffer, name);
    buffer.clear();
    return written;
  }
  Status write(ByteView bytes);
  Status publish();
};

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

Result<OutputFile> OutputFile::create(const std::string& path, Options options) {
  auto state = std::make_unique<State>();
  state->name = path == "-" ? "standard output" : path;
  state->path = path;
  state->options = options;
  struct stat info;
  bool through = path == "-";
  if (through) {
    state->fd = io::Fd::borrowed(STDOUT_FILENO);
  } else if (path.empty()) {
    return error(ErrorCode::usage, "a file name is empty");
  } else if (io::sys().stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) return error(ErrorCode::io, "is a directory").in(path);
    DELTA_TRY(state->fd, io::open_fd(path, O_WRONLY));
    through = true;
  }
  if (through) {
    if (options.binary && io::sys().isatty(state->fd.get()) == 1) {
      return error(ErrorCode::usage, "binary data is not written to a terminal").in(state->name).with_hint("name a file with -o, or pipe it on");
    }
    return OutputFile(std::move(state));
  }
  if (!options.force && io::sys().lstat(path.c_str(), &info) == 0) return exists_already(path);
  const Place place = split(path);
  if (place.base.empty()) return error(ErrorCode::io, "is not the name of a file").in(path);
  DELTA_TRY(state->directory, io::open_fd(place.directory, O_RDONLY | O_DIRECTORY));
  DELTA_TRY(Temporary temporary, create_temporary(place, path));
  state->temporary = std::move(temporary.path);
  state->fd = std::move(temporary.fd);
  state->guard = std::move(temporary.guard);
  state->buffer.reserve(kBufferBytes);
  return OutputFile(std::move(state));
}

const std::string& OutputFile::name() const { return state_->name; }

Status OutputFile::State::write(ByteView bytes) {
  if (!directory) return io::write_all(fd, bytes, name);
  if (buffer.size() + bytes.size() > kBufferBytes) {
    DELTA_OK(flush());
    if (bytes.size() >= kBufferBytes) return io::write_all(fd, bytes, name);
  }
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  return {};
}

Status OutputFile::State::publish() {
  DELTA_OK(flush());
  DELTA_OK(io::sync_fd(fd, name));
  DELTA_OK(fd.close(name));
  if (options.force) {
    if (io::sys().rename(temporary.c_str(), path.c_str()) != 0) return io::os_error("rename the finished file", name);
  } else {
    DELTA_OK(name_new(temporary, path));
  }
  temporary.clear();
  guard.disarm();
  const int failure = io::try_sync(directory);
  if (failure == 0 || failure == EINVAL || failure == EOPNOTSUPP) return {};  // some file systems have nothing to sync there
  // What a failed command leaves behind is nothing; only what it replaced cannot be brought back.
  if (!options.force) io::sys().unlink(path.c_str());
  return io::os_error("make its name durable (fsync of the directory)", name, failure);
}

Status OutputFile::write(std::span<const std::uint8_t> bytes) {
  DELTA_CHECK(!state_->failed && state_->fd);
  Status written = state_->write(bytes);
  if (!written) state_->failed = true, state_->abandon();
  return written;
}

Status OutputFile::commit() {
  DELTA_CHECK(!state_->failed && state_->fd);
  if (!state_->directory) return {};
  Status published = state_->publish();
  if (!published) state_->failed = true, state_->abandon();
  return published;
}

}  // namespace delta
