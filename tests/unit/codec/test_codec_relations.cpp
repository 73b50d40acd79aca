// Values said by those before them: steps by each coder, factors and amounts, copies; alone, and in whole blocks with
// what they cost.
#include <catch2/catch.hpp>
#include <set>

#include "codec/relations.hpp"
#include "unit/codec/codec_packed.hpp"

using namespace delta;
using namespace delta::codec;
using test::PackedBlock;
using test::Random;
using test::random_bits;
using test::Row;
using test::word;

namespace {

using Pairs = std::vector<Pair>;

constexpr std::uint32_t kSpecial[] = {0x80000000, 0,          1,          0x80000001, 0x007fffff,
                                      0x00800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
                                      0x7fc00000, 0x7fc12345, 0xffa00001, 0x7fffffff, 0xffffffff};

std::uint32_t special(Random& random) { return kSpecial[test::below(random, std::size(kSpecial))]; }

/// The coder that was taken, after having read all back.
StepCoder require_steps(const Pairs& pairs, const std::optional<Lattice>& lattice = {}) {
  Coded coded;
  for (const Preset preset : {Preset::fastest, Preset::maximum, Preset::balanced}) {
    Buffer out;
    coded = append_steps(pairs, lattice, effort_of(preset), out);
    REQUIRE(coded.raw == 4 * pairs.size());
    StepReader reader;
    REQUIRE(reader.open(coded, out, pairs.size(), "test"));
    for (const Pair& p : pairs) REQUIRE(reader.next(p.from) == p.to);
    REQUIRE(reader.finish());
  }
  return static_cast<StepCoder>(coded.coder);
}

template <class Make>
Pairs pairs_of(std::size_t n, Make&& make) {
  Pairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    const Pair p = make();
    pairs.push_back(p);
  }
  return pairs;
}

/// Some of them made special: before, after, or both.
Pairs spoiled(Random& random, Pairs pairs) {
  for (Pair& p : pairs) {
    const auto which = test::below(random, 60);
    if (which < 2) p.from = special(random);
    if (which > 0 && which < 3) p.to = special(random);
  }
  return pairs;
}

void require_coder(Random& random, StepCoder coder, const Pairs& pairs, const std::optional<Lattice>& lattice = {}) {
  REQUIRE(require_steps(pairs, lattice) == coder);
  REQUIRE(require_steps(spoiled(random, pairs), lattice) == coder);
}

template <class Each>
Pairs each_pair(Random& random, std::size_t n, Each&& each) {
  Pairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t from = random_bits(random, 0);
    pairs.push_back({each(from), from});
  }
  return pairs;
}

}  // namespace

TEST_CASE("Steps of one absolute size are scattered, those in proportion ordinal") {
  Random random(1);
  require_coder(random, StepCoder::scattered, each_pair(random, 4000, [&](std::uint32_t from) {
                  return word(value_of(from) + test::gauss(random) * 1e-3f);
                }));
  require_coder(random, StepCoder::ordinal, each_pair(random, 4000, [&](std::uint32_t from) {
                  return word(value_of(from) * (1 + test::gauss(random) * 1e-4f));
                }));
}

TEST_CASE("Whole steps of values off the lattice are moved, and what comes onto a lattice is a multiple") {
  Random random(2);
  require_coder(random, StepCoder::moved, each_pair(random, 4000, [&](std::uint32_t from) {
                  return word(static_cast<float>(static_cast<double>(value_of(from)) +
                                                 static_cast<double>(test::below(random, 4))));
                }));
  for (const Lattice& lattice : {Lattice(), Lattice::decimals(2), Lattice::octaves(-21), Lattice::octaves(-64)}) {
    const auto any = [&] { return static_cast<std::int32_t>(test::below(random, 4000)) - 2000; };
    require_coder(random, StepCoder::moved,
                  pairs_of(4000,
                           [&]() -> Pair {
                             const float from = test::gauss(random);
                             return {word(lattice.moved(from, any() / 500)), word(from)};
                           }),
                  lattice);
    require_coder(random, StepCoder::multiples,
                  pairs_of(4000,
                           [&]() -> Pair {
                             const std::int32_t k = any();
                             return {word(lattice.value(k + static_cast<std::int32_t>(test::below(random, 3)))),
                                     word(lattice.value(k) * 1.00001f)};
                           }),
                  lattice);
  }
}

