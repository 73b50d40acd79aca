// The hard rule about sizes for a log whose rows come again far from where they stood, measured on whole files: names, commits and
// footer count, too, while the rows beside are bare.
#include <catch2/catch.hpp>

#include "codec_corpus.hpp"
#include "codec_packed.hpp"

using namespace delta;
using test::Corpus;
using test::Random;
using test::Row;

namespace {

Change create_of(Corpus& corpus, const Row& bits) {
  Change c;
  c.vector = corpus.ordinal("v" + std::to_string(corpus.seq)), c.bits = bits;
  c.time = Timestamp::of(1'700'000'000'000'000 + corpus.seq * 1'000'000);
  return c;
}

}  // namespace

TEST_CASE("A run of rows that comes five times is no larger as a log than as rows in one zstd -3 frame") {
  Random random(1);
  for (const std::size_t rows : {64, 100, 150, 200}) {
    INFO(rows << " rows");
    std::vector<Row> run;
    for (std::size_t r = 0; r < rows; ++r) run.push_back(test::gaussian(random, 384, 0.05f));
    Corpus corpus;
    for (int copy = 0; copy < 5; ++copy) {
      for (const Row& row : run) corpus.add(create_of(corpus, row));
    }
    const test::LogSizes sizes = test::log_sizes(corpus, Preset::balanced);
    const std::size_t yardstick = corpus.zstd_bytes();
    CHECK(sizes.fresh_file <= yardstick);
    CHECK(sizes.packed_file <= yardstick);
  }
}
