// Commit tables of packed segments: what goes in comes out, and what is damaged is refused or is another table, never
// worse.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "format/tables.hpp"

using namespace delta;
using namespace delta::format;

namespace {

constexpr std::uint32_t kOrigins = 3;

CommitTable table() {
  CommitTable t;
  KeptTimes some;
  some.add({5, 5});
  some.add({7, 100});
  const auto dot = [](std::uint32_t origin, std::uint64_t seq) { return SegmentDot{SegmentOrigin{origin}, seq}; };
  t.records.push_back({some, {dot(0, 2), dot(2, 9)}, false});
  t.records.push_back({KeptTimes::since(1000), {dot(1, 4)}, true});
  t.records.push_back({});
  const auto commit = [](std::uint32_t origin, std::uint64_t first, std::uint64_t count,
                         std::vector<SegmentDot> parents) {
    return SegmentCommit{SegmentOrigin{origin},
                         first,
                         count,
                         std::move(parents),
                         "message",
                         "tool",
                         "",
                         "",
                         "",
                         Timestamp::of(first * 1'000'000, 3)};
  };
  t.rows = {{commit(0, 1, 2, {}), {}, {RecordNo{0}, RecordNo{2}}, {Hash{1}, Hash{2}}},
            {commit(1, 4, 1, {dot(0, 2)}), Hash{7}, {RecordNo{1}}, {Hash{3}}},
            {commit(2, 9, 70000, {dot(0, 2), dot(1, 4)}), Hash{8}, {}, {}}};
  t.rows.push_back({commit(0, 3, 1, {dot(2, 70008)}), {}, {}, {}});
  t.rows.back().commit.setting = "tag 5 five";
  t.rows[RowNo{0}].commit.properties = t.rows[RowNo{2}].commit.properties = R"({"run":7})";
  t.rows[RowNo{3}].commit.properties = R"({"model":"m"})";
  t.rows[RowNo{1}].commit.given = 3'000'000;
  return t;
}

bool same(const CommitTable& a, const CommitTable& b) {
  if (a.rows.size() != b.rows.size() || a.records != b.records) return false;
  for (const RowNo i : a.rows.numbers()) {
    const SegmentCommit &x = a.rows[i].commit, &y = b.rows[i].commit;
    if (x.origin != y.origin || x.first != y.first || x.count != y.count || x.parents != y.parents ||
        x.message != y.message || x.tool != y.tool || x.setting != y.setting || x.time != y.time ||
        x.properties != y.properties || x.given != y.given || a.rows[i].previous != b.rows[i].previous ||
        a.rows[i].records != b.rows[i].records || a.rows[i].nodes != b.rows[i].nodes) {
      return false;
    }
  }
  return true;
}

CommitTable table_of(const CommitsRead& read) {
  CommitTable table;
  for (const auto& row : read.rows) {
    table.rows.push_back({row.commit.copy(),
                          row.previous,
                          {row.records.begin(), row.records.end()},
                          {row.nodes.begin(), row.nodes.end()}});
  }
  table.records = read.records;
  return table;
}

Status read(ByteView bytes, CommitsRead& into, std::uint32_t count = 4) {
  return read_commits(bytes, Kind::packed, count, kOrigins, into);
}

}  // namespace

TEST_CASE("a packed commit table comes back, records numbered on") {
  Buffer bytes;
  write_commits(table(), Kind::packed, bytes);
  CommitsRead back;
  REQUIRE(read(bytes, back));
  CHECK(same(table(), table_of(back)));
  REQUIRE(read(bytes, back));
  REQUIRE(back.rows.size() == 8);
  CHECK(back.records.size() == 6);
  CHECK(std::ranges::equal(back.rows.records(RowNo{4}), std::vector{RecordNo{3}, RecordNo{5}}));
  CommitsRead fresh;
  CHECK_FALSE(read_commits(bytes, Kind::fresh, 4, kOrigins, fresh));
}

TEST_CASE("a damaged commit table is refused, or says something else in its one spelling") {
  Buffer bytes;
  write_commits(table(), Kind::packed, bytes);
  std::size_t shorter = 0;  // without its last optional columns
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CommitsRead back;
    if (!read(ByteView(bytes).first(size), back)) continue;
    ++shorter;
    Buffer again;
    write_commits(table_of(back), Kind::packed, again);
    CHECK(std::ranges::equal(again, ByteView(bytes).first(size)));
  }
  CHECK(shorter == 2);
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Buffer bad = bytes;
    bad[bit / 8] = static_cast<Byte>(bad[bit / 8] ^ (1 << (bit % 8)));
    CommitsRead back;
    if (!read(bad, back)) continue;
    ++accepted;
    Buffer again;
    write_commits(table_of(back), Kind::packed, again);
    if (again != bad) FAIL("byte " << bit / 8 << ", bit " << bit % 8 << " has two spellings");
  }
  CHECK(accepted > 0);
  CommitsRead back;
  CHECK_FALSE(read(bytes, back, 3));
  CHECK_FALSE(read(bytes, back, 5));
}

