// What is kept of single vectors: all or nothing of each, within bounds, and shared by threads.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "delta/blame.hpp"
#include "delta/file.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "store/delta_cache.hpp"

using namespace delta;
using sample::must;
using store::DeltaCache;

namespace {

DeltaCache::Deltas deltas_of(VectorNo vector, std::size_t count) {
  auto deltas = std::make_shared<DeltaBatch>();
  const std::vector<std::uint32_t> bits = {1, 2, 3, 4};
  for (std::size_t i = 0; i < count; ++i) {
    deltas->add({vector, Operation::dense, Timestamp{i}, {}, bits, {}, CommitNo{0}, i + 1, 0});
  }
  return deltas;
}

std::uint64_t bytes_read = 0;
void note_read(std::uint64_t bytes) noexcept { bytes_read += bytes; }

}  // namespace

TEST_CASE("a cache gives back what it took, and forgets first what was not asked for the longest") {
  const DeltaCache cache(16 * 4096);  // 4,096 bytes for the vectors 0, 16, 32, ...
  CHECK(cache.find(VectorNo{0}) == nullptr);
  cache.add(VectorNo{0}, deltas_of(VectorNo{0}, 5));
  REQUIRE(cache.find(VectorNo{0}) != nullptr);
  CHECK(cache.find(VectorNo{0})->size() == 5);
  for (std::uint32_t v = 1; v < 20; ++v) {
    cache.add(VectorNo{16 * v}, deltas_of(VectorNo{16 * v}, 5));
    CHECK(cache.find(VectorNo{0}) != nullptr);  // asked for each time
    CHECK(cache.find(VectorNo{16 * v}) != nullptr);
  }
  CHECK(cache.find(VectorNo{16}) == nullptr);
  cache.add(VectorNo{16}, deltas_of(VectorNo{16}, 1000));  // more than there is room for
  CHECK(cache.find(VectorNo{16}) == nullptr);
  CHECK(cache.find(VectorNo{0}) != nullptr);
}

TEST_CASE("a vector that is asked for again is not read again, at any cut") {
  const scratch::Directory dir;
  const std::string paths[] = {dir.file("a.dlog")};
  sample::write_log(paths[0]);
  sample::append_log(paths[0]);
  const Log log = must(Log::open(paths, {1})), bare = must(Log::open(paths, {.threads = 1, .cache = 0}));
  std::uint64_t read_without = 0;
  observe_reads(note_read);
  for (const auto vector : numbers<VectorNo>(log.catalog().vectors())) {
    for (const CommitNo number : numbers<CommitNo>(log.commits())) {
      const CutOptions cuts[] = {{}, {.at = log.commit_time(number).us()}};
      for (const CutOptions& cut : cuts) {
        const State state = must(snapshot(log, cut, {vector}));
        bytes_read = 0;
        const State again = must(snapshot(log, cut, {vector}));
        const auto blamed = blame(log, vector, cut);
        CHECK(bytes_read == 0);
        const State expected = must(snapshot(bare, cut, {vector}));
        read_without += bytes_read;
        CHECK(std::ranges::equal(again.bits(vector), expected.bits(vector)));
        CHECK(again.metadata(vector) == expected.metadata(vector));
        CHECK(std::ranges::equal(state.bits(vector), expected.bits(vector)));
        const auto expected_blame = blame(bare, vector, cut);
        CHECK(static_cast<bool>(blamed) == static_cast<bool>(expected_blame));
        if (blamed && expected_blame) CHECK(blamed->runs.size() == expected_blame->runs.size());
      }
    }
  }
  observe_reads(nullptr);
  CHECK(read_without > 0);
}

TEST_CASE("threads ask one log about vectors, and share what it keeps") {
  const scratch::Directory dir;
  const std::string paths[] = {dir.file("a.dlog")};
  sample::write_log(paths[0]);
  sample::append_log(paths[0]);
  const Log log = must(Log::open(paths, {.threads = 1, .cache = 16 * 2048}));
  const Log bare = must(Log::open(paths, {.threads = 1, .cache = 0}));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto count = static_cast<std::uint32_t>(log.catalog().vectors());
      for (std::uint32_t i = 0; i < 200; ++i) {
        const VectorNo vector{(i * 7 + t) % count};
        const auto state = snapshot(log, {}, {vector}), expected = snapshot(bare, {}, {vector});
        if (!state || !expected || !std::ranges::equal(state->bits(vector), expected->bits(vector))) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
