// More files are read than stay open: each gives its bytes, and none gives those of another file.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "delta/file.hpp"
#include "os/kept_file.hpp"
#include "scratch.hpp"

using namespace delta;

namespace {

class Most {
 public:
  explicit Most(std::size_t most) : before_(os::KeptFile::set_most(most)) {}
  ~Most() { os::KeptFile::set_most(before_); }

 private:
  std::size_t before_;
};

std::vector<InputFile> open_files(const scratch::Directory& dir, std::size_t count) {
  std::vector<InputFile> files;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = dir.file(std::to_string(i));
    std::ofstream(path) << "file " << 1000 + i;
    files.push_back(std::move(*InputFile::open(path)));
  }
  return files;
}

std::string text_of(const InputFile& file) {
  std::string text(file.size(), ' ');
  const ByteRange range{0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}};
  const auto read = file.read({&range, 1});
  return read ? text : read.error().text();
}

std::size_t descriptors() {
  using Iterator = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(Iterator("/proc/self/fd"), Iterator()));
}

}  // namespace

TEST_CASE("files beyond those that stay open are opened again when they are read") {
  scratch::Directory dir;
  const Most most(5);
  const std::size_t before = descriptors();
  const auto files = open_files(dir, 40);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      CHECK(text_of(files[i]) == "file " + std::to_string(1000 + i));
      CHECK((round == 0 || descriptors() <= before + 5));
    }
  }
}

TEST_CASE("a file that was closed and replaced is not read as the one that it was") {
  scratch::Directory dir;
  const Most most(2);
  const auto files = open_files(dir, 5);
  for (const InputFile& file : files) text_of(file);
  std::ofstream(dir.file("new")) << "file 2000";
  std::filesystem::rename(dir.file("new"), dir.file("0"));
  std::filesystem::remove(dir.file("1"));
  CHECK(text_of(files[0]) == dir.file("0") + ": was replaced by another file while it was read");
  CHECK(text_of(files[1]) == dir.file("1") + ": cannot open: No such file or directory");
  CHECK(text_of(files[4]) == "file 1004");
}

TEST_CASE("threads that read more files than stay open get the right bytes", "[threads]") {
  scratch::Directory dir;
  const Most most(3);
  const auto files = open_files(dir, 20);
  std::atomic<bool> right = true;
  const auto read_all = [&](std::size_t step) {
    for (std::size_t i = 0; i < 2'000; ++i) {
      const std::size_t number = i * step % files.size();
      right = right && text_of(files[number]) == "file " + std::to_string(1000 + number);
    }
  };
  std::thread other(read_all, 7);
  read_all(3);
  other.join();
  CHECK(right);
}
