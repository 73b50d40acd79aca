// The hard rule about sizes over data made against it: each kind that some stage of the codec takes for another, as
// creates and as chains of updates, is no larger than its rows in one zstd -3 frame, fresh and packed.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "codec_corpus.hpp"
#include "unit/codec/codec_packed.hpp"

using namespace delta;
using test::below;
using test::Corpus;
using test::gauss;
using test::payload_bytes;
using test::Random;
using test::Row;
using test::uniform;
using test::word;

namespace {

constexpr std::size_t kDims = 96;

/// The word of dimension d of row r.
using Cell = std::function<std::uint32_t(Random&, std::size_t r, std::size_t d)>;
struct Kind {
  const char* name;
  Cell cell;
};

std::uint32_t bf16(float x) { return word(x) & 0xffff0000; }
std::uint32_t f16(float x) { return word(x) & 0xffffe000; }
float count_of(Random& random) { return std::floor(-2 * std::log(uniform(random) + 1e-7f)); }

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"zeros", [](Random&, std::size_t, std::size_t) { return 0u; }},
      {"one value", [](Random&, std::size_t, std::size_t) { return word(0.1f); }},
      {"one value a row", [](Random&, std::size_t r, std::size_t) { return word(static_cast<float>(r) * 0.37f); }},
      {"one value a dimension",
       [](Random&, std::size_t, std::size_t d) { return word(std::sin(static_cast<float>(d))); }},
      {"a ramp",
       [](Random&, std::size_t r, std::size_t d) { return word(static_cast<float>(r * kDims + d) * 0.001f); }},
      {"whole numbers in order",
       [](Random&, std::size_t r, std::size_t d) { return word(static_cast<float>(r * kDims + d)); }},
      {"sines", [](Random&, std::size_t r,
                   std::size_t d) { return word(std::sin(static_cast<float>(d) * 0.1f + static_cast<float>(r))); }},
      {"counts", [](Random& random, std::size_t, std::size_t) { return word(count_of(random)); }},
      {"counts with a -0", [](Random& random, std::size_t,
                              std::size_t) { return below(random, 5000) == 0 ? 0x80000000 : word(count_of(random)); }},
      {"counts with a fraction",
       [](Random& random, std::size_t, std::size_t) {
         return below(random, 3000) == 0 ? word(gauss(random)) : word(count_of(random));
       }},
      {"large counts",
       [](Random& random, std::size_t, std::size_t) { return word(static_cast<float>(below(random, 1 << 24))); }},
      {"prices",
       [](Random& random, std::size_t, std::size_t) {
         return word(static_cast<float>(static_cast<double>(below(random, 100000)) / 100));
       }},
      {"decimals of four places",
       [](Random& random, std::size_t, std::size_t) {
         return word(static_cast<float>(std::round(gauss(random) * 500.0) / 10000));
       }},
      {"powers of two", [](Random& random, std::size_t,
                           std::size_t) { return word(std::ldexp(1.0f, static_cast<int>(below(random, 250)) - 125)); }},
      {"great powers of two", [](Random& random, std::size_t,
                                 std::size_t) { return word(std::ldexp(static_cast<float>(below(random, 3)), 120)); }},
      {"subnormals",
       [](Random& random, std::size_t, std::size_t) { return static_cast<std::uint32_t>(below(random, 1 << 23)); }},
      {"few subnormals",
       [](Random& random, std::size_t, std::size_t) { return static_cast<std::uint32_t>(below(random, 90)); }},
      {"payloads of NaNs",
       [](Random& random, std::size_t, std::size_t) {
         return 0x7fc00000u | static_cast<std::uint32_t>(below(random, 1 << 22));
       }},
      {"one NaN", [](Random&, std::size_t, std::size_t) { return 0x7fc00000u; }},
      {"values and NaNs", [](Random& random, std::size_t,
                             std::size_t) { return below(random, 4) == 0 ? 0x7fc00000u : word(gauss(random)); }},
      {"infinities",
       [](Random& random, std::size_t, std::size_t) { return below(random, 2) == 0 ? 0x7f800000u : 0xff800000u; }},
      {"any bits", [](Random& random, std::size_t, std::size_t) { return static_cast<std::uint32_t>(random()); }},
      {"noise", [](Random& random, std::size_t, std::size_t) { return word(gauss(random) * 0.05f); }},
      {"noise and zeros",
       [](Random& random, std::size_t, std::size_t) { return below(random, 3) == 0 ? word(gauss(random)) : 0; }},
      {"born as bf16", [](Random& random, std::size_t, std::size_t) { return bf16(gauss(random) * 0.05f); }},
      {"born as f16", [](Random& random, std::size_t, std::size_t) { return f16(gauss(random) * 0.05f); }},
      {"of 16 bits", [](Random& random, std::size_t, std::size_t) { return word(gauss(random) * 0.05f) & 0xffffff00; }},
      {"counts and noise by rows",
       [](Random& random, std::size_t r, std::size_t) {
         return r % 2 == 0 ? word(count_of(random)) : word(gauss(random));
       }},
      {"counts and noise by dimensions",
       [](Random& random, std::size_t, std::size_t d) {
         return d % 2 == 0 ? word(count_of(random)) : word(gauss(random));
       }},
      {"signs",
       [](Random& random, std::size_t, std::size_t) { return below(random, 2) == 0 ? 0x3f800000u : 0xbf800000u; }},
      {"one hot", [](Random& random, std::size_t, std::size_t) { return below(random, 90) == 0 ? 0x3f800000u : 0; }},
  };
  return all;
}

