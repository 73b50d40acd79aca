// Commits in columns: what comes out is what went in, and neighbours share their texts.
#include <catch2/catch.hpp>
#include <random>

#include "base/commit_columns.hpp"

using namespace delta;

namespace {

using Columns = CommitColumns<CommitNo, OriginNo>;

bool same(const CommitView& a, const CommitView& b) {
  return a.origin == b.origin && a.first == b.first && a.count == b.count && a.parents == b.parents &&
         a.message == b.message && a.tool == b.tool && a.source == b.source && a.trace == b.trace &&
         a.setting == b.setting && a.time == b.time && a.properties == b.properties && a.given == b.given;
}

Commit random_commit(std::mt19937& random, const Commit* before) {
  const auto maybe = [&](std::string text) { return random() % 3 == 0 ? std::move(text) : std::string(); };
  Commit c;
  c.origin = OriginNo{static_cast<std::uint32_t>(random() % 3)};
  c.first = 1 + random() % 100;
  c.count = random() % 5 == 0 ? (std::uint64_t{1} << 40) - random() % 7 : 1 + random() % 9;
  const auto parents = random() % 4;
  if (parents == 1 && before != nullptr) c.parents = {{before->origin, before->last()}};
  if (parents == 2) c.parents = {{c.origin, c.first - 1}};
  if (parents == 3) c.parents = {{OriginNo{1}, 4}, {OriginNo{2}, random() % 9 + 1}};
  c.message = maybe(std::string(random() % 3 == 0 ? 100'000 : 5, static_cast<char>('a' + random() % 26)));
  c.tool = "deltalog/0.1.0";
  c.source = maybe("updates.ndjson");
  c.trace = maybe("00-trace");
  c.setting = maybe("tag 5 five");
  c.properties = maybe(R"({"run":7})");
  c.time = Timestamp::of(random());
  if (random() % 4 == 0) c.given = random();
  return c;
}

}  // namespace

TEST_CASE("commits come out of their columns as they went in") {
  std::mt19937 random(7);
  std::vector<Commit> all;
  Columns columns;
  for (int i = 0; i < 2000; ++i) {
    all.push_back(random_commit(random, all.empty() ? nullptr : &all.back()));
    CHECK(columns.push_back(all.back()) == nth<CommitNo>(all.size() - 1));
  }
  Columns copy = columns;
  const CommitNo seventh{7};
  copy.set_parents(seventh, std::vector<Dot>{{OriginNo{2}, 77}});
  copy.push_back(all[3]);
  const Columns moved = std::move(columns);
  REQUIRE(moved.size() == all.size());
  for (const CommitNo number : moved.numbers()) {
    const Commit& expected = all[index(number)];
    CHECK(same(moved[number], expected));
    CHECK(same(moved[number].copy(), expected));
    CHECK(moved.last(number) == expected.last());
    CHECK(moved.deltas(number) == expected.deltas());
    if (number != seventh) CHECK(same(copy[number], expected));
  }
  CHECK(copy[seventh].parents == DotsOf<OriginNo>(Dot{OriginNo{2}, 77}));
  CHECK(same(copy[nth<CommitNo>(all.size())], all[3]));
}

TEST_CASE("equal texts of commits stand once") {
  CommitTexts texts;
  const auto first = texts.add({"message", "tool", "", "", "", ""});
  const auto other = texts.add({"another", "tool", "", "", "", ""});
  CHECK(other != first);
  CHECK(texts.add({"message", "tool", "", "", "", ""}) == first);
  CHECK(texts[first][1].data() == texts[other][1].data());
  CHECK(texts.add({}) == 0);
}

TEST_CASE("a view of one dot keeps it when it is copied") {
  DotsOf<OriginNo> one(Dot{OriginNo{3}, 9});
  const DotsOf<OriginNo> copy = one;
  one = {};
  CHECK(one.empty());
  REQUIRE(copy.size() == 1);
  CHECK(copy.front() == Dot{OriginNo{3}, 9});
}