TEST_CASE("Steps between any bits come back, few and many") {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const std::size_t n = 1 + test::below(random, i % 20 == 0 ? 3000 : 40);
    const int from = static_cast<int>(test::below(random, 6)), to = static_cast<int>(test::below(random, 6));
    const Pairs pairs = pairs_of(n, [&]() -> Pair { return {random_bits(random, to), random_bits(random, from)}; });
    require_steps(pairs);
    require_steps(pairs, Lattice());
    require_steps(pairs, Lattice::decimals(static_cast<int>(test::below(random, 11))));
    require_steps(pairs, Lattice::octaves(static_cast<int>(test::below(random, 8 * 270)) - 8 * 160));
  }
  Pairs all;
  for (const std::uint32_t from : kSpecial) {
    for (const std::uint32_t to : kSpecial) all.push_back({to, from});
  }
  require_steps(all);
  require_steps(all, Lattice());
}

TEST_CASE("Equal values are steps of nothing") {
  Random random(4);
  const Pairs pairs = pairs_of(5000, [&]() -> Pair {
    const std::uint32_t w = random_bits(random, 5);
    return {w, w};
  });
  Buffer out;
  append_steps(pairs, {}, effort_of(Preset::balanced), out);
  REQUIRE(out.size() == 2);
}

TEST_CASE("A factor or an amount is found exactly if all values have it, and only then") {
  Random random(5);
  for (int i = 0; i < 500; ++i) {
    const float factor = test::gauss(random), amount = test::gauss(random) * (i % 2 == 0 ? 1.0f : 1e-4f);
    const std::size_t n = 4 + test::below(random, 400);
    std::uint64_t o = 0;
    const Pairs by_factor = each_pair(random, n, [&](std::uint32_t from) { return scaled(from, factor, o); });
    Pairs by_amount = each_pair(random, n, [&](std::uint32_t from) { return shifted(from, amount, o); });
    if (i % 3 == 0) {  // far from zero, where sums lose bits of the amount
      for (Pair& p : by_amount) {
        p.from = word(std::abs(value_of(p.from)) + 3);
        p.to = shifted(p.from, amount, o);
      }
    }
    const auto f = common_factor(by_factor), a = common_amount(by_amount);
    REQUIRE(f);
    for (const Pair& p : by_factor) REQUIRE(scaled(p.from, value_of(*f), o) == p.to);
    REQUIRE(a);
    for (const Pair& p : by_amount) REQUIRE(shifted(p.from, value_of(*a), o) == p.to);
    by_amount.back().to ^= kSign;
    REQUIRE(!common_amount(by_amount));
    Pairs one_off = by_factor;
    one_off[test::below(random, n)].to ^= kSign;
    REQUIRE(!common_factor(one_off));
  }
}

TEST_CASE("No factor and no amount of three values, of noise, of NaNs; none that is zero") {
  Random random(6);
  const auto tripled = [](std::uint32_t from) { return word(value_of(from) * 3); };
  REQUIRE(!common_factor(each_pair(random, 3, tripled)));
  REQUIRE(common_factor(each_pair(random, 4, tripled)) == word(3.0f));
  REQUIRE(!common_factor(Pairs(9, {0, word(2.0f)})));
  REQUIRE(!common_amount(Pairs(9, {0, 0})));
  REQUIRE(common_factor(Pairs(9, {word(2.0f), word(2.0f)})) == word(1.0f));
  REQUIRE(!common_factor(Pairs(9, {0x7fc12345, 0x7fc12345})));
  REQUIRE(!common_factor(Pairs(9, {0x7f800000, 0x7f800000})));
  REQUIRE(!common_amount(Pairs(9, {0x7fc00000, 0x7f800000})));
  for (int i = 0; i < 200; ++i) {
    const auto noise = pairs_of(50, [&]() -> Pair { return {random_bits(random, 0), random_bits(random, i % 6)}; });
    REQUIRE(!common_factor(noise));
    REQUIRE(!common_amount(noise));
  }
}

