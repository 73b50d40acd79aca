// Payloads made by hand to break the rules of relations, lattices, steps and the whole form: each is refused, and the
// error names the column. Every case starts from a payload that is read.
#include <catch2/catch.hpp>
#include <map>

#include "codec/columns.hpp"
#include "codec/relations.hpp"
#include "unit/codec/codec_packed.hpp"

using namespace delta;
using namespace delta::codec;
using test::Random;
using test::word;

namespace {

struct Stored {
  std::uint8_t coder = 0;
  std::uint64_t raw = 0;
  Buffer bytes;
};

/// A payload by its columns.
struct Made {
  std::map<Column, Stored> columns;
  std::uint32_t count = 2;
  Layout layout = Layout::packed;

  Made& raw(Column column, const Buffer& bytes) { return columns[column] = {0, bytes.size(), bytes}, *this; }
  Made& coded(Column column, std::uint8_t coder, std::uint64_t raw, const Buffer& bytes) {
    return columns[column] = {coder, raw, bytes}, *this;
  }
  Made& words(Column column, const std::vector<std::uint32_t>& values) {
    Buffer bytes;
    for (const std::uint32_t v : values) {
      for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<Byte>(v >> shift));
    }
    return raw(column, bytes);
  }
  Made& without(Column column) { return columns.erase(column), *this; }
  Buffer payload() const {
    Buffer out;
    put_varint(out, columns.size());
    for (const auto& c : columns) {
      out.push_back(static_cast<Byte>(c.first));
      out.push_back(c.second.coder);
      put_varint(out, c.second.raw);
      if (c.second.coder != 0) put_varint(out, c.second.bytes.size());
    }
    for (const auto& c : columns) out.insert(out.end(), c.second.bytes.begin(), c.second.bytes.end());
    return out;
  }
};

SegmentBatch read(const Made& made) {
  SegmentBatch batch;
  const Status status = decode_block(made.payload(), made.layout, made.count, 9, {}, batch);
  if (!status) FAIL(status.error().text());
  return batch;
}

void refused(const Buffer& payload, const Made& made, const std::string& where, const std::string& what,
             ErrorCode code = ErrorCode::corrupt) {
  SegmentBatch batch;
  const Status status = decode_block(payload, made.layout, made.count, 9, {}, batch);
  INFO(where << ": " << what);
  REQUIRE(!status);
  CHECK(status.error().where == where);
  CHECK(status.error().message.find(what) != std::string::npos);
  CHECK(status.error().code == code);
  CHECK(batch.empty());
}
void refused(const Made& made, Column column, const std::string& what, ErrorCode code = ErrorCode::corrupt) {
  refused(made.payload(), made, "block column " + std::string(name_of(column)), what, code);
}

const std::vector<std::uint32_t> kFour = {word(1.0f), word(2.0f), word(3.0f), word(4.0f)};
constexpr auto kOrdinal = static_cast<std::uint8_t>(StepCoder::ordinal),
               kScattered = static_cast<std::uint8_t>(StepCoder::scattered);
constexpr auto kMoved = static_cast<std::uint8_t>(StepCoder::moved),
               kMultiples = static_cast<std::uint8_t>(StepCoder::multiples);
constexpr auto kLattice = static_cast<std::uint8_t>(Coder::lattice);

/// A create of four values and a dense update of as many steps.
Made steps(std::uint8_t coder, const Buffer& stored) {
  Made made;
  made.raw(Column::kinds, {1, 2})
      .raw(Column::vectors, {0, 0})
      .raw(Column::dims, {4, 4})
      .words(Column::dense_values, kFour);
  return made.raw(Column::rows, {0, 2}).raw(Column::relations, {0, 1}).coded(Column::value_steps, coder, 16, stored);
}
Made ordinals() { return steps(kOrdinal, {0, 0, 2, 2, 2}); }
Made as_fresh(Made made) {
  made.layout = Layout::fresh;
  return made.without(Column::rows).raw(Column::clock, {0, 0});
}

/// The same with a dense update that has a factor, or copies.
Made scaled_by(std::uint32_t factor) {
  return ordinals().raw(Column::relations, {0, 2}).without(Column::value_steps).words(Column::factors, {factor});
}
Made copied(Byte back) {
  return ordinals().raw(Column::relations, {0, 4}).without(Column::value_steps).raw(Column::copies, {back});
}

