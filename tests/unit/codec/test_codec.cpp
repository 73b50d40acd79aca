// DATA payloads: what goes in comes out bit for bit, under every preset; what is damaged is refused or bounded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <thread>

#include "codec/block.hpp"
#include "delta/limits.hpp"
#include "unit/codec/codec_batches.hpp"

using namespace delta;
using namespace delta::codec;
using test::Random;

namespace {

constexpr Preset kPresets[] = {Preset::fastest, Preset::balanced, Preset::maximum};
constexpr std::uint32_t kVectors = 1000;

Buffer encoded(const SegmentBatch& batch, Preset preset = Preset::balanced) {
  Buffer out;
  encode_block(batch, Layout::fresh, preset, out);
  return out;
}

void require_round_trip(const SegmentBatch& batch, std::uint32_t vectors = kVectors) {
  for (const Preset preset : kPresets) {
    const Buffer payload = encoded(batch, preset);
    SegmentBatch back;
    const Status status =
        decode_block(payload, Layout::fresh, static_cast<std::uint32_t>(batch.size()), vectors, {}, back);
    if (!status) FAIL(status.error().text());
    REQUIRE(test::same(batch, back));
    REQUIRE(test::reads_in_part(batch, payload, Layout::fresh, vectors));
    REQUIRE(back.commits.size() == batch.size());
    REQUIRE(back.seqs.size() == batch.size());
  }
}

SegmentBatch creates(std::size_t rows, std::size_t dims, const std::vector<std::uint32_t>& bits) {
  SegmentBatch batch;
  for (std::size_t r = 0; r < rows; ++r) {
    SegmentDelta delta;
    delta.vector = nth<SegmentVector>(r);
    delta.time = Timestamp::of(1'700'000'000'000'000);
    delta.bits = std::span(bits).subspan(r * dims, dims);
    batch.add(delta);
  }
  return batch;
}

SegmentBatch one(SegmentDelta delta) {
  SegmentBatch batch;
  batch.add(delta);
  return batch;
}

Status decode(ByteView payload, std::uint32_t count, std::uint32_t vectors = kVectors) {
  SegmentBatch batch;
  Status status = decode_block(payload, Layout::fresh, count, vectors, {}, batch);
  if (!status) REQUIRE(batch.empty());
  return status;
}

/// The directory of `payload` with an entry put before the others, and `body` before the other columns.
Buffer with_column(const Buffer& payload, std::uint8_t column, std::uint8_t coder, const Buffer& body) {
  Buffer out{static_cast<Byte>(payload[0] + 1), column, coder, static_cast<Byte>(body.size())};
  if (coder != 0) out.push_back(static_cast<Byte>(body.size()));
  const auto columns = block_columns(payload).value();
  std::size_t stored = 0;
  for (const ColumnSize& c : columns) stored += c.stored;
  const std::size_t directory = payload.size() - stored;
  out.insert(out.end(), payload.begin() + 1, payload.begin() + static_cast<std::ptrdiff_t>(directory));
  out.insert(out.end(), body.begin(), body.end());
  out.insert(out.end(), payload.begin() + static_cast<std::ptrdiff_t>(directory), payload.end());
  return out;
}

}  // namespace

TEST_CASE("Random batches of all operations and forms come back under every preset") {
  Random random(1);
  for (int i = 0; i < 150; ++i) {
    require_round_trip(test::random_batch(random, 1 + test::below(random, 60), i % 2 == 0 ? kVectors : 1 + i % 9));
  }
}

TEST_CASE("Every kind of data comes back as creates") {
  Random random(2);
  for (int kind = 0; kind < 6; ++kind) {
    for (const std::size_t dims : {1, 2, 68, 384}) {
      std::vector<std::uint32_t> bits(dims * 40);
      for (std::uint32_t& b : bits) b = test::random_bits(random, kind);
      require_round_trip(creates(40, dims, bits));
    }
  }
}

TEST_CASE("Constant, all-zero and empty assignments come back") {
  require_round_trip(creates(50, 30, std::vector<std::uint32_t>(1500, 0)));
  require_round_trip(creates(50, 30, std::vector<std::uint32_t>(1500, 0x80000000)));
  require_round_trip(creates(50, 30, std::vector<std::uint32_t>(1500, 0x3f800000)));
  require_round_trip(one({.vector = SegmentVector{3}, .op = Operation::sparse, .metadata = R"({"a":1})"}));
  require_round_trip(one({.vector = SegmentVector{3}, .op = Operation::remove, .metadata = R"({"a":1})"}));
  require_round_trip(one({.vector = SegmentVector{3}, .op = Operation::create}));
}

TEST_CASE("The largest dims and the farthest times come back") {
  Random random(3);
  std::vector<std::uint32_t> bits(kMaxDims), every(kMaxDims);
  for (std::uint32_t& b : bits) b = test::random_bits(random, 0);
  std::iota(every.begin(), every.end(), 0u);
  SegmentBatch batch = creates(1, kMaxDims, bits);
  batch.add({.vector = SegmentVector{0xfffffffe},
             .op = Operation::sparse,
             .time = Timestamp::of(kMaxMicros, 4095),
             .indices = every,
             .bits = bits});
  batch.add({.vector = SegmentVector{0}, .op = Operation::scale, .time = {}, .bits = std::span(bits).first(1)});
  const std::uint32_t last[] = {kMaxDims - 1};
  batch.add({.vector = SegmentVector{7},
             .op = Operation::sparse,
             .time = Timestamp::of(kMaxMicros),
             .indices = last,
             .bits = std::span(bits).first(1)});
  require_round_trip(batch, 0xffffffff);
}

TEST_CASE("Mostly zero creates take the room of their non-zeros") {
  Random random(4);
  std::vector<std::uint32_t> bits(200 * 512, 0);
  for (std::size_t i = 0; i < bits.size(); i += 1 + test::below(random, 60)) bits[i] = test::random_bits(random, 0);
  const SegmentBatch batch = creates(200, 512, bits);
  require_round_trip(batch);
  const auto nonzeros =
      static_cast<std::size_t>(std::count_if(bits.begin(), bits.end(), [](auto b) { return b != 0; }));
  REQUIRE(encoded(batch).size() < 5 * nonzeros);
}

TEST_CASE("A repeated index set costs a byte and not its length") {
  Random random(5);
  std::vector<std::uint32_t> set;
  for (std::uint32_t d = 0; d < 5000; d += 1 + static_cast<std::uint32_t>(test::below(random, 9))) set.push_back(d);
  const std::vector<std::uint32_t> bits(set.size(), 0x3f800000);
  SegmentBatch batch;
  for (std::uint32_t i = 0; i < 100; ++i) {
    batch.add({.vector = SegmentVector{i}, .op = Operation::sparse, .indices = set, .bits = bits});
  }
  require_round_trip(batch);
  REQUIRE(encoded(batch).size() < 2 * set.size());
}

TEST_CASE("Gaussian floats cost less than 26.7 bits each") {
  Random random(6);
  std::vector<std::uint32_t> bits(168 * 384);
  for (std::uint32_t& b : bits) b = test::random_bits(random, 0);
  for (const Preset preset : kPresets) {
    REQUIRE(encoded(creates(168, 384, bits), preset).size() * 80 < 267 * bits.size());
  }
}

TEST_CASE("A delta of a stream costs at most five bytes beside its indices and values") {
  Random random(7);
  SegmentBatch batch;
  const std::uint32_t value[] = {0x3f800000};
  Micros us = 1'500'000'000'000'000;
  for (int i = 0; i < 4000; ++i) {
    us += 1'000'000 * test::below(random, 200'000);
    batch.add({.vector = nth<SegmentVector>(test::below(random, 300)),
               .op = Operation::scale,
               .time = Timestamp::of(us),
               .bits = value});
  }
  require_round_trip(batch);
  REQUIRE(encoded(batch).size() < 5 * batch.size());
}

TEST_CASE("One small delta pays for few columns") {
  const std::uint32_t index[] = {17}, value[] = {0x3f9d70a4};
  const SegmentBatch batch = one({.vector = SegmentVector{12},
                                  .op = Operation::sparse,
                                  .time = Timestamp::of(1'700'000'000'000'000),
                                  .indices = index,
                                  .bits = value});
  REQUIRE(encoded(batch).size() <= 40);
}

TEST_CASE("The example of the specification is written and read as printed") {
  const std::uint32_t indices[] = {17, 20}, values[] = {0x3f9d70a4, 0xbf800000}, factor[] = {0x3f800000};
  SegmentBatch batch;
  SegmentDelta sparse, scale;
  sparse.vector = SegmentVector{12};
  sparse.op = Operation::sparse;
  sparse.time = Timestamp::of(1'700'000'000'000'000);
  sparse.indices = indices;
  sparse.bits = values;
  scale.vector = SegmentVector{3};
  scale.op = Operation::scale;
  scale.time = Timestamp::of(1'700'000'060'000'000, 1);
  scale.bits = factor;
  batch.add(sparse);
  batch.add(scale);
  const Buffer expected = {0x09, 0x81, 0x00, 0x02, 0x82, 0x00, 0x02, 0x84, 0x00, 0x0c, 0x85, 0x00, 0x01,
                           0x86, 0x00, 0x02, 0x88, 0x00, 0x01, 0x89, 0x00, 0x02, 0x8f, 0x00, 0x08, 0x90,
                           0x00, 0x04, 0x13, 0x04, 0x0c, 0x03, 0x80, 0x80, 0xf9, 0xc0, 0xc1, 0xc4, 0x82,
                           0x03, 0x80, 0x8e, 0xce, 0x1c, 0x02, 0x00, 0x01, 0x02, 0x11, 0x02, 0xa4, 0x70,
                           0x9d, 0x3f, 0x00, 0x00, 0x80, 0xbf, 0x00, 0x00, 0x80, 0x3f};
  REQUIRE(encoded(batch) == expected);
  require_round_trip(batch);
}

TEST_CASE("The same batch gives the same bytes, again and on other threads") {
  Random random(8);
  std::vector<SegmentBatch> batches;
  for (int i = 0; i < 20; ++i) batches.push_back(test::random_batch(random, 200, kVectors));
  std::vector<Buffer> expected, forward(batches.size()), backward(batches.size());
  for (const SegmentBatch& batch : batches) expected.push_back(encoded(batch));
  std::thread a([&] {
    for (std::size_t i = 0; i < batches.size(); ++i) forward[i] = encoded(batches[i]);
  });
  std::thread b([&] {
    for (std::size_t i = batches.size(); i-- > 0;) backward[i] = encoded(batches[i]);
  });
  a.join();
  b.join();
  REQUIRE(forward == expected);
  REQUIRE(backward == expected);
}

TEST_CASE("Encoding appends to what is there") {
  Random random(9);
  const SegmentBatch batch = test::random_batch(random, 20, kVectors);
  Buffer out{1, 2, 3};
  encode_block(batch, Layout::fresh, Preset::balanced, out);
  REQUIRE(Buffer(out.begin() + 3, out.end()) == encoded(batch));
}

TEST_CASE("Positions decode without values, metadata without values, and values without metadata") {
  Random random(10);
  for (int i = 0; i < 50; ++i) {
    const SegmentBatch batch = test::random_batch(random, 40, i % 2 == 0 ? kVectors : 5);
    const Buffer payload = encoded(batch);
    SegmentBatch positions, text, values;
    REQUIRE(decode_block(payload, Layout::fresh, 40, kVectors, {false, false}, positions));
    REQUIRE((positions.ops == batch.ops && positions.vectors == batch.vectors && positions.times == batch.times));
    REQUIRE((positions.index_ends == batch.index_ends && positions.bits_ends == batch.bits_ends));
    REQUIRE((positions.indices.empty() && positions.bits.empty() && positions.metadata.empty()));
    REQUIRE(decode_block(payload, Layout::fresh, 40, kVectors, {false, true}, text));
    REQUIRE((text.metadata == batch.metadata && text.metadata_ends == batch.metadata_ends && text.bits.empty()));
    REQUIRE(decode_block(payload, Layout::fresh, 40, kVectors, {true, false}, values));
    REQUIRE((values.bits == batch.bits && values.indices == batch.indices && values.metadata.empty()));
    REQUIRE(values[39].metadata.empty());
  }
}

TEST_CASE("Deltas of some vectors decode as they do among all") {
  Random random(13);
  std::vector<std::uint32_t> bits(300 * 24), index(300 * 24);
  for (std::uint32_t& b : bits) b = test::random_bits(random, 0);
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::uint32_t>(2 * (i % 24));
  SegmentBatch sparse;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const auto some = [&](const auto& column) { return std::span(column).subspan(std::size_t{i} * 24, 24); };
    sparse.add({.vector = SegmentVector{i % 50}, .op = Operation::sparse, .indices = some(index), .bits = some(bits)});
  }
  const SegmentBatch batches[] = {creates(300, 24, bits), sparse, test::random_batch(random, 300, kVectors)};
  for (const SegmentBatch& batch : batches) {
    const Buffer payload = encoded(batch);
    for (const std::vector<SegmentVector>& some :
         std::vector<std::vector<SegmentVector>>{{SegmentVector{0}},
                                                 {SegmentVector{3}, SegmentVector{17}, SegmentVector{49}},
                                                 {SegmentVector{kVectors - 1}}}) {
      SegmentBatch back;
      REQUIRE(decode_block(payload, Layout::fresh, 300, kVectors, {true, true, some}, back));
      REQUIRE(test::same_of(some, batch, back));
      const bool any = std::ranges::any_of(batch.vectors, [&](auto v) { return std::ranges::binary_search(some, v); });
      REQUIRE(any == !back.bits.empty());
    }
  }
}

TEST_CASE("Damaged values do not matter to a reader of positions") {
  Random random(11);
  std::vector<std::uint32_t> bits(40 * 100);
  for (std::uint32_t& b : bits) b = test::random_bits(random, 0);
  Buffer payload = encoded(creates(40, 100, bits));
  for (std::size_t i = payload.size() - 1000; i < payload.size(); ++i) payload[i] ^= 0x5a;
  SegmentBatch batch;
  REQUIRE(decode_block(payload, Layout::fresh, 40, kVectors, {false, false}, batch));
}

TEST_CASE("The directory adds up and names its columns and coders") {
  Random random(12);
  const SegmentBatch batch = test::random_batch(random, 100, kVectors);
  const Buffer payload = encoded(batch);
  const auto columns = block_columns(payload);
  REQUIRE(columns);
  std::uint64_t stored = 0;
  for (const ColumnSize& c : *columns) {
    REQUIRE(column_name(c.column) != "unknown");
    REQUIRE(coder_name(c.coder) != "unknown");
    REQUIRE(c.raw > 0);
    stored += c.stored;
  }
  REQUIRE(stored < payload.size());
  REQUIRE(stored + 6 * columns->size() + 1 > payload.size());
  REQUIRE(column_name(0x42) == "unknown");
  REQUIRE(coder_name(0x77) == "unknown");
  REQUIRE(coder_name(0x14) == "table, transposed");
}

TEST_CASE("An unknown critical column is unsupported by number, an ignorable one is skipped") {
  const Buffer payload = encoded(creates(2, 2, {1, 2, 3, 4}));
  REQUIRE(decode(payload, 2));
  Buffer skip = payload;
  skip[0] = static_cast<Byte>(skip[0] + 1);
  const auto columns = block_columns(payload).value();
  std::size_t stored = 0;
  for (const ColumnSize& c : columns) stored += c.stored;
  const auto at = static_cast<std::ptrdiff_t>(payload.size() - stored);
  for (const std::uint8_t column : {std::uint8_t{0x60}, std::uint8_t{0xe0}}) {
    Buffer more = skip;
    more.insert(more.begin() + at, {column, 0, 3});
    more.insert(more.end(), {7, 7, 7});
    const Status status = decode(more, 2);
    if (column == 0x60) {
      REQUIRE(status);
    } else {
      REQUIRE(!status);
      REQUIRE(status.error().code == ErrorCode::unsupported);
      REQUIRE(status.error().message.find("224") != std::string::npos);
    }
  }
  Buffer coder = payload;
  coder[2] = 9;  // of the first column: then a stored length follows, so this is refused one way or the other
  REQUIRE(!decode(coder, 2));
  Buffer duplicate = with_column(payload, payload[1], 0, {1, 1});
  REQUIRE(!decode(duplicate, 2));
}

TEST_CASE("What the caller knows is compared") {
  const Buffer payload = encoded(creates(3, 2, {1, 2, 3, 4, 5, 6}));
  REQUIRE(decode(payload, 3, 3));
  REQUIRE(!decode(payload, 2));
  REQUIRE(!decode(payload, 4));
  REQUIRE(!decode(payload, 0));
  REQUIRE(!decode(payload, 0xffffffff));
  const Status status = decode(payload, 3, 2);
  REQUIRE(!status);
  REQUIRE(status.error().code == ErrorCode::corrupt);
  REQUIRE(status.error().where == "block column vector steps");
}

TEST_CASE("Every truncation and every longer payload is refused") {
  Random random(13);
  for (int i = 0; i < 10; ++i) {
    const SegmentBatch batch = test::random_batch(random, 10, kVectors);
    Buffer payload = encoded(batch);
    for (std::size_t n = 0; n < payload.size(); ++n) REQUIRE(!decode(ByteView(payload).first(n), 10));
    payload.push_back(0);
    REQUIRE(!decode(payload, 10));
  }
}

TEST_CASE("Mutated payloads give an error or a bounded, valid batch") {
  Random random(14);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    static SegmentBatch batch;
    static Buffer original;
    if (i % 100 == 0) {
      batch = test::random_batch(random, 1 + test::below(random, 30), i % 3 == 0 ? 4 : kVectors);
      original = encoded(batch, kPresets[test::below(random, 2)]);
    }
    Buffer payload = original;
    for (std::uint64_t n = 1 + test::below(random, 3); n > 0; --n) {
      const std::size_t at =
          test::below(random, std::min<std::size_t>(payload.size(), i % 2 == 0 ? 80 : payload.size()));
      payload[at] =
          static_cast<Byte>(test::below(random, 3) == 0 ? random() : payload[at] ^ 1 << test::below(random, 8));
    }
    SegmentBatch back;
    if (!decode_block(payload, Layout::fresh, static_cast<std::uint32_t>(batch.size()), kVectors, {}, back)) {
      REQUIRE(back.empty());
      continue;
    }
    ++accepted;
    REQUIRE(back.size() == batch.size());
    REQUIRE(back.row_bytes() <= kMaxFrameBytes);
    for (std::size_t k = 0; k < back.size(); ++k) {
      const SegmentDelta delta = back[k];
      REQUIRE(index(delta.vector) < kVectors);
      for (std::size_t j = 1; j < delta.indices.size(); ++j) REQUIRE(delta.indices[j - 1] < delta.indices[j]);
      if (!delta.indices.empty()) REQUIRE(delta.indices.back() < kMostDims);
      if (delta.op == Operation::sparse) REQUIRE(delta.indices.size() == delta.bits.size());
    }
    SegmentBatch again;
    REQUIRE(decode_block(encoded(back), Layout::fresh, static_cast<std::uint32_t>(back.size()), kVectors, {}, again));
    REQUIRE(test::same(back, again));
  }
  REQUIRE(accepted > 0);  // or the mutations never reach the inside
}