namespace {

/// A fresh table of two rows without optional columns, and these bytes behind it.
Status read_with(const Buffer& columns, CommitsRead& into) {
  CommitTable plain;
  for (std::uint64_t first : {1, 2}) {
    SegmentCommit& commit = plain.rows.emplace_back().commit;
    commit.first = first;
    commit.count = 1;
    commit.time = Timestamp::of(5);
  }
  Buffer bytes;
  write_commits(plain, Kind::fresh, bytes);
  bytes.insert(bytes.end(), columns.begin(), columns.end());
  return read_commits(bytes, Kind::fresh, 2, 1, into);
}

std::string refusal(const Buffer& columns) {
  CommitsRead back;
  const auto read = read_with(columns, back);
  return read ? "" : read.error().message;
}

}  // namespace

TEST_CASE("a commit table without optional columns has the bytes that it had before there were any") {
  CommitTable plain = table();
  for (auto& row : plain.rows) {
    row.commit.properties.clear();
    row.commit.given.reset();
  }
  Buffer bytes, with;
  write_commits(plain, Kind::packed, bytes);
  write_commits(table(), Kind::packed, with);
  REQUIRE(bytes.size() < with.size());
  CHECK(std::equal(bytes.begin(), bytes.end(), with.begin()));
  CHECK(with[bytes.size()] == 0x81);
}

TEST_CASE("an optional column that is not known is noted, unless it is critical") {
  CommitsRead back, same, other;
  REQUIRE(read_with({0x05, 3, 'a', 'b', 'c', 0x7f, 1, 'x'}, back));
  CHECK(back.rows.size() == 2);
  CHECK(back.unknown.any());
  CHECK(unknown_text(back.unknown) == "COMMITS: columns 5, 127 are not known to this version");
  REQUIRE(read_with({0x05, 3, 'a', 'b', 'c', 0x7f, 1, 'x'}, same));
  CHECK(same.unknown.digest == back.unknown.digest);
  REQUIRE(read_with({0x05, 3, 'a', 'b', 'd', 0x7f, 1, 'x'}, other));
  CHECK(other.unknown.digest != back.unknown.digest);
  CommitsRead none;
  REQUIRE(read_with({}, none));
  CHECK_FALSE(none.unknown.any());
  const auto critical = read_with({0x05, 1, 'a', 0x86, 1, 'b'}, none);
  REQUIRE_FALSE(critical);
  CHECK(critical.error().code == ErrorCode::unsupported);
  CHECK(critical.error().message == "COMMITS: critical column 6 is not known to this version");
}

TEST_CASE("optional columns that are not as the page says are refused") {
  const Buffer properties = {0x81, 6, 1, 2, '{', '}', 1, 1};
  CHECK(refusal(properties) == "");  // that it is a good object is not asked here
  CHECK(refusal({0x82, 2, 0, 3}) == "");
  for (const Buffer& bad : std::vector<Buffer>{
           {0x80, 1, 'a'},                   // no number
           {0x05},                           // no length
           {0x05, 0},                        // of no bytes
           {0x05, 2, 'a'},                   // of more bytes than there are
           {0x06, 1, 'a', 0x05, 1, 'a'},     // out of order
           {0x05, 1, 'a', 0x05, 1, 'a'},     // twice
           {0x01, 6, 1, 2, '{', '}', 1, 1},  // known, without its critical bit
           {0x02, 2, 0, 3},
           {0x81, 3, 0, 0, 0},                             // properties: no text
           {0x81, 5, 1, 0, 1, 1},                          // an empty one
           {0x81, 9, 2, 2, '{', '}', 2, '[', ']', 1, 1},   // one of no row
           {0x81, 12, 2, 2, '{', '}', 2, '{', '}', 1, 2},  // one twice
           {0x81, 6, 1, 2, '{', '}', 0, 2},                // a number of no text
           {0x81, 5, 1, 2, '{', '}', 1},                   // one row too few
           {0x81, 7, 1, 2, '{', '}', 1, 1, 0},             // a byte too many
           {0x82, 2, 0, 0},                                // times: none
           {0x82, 2, 0, 6},                                // before all time
           {0x82, 1, 3},                                   // one row too few
           {0x82, 3, 0, 3, 0},                             // a byte too many
       }) {
    INFO("columns that begin with " << static_cast<int>(bad[0]) << ", of " << bad.size() << " bytes");
    CHECK(refusal(bad) != "");
  }
}

TEST_CASE("properties count as text, each as often as a row has it") {
  CommitTable many;
  const std::string text = "{\"a\":\"" + std::string(60'000, 'x') + "\"}";
  for (std::uint64_t first = 1; first <= 100; ++first) {
    SegmentCommit& commit = many.rows.emplace_back().commit;
    commit.first = first;
    commit.count = 1;
    commit.properties = text;
  }
  CHECK(load_of(many).text == 100 * text.size());
  Buffer bytes;
  write_commits(many, Kind::fresh, bytes);
  CommitsRead back;
  const auto read = read_commits(bytes, Kind::fresh, 100, 1, back, 200);  // as if zstd had stored it in 200 bytes
  REQUIRE_FALSE(read);
  CHECK(read.error().message == "COMMITS: more text than its bytes may hold");
}
