// The bytes of a lookup index: read as they were written, and refused where they say what cannot be.
#include <catch2/catch.hpp>

#include "base/checksum.hpp"
#include "format/index_table.hpp"
#include "format/wire.hpp"

using namespace delta;
using format::IndexEntry, format::IndexLevel, format::LevelHeader;

namespace {

SegmentVector vector(std::uint32_t number) { return nth<SegmentVector>(number); }

/// Vectors `0` to `count - 1`, each in every third segment, and some in two namespaces.
IndexLevel some_level(std::uint32_t count) {
  IndexLevel level;
  level.first_segment = 5;
  for (std::uint32_t s = 0; s < 7; ++s) {
    level.segments.push_back({s * 1000, 1000, s * 77, s * 3, 0, 0, s});
    level.tables.emplace_back(s * 13, static_cast<Byte>(s));
    for (std::uint32_t i = s % 3; i < count; i += 3) {
      const format::IdHash hash = format::id_hash(std::to_string(i));
      level.entries.push_back({hash, s, vector(2 * i), SegmentNamespace{0}, s % 2 == 0});
      if (i % 5 == 0) level.entries.push_back({hash, s, vector(2 * i + 1), SegmentNamespace{3}});
    }
  }
  std::ranges::sort(level.entries);
  level.ids.emplace();
  for (std::uint32_t i = 0; i < count; ++i) level.ids->push_back(std::to_string(i));
  std::ranges::sort(*level.ids);
  level.names.namespaces = {{"", 4}, {"images", 512}};
  level.names.heads = {{"main", 20, {99}, {1, 2, 3}}, {"edge", 1, {98}, {}}};
  level.names.last = 1;
  level.names.with_settings = {0, 4, 6};
  return level;
}

Buffer written(IndexLevel& level) {
  Buffer out;
  format::write_level(level, out);
  return out;
}

/// The bytes of a level with one field of its header changed, and its checksum right.
Buffer with_header(std::size_t at, std::uint8_t value) {
  IndexLevel level = some_level(40);
  Buffer bytes = written(level);
  Byte* const header = bytes.data() + bytes.size() - format::kLevelHeaderBytes;
  header[at] = value;
  const ByteView body(header, format::kLevelHeaderBytes - 8);
  format::store(header + body.size(), checksum(body, 0x4c31584c44));
  return bytes;
}

}  // namespace

TEST_CASE("a level of an index is read as it was written") {
  for (const std::uint32_t count : {0u, 1u, 40u, 5000u}) {
    IndexLevel level = some_level(count);
    const Buffer bytes = written(level);
    CHECK(bytes.size() % 64 == 0);
    const auto read = format::read_level(bytes);
    REQUIRE(read);
    CHECK(*read == level);
  }
}

TEST_CASE("a level of an index takes a few bytes for each vector") {
  IndexLevel level;
  level.segments.emplace_back();
  level.tables.emplace_back();
  constexpr std::uint32_t kCount = 100'000;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    level.entries.push_back({format::id_hash("document " + std::to_string(i)), 0, vector(i), SegmentNamespace{0}});
  }
  std::ranges::sort(level.entries);
  CHECK(written(level).size() < 18 * kCount);
}

TEST_CASE("a flipped bit in a level of an index is noticed") {
  IndexLevel level = some_level(40);
  const Buffer bytes = written(level);
  const auto header = format::read_level_header(ByteView(bytes).last(format::kLevelHeaderBytes), bytes.size());
  REQUIRE(header);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    // Tables have checksums of their own.
    if (at >= header->tables_at() && at < header->tables_at() + header->table_bytes) continue;
    for (int bit = 0; bit < 8; ++bit) {
      Buffer other = bytes;
      other[at] ^= static_cast<Byte>(1 << bit);
      INFO("byte " << at << ", bit " << bit);
      CHECK(!format::read_level(other));
    }
  }
  for (std::size_t size = 0; size < bytes.size(); size += 7) CHECK(!format::read_level(ByteView(bytes).first(size)));
}

TEST_CASE("a level of an index that claims what its bytes cannot hold is refused") {
  CHECK(format::read_level(with_header(4, 1)));      // as it is
  CHECK(!format::read_level(with_header(4, 2)));     // an unknown flag
  CHECK(!format::read_level(with_header(16, 255)));  // more segments
  CHECK(!format::read_level(with_header(20, 40)));   // more buckets
  CHECK(!format::read_level(with_header(20, 63)));
  CHECK(!format::read_level(with_header(31, 255)));  // more ids
  CHECK(!format::read_level(with_header(39, 255)));  // more bytes of buckets
  CHECK(!format::read_level(with_header(47, 255)));  // more bytes of tables
  CHECK(!format::read_level(with_header(40, 0)));
  CHECK(!format::read_level(with_header(51, 255)));  // more names
  CHECK(!format::read_level(with_header(48, 0)));
  CHECK(!format::read_level(with_header(55, 255)));  // more bytes of ids in order
}

