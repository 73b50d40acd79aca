// What the same deltas would take elsewhere, beside sizes counted by hand and rows that one call of zstd compresses.
#include <catch2/catch.hpp>
#include <random>

#include "codec_corpus.hpp"
#include "delta/baselines.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

Baselines of(const std::string& path) {
  const std::string paths[] = {path};
  return must(baselines(must(Log::open(paths, {1}))));
}

std::size_t rows_zstd(const std::string& path) {
  const std::string paths[] = {path};
  test::Corpus corpus;
  must(must(Log::open(paths, {1})).each(delta::VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i)
      corpus.add(batch[i].numbered(nth<SegmentVector>(index(batch.vectors[i])), RowNo{}));
    return {};
  }));
  return corpus.zstd_bytes();
}

}  // namespace

TEST_CASE("baselines of a small log are those counted by hand") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  sample::write_log(path);
  const Baselines sizes = of(path);
  CHECK(sizes.dense == 10 * 4 * 4);
  CHECK(sizes.pairs == 3 * 4 * 8 + 2 * 8 + 4 + 4 + 4 * 8 + 2 * 4);  // creates, sparse, scale, offset, dense, clamp
  CHECK(sizes.rows_zstd == rows_zstd(path));
  sample::write_pruned(dir.file("b.dlog"));
  CHECK(of(dir.file("b.dlog")).pairs < sizes.pairs);
}

TEST_CASE("baselines of a log whose rows are compressed bit by bit are those of one call") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  std::mt19937 random(1);
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .force = true, .now = 0}));
  std::vector<std::uint32_t> bits(512);
  for (int v = 0; v < 3000; ++v) {
    for (auto& x : bits) x = 0x3f800000 + random() % 64;
    const std::string id = std::to_string(v);
    DeltaInput create;
    create.id = id;
    create.op = Operation::create;
    create.bits = bits;
    must(encoder.delta(create));
  }
  must(encoder.finish());
  const auto once = static_cast<double>(rows_zstd(path)), sum = static_cast<double>(of(path).rows_zstd);
  CHECK(sum == Approx(once).epsilon(0.001));
  CHECK(of(path).dense == 3000 * 512 * 4);
}

TEST_CASE("baselines of an empty log are nothing, except for a frame") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  auto encoder = must(Encoder::create(path, {}, {.threads = 1}));
  must(encoder.finish());
  const Baselines sizes = of(path);
  CHECK(sizes.dense + sizes.pairs == 0);
  CHECK(sizes.rows_zstd == rows_zstd(path));
}
