// An output is whole or absent. It is written beside its place under a name that nobody asks for, made durable, and
// only then given its name; a failure, a destructor or a signal removes the temporary file. What is no regular file (a
// pipe, a device) cannot be replaced as a whole and is written through.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/boundary.hpp"
#include "delta/file.hpp"
#include "os/cleanup.hpp"
#include "os/fd.hpp"
#include "os/side_file.hpp"
#include "os/standard_names.hpp"
#include "os/temporary.hpp"

namespace delta {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

Error exists_already(const std::string& path) {
  return error(ErrorCode::exists, "exists already").in(path).with_hint("-f replaces it");
}

// Gives the file its name, in one step, unless the name is taken.
Status name_new(const std::string& from, const std::string& to) {
  const os::Syscalls& sys = os::sys();
  if (sys.rename_new(from.c_str(), to.c_str()) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS ||
      errno == EOPNOTSUPP) {  // not on this file system: a second name, then drop the first
    if (sys.link(from.c_str(), to.c_str()) == 0) {
      sys.unlink(from.c_str());
      return {};
    }
  }
  return errno == EEXIST ? exists_already(to) : os::os_error("rename the finished file", to);
}

// The file that a chain of symbolic links names, there or not.
Result<std::string> follow_links(const std::string& path) {
  constexpr int kMost = 40;  // as Linux
  std::string at = path;
  for (int links = 0; links < kMost; ++links) {
    struct stat info;
    if (os::sys().lstat(at.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return at;
    std::array<char, 4096> text;
    const ssize_t n = os::sys().readlink(at.c_str(), text.data(), text.size());
    if (n < 0) return os::os_error("read the symbolic link", path);
    const std::string to(text.data(), static_cast<std::size_t>(n));
    at = to.starts_with('/') ? to : os::place_of(at).directory + "/" + to;
  }
  return os::os_error("open", path, ELOOP);
}

}  // namespace

struct OutputFile::State {
  std::string name, path;
  Options options;
  os::Fd through;  // what is written at once; none: the temporary file
  os::Fd directory;
  os::Temporary temporary;
  Buffer buffer;
  bool failed = false, prepared = false;
  std::string caution;
  std::string index;  // of the log that is replaced, if it is one: it is of no use for the new one

  void fail() { failed = true, temporary.remove(); }
  Status flush() {
    const Status written = os::write_all(temporary.fd(), buffer, name);
    buffer.clear();
    return written;
  }
  Status open(const std::string& file, bool replaces, const struct stat& before);
  Status write(ByteView bytes);
  Status take_after_former();
  Status prepare();
  Status rename();
};

namespace {

// The outputs that get their names together. What the destructor finds unfinished (an error, an exception) it takes
// back.
template <class State>
class Renames {
 public:
  explicit Renames(std::size_t most) { items_.reserve(most); }
  ~Renames() { take_back(); }

  Status add(State& output, bool keep) {
    struct stat info;
    const bool replaces = os::sys().lstat(output.path.c_str(), &info) == 0;
    items_.push_back({&output, {}, replaces, false});
    if (keep && replaces) {
      DELTA_TRY(items_.back().former, os::Temporary::link_to(output.path));
    }
    return {};
  }

  Status run() {
    // One that could not be brought back goes last: then nothing is left that could fail but the directory's fsync.
    std::ranges::stable_sort(items_, {}, [](const Item& item) { return item.replaces && !item.former; });
    for (Item& item : items_) {
      DELTA_OK(item.output->rename());
      item.named = true;
    }
    DELTA_OK(sync_directories());
    items_.clear();  // and with them the former files
    return {};
  }

 private:
  struct Item {
    State* output;
    os::Temporary former;
    bool replaces, named;
  };

  Status sync_directories() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const State& output = *items_[i].output;
      const auto here = os::place_of(output.path).directory;
      const auto is_same = [&](const Item& other) { return os::place_of(other.output->path).directory == here; };
      if (std::any_of(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(i), is_same)) continue;
      const int failure = os::try_sync(output.directory);
      if (failure == 0 || failure == EINVAL || failure == EOPNOTSUPP) {
        continue;  // some file systems have nothing to sync there
      }
      const bool stands = items_.size() == 1 && items_[0].replaces;
      const std::string what = "make its name durable (fsync of the directory";
      return os::os_error(what + (stands ? "; the new file stands)" : ")"), output.name, failure);
    }
    return {};
  }

  /// May not allocate. What was replaced and not kept stays replaced.
  void take_back() {
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
      if (!item->named) continue;
      const char* const path = item->output->path.c_str();
      if (!item->replaces) os::sys().unlink(path);
      if (!item->former) continue;
      const char* const former = item->former.path().c_str();
      if (os::sys().rename(former, path) == 0) {
        item->former.release();
      } else if (os::sys().unlink(path) == 0 && os::sys().link(former, path) != 0) {
        item->former.release();  // it stays under that name: better than nowhere
      }
    }
    items_.clear();
  }