TEST_CASE("Scaled to subnormals, to infinity, from zero") {
  std::uint64_t o = 0;
  for (const float factor : {1e-40f, 1e-30f, 3e38f, -1.5f}) {
    const Pairs pairs = pairs_of(40, [k = 0.0f, factor, o]() mutable -> Pair {
      return k += 1.25f, Pair{scaled(word(k), factor, o), word(k)};
    });
    const auto f = common_factor(pairs);
    if (f) {
      for (const Pair& p : pairs) REQUIRE(scaled(p.from, value_of(*f), o) == p.to);
    }
  }
}

TEST_CASE("What a vector is known to hold is forgotten at the next one, and goes through transforms") {
  KnownValues known;
  known.clear();
  known.follow(SegmentVector{3});
  REQUIRE(!known.has(5));
  known.set(5, word(2.0f));
  known.set(65535, word(-4.0f));
  known.follow(SegmentVector{3});
  const std::uint32_t clamp[] = {word(-3.0f), word(1.0f)};
  known.transform(Operation::clamp, clamp);
  REQUIRE((known.has(5) && known.at(5) == word(1.0f) && known.at(65535) == word(-3.0f) && !known.has(6)));
  known.transform(Operation::negate, {});
  known.transform(Operation::remove, {});
  REQUIRE((known.at(5) == word(-1.0f) && known.at(65535) == word(3.0f)));
  known.follow(SegmentVector{4});
  REQUIRE((!known.has(5) && !known.has(65535)));
  known.follow(SegmentVector{3});
  REQUIRE(!known.has(5));
}

TEST_CASE("Random chains of packed deltas come back, whole and in part, and every relation is met") {
  Random random(7);
  std::set<std::string_view> met;
  for (int i = 0; i < 250; ++i) {
    const SegmentBatch batch = test::random_packed(random, 1 + static_cast<std::uint32_t>(test::below(random, 30)));
    test::require_packed(batch, 100, i % 40 == 0);
    const auto columns = block_columns(test::packed(batch));
    REQUIRE(columns);
    for (const auto& c : *columns) {
      met.insert(column_name(c.column));
      if (column_name(c.column) == "value steps") met.insert(coder_name(c.coder));
    }
  }
  for (const std::string_view name : {"relations", "value steps", "factors", "copies", "lost", "whole", "scattered",
                                      "ordinal", "moved", "multiples"}) {
    INFO(name);
    CHECK(met.count(name) == 1);
  }
}

TEST_CASE("Positions of related values decode without them") {
  Random random(8);
  for (int i = 0; i < 40; ++i) {
    const SegmentBatch batch = test::random_packed(random, 20);
    SegmentBatch positions;
    REQUIRE(decode_block(test::packed(batch), Layout::packed, static_cast<std::uint32_t>(batch.size()), 100,
                         {false, false}, positions));
    REQUIRE((positions.ops == batch.ops && positions.vectors == batch.vectors && positions.times == batch.times &&
             positions.seqs == batch.seqs));
    REQUIRE(
        (positions.index_ends == batch.index_ends && positions.bits_ends == batch.bits_ends && positions.bits.empty()));
  }
}

// What relations cost: what a block takes more than its creates alone.

namespace {

constexpr std::size_t kDims = 384;

/// Bytes that each of some deltas after the create of 20 vectors takes.
template <class Start, class Next>
double bytes_a_delta(Start&& start, Next&& next, int deltas = 6) {
  PackedBlock all, creates;
  for (int v = 0; v < 20; ++v) {
    Row row = start();
    for (PackedBlock* block : {&all, &creates}) block->next_vector().put(Operation::create, row);
    for (int i = 0; i < deltas; ++i) next(all, row);
  }
  const std::size_t more = test::require_packed(all.batch, all.vectors()),
                    base = test::require_packed(creates.batch, creates.vectors());
  return static_cast<double>(more - base) / (20.0 * deltas);
}

double bits_a_value(double bytes) { return bytes * 8 / kDims; }

}  // namespace

TEST_CASE("A row times a factor or plus an amount costs some bytes") {
  Random random(9);
  const auto start = [&] { return test::gaussian(random, kDims, 0.05f); };
  std::uint64_t o = 0;
  const double by_factor = bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    for (auto& w : row) w = scaled(w, 1.01f, o);
    block.put(Operation::dense, row);
  });
  CHECK(by_factor < 10);
  const double by_amount = bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    for (auto& w : row) w = shifted(w, 0.125f, o);
    block.put(Operation::dense, row);
  });
  CHECK(by_amount < 10);
  const double between = bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    block.put(Operation::scale, {word(0.9f)}).put(Operation::negate, {});
    for (auto& w : row) w = scaled(scaled(w, 0.9f, o) ^ kSign, 1.25f, o);
    block.put(Operation::dense, row);
  });
  CHECK(between < 20);
}