/// Two creates of four values on lattices, plain.
Made lattices(const Buffer& stored) {
  return ordinals()
      .without(Column::relations)
      .without(Column::value_steps)
      .coded(Column::dense_values, kLattice, 32, stored);
}

}  // namespace

TEST_CASE("What the hostile payloads are made from is read") {
  CHECK(read(ordinals())[1].bits[0] == word(1.0f));
  CHECK(read(ordinals())[1].bits[1] == word(2.0f) + 1);
  CHECK(read(scaled_by(word(2.0f)))[1].bits[3] == word(8.0f));
  CHECK(read(scaled_by(0x7fc12345))[1].bits[3] == 0x7fc00000);
  CHECK(read(copied(0))[1].bits[2] == word(3.0f));
  const Buffer one_more{0, 0, 0, 0, 0, 2};  // of whole numbers
  CHECK(read(steps(kMoved, one_more).words(Column::dense_values, {1, 2, 3, word(-4.0f)}))[1].bits[3] == word(-3.0f));
  CHECK(read(steps(kMoved, one_more).words(Column::dense_values, {1, 2, 3, 0xff800000}))[1].bits[3] == 0xff800000);
  CHECK(read(steps(kMoved, one_more).words(Column::dense_values, {1, 2, 3, 0xff812345}))[1].bits[3] == 0x7fc00000);
  CHECK(read(steps(kMultiples, one_more).words(Column::dense_values, {1, 2, 3, word(2.5f)}))[1].bits[3] == word(3.0f));
  CHECK(read(lattices({1, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}))[1].bits[2] == word(-1.0f));
  CHECK(read(lattices({2, 2, 0, 0, 6, 0, 2, 4, 6, 8, 2, 2, 1, 0}))[1].bits[0] == word(0.1f));
}

TEST_CASE("Relations that cannot be are refused") {
  refused(ordinals().raw(Column::relations, {0, 5}), Column::relations, "unknown relation 5", ErrorCode::unsupported);
  refused(ordinals().raw(Column::relations, {0, 255}), Column::relations, "unknown relation 255",
          ErrorCode::unsupported);
  refused(ordinals().raw(Column::relations, {0, 0}).without(Column::value_steps), Column::relations, "all zero");
  refused(ordinals().raw(Column::relations, {1}), Column::relations, "another number of deltas");
  refused(ordinals().raw(Column::relations, {0, 1, 1}), Column::relations, "another number of deltas");
  const Made nonzeros = ordinals().raw(Column::kinds, {1, 0x12}).raw(Column::sizes, {1}).raw(Column::gaps, {2});
  for (const Byte relation : Buffer{1, 2, 3, 4}) {
    refused(Made(nonzeros).raw(Column::relations, {0, relation}), Column::relations, "of non-zeros");
  }
  refused(ordinals().raw(Column::kinds, {1, 9}).raw(Column::dims, {4}).raw(Column::relations, {0, 1}),
          Column::relations, "another number of deltas");
}

TEST_CASE("A fresh payload stands by vector if values follow from those before, and only then") {
  // A create of vector 1, one of vector 0, and a dense update of vector 1 that follows the first.
  const Made made = as_fresh(ordinals())
                        .raw(Column::kinds, {1, 1, 2})
                        .raw(Column::vectors, {1, 0, 1})
                        .raw(Column::dims, {4, 4, 4})
                        .raw(Column::relations, {0, 0, 1});
  Made follows = Made(made).words(Column::dense_values, {9, 8, 7, 6, kFour[0], kFour[1], kFour[2], kFour[3]});
  follows.count = 3;
  const SegmentBatch batch = read(follows);
  CHECK(batch.vectors == std::vector{SegmentVector{1}, SegmentVector{0}, SegmentVector{1}});
  CHECK((batch.ops == std::vector{Operation::create, Operation::create, Operation::dense}));
  CHECK(batch[0].bits[1] == kFour[1]);
  CHECK(batch[1].bits[0] == 9);
  CHECK(batch[2].bits[1] == kFour[1] + 1);
  refused(Made(follows).raw(Column::relations, {0, 1, 0}), Column::sparse_values,
          "missing");  // vector 1 has none before
  refused(Made(follows).raw(Column::vectors, {1, 0, 2}), Column::sparse_values, "missing");
  refused(Made(follows)
              .raw(Column::relations, {0, 0, 2})
              .without(Column::value_steps)
              .words(Column::factors, {1})
              .raw(Column::vectors, {1, 0, 2}),
          Column::relations, "not known");

  Made copies = Made(follows).raw(Column::relations, {0, 0, 4}).without(Column::value_steps).raw(Column::copies, {1});
  CHECK(read(copies)[2].bits[0] == 9);  // of the first by commit
  CHECK(read(copies)[1].bits[0] == kFour[0]);
}

