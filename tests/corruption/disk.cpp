#include "corruption/disk.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "scratch.hpp"

namespace delta::test {
namespace {

constexpr std::size_t kSector = 512;

RecordedDisk* recorder = nullptr;
const os::Syscalls* real = nullptr;

std::uint64_t inode_of(const char* path) {
  struct stat info;
  return ::lstat(path, &info) == 0 ? info.st_ino : 0;
}

struct stat info_of(int fd) {
  struct stat info = {};
  ::fstat(fd, &info);
  return info;
}

}  // namespace

/// What a file holds for sure, and what was done since.
struct RecordedDisk::File {
  Bytes durable;
  std::vector<const Call*> pending;

  static void apply(Bytes& bytes, const Call& call) {
    if (call.kind == Call::Kind::truncate) return bytes.resize(call.at);
    bytes.resize(std::max<std::size_t>(bytes.size(), call.at + call.bytes.size()));
    std::ranges::copy(call.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(call.at));
  }
  void sync() {
    for (const Call* call : pending) apply(durable, *call);
    pending.clear();
  }
};

RecordedDisk::RecordedDisk(std::string directory)
    : directory_(std::move(directory)), table_(recording()), scoped_(table_) {
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::uint64_t inode = inode_of(entry.path().c_str());
    names_[entry.path().filename()] = inode;
    contents_[inode] = scratch::read(entry.path());
  }
  recorder = this;
}

RecordedDisk::~RecordedDisk() { recorder = nullptr; }

void RecordedDisk::note(Call call) { calls_.push_back(std::move(call)); }

std::string RecordedDisk::name_of(const char* path) const {
  const std::filesystem::path full(path);
  return full.parent_path() == directory_ ? full.filename().string() : std::string();
}

void RecordedDisk::note_name(Call::Kind kind, const char* from, const char* to) {
  Call call{kind, 0, 0, {}, name_of(from), to ? name_of(to) : std::string()};
  if (call.from.empty()) return;
  call.file = inode_of(kind == Call::Kind::create ? from : to ? to : from);
  note(std::move(call));
}

os::Syscalls RecordedDisk::recording() {
  static const os::Syscalls before = os::sys();
  real = &before;
  os::Syscalls table = before;
  using Kind = Call::Kind;
  table.open = [](const char* path, int flags, mode_t mode) {
    const bool there = ::access(path, F_OK) == 0;
    const int fd = real->open(path, flags, mode);
    if (fd >= 0 && !there && (flags & O_CREAT) != 0) recorder->note_name(Kind::create, path);
    return fd;
  };
  table.write = [](int fd, const void* from, std::size_t n) -> ssize_t {
    const auto at = ::lseek(fd, 0, SEEK_CUR);
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    recorder->note({Kind::write, info_of(fd).st_ino, static_cast<std::uint64_t>(at), Bytes(bytes, bytes + n), {}, {}});
    return real->write(fd, from, n);
  };
  table.pwrite = [](int fd, const void* from, std::size_t n, off_t at) -> ssize_t {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    recorder->note({Kind::write, info_of(fd).st_ino, static_cast<std::uint64_t>(at), Bytes(bytes, bytes + n), {}, {}});
    return real->pwrite(fd, from, n, at);
  };
  table.truncate = [](int fd, off_t size) {
    recorder->note({Kind::truncate, info_of(fd).st_ino, static_cast<std::uint64_t>(size), {}, {}, {}});
    return real->truncate(fd, size);
  };
  table.fsync = [](int fd) {  // the real one costs time, and nothing here depends on it
    const bool directory = S_ISDIR(info_of(fd).st_mode);
    recorder->note({directory ? Kind::sync_directory : Kind::sync_file, info_of(fd).st_ino, 0, {}, {}, {}});
    if (directory && recorder->on_directory_sync) recorder->on_directory_sync();
    return 0;
  };
  table.rename = [](const char* from, const char* to) {
    return real->rename(from, to) != 0 ? -1 : (recorder->note_name(Kind::rename, from, to), 0);
  };
  table.rename_new = [](const char* from, const char* to) {
    return real->rename_new(from, to) != 0 ? -1 : (recorder->note_name(Kind::rename, from, to), 0);
  };
  table.link = [](const char* from, const char* to) {
    return real->link(from, to) != 0 ? -1 : (recorder->note_name(Kind::link, from, to), 0);
  };
  table.unlink = [](const char* path) { return recorder->note_name(Kind::remove, path), real->unlink(path); };
  return table;
}

RecordedDisk::Bytes RecordedDisk::settle(const File& file, std::mt19937_64& random) {
  const std::size_t sizes = file.pending.empty() ? 0 : random() % (file.pending.size() + 1);
  Bytes shape = file.durable;
  for (std::size_t i = 0; i < sizes; ++i) File::apply(shape, *file.pending[i]);
  // Of each sector, how many of the writes to it reached the disk; mostly all or none.
  std::map<std::size_t, std::size_t> left;
  const auto reached = [&](std::size_t sector) {
    const auto [at, fresh] = left.try_emplace(sector, 0);
    if (fresh) at->second = random() % 4 == 0 ? random() % 4 : random() % 2 == 0 ? 0 : ~std::size_t{0};
    return at->second > 0 && (at->second == ~std::size_t{0} || at->second-- > 0);
  };
  Bytes bytes = file.durable;
  for (const Call* call : file.pending) {
    if (call->kind == Call::Kind::truncate) continue;
    bytes.resize(std::max<std::size_t>(bytes.size(), call->at + call->bytes.size()));
    for (std::size_t at = call->at, end = call->at + call->bytes.size(); at < end;) {
      const std::size_t stop = std::min(end, (at / kSector + 1) * kSector);
      if (reached(at / kSector)) {
        std::copy_n(call->bytes.begin() + static_cast<std::ptrdiff_t>(at - call->at), stop - at,
                    bytes.begin() + static_cast<std::ptrdiff_t>(at));
      }
      at = stop;
    }
  }
  bytes.resize(shape.size());
  return bytes;
}

RecordedDisk::Files RecordedDisk::after_cut(std::size_t calls, std::mt19937_64& random) const {
  std::map<std::uint64_t, File> files;
  for (const auto& [inode, bytes] : contents_) files[inode].durable = bytes;
  auto names = names_;
  std::vector<const Call*> pending;
  const auto settle_names = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Call& call = *pending[i];
      using Kind = Call::Kind;
      if (call.kind == Kind::create) names[call.from] = call.file;
      if (call.kind == Kind::rename || call.kind == Kind::link) names[call.to] = call.file;
      if (call.kind == Kind::rename || call.kind == Kind::remove) names.erase(call.from);
    }
    pending.clear();
  };
  for (std::size_t i = 0; i < calls; ++i) {
    const Call& call = calls_[i];
    using Kind = Call::Kind;
    if (call.kind == Kind::write || call.kind == Kind::truncate) {
      files[call.file].pending.push_back(&call);
    } else if (call.kind == Kind::sync_file) {
      files[call.file].sync();
    } else if (call.kind == Kind::sync_directory) {
      settle_names(pending.size());
    } else
      pending.push_back(&call);
  }
  settle_names(pending.empty() ? 0 : random() % (pending.size() + 1));
  Files out;
  for (const auto& [name, inode] : names) out[name] = settle(files[inode], random);
  return out;
}

}  // namespace delta::test
