// Commit tables of packed segments: what goes in comes out, and what is damaged is refused or is another table, never worse.
#include <catch2/catch.hpp>

#include "format/tables.hpp"

using namespace delta;
using namespace delta::format;

namespace {

constexpr std::uint32_t kOrigins = 3;

CommitTable table() {
  CommitTable t;
  KeptTimes some;
  some.add({5, 5}), some.add({7, 100});
  t.records = {{some, {{0, 2}, {2, 9}}, false}, {KeptTimes::since(1000), {{1, 4}}, true}, {{}, {}, false}};
  const auto commit = [](std::uint32_t origin, std::uint64_t first, std::uint64_t count, std::vector<Dot> parents) {
    return Commit{origin, first, count, std::move(parents), "message", "tool", "", "", "", Timestamp::of(first * 1'000'000, 3)};
  };
  t.rows = {{commit(0, 1, 2, {}), {}, {0, 2}, {Hash{1}, Hash{2}}},
            {commit(1, 4, 1, {{0, 2}}), Hash{7}, {1}, {Hash{3}}},
            {commit(2, 9, 70000, {{0, 2}, {1, 4}}), Hash{8}, {}, {}}};
  t.rows.push_back({commit(0, 3, 1, {{2, 70008}}), {}, {}, {}});
  t.rows.back().commit.setting = "tag 5 five";
  return t;
}

bool same(const CommitTable& a, const CommitTable& b) {
  if (a.rows.size() != b.rows.size() || a.records != b.records) return false;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    const Commit &x = a.rows[i].commit, &y = b.rows[i].commit;
    if (x.origin != y.origin || x.first != y.first || x.count != y.count || x.parents != y.parents || x.message != y.message || x.tool != y.tool ||
        x.setting != y.setting || x.time != y.time || a.rows[i].previous != b.rows[i].previous || a.rows[i].records != b.rows[i].records ||
        a.rows[i].nodes != b.rows[i].nodes) {
      return false;
    }
  }
  return true;
}

Status read(ByteView bytes, CommitTable& into, std::uint32_t count = 4) { return read_commits(bytes, Kind::packed, count, kOrigins, into); }

}  // namespace

TEST_CASE("a packed commit table comes back, records numbered on") {
  Buffer bytes;
  write_commits(table(), Kind::packed, bytes);
  CommitTable back;
  REQUIRE(read(bytes, back));
  CHECK(same(table(), back));
  REQUIRE(read(bytes, back));
  REQUIRE(back.rows.size() == 8);
  CHECK(back.records.size() == 6);
  CHECK(back.rows[4].records == std::vector<std::uint32_t>{3, 5});
  CommitTable fresh;
  CHECK_FALSE(read_commits(bytes, Kind::fresh, 4, kOrigins, fresh));
}

TEST_CASE("a damaged commit table is refused, or says something else in its one spelling") {
  Buffer bytes;
  write_commits(table(), Kind::packed, bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CommitTable back;
    CHECK_FALSE(read(ByteView(bytes).first(size), back));
  }
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Buffer bad = bytes;
    bad[bit / 8] = static_cast<Byte>(bad[bit / 8] ^ (1 << (bit % 8)));
    CommitTable back;
    if (!read(bad, back)) continue;
    ++accepted;
    Buffer again;
    write_commits(back, Kind::packed, again);
    if (again != bad) FAIL("byte " << bit / 8 << ", bit " << bit % 8 << " has two spellings");
  }
  CHECK(accepted > 0);
  CommitTable back;
  CHECK_FALSE(read(bytes, back, 3));
  CHECK_FALSE(read(bytes, back, 5));
}
