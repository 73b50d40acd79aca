// The hard rule about sizes for a log whose rows come again far from where they stood, measured on whole files: names,
// commits and footer count, too, while the rows beside are bare.
#include <catch2/catch.hpp>

#include "codec_corpus.hpp"
#include "unit/codec/codec_packed.hpp"

using namespace delta;
using test::Corpus;
using test::Random;
using test::Row;

namespace {

SegmentDelta create_of(Corpus& corpus, const Row& bits) {
  SegmentDelta c;
  c.vector = corpus.ordinal("v" + std::to_string(corpus.seq));
  c.bits = bits;
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

namespace {

void require_small(const Corpus& corpus) {
  const test::LogSizes sizes = test::log_sizes(corpus, Preset::balanced);
  const std::size_t yardstick = corpus.zstd_bytes();
  CHECK(sizes.fresh <= yardstick);
  CHECK(sizes.packed <= yardstick);
}

void add(Corpus& corpus, std::size_t vector, Operation op, const Row& bits, const Row& indices = {},
         const std::string& metadata = "") {
  SegmentDelta c;
  c.vector = corpus.ordinal("v" + std::to_string(vector));
  c.op = op;
  c.bits = bits;
  c.indices = indices;
  c.metadata = metadata;
  c.time = Timestamp::of(1'700'000'000'000'000 + corpus.seq * 1'000'000);
  corpus.add(c);
}

std::uint32_t fresh_word(Random& random) { return test::word(test::gauss(random) * 0.05f); }

}  // namespace

TEST_CASE("Vectors rewritten whole, of which little changes, are no larger than as rows in one zstd -3 frame") {
  Random random(2);
  struct Rewriting {
    std::size_t vectors, deltas;
    std::uint64_t permille;
  };
  for (const auto& [vectors, deltas, permille] : {Rewriting{20, 2000, 10},
                                                  {20, 2000, 500},
                                                  {100, 2000, 130},
                                                  {300, 3500, 60},
                                                  {800, 3500, 250},
                                                  {800, 3500, 10}}) {
    INFO(vectors << " vectors, " << permille << " permille");
    Corpus corpus;
    std::vector<Row> state;
    for (std::size_t v = 0; v < vectors; ++v) {
      add(corpus, v, Operation::create, state.emplace_back(test::gaussian(random, 384, 0.05f)));
    }
    for (std::size_t r = vectors; r < deltas; ++r) {
      Row& row = state[r % vectors];
      for (auto& w : row) w = test::below(random, 1000) < permille ? fresh_word(random) : w;
      add(corpus, r % vectors, Operation::dense, row);
    }
    require_small(corpus);
  }
}

TEST_CASE("Index sets, settings and texts that come again far away are no larger than as rows in one zstd -3 frame") {
  Random random(3);
  constexpr std::uint32_t kPlaces = 3000;
  for (const std::size_t vectors : {30, 400}) {
    for (const std::uint64_t kept : {0, 80}) {
      INFO(vectors << " vectors, " << kept << " % of the values kept");
      Corpus corpus;
      std::vector<Row> sets, values;
      for (std::size_t v = 0; v < vectors; ++v) {
        Row& set = sets.emplace_back();
        for (std::uint32_t d = 0; d < kPlaces; d += 1 + static_cast<std::uint32_t>(test::below(random, 59))) {
          set.push_back(d);
        }
        values.push_back(test::gaussian(random, set.size(), 0.05f));
        add(corpus, v, Operation::create, Row(kPlaces, 0));
      }
      for (std::size_t r = 0; r < 4000; ++r) {
        const std::size_t v = test::below(random, vectors);
        for (auto& w : values[v]) w = test::below(random, 100) < kept ? w : fresh_word(random);
        add(corpus, v, Operation::sparse, values[v], sets[v]);
      }
      require_small(corpus);
    }
  }
  for (const std::size_t settings : {300, 3000}) {
    INFO(settings << " settings of a few values");
    Corpus corpus;
    std::vector<Row> sets(settings), values;
    for (Row& set : sets) {
      for (std::uint32_t d = 0; d < 384; d += 1 + static_cast<std::uint32_t>(test::below(random, 59))) set.push_back(d);
      values.push_back(test::gaussian(random, set.size(), 0.05f));
    }
    for (std::size_t v = 0; v < 200; ++v) add(corpus, v, Operation::create, Row(384, 0));
    for (std::size_t r = 0; r < 15000; ++r) {
      const std::size_t s = test::below(random, settings);
      add(corpus, test::below(random, 200), Operation::sparse, values[s], sets[s]);
    }
    require_small(corpus);
  }
  for (const std::size_t texts : {50, 5000}) {
    INFO(texts << " texts");
    Corpus corpus;
    std::vector<std::string> book(texts);
    for (std::string& text : book) {
      for (int i = 0; i < 12; ++i) text += std::to_string(random());
      text = R"({"job":")" + text + R"("})";
    }
    for (std::size_t r = 0; r < 12000; ++r) {
      const bool create = r < 500;
      const Row set = create ? Row{} : Row{3, 40, 41};
      add(corpus, r % 500, create ? Operation::create : Operation::sparse,
          test::gaussian(random, create ? 64 : 3, 0.05f), set, book[test::below(random, texts)]);
    }
    require_small(corpus);
  }
}
