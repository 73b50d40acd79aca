// What an index repeats of a segment: read as it was written, all of it or in part, and refused where it says what
// cannot be.
#include <catch2/catch.hpp>

#include "base/checksum.hpp"
#include "format/index_segment.hpp"
#include "format/wire.hpp"

using namespace delta;
using format::FrameType, format::IndexedRow, format::SegmentTable;

namespace {

constexpr std::uint64_t kDigest = 0x1234567890abcdef;

format::IndexedFrame frame(FrameType type, std::uint32_t number, std::uint32_t first, std::uint32_t count) {
  format::IndexedFrame out;
  out.entry.type = type;
  out.entry.stored = 100 + number;
  out.entry.first = first;
  out.entry.count = count;
  out.entry.min_time = {first + 1};
  out.entry.max_time = {first + 7};
  out.entry.max_vector = nth<SegmentVector>(count);
  out.entry.checksum = number * 77;
  out.entry.offset = 128 + 1000 * std::uint64_t{number};
  out.number = number;
  return out;
}

IndexedRow row(std::uint32_t number, std::uint32_t origin, std::uint64_t first, std::uint64_t count, Micros us) {
  IndexedRow out;
  out.row = nth<RowNo>(number);
  out.origin = nth<SegmentOrigin>(origin);
  out.first = first;
  out.count = count;
  out.time = Timestamp::of(us, number % 5);
  return out;
}

/// Ten commits of three deltas, by two origins; the fourth is a setting. DATA frames have seven deltas.
SegmentTable some_table(format::Kind kind, bool texts) {
  SegmentTable table;
  table.head.kind = kind;
  table.head.salt = 77;
  table.head.vectors = 9;
  table.head.commits = 10;
  table.head.namespaces = {{"", 4}, {"images", 512}};
  table.head.origins = {"main", "edge"};
  table.head.settings = {nth<RowNo>(3)};
  if (texts) table.head.texts = {{"", "tool", "", "", ""}, {"message", "tool", "source", "trace", "{}"}};
  table.head.has_texts = texts;
  std::vector<IndexedRow> rows;
  std::uint64_t seqs[2] = {1, 5}, begin = 0;
  for (std::uint32_t i = 0; i < 10; ++i) {
    const std::uint32_t origin = i % 3 == 2 ? 1 : 0;
    const std::uint64_t count = i == 3 ? 1 : 3;
    rows.push_back(row(i, origin, seqs[origin], count, 1000 + 17 * i));
    rows.back().text = texts ? i % 2 : 0;
    if (kind == format::Kind::fresh) rows.back().begin = begin;
    seqs[origin] += count;
    begin += i == 3 ? 0 : 3;
  }
  for (std::uint32_t i = 0; i < 4; ++i) table.frames.push_back(frame(FrameType::data, 2 + i, 7 * i, i == 3 ? 6 : 7));
  table.frames.push_back(frame(FrameType::postings, 7, 0, 9));
  table.frames.push_back(frame(FrameType::commits, 6, 0, 10));
  if (kind == format::Kind::packed) {
    table.groups = {rows};
    return table;
  }
  for (std::uint32_t i = 0; i < 4; ++i) {
    auto& group = table.groups.emplace_back();
    for (const IndexedRow& one : rows) {
      const bool inside = one.begin < 7 * i + 7 && one.begin + one.count > 7 * i;
      if (inside && index(one.row) != 3) group.push_back(one);
    }
  }
  return table;
}

Buffer written(SegmentTable table) {
  Buffer out;
  REQUIRE(format::write_segment_table(table, kDigest, 1 << 20, out));
  return out;
}

/// With one byte of the head changed, and its checksum right.
bool takes_head(std::size_t at, std::uint8_t value) {
  Buffer bytes = written(some_table(format::Kind::fresh, true));
  bytes[at] = value;
  const auto size = format::load<std::uint32_t>(bytes.data() + 4);
  if (size <= bytes.size()) {
    format::store(bytes.data(), static_cast<std::uint32_t>(checksum({bytes.data() + 4, size - 4}, kDigest)));
  }
  return static_cast<bool>(format::read_segment_table(bytes, kDigest));
}

}  // namespace

TEST_CASE("the table of a segment is read as it was written") {
  for (const auto kind : {format::Kind::fresh, format::Kind::packed}) {
    for (const bool texts : {false, true}) {
      SegmentTable table = some_table(kind, texts);
      Buffer bytes;
      REQUIRE(format::write_segment_table(table, kDigest, 1 << 20, bytes));
      const auto read = format::read_segment_table(bytes, kDigest);
      REQUIRE(read);
      CHECK(*read == table);
      CHECK(!format::read_segment_table(bytes, kDigest + 1));  // of another segment
      Buffer none;
      CHECK(!format::write_segment_table(table, kDigest, bytes.size() - 1, none));
      CHECK(none.empty());
      CHECK(format::write_segment_table(table, kDigest, bytes.size(), none));
    }
  }
}

