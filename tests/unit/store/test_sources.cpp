// A log opens from whatever gives its bytes, and a question about one vector asks for few pieces of them.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "counted.hpp"
#include "delta/blame.hpp"
#include "delta/bytes.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using namespace counted;

}  // namespace

TEST_CASE("a log in memory says what the file says") {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  sample::write_log(path);
  const auto bytes = scratch::read(path);
  const std::string paths[] = {path};
  const Log file = must(Log::open(paths)),
            memory = open(std::shared_ptr<const ByteSource>(memory_source("memory", bytes)));
  CHECK(memory.commits() == file.commits());
  CHECK(must(memory.hashes()) == must(file.hashes()));
  const State a = must(snapshot(file)), b = must(snapshot(memory));
  REQUIRE(a.size() == b.size());
  for (const VectorNo v : numbers<VectorNo>(file.catalog().vectors())) CHECK(std::ranges::equal(a.bits(v), b.bits(v)));
}

TEST_CASE("damage in memory is named as in a file") {
  const std::uint8_t nothing[64] = {};
  const std::shared_ptr<const ByteSource> source = memory_source("buffer 7", nothing);
  const auto log = Log::open(std::span(&source, 1));
  REQUIRE(!log);
  CHECK(log.error().file == "buffer 7");
}

TEST_CASE("one vector of a packed log of one segment takes at most 8 reads") {
  const auto bytes = packed_log();
  const auto counted = std::make_shared<const Counted>(bytes);
  const Log log = open(counted, {.threads = 1, .ids = std::vector<std::string>{"29000"}});
  const auto vector = log.catalog().find_vector(NamespaceNo{0}, "29000");
  REQUIRE(vector);
  const State state = must(snapshot(log, {}, {*vector}));
  CHECK(state.bits(*vector)[3] == bits_of(29000 * kDims + 3, 2));
  CHECK(counted->reads <= 8);
  const std::size_t opened = counted->reads;
  CHECK(must(blame(log, *vector)).runs.size() == 1);
  CHECK(counted->reads <= opened + 2);
}

TEST_CASE("blame of many vectors reads as much as a snapshot of them") {
  for (const auto& bytes : {fresh_log(), packed_log()}) {
    const auto counted = std::make_shared<const Counted>(bytes);
    const Log log = open(counted);
    VectorSet some;
    for (std::uint32_t v = 7; v < kVectors; v += 300) some.insert(VectorNo{v});
    const auto cost_of = [&](const auto& ask) {
      ask();  // what is kept for the next question is read now
      const std::size_t before = counted->bytes;
      ask();
      return counted->bytes - before;
    };
    std::size_t blamed = 0;
    const auto visit = [&](const Blame&) -> Status { return ++blamed, Status(); };
    const std::size_t of_blame = cost_of([&] { must(blame_each(log, some, {}, visit)); });
    const std::size_t of_snapshot = cost_of([&] { must(snapshot(log, {}, some)); });
    CHECK(blamed == 2 * some.size());
    CHECK(of_snapshot > 0);
    CHECK(of_blame == of_snapshot);
  }
}

TEST_CASE("two threads ask one open log", "[threads]") {
  const auto bytes = packed_log();
  const Log log = open(memory_source("memory", bytes), {.threads = 2});
  std::atomic<bool> right = true;
  const auto ask = [&](std::uint32_t first) {
    for (std::uint32_t v = first; v < kVectors; v += 997) {
      const auto state = snapshot(log, {}, {VectorNo{v}});
      const auto who = blame(log, VectorNo{v});
      right = right && state && who && state->bits(VectorNo{v})[0] == bits_of(v * kDims, 2);
    }
  };
  std::thread other(ask, 1);
  ask(2);
  other.join();
  CHECK(right);
}