TEST_CASE("Noise on values costs its own bits") {
  Random random(10);
  const auto start = [&] { return test::gaussian(random, kDims, 0.05f); };
  const auto course = [&](test::Course kind) {
    return bits_a_value(bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
      block.put(Operation::dense, row = test::next_row(random, row, kind));
    }));
  };
  CHECK(course(test::Course::noise) <= 21.3);
  CHECK(course(test::Course::proportional) <= 14.0);
  const double transformed = bits_a_value(bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    std::uint64_t o = 0;
    block.put(Operation::scale, {word(0.97f)});
    for (auto& w : row) w = scaled(w, 0.97f, o);
    block.put(Operation::dense, row = test::next_row(random, row, test::Course::noise));
  }));
  CHECK(transformed <= 21.5);
  CHECK(course(test::Course::anew) <= 26.8);
}

TEST_CASE("Counts that grow cost what grew, also while they decay") {
  Random random(11);
  const auto start = [&] {
    Row row(kDims);
    for (auto& w : row) w = word(static_cast<float>(test::below(random, 60)));
    return row;
  };
  const double grown = bits_a_value(bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    block.put(Operation::dense, row = test::next_row(random, row, test::Course::counted));
  }));
  CHECK(grown < 2);
  const double decayed = bits_a_value(bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    std::uint64_t o = 0;
    block.put(Operation::scale, {word(0.95f)});
    for (auto& w : row) w = scaled(w, 0.95f, o);
    block.put(Operation::dense, row = test::next_row(random, row, test::Course::counted));
  }));
  CHECK(decayed < 2);
  const double sparse = bytes_a_delta(start, [&](PackedBlock& block, Row& row) {
    Row set, bits;
    for (std::uint32_t d = 0; d < kDims; d += 20) {
      set.push_back(d);
      bits.push_back(row[d] = word(value_of(row[d]) + 1));
    }
    block.put(Operation::sparse, bits, set);
  });
  CHECK(sparse < 8);
}

TEST_CASE("Copies of another vector's values cost a few bytes, fresh and packed") {
  Random random(12);
  const Row row = test::gaussian(random, kDims, 0.05f), other = test::gaussian(random, kDims, 0.05f);
  PackedBlock once, often;
  once.put(Operation::create, row).next_vector().put(Operation::create, other);
  for (int i = 0; i < 50; ++i) often.put(Operation::create, i % 3 == 0 ? row : other).next_vector();
  const std::size_t base = test::require_packed(once.batch, 2),
                    bytes = test::require_packed(often.batch, often.vectors());
  CHECK(bytes < base + 48 * 3);
  Buffer fresh;
  encode_block(often.batch, Layout::fresh, Preset::balanced, fresh);
  CHECK(fresh.size() < base + 48 * 3);
  SegmentBatch back;
  REQUIRE(decode_block(fresh, Layout::fresh, 50, often.vectors(), {}, back));
  REQUIRE(test::same(often.batch, back));
  REQUIRE(test::reads_in_part(often.batch, fresh, Layout::fresh, often.vectors()));
}

TEST_CASE("In a commit that took its time the place of a delta follows from its time") {
  Random random(15);
  for (const std::uint64_t jitter : {1, 1000}) {
    std::vector<std::vector<std::uint64_t>> turns(50);  // places of each vector's deltas
    for (std::uint64_t place = 0; place < 5000; ++place) turns[test::below(random, turns.size())].push_back(place);
    std::vector<std::uint64_t> times{0};
    while (times.size() < 5000) times.push_back(times.back() + 1000 - jitter + 2 * test::below(random, jitter));
    SegmentBatch batch;
    for (std::uint32_t v = 0; v < turns.size(); ++v) {
      for (const std::uint64_t place : turns[v]) {
        SegmentDelta c;
        const Row one = {word(1.0f)}, at = {0};
        c.vector = SegmentVector{v};
        c.op = Operation::sparse;
        c.bits = one;
        c.indices = at;
        c.seq = place;
        c.time = Timestamp{times.back() - times[place]};
        batch.add(c);
      }
    }
    const Buffer payload = test::packed(batch);
    CHECK(test::has_column(payload, "lag steps"));
    const auto columns = codec::block_columns(payload);
    REQUIRE(columns);
    for (const codec::ColumnSize& c : *columns) {
      if (codec::column_name(c.column) == "places") CHECK(c.stored * 8 < 5000 * (jitter == 1 ? 1 : 4));
    }
    test::require_packed(batch, 50);
  }
}