  std::vector<Item> items_;
};

}  // namespace

OutputFile::OutputFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

Result<OutputFile> OutputFile::create(const std::string& path, Options options) try {
  const Boundary boundary;
  auto state = std::make_unique<State>();
  state->name = path == "-" ? "standard output" : path;
  state->options = options;
  struct stat info = {};
  bool there = false;
  DELTA_TRY(auto given, os::named_descriptor(path));
  if (path == "-") {
    state->through = os::Fd::borrowed(STDOUT_FILENO);
  } else if (given) {
    state->through = std::move(given);
  } else if (path.empty()) {
    return error(ErrorCode::usage, "a file name is empty");
  } else {
    there = os::sys().stat(path.c_str(), &info) == 0;
    if (there && S_ISDIR(info.st_mode)) return error(ErrorCode::io, "is a directory").in(path);
    if (there && !S_ISREG(info.st_mode)) {
      DELTA_TRY(state->through, os::open_fd(path, O_WRONLY));
    }
  }
  if (state->through) {
    if (options.binary && os::sys().isatty(state->through.get()) == 1) {
      return error(ErrorCode::usage, "binary data is not written to a terminal")
          .in(state->name)
          .with_hint("name a file with -o, or pipe it on");
    }
  } else {
    DELTA_OK(state->open(path, there, info));
  }
  return OutputFile(std::move(state));
} catch (...) {
  return caught();
}

// What replaces a file is never more open than that, not even while it is written.
Status OutputFile::State::open(const std::string& file, bool replaces, const struct stat& before) {
  struct stat info;
  if (!options.force && os::sys().lstat(file.c_str(), &info) == 0) return exists_already(file);
  DELTA_TRY(path, follow_links(file));
  const os::Place place = os::place_of(path);
  if (place.base.empty()) return error(ErrorCode::io, "is not the name of a file").in(file);
  DELTA_TRY(directory, os::open_fd(place.directory, O_RDONLY | O_DIRECTORY));
  const bool alike = !options.like.empty() && os::sys().stat(options.like.c_str(), &info) == 0;
  const mode_t mode = alike ? info.st_mode & 0700 : replaces ? before.st_mode & 0700 : 0666;
  DELTA_TRY(temporary, os::Temporary::create(path, mode));
  if (replaces) index = os::index_path(path);
  buffer.reserve(kBufferBytes);
  return {};
}

const std::string& OutputFile::name() const noexcept { return state_->name; }
bool OutputFile::written_through() const noexcept { return static_cast<bool>(state_->through); }
const std::string& OutputFile::caution() const noexcept { return state_->caution; }

Status OutputFile::State::write(ByteView bytes) {
  if (through) return os::write_all(through, bytes, name);
  if (buffer.size() + bytes.size() > kBufferBytes) {
    DELTA_OK(flush());
    if (bytes.size() >= kBufferBytes) return os::write_all(temporary.fd(), bytes, name);
  }
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  return {};
}