TEST_CASE("ids that share little are not kept in order") {
  IndexLevel level = some_level(200);
  level.ids.emplace();
  for (int i = 0; i < 200; ++i) level.ids->push_back(std::to_string(1000 + 7 * i) + " is quite a long id");
  Buffer out;
  format::write_level(level, out);
  CHECK(!level.ids);
  const auto read = format::read_level(out);
  REQUIRE(read);
  CHECK(*read == level);
}

TEST_CASE("a bucket that is malformed is refused") {
  LevelHeader level;
  level.segments = 2;
  const auto read = [&](const Buffer& body) {
    Buffer bytes;
    format::Writer(bytes).fixed(static_cast<std::uint32_t>(checksum(body, std::uint64_t{1} << 40)));
    bytes.insert(bytes.end(), body.begin(), body.end());
    std::vector<IndexEntry> out;
    return static_cast<bool>(format::read_bucket(bytes, level, 0, out));
  };
  const Buffer hash = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, less(12);
  const auto joined = [](const Buffer& a, const Buffer& b) {
    Buffer all = a;
    all.insert(all.end(), b.begin(), b.end());
    return all;
  };
  CHECK(read(joined(hash, {1, 0, 0})));
  CHECK(read(joined(hash, {1, 4, 4})));
  CHECK(read(joined(hash, {1, 6, 4})));  // which may have its create there
  CHECK(!read(joined(hash, {})));
  CHECK(!read(joined(hash, {0, 0, 0})));        // of no place
  CHECK(!read(joined(hash, {2, 0, 0})));        // of two, and one is there
  CHECK(!read(joined(hash, {1, 8, 0})));        // a segment that is not there
  CHECK(!read(joined(hash, {1, 0, 1})));        // a vector below 0
  CHECK(!read(joined(hash, {2, 0, 2, 0, 0})));  // one twice
  CHECK(!read(joined(hash, {2, 0, 2, 2, 0})));
  CHECK(!read(joined(hash, {2, 4, 2, 0, 1})));  // not in order
  CHECK(!read(joined(hash, {1, 1, 0, 0})));     // another namespace, which is the same
  CHECK(!read(joined(joined(hash, {1, 0, 0}), joined(less, {1, 0, 0}))));
  CHECK(!read(joined(joined(hash, {1, 0, 0}), joined(hash, {1, 0, 0}))));
}

TEST_CASE("the end of an index is read as it was written, in its place alone") {
  const format::IndexSeal seal{4096, 77, 12, 30, {{64, 640, 5}, {704, 128, 6}}};
  Buffer bytes(832);
  format::write_seal(seal, bytes.size(), bytes);
  CHECK(bytes.size() % 64 == 0);
  const auto read = format::read_seal(ByteView(bytes).last(200), bytes.size());
  REQUIRE(read);
  CHECK(*read == seal);
  CHECK(!format::read_seal(ByteView(bytes).last(200), bytes.size() + 64));
  CHECK(!format::read_seal(ByteView(bytes).last(40), bytes.size()));
  for (std::size_t at = bytes.size() - 96; at < bytes.size(); ++at) {
    Buffer other = bytes;
    other[at] ^= 4;
    CHECK(!format::read_seal(ByteView(other).last(200), other.size()));
  }
  const auto sealed = [](const format::IndexSeal& odd) {
    Buffer out(832);
    format::write_seal(odd, out.size(), out);
    return static_cast<bool>(format::read_seal(out, out.size()));
  };
  CHECK(!sealed({4096, 77, 12, 30, {}}));
  CHECK(!sealed({4096, 77, 12, 30, {{0, 640, 5}}}));                  // over the header
  CHECK(!sealed({4096, 77, 12, 30, {{64, 5000, 5}}}));                // beyond the end
  CHECK(!sealed({4096, 77, 12, 30, {{64, 640, 5}, {640, 128, 6}}}));  // over each other
  CHECK(!sealed({4096, 77, 12, 30, {{64, ~std::uint64_t{0}, 5}}}));
}

TEST_CASE("the header of an index names its version") {
  Buffer bytes;
  format::write_index_header(bytes);
  CHECK(format::read_index_header(bytes));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Buffer other = bytes;
    other[at] ^= 1;
    CHECK(!format::read_index_header(other));
  }
}