TEST_CASE("Lags and places of any size come back") {
  Random random(16);
  const auto any = [&](int most) {
    return random() >> (64 - most + static_cast<int>(test::below(random, static_cast<std::uint64_t>(most))));
  };
  for (int round = 0; round < 200; ++round) {
    SegmentBatch batch;
    for (std::uint32_t v = 0; v < 4; ++v) {
      for (std::uint64_t n = test::below(random, 8) + 1; n > 0; --n) {
        SegmentDelta c;
        c.vector = SegmentVector{v};
        c.op = Operation::remove;
        c.commit = nth<RowNo>(test::below(random, 3));
        c.seq = any(62);
        c.time = Timestamp{any(round % 2 == 0 ? 64 : 10)};
        batch.add(c);
      }
    }
    test::require_packed(batch, 4);
  }
}

TEST_CASE("Values that follow from those before cost as little where the vectors come by turns") {
  Random random(14);
  PackedBlock together;
  for (int v = 0; v < 12; ++v) {
    Row row = test::gaussian(random, kDims, 0.05f);
    together.put(Operation::create, row);
    for (int i = 0; i < 6; ++i) together.put(Operation::dense, row = test::next_row(random, row, test::Course::noise));
    together.next_vector();
  }
  SegmentBatch turns;
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t v = 0; v < 12; ++v) {
      SegmentDelta delta = together.batch[v * 7 + i];
      delta.commit = RowNo{0};
      delta.metadata = v % 2 == 0 ? R"({"even":true})" : "";
      turns.add(delta);
    }
  }
  const std::size_t packed = test::require_packed(together.batch, 12);
  for (const Preset preset : {Preset::fastest, Preset::balanced, Preset::maximum}) {
    Buffer fresh;
    encode_block(turns, Layout::fresh, preset, fresh);
    CHECK(fresh.size() < packed + 200);
    CHECK(test::has_column(fresh, "value steps"));
    SegmentBatch back;
    REQUIRE(decode_block(fresh, Layout::fresh, 84, 12, {}, back));
    REQUIRE(test::same(turns, back));
  }
}

TEST_CASE("Pieces of pruned deltas tell the values that they have") {
  Random random(13);
  PackedBlock block;
  for (int v = 0; v < 30; ++v) {
    Row row = test::gaussian(random, kDims, 0.05f);
    const auto some = [&](std::uint32_t from, std::uint32_t to) {
      Row set;
      for (std::uint32_t d = from; d < to; ++d) set.push_back(d);
      return set;
    };
    const auto piece = [&](Operation op, const Row& set, std::uint8_t lost) {
      Row bits;
      for (const std::uint32_t d : set) bits.push_back(row[d]);
      block.put(op, bits, set, lost);
    };
    piece(Operation::create, some(0, 200), pruned::values | pruned::settled);
    row = test::next_row(random, row, test::Course::noise);
    piece(Operation::dense, some(100, 384), pruned::values);  // half of it known, half not
    block.put(Operation::offset, {word(0.5f)});
    std::uint64_t o = 0;
    for (auto& w : row) w = shifted(w, 0.5f, o);
    row = test::next_row(random, row, test::Course::noise);
    piece(Operation::sparse, some(0, 384), pruned::metadata);
    piece(Operation::create, {}, pruned::values);
    block.next_vector();
  }
  const std::size_t bytes = test::require_packed(block.batch, block.vectors());
  CHECK(test::has_column(test::packed(block.batch), "value steps"));
  CHECK(static_cast<double>(bytes) * 8 < 30 * (384 * 26.9 + 484 * 21.5));
}