TEST_CASE("a flipped bit in the table of a segment is noticed") {
  for (const auto kind : {format::Kind::fresh, format::Kind::packed}) {
    const Buffer bytes = written(some_table(kind, true));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      Buffer other = bytes;
      other[at] ^= static_cast<Byte>(1 << at % 8);
      INFO("byte " << at);
      CHECK(!format::read_segment_table(other, kDigest));
    }
    for (std::size_t size = 0; size < bytes.size(); size += 3) {
      CHECK(!format::read_segment_table(ByteView(bytes).first(size), kDigest));
    }
  }
}

TEST_CASE("a table that claims what its bytes cannot hold is refused") {
  CHECK(takes_head(12, 1));     // as it is: fresh,
  CHECK(!takes_head(12, 0));    // of no kind,
  CHECK(!takes_head(12, 2));    // packed: other groups,
  CHECK(!takes_head(12, 3));    // of an unknown kind
  CHECK(!takes_head(13, 2));    // an unknown flag
  CHECK(!takes_head(13, 0));    // texts, and it says that there are none
  CHECK(!takes_head(15, 3));    // a setting beyond the commits
  CHECK(!takes_head(16, 100));  // more DATA frames
  CHECK(!takes_head(17, 100));  // more POSTINGS
  CHECK(!takes_head(19, 5));    // more groups
  CHECK(!takes_head(20, 100));  // more namespaces
  CHECK(!takes_head(4, 7));     // a head that is not there
  CHECK(!takes_head(7, 255));   // or has no end
}

TEST_CASE("rows that cannot be are refused") {
  const SegmentTable table = *format::read_segment_table(written(some_table(format::Kind::fresh, false)), kDigest);
  const auto reads = [&](const Buffer& body) {
    Buffer bytes(4);
    bytes.insert(bytes.end(), body.begin(), body.end());
    format::store(bytes.data(), static_cast<std::uint32_t>(checksum(body, kDigest + (std::uint64_t{1} << 32))));
    return static_cast<bool>(format::read_row_group(bytes, table.head, kDigest, 0));
  };
  CHECK(reads({0, 0, 0, 3, 2, 4, 1}));
  CHECK(!reads({0, 10, 0, 3, 2, 4, 1}));  // a row beyond the commits
  CHECK(!reads({0, 0, 2, 3, 2, 4, 1}));   // an unknown origin
  CHECK(!reads({0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 3, 2, 4, 1}));
  CHECK(!reads({0, 0, 0, 0, 2, 4, 1}));           // without deltas
  CHECK(!reads({0, 0, 0, 3, 0, 4, 1}));           // seq 0
  CHECK(!reads({0, 0, 0, 3, 2, 3, 1}));           // before all time
  CHECK(!reads({0, 0, 0, 3, 2, 4, 0x80, 0x20}));  // a counter that is none
  CHECK(!reads({0, 0, 0, 3, 2, 4}));
  CHECK(!reads({0, 0, 0, 3, 2, 4, 1, 0}));
  CHECK(reads({0, 0, 0, 3, 2, 4, 1, 0, 0, 1, 0, 0, 0}));
}

TEST_CASE("a few lists of a POSTINGS frame are found without the others") {
  format::Postings postings;
  for (std::uint32_t i = 0; i < 50; ++i) {
    for (std::uint32_t frame = i % 7; frame < 200; frame += 1 + i) postings.list.push_back({frame, frame % 3 == 0});
    postings.ends.push_back(static_cast<std::uint32_t>(postings.list.size()));
  }
  Buffer bytes;
  format::write_postings(postings, bytes);
  for (std::uint32_t i = 0; i < 50; ++i) {
    std::vector<format::Posting> found, should;
    const std::vector<std::uint32_t> places = i == 49 ? std::vector{i} : std::vector{i, 49u};
    for (const std::uint32_t place : places) {
      for (std::uint32_t p = place == 0 ? 0 : postings.ends[place - 1]; p < postings.ends[place]; ++p) {
        should.push_back(postings.list[p]);
      }
    }
    REQUIRE(format::find_postings(bytes, 50, 200, places, found));
    CHECK(found == should);
    CHECK(!format::find_postings(bytes, 50, 20, places, found));  // of fewer frames
  }
  std::vector<format::Posting> found;
  const std::uint32_t last[] = {49};
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!format::find_postings(ByteView(bytes).first(size), 50, 200, last, found));
  }
}
