// Inputs are read by pread() and read(), never mapped: a file that shrinks under a reader is then a short read, which
// is an error with a name, where a mapping would be a SIGBUS.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/boundary.hpp"
#include "delta/file.hpp"
#include "delta/text.hpp"
#include "os/fd.hpp"
#include "os/kept_file.hpp"
#include "os/spool.hpp"
#include "os/standard_names.hpp"
#include "os/writer_lock.hpp"

namespace delta {
namespace {

constexpr const char* kStdinName = "standard input";

struct Opened {
  std::string name;
  os::Fd fd;
  bool by_path = false;  // the name is a path, and the descriptor nobody else's
  struct stat info;
};

// What comes out of a device may have no end, and would fill $TMPDIR. A terminal ends where its user says so.
Status refuse_endless(const Opened& in) {
  if (!S_ISCHR(in.info.st_mode) && !S_ISBLK(in.info.st_mode)) return {};
  struct stat null;
  const bool is_null =
      os::sys().stat("/dev/null", &null) == 0 && null.st_rdev == in.info.st_rdev && S_ISCHR(in.info.st_mode);
  if (is_null || os::sys().isatty(in.fd.get()) == 1) return {};
  return error(ErrorCode::io, "is a device, and may have no end")
      .in(in.name)
      .with_hint("what is to be read of it comes through a pipe: head -c");
}

Result<Opened> open_input(const std::string& path) {
  Opened in;
  in.name = path == "-" ? kStdinName : path;
  if (path == "-") {
    in.fd = os::Fd::borrowed(STDIN_FILENO);
  } else {
    DELTA_TRY(auto given, os::named_descriptor(path));
    if (given) {
      in.fd = std::move(given);
    } else {
      DELTA_TRY(in.fd, os::open_fd(path, O_RDONLY));
      in.by_path = true;
    }
  }
  DELTA_TRY(in.info, os::stat_fd(in.fd, in.name));
  if (S_ISDIR(in.info.st_mode)) return error(ErrorCode::io, "is a directory").in(in.name);
  DELTA_OK(refuse_endless(in));
  return in;
}

// Copies what is left of a pipe.
Result<os::Spool> spool(const os::Fd& pipe, const std::string& name) {
  const auto failed = [&](Error why) {
    why.file = name;
    return why;
  };
  auto spool = os::Spool::create();
  if (!spool) return failed(std::move(spool).error());
  Buffer buffer(256 << 10);
  while (true) {
    DELTA_TRY(const std::size_t n, os::read_some(pipe, buffer, name));
    if (n == 0) return spool;
    if (auto written = spool->write({buffer.data(), n}); !written) return failed(std::move(written).error());
  }
}

}  // namespace

struct InputFile::State {
  std::string name;
  std::optional<os::KeptFile> file;
  std::uint64_t base = 0;  // of byte 0 in the descriptor: redirected input may have been read in part
  std::uint64_t size = 0;

  static Result<std::unique_ptr<State>> open(const std::string& path, bool acknowledged);
};

InputFile::InputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Result<InputFile> InputFile::open(const std::string& path) try {
  const Boundary boundary;
  DELTA_TRY(auto state, State::open(path, false));
  return InputFile(std::move(state));
} catch (...) {
  return caught();
}

Result<InputFile> InputFile::open_acknowledged(const std::string& path) try {
  const Boundary boundary;
  DELTA_TRY(auto state, State::open(path, true));
  return InputFile(std::move(state));
} catch (...) {
  return caught();
}

Result<std::unique_ptr<InputFile::State>> InputFile::State::open(const std::string& path, bool acknowledged) {
  DELTA_TRY(Opened in, open_input(path));
  auto state = std::make_unique<State>();
  if (S_ISREG(in.info.st_mode)) {
    const off_t at = os::sys().seek(in.fd.get(), 0, SEEK_CUR);
    if (at < 0) return os::os_error("seek", in.name);
    state->base = static_cast<std::uint64_t>(at);
    auto end = static_cast<std::uint64_t>(in.info.st_size);
    if (acknowledged) {
      DELTA_TRY(end, os::acknowledged_size(in.fd, in.name));
    }
    state->size = end > state->base ? end - state->base : 0;
    in.by_path ? state->file.emplace(std::move(in.fd), in.name, in.info) : state->file.emplace(std::move(in.fd));
  } else {
    DELTA_TRY(auto spooled, spool(in.fd, in.name));
    state->size = spooled.size();
    state->file.emplace(std::move(spooled).release());
  }
  state->name = std::move(in.name);
  return state;
}

namespace {

std::atomic<void (*)(std::uint64_t) noexcept> read_observer = nullptr;

}  // namespace

void observe_reads(void (*observer)(std::uint64_t) noexcept) noexcept { read_observer = observer; }

const std::string& InputFile::name() const noexcept { return state_->name; }
std::uint64_t InputFile::size() const noexcept { return state_->size; }

Status InputFile::read(std::span<const ByteRange> ranges) const try {
  const Boundary boundary;
  State& s = *state_;
  DELTA_TRY(const auto use, s.file->use());
  for (const auto& [offset, into] : ranges) {
    const auto where = [at = offset] { return "byte " + std::to_string(at); };
    if (offset > s.size || into.size() > s.size - offset) {
      return error(ErrorCode::corrupt, "the file ends before " + plural(into.size(), "byte") + " could be read")
          .in(s.name)
          .at(where());
    }
    auto n = os::read_at(use.fd(), s.base + offset, into, s.name);
    if (!n) return std::move(n).error().at(where());
    if (*n != into.size()) {
      return error(ErrorCode::io, "the file became shorter while it was read")
          .in(s.name)
          .at("byte " + std::to_string(offset + *n));
    }
    if (const auto observer = read_observer.load(std::memory_order_relaxed)) observer(*n);
  }
  return {};
} catch (...) {
  return caught();
}

struct InputStream::State {
  std::string name;
  os::Fd fd;
};

InputStream::InputStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
InputStream::InputStream(InputStream&&) noexcept = default;
InputStream& InputStream::operator=(InputStream&&) noexcept = default;
InputStream::~InputStream() = default;

Result<InputStream> InputStream::open(const std::string& path) try {
  const Boundary boundary;
  DELTA_TRY(Opened in, open_input(path));
  return InputStream(std::make_unique<State>(State{std::move(in.name), std::move(in.fd)}));
} catch (...) {
  return caught();
}

const std::string& InputStream::name() const noexcept { return state_->name; }

Result<std::size_t> InputStream::read(std::span<std::uint8_t> into) try {
  const Boundary boundary;
  return os::read_some(state_->fd, into, state_->name);
} catch (...) {
  return caught();
}

Result<bool> InputStream::wait(Micros longest) const try {
  const Boundary boundary;
  constexpr Micros kMost = 60'000'000;  // a poll() takes an int
  struct pollfd file = {state_->fd.get(), POLLIN, 0};
  const int ready =
      os::retry([&] { return os::sys().poll(&file, 1, static_cast<int>((std::min(longest, kMost) + 999) / 1000)); });
  if (ready < 0) return os::os_error("wait for input", state_->name);
  return ready > 0;
} catch (...) {
  return caught();
}

}  // namespace delta
