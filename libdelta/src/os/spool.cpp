#include "os/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <utility>

#include "delta/text.hpp"
#include "os/syscalls.hpp"

namespace delta::os {
namespace {

std::string directory() {
  const char* const set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/tmp";
}

Error failed(Error why) {
  why.message = "cannot be kept in a temporary file in " + quote(directory()) + ": " + why.message;
  why.file.clear();
  return std::move(why).with_hint("set TMPDIR to a directory with enough room");
}

Result<Fd> open_unnamed() {
  if (auto fd = open_fd(directory(), O_TMPFILE | O_RDWR, 0600)) return fd;
  static std::atomic<unsigned> counter = 0;  // the file system knows no O_TMPFILE: create and unlink
  for (int tries = 0; tries < 1000; ++tries) {
    const std::string path =
        directory() + "/deltalog-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".spool";
    const int fd = try_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return os_error("create", path);
    Fd file = Fd::owned(fd);
    if (sys().unlink(path.c_str()) != 0) return os_error("unlink", path);
    return file;
  }
  return os_error("create a temporary file", directory(), EEXIST);
}

class Spooled final : public ByteSource {
 public:
  Spooled(std::string name, Fd file, std::uint64_t size)
      : name_(std::move(name)), file_(std::move(file)), size_(size) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  Status read(std::span<const ByteRange> ranges) const override {
    for (const auto& [offset, into] : ranges) {
      DELTA_TRY(const std::size_t n, read_at(file_, offset, into, name_));
      if (n != into.size()) return error(ErrorCode::io, "unexpected end of file").in(name_);
    }
    return {};
  }

 private:
  std::string name_;
  Fd file_;
  std::uint64_t size_;
};

}  // namespace

Result<Spool> Spool::create() {
  auto file = open_unnamed();
  if (!file) return failed(std::move(file).error());
  return Spool(*std::move(file));
}

Status Spool::write(std::span<const std::uint8_t> bytes) {
  if (auto written = write_all(file_, bytes, "the temporary file"); !written) return failed(std::move(written).error());
  size_ += bytes.size();
  return {};
}

std::shared_ptr<const ByteSource> Spool::finish(std::string name) && {
  return std::make_shared<const Spooled>(std::move(name), std::move(file_), size_);
}

}  // namespace delta::os
