// Matrices that are in memory: looked at where they are.
#include <bit>
#include <catch2/catch.hpp>

#include "delta/encode.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "scratch.hpp"

using namespace delta;
using sample::must;

namespace {

std::vector<std::uint32_t> values(std::size_t count) {
  std::vector<std::uint32_t> bits;
  for (std::size_t i = 0; i < count; ++i) bits.push_back(std::bit_cast<std::uint32_t>(0.1f * static_cast<float>(i)));
  return bits;
}

MatrixInput matrix(std::span<const std::uint32_t> bits, std::uint64_t rows, std::uint32_t dims) {
  MatrixInput in;
  in.name = "m";
  in.rows = rows;
  in.dims = dims;
  in.at = 1'000'000;
  in.bits = bits;
  return in;
}

}  // namespace

TEST_CASE("a matrix in memory has as many values as it says") {
  const scratch::Directory directory;
  auto encoder = must(Encoder::create(directory.file("a.dlog"), {}, {.threads = 1}));
  const auto bits = values(12);
  for (const auto& [rows, dims] :
       {std::pair<std::uint64_t, std::uint32_t>{3, 5}, {4, 4}, {2, 4}, {std::uint64_t{1} << 62, 4}, {1, 12'000}}) {
    const auto done = encoder.state(matrix(bits, rows, dims));
    REQUIRE_FALSE(done);
    CHECK(done.error().text().find("12 values for ") != std::string::npos);
  }
  CHECK(must(encoder.state(matrix(bits, 3, 4))) == 3);
  must(encoder.finish());
}

TEST_CASE("a matrix in memory is rounded in a copy") {
  const scratch::Directory directory;
  const auto bits = values(12);
  EncodeOptions options{.threads = 1};
  options.accuracy.kind = Accuracy::Kind::bf16;
  std::vector<std::uint32_t> stored;
  for (const bool in_memory : {true, false}) {
    auto in = matrix(in_memory ? std::span(bits) : std::span<const std::uint32_t>(), 3, 4);
    if (!in_memory) {
      in.read = [&](std::uint64_t first, std::span<std::uint32_t> to) -> Status {
        std::ranges::copy(std::span(bits).subspan(first * 4, to.size()), to.begin());
        return {};
      };
    }
    const std::string path = directory.file(in_memory ? "memory.dlog" : "read.dlog");
    auto encoder = must(Encoder::create(path, {}, options));
    CHECK(must(encoder.state(in)) == 3);
    must(encoder.finish());
    CHECK(bits == values(12));
    const std::string paths[] = {path};
    const auto log = must(Log::open(paths, {1}));
    const State state = must(snapshot(log, {}));
    std::vector<std::uint32_t> got;
    for (std::uint32_t v = 0; v < 3; ++v)
      got.insert(got.end(), state.bits(VectorNo{v}).begin(), state.bits(VectorNo{v}).end());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK((got[i] & 0xffff) == 0);
    if (!in_memory) CHECK(got == stored);
    stored = got;
  }
}