TEST_CASE("Lags that cannot be are refused, and so is what only packed segments have") {
  const Made made = ordinals()
                        .without(Column::relations)
                        .without(Column::value_steps)
                        .words(Column::dense_values, {1, 2, 3, 4, 5, 6, 7, 8})
                        .raw(Column::rows, {0, 0});
  CHECK(read(Made(made).raw(Column::lags, {5, 3, 1}))[1].time.hlc == 5);
  const Made steps = Made(made).raw(Column::lag_steps, {5, 6, 3});  // 3 units, and 2 less
  CHECK(read(steps)[0].time.hlc == 15);
  CHECK(read(steps)[1].time.hlc == 5);
  for (const Column column : {Column::lags, Column::lag_steps}) {
    refused(Made(made).raw(column, {0, 2, 2}), column, "not the largest");
    refused(Made(made).raw(column, {1, 0, 0}), column, "not the largest");
    refused(Made(made).raw(column, {1, 2}), column, "varints of another length");
  }
  refused(Made(made).raw(Column::lags, {1, 4, 4}), Column::lags, "not the largest");
  refused(Made(made).raw(Column::lag_steps, {1, 8, 0}), Column::lag_steps, "not the largest");
  refused(Made(steps).raw(Column::lags, {5, 3, 1}), Column::lags, "without elements");
  refused(Made(made).raw(Column::lag_steps, {2, 1, 0}), Column::lag_steps, "beyond 64 bits");  // one below nothing
  for (const Column column : {Column::rows, Column::places, Column::lags, Column::lag_steps}) {
    CHECK(read(as_fresh(made)).size() == 2);
    refused(as_fresh(made).raw(column, {1, 1, 1}), column, "without elements");
  }
}

TEST_CASE("Factors of values that are not known, and columns that nothing asks for, are refused") {
  for (const Byte relation : Buffer{2, 3}) {
    const Made made = scaled_by(word(2.0f)).raw(Column::relations, {0, relation});
    refused(Made(made).raw(Column::vectors, {0, 1}).raw(Column::rows, {0, 0}), Column::relations, "not known");
    refused(Made(made).raw(Column::dims, {4, 5}), Column::relations, "not known");
    refused(Made(made).without(Column::factors), Column::factors, "missing");
    refused(Made(made).words(Column::factors, {word(2.0f), word(2.0f)}), Column::factors, "another number of words");
  }
  refused(ordinals().words(Column::factors, {1}), Column::factors, "without elements");
  refused(ordinals().raw(Column::copies, {0}), Column::copies, "without elements");
  refused(ordinals().without(Column::value_steps), Column::value_steps, "missing");
  refused(copied(0).coded(Column::value_steps, kOrdinal, 16, {0, 0, 0, 0, 0}), Column::value_steps, "without elements");
  refused(ordinals().raw(Column::dims, {4, 5}), Column::sparse_values, "missing");
}

TEST_CASE("Copies of nothing, or of another number of values, are refused") {
  refused(copied(1), Column::copies, "no such delta");
  refused(copied(0).raw(Column::copies, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), Column::copies,
          "no such delta");
  refused(copied(0).raw(Column::relations, {4, 0}), Column::copies, "no such delta");
  refused(copied(0).raw(Column::dims, {4, 3}), Column::copies, "another number of values");
  refused(copied(0).without(Column::copies), Column::copies, "missing");
  refused(copied(0).raw(Column::copies, {0, 0}), Column::copies, "");
}