Row row_of(Random& random, const Cell& cell, std::size_t r, std::size_t dims = kDims) {
  Row row;
  for (std::size_t d = 0; d < dims; ++d) row.push_back(cell(random, r, d));
  return row;
}

void add(Corpus& corpus, std::size_t vector, Operation op, const Row& bits, const Row& indices = {}) {
  SegmentDelta c;
  c.vector = corpus.ordinal("v" + std::to_string(vector));
  c.op = op;
  c.bits = bits;
  c.indices = indices;
  c.time = Timestamp::of(1'700'000'000'000'000 + corpus.seq * 1'000'000);
  corpus.add(c);
}

/// What comes again in words that lie far from each other only a search finds, which the fastest preset has no time
/// for.
enum class Again : bool { no, yes };

void require_small(const Corpus& corpus, Again again = Again::no) {
  const std::size_t yardstick = corpus.zstd_bytes();
  const test::LogSizes sizes = test::log_sizes(corpus, Preset::balanced);
  CHECK(sizes.fresh <= yardstick);
  CHECK(sizes.packed <= yardstick);
  if (again == Again::no) CHECK(payload_bytes(corpus, Preset::fastest) * 100 <= yardstick * 105);
}

}  // namespace

TEST_CASE("No kind of creates is larger than its rows in one zstd -3 frame") {
  Random random(1);
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    Corpus corpus;
    for (std::size_t r = 0; r < 800; ++r) add(corpus, r, Operation::create, row_of(random, kind.cell, r));
    require_small(corpus);
  }
}

TEST_CASE("No kind of dense updates of a few vectors is larger than its rows in one zstd -3 frame") {
  Random random(2);
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    Corpus corpus;
    for (std::size_t r = 0; r < 800; ++r) {
      add(corpus, r % 40, r < 40 ? Operation::create : Operation::dense, row_of(random, kind.cell, r));
    }
    require_small(corpus);
  }
}

TEST_CASE("No kind of sparse updates is larger than its rows in one zstd -3 frame") {
  Random random(3);
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    Corpus corpus;
    for (std::size_t r = 0; r < 2000; ++r) {
      if (r < 50) {
        add(corpus, r, Operation::create, row_of(random, kind.cell, r));
        continue;
      }
      Row set;
      for (std::uint32_t d = static_cast<std::uint32_t>(below(random, 9)); d < kDims;
           d += 1 + static_cast<std::uint32_t>(below(random, 14))) {
        set.push_back(d);
      }
      add(corpus, below(random, 50), Operation::sparse, row_of(random, kind.cell, r, set.size()), set);
    }
    require_small(corpus);
  }
}

TEST_CASE("No chain of changes to values is larger than its rows in one zstd -3 frame") {
  Random random(4);
  for (int course = 0; course < static_cast<int>(test::Course::kinds); ++course) {
    for (const std::size_t start : {7, 11, 22, 24, 25, 26}) {
      INFO("course " << course << " from " << kinds()[start].name);
      Corpus corpus;
      std::vector<Row> rows;
      for (std::size_t v = 0; v < 40; ++v) {
        rows.push_back(row_of(random, kinds()[start].cell, v));
        add(corpus, v, Operation::create, rows[v]);
      }
      for (std::size_t i = 0; i < 500; ++i) {
        Row& row = rows[below(random, 40)];
        row = test::next_row(random, row, static_cast<test::Course>(course));
        add(corpus, static_cast<std::size_t>(&row - rows.data()), Operation::dense, row);
      }
      require_small(corpus, Again::yes);
    }
  }
}

TEST_CASE("Rows and pieces of rows that come again are no larger than in one zstd -3 frame") {
  Random random(5);
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    Corpus rows, motifs, few;
    std::vector<Row> book;
    for (std::size_t i = 0; i < 20; ++i) book.push_back(row_of(random, kind.cell, i));
    for (std::size_t r = 0; r < 450; ++r) add(rows, r, Operation::create, book[below(random, book.size())]);
    for (std::size_t r = 0; r < 450; ++r) {
      Row row;
      while (row.size() < kDims) {
        const Row& from = book[below(random, book.size())];
        const auto at = static_cast<std::ptrdiff_t>(below(random, kDims / 12) * 12);
        row.insert(row.end(), from.begin() + at, from.begin() + at + 12);
      }
      add(motifs, r, Operation::create, row);
    }
    for (std::size_t r = 0; r < 1500; ++r) {  // too small to be copied
      const Row& from = book[below(random, book.size())];
      add(few, r, Operation::create, Row(from.begin(), from.begin() + 12));
    }
    for (const Corpus* corpus : {&rows, &motifs, &few}) require_small(*corpus, Again::yes);
  }
}
