// LZ4 blocks: made by liblz4, and made by hand to break each rule of the page.
#include <lz4.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "codec/columns.hpp"
#include "codec/lz4.hpp"
#include "codec/payload.hpp"
#include "unit/codec/codec_packed.hpp"

using namespace delta;
using namespace delta::codec;
using test::Random;

namespace {

constexpr auto kLz4 = static_cast<std::uint8_t>(Coder::lz4);

/// Twenty times the same byte: a literal, a match of 14 with what is just before it, five literals.
Buffer twenty(Byte byte) { return {0x1a, byte, 1, 0, 0x50, byte, byte, byte, byte, byte}; }

bool reads(const Buffer& block, std::size_t size) {
  Buffer raw(size, 0xee);
  return read_lz4(block, raw);
}

struct Stored {
  std::uint8_t coder = 0;
  std::uint64_t raw = 0;
  Buffer bytes;
};

/// Twenty creates of one dimension each: kinds, dims and values are LZ4 blocks of bytes, numbers and words.
struct Creates {
  std::map<Column, Stored> columns = {{Column::kinds, {kLz4, 20, twenty(1)}},
                                      {Column::vector_steps, {1, 20, {0}}},
                                      {Column::clock, {0, 2, {0, 0}}},
                                      {Column::dims, {kLz4, 20, twenty(1)}},
                                      {Column::dense_values, {kLz4, 80, words()}}};