TEST_CASE("Copies of nothing are refused also where there are no values to copy") {
  Made made = copied(0).raw(Column::dims, {0, 0}).without(Column::dense_values);
  CHECK(read(made)[1].bits.empty());
  refused(Made(made).raw(Column::copies, {1}), Column::copies, "no such delta");
  refused(made.raw(Column::dims, {4, 0}).words(Column::dense_values, kFour), Column::copies,
          "another number of values");
}

TEST_CASE("Steps that lead nowhere are refused") {
  refused(steps(kOrdinal, {0, 0, 0, 0, 240}), Column::value_steps, "leads nowhere");
  refused(steps(kOrdinal, {0, 0, 0, 0, 255}), Column::value_steps, "leads nowhere");
  refused(steps(kMoved, {0, 0, 0, 0, 0, 240}), Column::value_steps, "leads nowhere");
  refused(steps(kMultiples, {0, 0, 0, 0, 0, 254}), Column::value_steps, "leads nowhere");
  // 1.0 has exponent 127: symbols 129 to 160 are steps of 1 to 32 bits from it.
  CHECK(read(steps(kScattered, {0, 129, 0, 0, 0}))[1].bits[0] == word(1.0f) - 1);
  refused(steps(kScattered, {0, 128, 0, 0, 0}), Column::value_steps, "leads nowhere");
  refused(steps(kScattered, {0, 161, 0, 0, 0}), Column::value_steps, "leads nowhere");
  refused(steps(kScattered, {0, 1, 0, 0, 0}), Column::value_steps, "leads nowhere");
  refused(steps(kScattered, {0, 255, 0, 0, 0}), Column::value_steps, "leads nowhere");
  for (const Byte first : Buffer{129, 140, 160}) {
    refused(steps(kScattered, {0, first, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Column::value_steps, "another length");
  }
}

TEST_CASE("Multiples from 2^23 on are refused") {
  // Symbols 168 to 175 are z of 24 bits, of which 20 follow; 176 of 25.
  const Buffer most{0, 0, 0, 0, 175, 0xfd, 0xff, 0x0f}, under{0, 0, 0, 0, 175, 0xff, 0xff, 0x0f},
      over{0, 0, 0, 0, 176, 0, 0, 0};
  const auto moved = [&](std::uint8_t coder, const Buffer& symbols) {
    Buffer stored{0};
    stored.insert(stored.end(), symbols.begin(), symbols.end());
    return steps(coder, stored);
  };
  CHECK(read(moved(kMoved, most))[1].bits[3] == word(4.0f - 8388607.0f));
  refused(moved(kMoved, under), Column::value_steps, "leads nowhere");
  refused(moved(kMoved, over), Column::value_steps, "leads nowhere");
  refused(moved(kMultiples, most).words(Column::dense_values, {0, 0, 0, word(-4.0f)}), Column::value_steps,
          "leads nowhere");
  refused(moved(kMultiples, over), Column::value_steps, "leads nowhere");
  CHECK(read(moved(kMultiples, over).words(Column::dense_values, {0, 0, 0, word(-2.0f)}))[1].bits[3] ==
        word(8388606.0f));
  Buffer numbers{1, 0, 0, 2, 4, 6, 8, 2, 2, 1, 176, 0, 0, 0};
  refused(lattices(numbers), Column::dense_values, "multiple too large");
  numbers[10] = 175;
  CHECK(read(lattices(numbers))[1].bits[3] == word(7864320.0f));
}

TEST_CASE("Lattices without a number, and another number of lattices, are refused") {
  refused(lattices({1, 23, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({1, 0xfc, 0x7f, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({0, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({3, 3, 0, 0, 0, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({2, 1, 0, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({2, 11, 0, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({2, 3, 0, 0, 0, 0, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values, "bad lattice");
  refused(lattices({2, 2, 0, 0, 1, 0, 2, 4, 6, 8, 2, 2, 1, 0}), Column::dense_values,
          "bad lattice");  // 0, and 0 less 1
  refused(lattices({}), Column::dense_values, "bad lattice");
  refused(lattices({1}), Column::dense_values, "bad lattice");
  refused(lattices({1, 0}), Column::dense_values, "part is missing");
  refused(steps(kMoved, {23, 0, 0, 0, 0, 0}), Column::value_steps, "bad lattice");
  refused(steps(kMultiples, {0xfc, 0x7f, 0, 0, 0, 0, 0}), Column::value_steps, "bad lattice");
  refused(steps(kMoved, {}), Column::value_steps, "bad lattice");
  CHECK(read(steps(kMoved, {21, 0, 0, 0, 0, 0}))[1].bits[0] == word(1.0f));
  CHECK(read(steps(kMoved, {0xc0, 0x1b, 0, 2, 0, 0, 0}))[1].bits[0] == word(std::ldexp(1.0f, 110)));
}

TEST_CASE("Symbols that are no classes, bits left over, missing, and in the padding are refused") {
  for (const Byte symbol : Buffer{240, 254, 255}) {
    refused(lattices({1, 0, 0, 2, 4, 6, 8, 2, 2, 1, symbol}), Column::dense_values, "unknown class");
  }
  const Buffer good{1, 0, 0, 2, 4, 6, 8, 2, 2, 1, 16, 1};  // the last is of one bit
  CHECK(read(lattices(good))[1].bits[3] == word(-9.0f));
  const auto changed = [&](auto&& delta) {
    Buffer stored = good;
    delta(stored);
    return lattices(stored);
  };
  refused(changed([](Buffer& b) { b.back() = 3; }), Column::dense_values, "bits of another length");
  refused(changed([](Buffer& b) { b.push_back(0); }), Column::dense_values, "bits of another length");
  refused(changed([](Buffer& b) { b.pop_back(); }), Column::dense_values, "bits of another length");
  CHECK(read(steps(kOrdinal, {0, 0, 0, 0, 16, 1}))[1].bits[3] == word(4.0f) - 9);
  refused(steps(kOrdinal, {0, 0, 0, 0, 16, 2}), Column::value_steps, "bits of another length");
  refused(steps(kOrdinal, {0, 0, 0, 0, 16, 1, 0}), Column::value_steps, "bits of another length");
  refused(steps(kOrdinal, {0, 0, 0, 0, 16}), Column::value_steps, "bits of another length");
  refused(steps(kOrdinal, {0, 0, 0, 0}), Column::value_steps, "cut off");
  refused(steps(kOrdinal, {}), Column::value_steps, "part is missing");
  refused(steps(kMoved, {0, 0, 0, 0, 0, 255, 1, 2, 3}), Column::value_steps, "bits of another length");
  CHECK(read(steps(kMoved, {0, 0, 0, 0, 0, 255, 1, 2, 3, 4}))[1].bits[3] == 0x04030201);
  for (const std::uint8_t coder : Buffer{0, 1, 2, 3, 4, 5, 10, 0x16}) {
    refused(ordinals().coded(Column::value_steps, coder, 16, Buffer(16, 0)), Column::value_steps, "unknown coder",
            ErrorCode::unsupported);
  }
  for (const std::uint8_t coder : Buffer{kScattered, kOrdinal, kMoved, kMultiples, 0x15}) {
    refused(ordinals().coded(Column::dense_values, coder, 16, {0, 0, 0, 0, 0}), Column::dense_values, "unknown coder",
            ErrorCode::unsupported);
  }
  refused(ordinals().coded(Column::value_steps, kOrdinal, 12, {0, 0, 0, 0}), Column::value_steps,
          "another number of steps");
}

TEST_CASE("Twins out of range, and beside repeats, are refused") {
  Made made = ordinals()
                  .without(Column::relations)
                  .without(Column::value_steps)
                  .without(Column::dims)
                  .without(Column::dense_values);
  made.raw(Column::kinds, {0x13, 0x43})
      .raw(Column::sizes, {1})
      .raw(Column::gaps, {7})
      .words(Column::sparse_values, {1, 2});
  CHECK(read(Made(made).raw(Column::twins, {0}))[1].indices[0] == 7);
  CHECK(read(Made(made).raw(Column::repeats, {0}))[1].indices[0] == 7);
  refused(Made(made).raw(Column::twins, {1}), Column::twins, "no such set");
  refused(Made(made).raw(Column::repeats, {1}), Column::repeats, "no such set");
  refused(Made(made).raw(Column::repeats, {0}).raw(Column::twins, {0}), Column::repeats, "without elements");
  refused(made, Column::repeats, "missing");
  refused(ordinals().raw(Column::twins, {0}), Column::twins, "without elements");
}

TEST_CASE("The whole form is refused if it is nested, of another length, or claims too much") {
  const Made made = ordinals();
  const Buffer inner = made.payload();
  const auto whole = [](ByteView of, std::uint64_t length) {
    Buffer out{0};
    put_varint(out, length);
    Buffer padded(of.begin(), of.end());
    padded.resize(std::max<std::size_t>(padded.size(), 400));  // long enough for a frame to be smaller
    REQUIRE(append_frame(padded, effort_of(Preset::balanced), out));
    return out;
  };
  // A payload of exactly 400 bytes: metadata fills it up.
  Made filled = made;
  const std::string text = "{\"a\":\"" + std::string(300, 'b') + "\"}";
  filled.raw(Column::metadata, Buffer(text.begin(), text.end())).raw(Column::metadata_sizes, {0, 0xb4, 0x02});
  const Buffer full = filled.payload();
  REQUIRE(full.size() < 400);
  const auto frame = [&](ByteView of, std::uint64_t length) {
    Buffer out{0};
    put_varint(out, length);
    REQUIRE(append_frame(of, effort_of(Preset::balanced), out));
    return out;
  };
  SegmentBatch batch;
  const Buffer good = frame(full, full.size());
  REQUIRE(decode_block(good, Layout::packed, 2, 9, {}, batch));
  CHECK(batch[1].metadata == text);
  for (const std::uint64_t length : {full.size() - 1, full.size() + 1, std::size_t{kMaxFrameBytes}}) {
    refused(frame(full, length), made, "block column whole", "zstd");
  }
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{kMaxFrameBytes} + 1, ~std::uint64_t{0}}) {
    refused(frame(full, length), made, "block directory", "length of the whole");
  }
  refused(whole(good, std::max<std::size_t>(good.size(), 400)), made, "block directory", "whole in a whole");
  refused(whole(inner, 400), made, "block directory", "total length");  // zeros behind it
  for (std::size_t n = 0; n < good.size(); ++n) {
    CHECK(!decode_block(ByteView(good).first(n), Layout::packed, 2, 9, {}, batch));
  }
  Buffer longer = good;
  longer.push_back(0);
  refused(longer, made, "block column whole", "plain zstd frame");
}

TEST_CASE("Mutated packed payloads give an error or a valid batch that can be written again") {
  Random random(21);
  int accepted = 0;
  SegmentBatch batch;
  Buffer original;
  for (int i = 0; i < 6000; ++i) {
    if (i % 50 == 0) {
      do batch = test::random_packed(random, 1 + static_cast<std::uint32_t>(test::below(random, 6)));
      while (batch.row_bytes() > 8000);
      original = test::packed(batch, test::below(random, 2) == 0 ? Preset::fastest : Preset::balanced);
    }
    Buffer payload = original;
    const std::size_t most = i % 2 == 0 ? std::min<std::size_t>(payload.size(), 90) : payload.size();
    for (std::uint64_t n = 1 + test::below(random, 3); n > 0; --n) {
      Byte& at = payload[test::below(random, most)];
      at = static_cast<Byte>(test::below(random, 3) == 0 ? random() : at ^ 1 << test::below(random, 8));
    }
    SegmentBatch back, again;
    const auto count = static_cast<std::uint32_t>(batch.size());
    const auto rows = decode_rows(payload, count, 100);
    const std::vector<RowNo> kept = rows ? std::vector<RowNo>(rows->begin(), rows->end()) : std::vector<RowNo>();
    if (!decode_block(payload, Layout::packed, count, 100, {}, back)) continue;
    REQUIRE(kept == back.commits);
    ++accepted;
    REQUIRE(back.size() == batch.size());
    REQUIRE(decode_block(test::packed(back, Preset::fastest), Layout::packed, count, 100, {}, again));
    REQUIRE(test::same_packed(back, again));
  }
  REQUIRE(accepted > 300);
}
