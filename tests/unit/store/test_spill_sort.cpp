// More records than memory is given for come out in order, through a temporary file that has no name.
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <vector>

#include "must.hpp"
#include "scratch.hpp"
#include "store/spill_sort.hpp"

using namespace delta;
using sample::must;

namespace {

struct Record {
  std::uint64_t key = 0, payload = 0;
  friend bool operator<(const Record& a, const Record& b) { return a.key < b.key; }
};

std::vector<std::uint64_t> shuffled(std::size_t count) {
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(i * 7);
  std::shuffle(keys.begin(), keys.end(), std::mt19937(static_cast<unsigned>(count)));
  return keys;
}

/// TMPDIR while a test runs.
class TemporaryPlace {
 public:
  explicit TemporaryPlace(const std::string& path) {
    if (const char* const before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~TemporaryPlace() { before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1); }

 private:
  std::string before_;
};

}  // namespace

TEST_CASE("sorting takes no more memory than is given, also while it merges") {
  constexpr std::uint64_t kMemory = 64 << 20, kCount = 8 << 20;  // records of 16 bytes: twice as much
  const auto allocated = [] {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = allocated();
  std::size_t most = 0, next = 0;
  store::SpillSort<Record> sort(kMemory, kCount);
  for (std::uint64_t i = 0; i < kCount; ++i) {
    must(sort.add({i * 0x9e3779b97f4a7c15, 0}));
    if (i % 4096 == 0) most = std::max(most, allocated());
  }
  must(sort.finish([&](const Record&) -> Status {
    if (next++ % 4096 == 0) most = std::max(most, allocated());
    return {};
  }));
  CHECK(next == kCount);
  CHECK(most <= before + kMemory * 3 / 4);
}

TEST_CASE("records come out in order, however few fit in memory") {
  scratch::Directory dir;
  const TemporaryPlace place(dir.file(""));
  for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{10'000}, std::uint64_t{1} << 30}) {
    for (const std::size_t count : {0u, 1u, 64u, 65u, 5'000u}) {
      store::SpillSort<Record> sort(memory, count);
      for (const std::uint64_t key : shuffled(count)) must(sort.add({key, ~key}));
      CHECK((sort.spilled() > 0) == (memory < 16 * count && count > 64 && memory < 100'000));
      std::size_t next = 0;
      must(sort.finish([&](const Record& record) -> Status {
        CHECK(record.key == 7 * next++);
        CHECK(record.payload == ~record.key);
        return {};
      }));
      CHECK(next == count);
    }
  }
  CHECK(std::filesystem::is_empty(dir.file("")));
}

TEST_CASE("where a temporary file cannot be made, the error names the room that it needs") {
  scratch::Directory dir;
  const TemporaryPlace place(dir.file("none"));
  store::SpillSort<Record> sort(0, 1'000);
  Status added;
  for (std::uint64_t i = 0; i < 1'000 && added; ++i) added = sort.add({i, i});
  REQUIRE(!added);
  CHECK(added.error().code == ErrorCode::io);
  CHECK(added.error().hint == "set TMPDIR to a directory with room for 16000 bytes");
}
