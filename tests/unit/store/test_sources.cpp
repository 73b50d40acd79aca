// A log opens from whatever gives its bytes, and a question about one vector asks for few pieces of them.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "delta/blame.hpp"
#include "delta/bytes.hpp"
#include "delta/compact.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

/// Memory that counts how often it is asked.
class Counted final : public ByteSource {
 public:
  explicit Counted(std::span<const std::uint8_t> bytes) : bytes_(memory_source("memory", bytes)) {}
  const std::string& name() const override { return bytes_->name(); }
  std::uint64_t size() const override { return bytes_->size(); }
  Status read(std::span<const ByteRange> ranges) const override {
    ++reads;
    return bytes_->read(ranges);
  }
  mutable std::atomic<std::size_t> reads = 0;

 private:
  std::unique_ptr<ByteSource> bytes_;
};

constexpr std::uint32_t kVectors = 30'000, kDims = 16;

/// Two versions of every vector, packed into one segment.
std::vector<std::uint8_t> packed_log() {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog"), packed = dir.file("packed.dlog");
  auto encoder = must(Encoder::create(path, {}, {.threads = 1}));
  std::vector<std::uint32_t> bits(std::size_t{kVectors} * kDims);
  for (std::uint32_t version = 1; version <= 2; ++version) {
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = sample::bits(static_cast<float>(i * version));
    MatrixInput input;
    input.rows = kVectors;
    input.dims = kDims;
    input.bits = bits;
    input.at = version * 1'000'000;
    must(encoder.state(input));
  }
  must(encoder.finish());
  const std::string paths[] = {path};
  must(compact(must(Log::open(paths)), packed, {}));
  return scratch::read(packed);
}

Log open(const std::shared_ptr<const ByteSource>& source, const OpenOptions& options = {.threads = 1}) {
  return must(Log::open(std::span(&source, 1), options));
}

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
  CHECK(state.bits(*vector)[3] == sample::bits((29000.0f * kDims + 3) * 2));
  CHECK(counted->reads <= 8);
  const std::size_t opened = counted->reads;
  CHECK(must(blame(log, *vector)).runs.size() == 1);
  CHECK(counted->reads <= opened + 2);
}

TEST_CASE("two threads ask one open log", "[threads]") {
  const auto bytes = packed_log();
  const Log log = open(memory_source("memory", bytes), {.threads = 2});
  std::atomic<bool> right = true;
  const auto ask = [&](std::uint32_t first) {
    for (std::uint32_t v = first; v < kVectors; v += 997) {
      const auto state = snapshot(log, {}, {VectorNo{v}});
      const auto who = blame(log, VectorNo{v});
      right = right && state && who && state->bits(VectorNo{v})[0] == sample::bits(static_cast<float>(v * kDims) * 2);
    }
  };
  std::thread other(ask, 1);
  ask(2);
  other.join();
  CHECK(right);
}