// Owner, group and mode of the file that is replaced. A group that cannot be kept gets no more than everybody.
Status OutputFile::State::take_after_former() {
  struct stat former, own;
  const std::string& model = options.like.empty() ? path : options.like;
  if (!options.force || os::sys().stat(model.c_str(), &former) != 0) return {};
  const int fd = temporary.fd().get();
  if (os::sys().fstat(fd, &own) != 0) return os::os_error("look at it", name);
  mode_t mode = former.st_mode & 07777;
  const bool same = former.st_uid == own.st_uid && former.st_gid == own.st_gid;
  if (!same && os::sys().change_owner(fd, former.st_uid, former.st_gid) != 0) {
    const bool group =
        former.st_gid == own.st_gid || os::sys().change_owner(fd, static_cast<uid_t>(-1), former.st_gid) == 0;
    if (!group) mode &= ~static_cast<mode_t>(070) | (mode & 07) << 3;
    mode &= 0777;
    caution = std::string(group ? "the owner" : "owner and group") + " of the file that was replaced could not be kept";
  }
  if ((own.st_mode & 07777) == mode || os::sys().change_mode(fd, mode) == 0) return {};
  return os::os_error("keep the mode of the file that it replaces", name);
}

Status OutputFile::State::prepare() {
  if (through || prepared) return {};
  DELTA_OK(flush());
  DELTA_OK(take_after_former());
  DELTA_OK(os::sync_fd(temporary.fd(), name));
  DELTA_OK(temporary.close(name));
  prepared = true;
  return {};
}

Status OutputFile::State::rename() {
  if (!options.force) {
    DELTA_OK(name_new(temporary.path(), path));
  } else if (os::sys().rename(temporary.path().c_str(), path.c_str()) != 0) {
    return os::os_error("rename the finished file", name);
  }
  if (!index.empty()) os::remove_index(index);  // mostly there is none
  temporary.release();
  return {};
}

Status OutputFile::write(std::span<const std::uint8_t> bytes) try {
  const Boundary boundary;
  DELTA_CHECK(!state_->failed && !state_->prepared);
  Status written = state_->write(bytes);
  if (!written) state_->fail();
  return written;
} catch (...) {
  return caught();
}

Status OutputFile::prepare() try {
  const Boundary boundary;
  DELTA_CHECK(!state_->failed);
  Status prepared = state_->prepare();
  if (!prepared) state_->fail();
  return prepared;
} catch (...) {
  return caught();
}

Result<bool> OutputFile::same_as(const std::string& path) try {
  const Boundary boundary;
  DELTA_OK(prepare());
  if (state_->through) return false;
  DELTA_TRY(const InputFile own, InputFile::open(state_->temporary.path()));
  DELTA_TRY(const InputFile other, InputFile::open(path));
  if (own.size() != other.size()) return false;
  Buffer a(kBufferBytes), b(kBufferBytes);
  for (std::uint64_t at = 0; at < own.size(); at += kBufferBytes) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, own.size() - at));
    DELTA_OK(own.read(at, std::span(a).first(n)));
    DELTA_OK(other.read(at, std::span(b).first(n)));
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(n), b.begin())) return false;
  }
  return true;
} catch (...) {
  return caught();
}

Result<std::shared_ptr<const ByteSource>> OutputFile::read_back() try {
  const Boundary boundary;
  if (state_->through) {
    return error(ErrorCode::usage, "what is written is read again before it is kept: it needs a file").in(name());
  }
  DELTA_OK(prepare());
  DELTA_TRY(InputFile own, InputFile::open(state_->temporary.path()));
  return std::shared_ptr<const ByteSource>(std::make_shared<const InputFile>(std::move(own)));
} catch (...) {
  return caught();
}

Status OutputFile::commit() try {
  const Boundary boundary;
  OutputFile* const self = this;
  return commit_all({&self, 1});
} catch (...) {
  return caught();
}

Status commit_all(std::span<OutputFile* const> files) try {
  const Boundary boundary;
  std::vector<OutputFile::State*> outputs;
  for (OutputFile* file : files) {
    if (!file->written_through()) outputs.push_back(file->state_.get());
    DELTA_CHECK(!file->state_->failed);
  }
  const Status done = [&]() -> Status {
    for (auto* output : outputs) DELTA_OK(output->prepare());
    Renames<OutputFile::State> renames(outputs.size());
    for (auto* output : outputs) DELTA_OK(renames.add(*output, outputs.size() > 1));
    os::pass_commit_point();
    return renames.run();
  }();
  for (auto* output : outputs) done ? output->temporary.unlock() : output->fail();
  return done;
} catch (...) {
  return caught();
}

}  // namespace delta