  /// The word 0x3f800000, twenty times.
  static Buffer words() { return {0x4f, 0, 0, 0x80, 0x3f, 4, 0, 52, 0x50, 0x3f, 0, 0, 0x80, 0x3f}; }
  Buffer payload() const {
    Buffer out;
    put_varint(out, columns.size());
    for (const auto& [column, stored] : columns) {
      out.push_back(static_cast<Byte>(column));
      out.push_back(stored.coder);
      put_varint(out, stored.raw);
      if (stored.coder != 0) put_varint(out, stored.bytes.size());
    }
    for (const auto& [column, stored] : columns) out.insert(out.end(), stored.bytes.begin(), stored.bytes.end());
    return out;
  }
  Status read(SegmentBatch& batch) const { return decode_block(payload(), Layout::fresh, 20, 20, {}, batch); }
  void refused(Column column, const Stored& stored, ErrorCode code, const std::string& what) const {
    Creates other = *this;
    other.columns[column] = stored;
    SegmentBatch batch;
    const Status status = other.read(batch);
    REQUIRE(!status);
    CHECK(status.error().where == "block column " + std::string(name_of(column)));
    CHECK(status.error().message == what);
    CHECK(status.error().code == code);
  }
};

/// What liblz4 makes of `raw`.
Buffer by_liblz4(const Buffer& raw, int acceleration) {
  Buffer out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
  const int size = LZ4_compress_fast(reinterpret_cast<const char*>(raw.data()), reinterpret_cast<char*>(out.data()),
                                     static_cast<int>(raw.size()), static_cast<int>(out.size()), acceleration);
  REQUIRE(size > 0);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// So many bytes: runs, pieces of what came before, and noise, by turns.
Buffer some_bytes(Random& random, std::size_t size) {
  Buffer out;
  while (out.size() < size) {
    const std::size_t n = 1 + test::below(random, test::below(random, 8) == 0 ? 2000 : 40);
    const std::uint64_t kind = test::below(random, 3);
    const std::size_t back = out.empty() ? 0 : 1 + test::below(random, std::min<std::size_t>(out.size(), 70'000));
    const auto byte = static_cast<Byte>(random());
    for (std::size_t i = 0; i < n; ++i) {
      out.push_back(kind == 0 ? byte : kind == 1 && back > 0 ? out[out.size() - back] : static_cast<Byte>(random()));
    }
  }
  out.resize(size);
  return out;
}

}  // namespace

TEST_CASE("What liblz4 writes is read, and by no byte more or less") {
  Random random(1);
  for (int round = 0; round < 600; ++round) {
    const Buffer raw = some_bytes(random, 1 + test::below(random, round % 20 == 0 ? 300'000 : 300));
    const Buffer block = by_liblz4(raw, 1 + static_cast<int>(test::below(random, 20)));
    Buffer back(raw.size());
    REQUIRE(read_lz4(block, back));
    REQUIRE(back == raw);
    REQUIRE_FALSE(reads(block, raw.size() + 1));
    REQUIRE_FALSE(reads(block, raw.size() - 1));
    REQUIRE_FALSE(reads(Buffer(block.begin(), block.end() - 1), raw.size()));
  }
}

TEST_CASE("A mutated LZ4 block is refused, or is what liblz4 takes it for") {
  Random random(2);
  int refused = 0, read = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Buffer raw = some_bytes(random, 1 + test::below(random, 200));
    Buffer block = by_liblz4(raw, 1);
    for (std::uint64_t n = 1 + test::below(random, 2); n > 0; --n) {
      block[test::below(random, block.size())] ^= static_cast<Byte>(1 << test::below(random, 8));
    }
    Buffer ours(raw.size()), theirs(raw.size());
    const int size =
        LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(theirs.data()),
                            static_cast<int>(block.size()), static_cast<int>(theirs.size()));
    if (!read_lz4(block, ours)) {
      ++refused;
      continue;
    }
    ++read;
    REQUIRE(size == static_cast<int>(raw.size()));
    REQUIRE(ours == theirs);
  }
  CHECK(refused > 1000);
  CHECK(read > 1000);
}

TEST_CASE("An LZ4 block that breaks a rule is refused") {
  REQUIRE(reads(twenty(7), 20));
  REQUIRE(reads({0x50, 1, 2, 3, 4, 5}, 5));
  const Buffer good = twenty(7);
  CHECK_FALSE(reads({}, 20));
  for (std::size_t n = 0; n < good.size(); ++n) {
    INFO("cut to " << n);
    CHECK_FALSE(reads(Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)), 20));
  }
  CHECK_FALSE(reads(good, 19));
  CHECK_FALSE(reads(good, 21));
  const std::pair<const char*, Buffer> bad[] = {
      {"a byte behind it", {0x1a, 7, 1, 0, 0x50, 7, 7, 7, 7, 7, 0}},
      {"an empty sequence behind it", {0x1a, 7, 1, 0, 0x50, 7, 7, 7, 7, 7, 0x00}},
      {"offset 0", {0x1a, 7, 0, 0, 0x50, 7, 7, 7, 7, 7}},
      {"an offset beyond the start", {0x1a, 7, 2, 0, 0x50, 7, 7, 7, 7, 7}},
      {"an offset far beyond the start", {0x1a, 7, 0xff, 0xff, 0x50, 7, 7, 7, 7, 7}},
      {"a match with nothing before it", {0x0b, 1, 0, 0x50, 7, 7, 7, 7, 7}},
      {"literals that the block lacks", {0x1a, 7, 1, 0, 0x60, 7, 7, 7, 7, 7}},
      {"literals longer than any block", {0xff, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
      {"a match longer than the output", {0x1f, 7, 1, 0, 0xff, 0x20, 0x50, 7, 7, 7, 7, 7}},
      {"a length without end", {0x1f, 7, 1, 0, 0xff, 0xff, 0xff, 0xff}},
      {"a match length in the last token", {0x1a, 7, 1, 0, 0x51, 7, 7, 7, 7, 7}},
      {"four literals at the end", {0x1b, 7, 1, 0, 0x40, 7, 7, 7, 7}},
      {"a match that begins too late", {0x90, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 0, 0x70, 7, 7, 7, 7, 7, 7, 7}},
  };
  for (const auto& [what, block] : bad) {
    INFO(what);
    CHECK_FALSE(reads(block, 20));
  }
}

TEST_CASE("Columns of bytes, numbers and words may be LZ4 blocks, their parts may not") {
  const Creates good;
  SegmentBatch batch;
  const Status status = good.read(batch);
  if (!status) FAIL(status.error().text());
  REQUIRE(batch.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(batch[i].bits[0] == 0x3f800000);

  constexpr const char* kNoBlock = "not an LZ4 block of this length";
  Buffer offset = twenty(1);
  offset[2] = 0;
  Buffer longer = twenty(1);
  longer.push_back(0);
  for (const Column column : {Column::kinds, Column::dims}) {
    good.refused(column, {kLz4, 20, offset}, ErrorCode::corrupt, kNoBlock);
    good.refused(column, {kLz4, 20, longer}, ErrorCode::corrupt, kNoBlock);
    good.refused(column, {kLz4, 20, {}}, ErrorCode::corrupt, kNoBlock);
  }
  good.refused(Column::dense_values, {kLz4, 80, twenty(1)}, ErrorCode::corrupt, kNoBlock);
  good.refused(Column::dense_values, {kLz4 + kTransposed, 80, Creates::words()}, ErrorCode::unsupported,
               "unknown coder 26");
  Buffer planes = {kLz4};
  planes.insert(planes.end(), 100, 0);
  good.refused(Column::dense_values, {3, 80, planes}, ErrorCode::unsupported, "unknown coder 10 of a part");
}

TEST_CASE("A payload that is an LZ4 block is read, if its length is right") {
  const Buffer text(1000, 7);
  const Buffer block = by_liblz4(text, 1);
  Buffer back;
  REQUIRE(decompress_payload(PayloadCodec::lz4, block, text.size(), back));
  CHECK(back == text);
  for (const std::size_t size : {0, 999, 1001, 16 << 20}) {
    const Status status = decompress_payload(PayloadCodec::lz4, block, size, back);
    REQUIRE(!status);
    CHECK(status.error().code == ErrorCode::corrupt);
    CHECK(back.capacity() < 1 << 20);  // nothing that a few bytes claim is allocated for them
  }
}

TEST_CASE("No preset writes an LZ4 block") {
  Random random(3);
  for (const Preset preset : {Preset::fastest, Preset::balanced, Preset::maximum}) {
    for (int round = 0; round < 100; ++round) {
      Buffer payload;
      encode_block(test::random_batch(random, 30, 9), Layout::fresh, preset, payload);
      const auto columns = block_columns(payload);
      REQUIRE(columns);
      for (const ColumnSize& column : *columns) REQUIRE(column.coder != kLz4);
    }
  }
}
