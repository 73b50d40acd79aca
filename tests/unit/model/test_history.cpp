// Commits in every order that deliveries have, and what they are refused for.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "model/history.hpp"

using namespace delta;
using model::History;

namespace {

struct Fixture {
  Catalog catalog;
  History history{catalog};
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b"), c = catalog.add_origin("c");

  CommitNo add(OriginNo origin, std::uint64_t first, std::uint64_t count, std::vector<Dot> parents = {}) {
    auto number = history.add(Commit{origin, first, count, std::move(parents), {}, {}, {}, {}});
    REQUIRE(number);
    return *number;
  }
  Error refused(OriginNo origin, std::uint64_t first, std::uint64_t count, std::vector<Dot> parents = {}) {
    const auto size = history.size();
    auto number = history.add(Commit{origin, first, count, std::move(parents), {}, {}, {}, {}});
    REQUIRE(!number);
    CHECK(history.size() == size);
    return number.error();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a commit waits for its parents and for its origin's previous seq") {
  const auto third = add(a, 4, 2, {{b, 1}});
  const auto first = add(a, 1, 3);
  CHECK(history.folded(first));
  CHECK(!history.folded(third));
  CHECK(history.pending() == std::vector{third});
  CHECK(history.find({a, 5}) == third);
  CHECK(history.head(a) == 3);
  const auto other = add(b, 1, 1);
  CHECK(history.folded(third));
  CHECK(history.pending().empty());
  CHECK(history.head(a) == 5);
  CHECK(history.sees(third, first, 3));
  CHECK(history.sees(third, other, 1));
  CHECK(!history.sees(first, other, 1));
  CHECK(history.linked() == std::vector{first, other, third});
}

TEST_CASE_METHOD(Fixture, "a parent that another parent has seen is found, among few and among many") {
  add(a, 1, 3);
  add(b, 1, 1, {{a, 2}});
  const std::vector<Dot> seen = {{a, 2}, {b, 1}}, unseen = {{a, 3}, {b, 1}}, missing = {{a, 9}, {b, 1}};
  CHECK(history.redundant_parent(seen) == Dot{a, 2});
  CHECK_FALSE(history.redundant_parent(unseen));
  CHECK_FALSE(history.redundant_parent(missing));
  CHECK_FALSE(history.redundant_parent({}));
  std::vector<Dot> many;
  for (int i = 0; i < 40; ++i) {  // chains of two: the first has seen b:1, the second goes on with it
    const auto o = catalog.add_origin("o" + std::to_string(i)), p = catalog.add_origin("p" + std::to_string(i));
    add(o, 1, 2, {{b, 1}});
    add(p, 1, 1, {{o, 1}});
    many.push_back({o, 2});
    many.push_back({p, 1});
  }
  CHECK_FALSE(history.redundant_parent(many));
  for (const Dot more : {Dot{b, 1}, Dot{a, 2}, Dot{a, 1}}) {
    auto with = many;
    with.insert(with.begin() + 33, more);
    CHECK(history.redundant_parent(with) == more);
  }
  auto with = many;
  with.push_back({a, 3});  // b:1 has seen a:2 only
  CHECK_FALSE(history.redundant_parent(with));
  with[10].seq = 1;  // and its p1 has seen that
  CHECK(history.redundant_parent(with) == with[10]);
}

TEST_CASE_METHOD(Fixture, "a parent in the middle of a commit is seen up to there") {
  const auto whole = add(a, 1, 5);
  const auto by = add(b, 1, 1, {{a, 3}});
  CHECK(history.sees(by, whole, 3));
  CHECK(!history.sees(by, whole, 4));
  CHECK(!history.linear(by));
  CHECK(history.heads() == std::vector<Dot>{{a, 5}, {b, 1}});
  const auto after = add(b, 2, 1, {{a, 5}});
  CHECK(history.linear(after));
  CHECK(history.heads() == std::vector<Dot>{{b, 2}});
  CHECK(history.context_contains(after, {a, 4}));
  CHECK(!history.context_contains(by, {a, 4}));
  CHECK(!history.context_contains(by, {a, 0}));
  CHECK(!history.context_contains(by, {a, 6}));
}

TEST_CASE_METHOD(Fixture, "heads stand in order of origin name") {
  const auto early = catalog.add_origin("A");
  add(c, 1, 1);
  add(early, 1, 1);
  add(a, 1, 1);
  CHECK(history.heads() == std::vector<Dot>{{early, 1}, {a, 1}, {c, 1}});
}

TEST_CASE_METHOD(Fixture, "the same commit twice is one commit, pending or not") {
  const auto pending = add(a, 2, 1);
  CHECK(add(a, 2, 1) == pending);
  const auto first = add(a, 1, 1);
  CHECK(add(a, 1, 1) == first);
  CHECK(add(a, 2, 1) == pending);
  CHECK(history.size() == 2);
}

TEST_CASE_METHOD(Fixture, "two different commits with one dot are a fork, whatever the order and the overlap") {
  add(a, 1, 3);
  add(a, 10, 3);
  for (const auto& [first, count] : {std::pair{1, 2}, {2, 1}, {3, 4}, {9, 2}, {8, 9}, {11, 1}, {12, 2}}) {
    const Error e = refused(a, static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(count));
    CHECK(e.code == ErrorCode::forked);
    CHECK_THAT(e.message, Catch::Contains("a:1..3") || Catch::Contains("a:10..12"));
  }
  CHECK(refused(a, 1, 3, {{b, 1}}).code == ErrorCode::forked);  // the same dots after other parents
  const auto fine = add(a, 4, 6);
  CHECK(history.folded(fine));
  CHECK(history.head(a) == 12);
}

TEST_CASE_METHOD(Fixture, "commits that cannot be are refused") {
  CHECK(refused(a, 0, 1).code == ErrorCode::bad_input);
  CHECK(refused(a, 1, 0).code == ErrorCode::bad_input);
  CHECK(refused(OriginNo{7}, 1, 1).code == ErrorCode::bad_input);
  CHECK(refused(a, ~std::uint64_t{0}, 2).code == ErrorCode::bad_input);
  CHECK(refused(a, 1, 1, {{b, 0}}).code == ErrorCode::bad_input);
  CHECK(refused(a, 1, 1, {{OriginNo{7}, 1}}).code == ErrorCode::bad_input);
  CHECK(refused(a, 3, 2, {{a, 3}}).code == ErrorCode::bad_input);
  CHECK_THAT(refused(a, 3, 2, {{a, 9}}).message, Catch::Contains("a:3..4") && Catch::Contains("a:9"));
}

TEST_CASE_METHOD(Fixture, "commits that each wait for the other stay pending") {
  add(a, 1, 2, {{b, 1}});
  add(b, 1, 1, {{a, 1}});
  CHECK(history.pending().size() == 2);
  CHECK(history.heads().empty());
}

TEST_CASE("fifty thousand commits of hundreds of origins in a line see all before them, backwards too") {
  constexpr std::uint32_t kOrigins = 300, kCommits = 50'000;
  constexpr CommitNo kLast{kCommits - 1};
  Catalog catalog;
  for (std::uint32_t o = 0; o < kOrigins; ++o) catalog.add_origin("origin " + std::to_string(o));
  SeenSeqs next(kOrigins, 1);
  std::vector<Commit> commits;
  for (std::uint32_t i = 0; i < kCommits; ++i) {
    const OriginNo origin{i * 7919 % 65537 % kOrigins};
    Commit commit{origin, next[origin]++, 1, {}, {}, {}, {}, {}};
    if (i > 0) commit.parents = {{commits.back().origin, commits.back().first}};
    commits.push_back(commit);
  }
  History forward(catalog), backward(catalog);
  bool linear = true, heads = true;
  for (const Commit& commit : commits) {
    const auto number = forward.add(commit);
    REQUIRE(number);
    linear &= forward.linear(*number);
    heads &= forward.heads() == std::vector<Dot>{{commit.origin, commit.first}};
  }
  CHECK(linear);
  CHECK(heads);
  for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit) REQUIRE(backward.add(*commit));
  CHECK(backward.pending().empty());
  CHECK(backward.linked().front() == kLast);
  CHECK(backward.heads() == forward.heads());
  CHECK(forward.sees(kLast, CommitNo{0}, 1));
  CHECK(!forward.sees(CommitNo{0}, kLast, 1));
}

TEST_CASE("two long logs of many origins, written apart, unite without losing who saw what") {
  constexpr std::uint32_t kOrigins = 200, kEach = 5000;
  Catalog catalog;
  for (std::uint32_t o = 0; o < 2 * kOrigins; ++o) catalog.add_origin("origin " + std::to_string(o));
  History history(catalog);
  SeenSeqs next(2 * kOrigins, 1);
  std::vector<Dot> tip(2);
  std::vector<CommitNo> side[2];
  for (std::uint32_t i = 0; i < kEach; ++i) {
    for (std::uint32_t s = 0; s < 2; ++s) {
      const OriginNo origin{s * kOrigins + i % kOrigins};
      Commit commit{origin, next[origin]++, 1, {}, {}, {}, {}, {}};
      if (i > 0) commit.parents = {tip[s]};
      tip[s] = {origin, commit.first};
      side[s].push_back(*history.add(commit));
    }
  }
  CHECK(history.heads().size() == 2);
  CHECK(history.sees(side[0][4999], side[0][0], 1));
  CHECK(!history.sees(side[0][4999], side[1][0], 1));
  const auto join = *history.add(Commit{OriginNo{0}, next[OriginNo{0}]++, 1, history.heads(), {}, {}, {}, {}});
  CHECK(history.linear(join));
  CHECK(history.sees(join, side[0][4999], 25));
  CHECK(history.sees(join, side[1][4999], 25));
  CHECK(!history.sees(side[1][4999], join, 26));
}

// ---- pruned copies ----

namespace {

struct PrunedFixture : Fixture {
  /// A pruned copy of a commit of origin `origin`, seqs `first` on.
  CommitNo prune(OriginNo origin, std::uint64_t first, std::uint64_t count, std::vector<RecordNo> records,
                 std::vector<Dot> parents = {}) {
    auto number = history.add(Commit{origin, first, count, std::move(parents), {}, {}, {}, {}}, records);
    REQUIRE(number);
    return *number;
  }
  RecordNo record(std::vector<Dot> seen, KeptTimes kept = {}, bool closed = false) {
    return history.add_record({std::move(kept), std::move(seen), closed});
  }
};

KeptTimes only(std::initializer_list<Micros> times) {
  KeptTimes kept;
  for (const Micros t : times) kept.add({t, t});
  return kept;
}

}  // namespace

TEST_CASE_METHOD(PrunedFixture, "equal records are one record") {
  const auto first = record({{a, 1}});
  CHECK(record({{a, 2}}) == RecordNo{1});
  CHECK(record({{a, 1}}, only({3})) == RecordNo{2});
  CHECK(record({{a, 1}}, {}, true) == RecordNo{3});
  CHECK(record({{a, 1}}) == first);
  CHECK(history.record(first).seen == std::vector<Dot>{{a, 1}});
}

TEST_CASE_METHOD(PrunedFixture, "pruned commits wait for what they were pruned under, and for each other") {
  const auto r = record({{a, 2}, {b, 1}});
  const auto one = prune(a, 1, 1, {r}), two = prune(a, 2, 1, {r}), three = add(a, 3, 1);
  history.admit_pruned();
  CHECK(history.pending() == std::vector{one, two, three});
  CHECK(!history.complete(r));
  // The last that the record names is pruned under it too: all are let in at once, though each needs the others.
  const auto other = prune(b, 1, 1, {r}, {{a, 1}});
  CHECK(!history.folded(one));
  history.admit_pruned();
  CHECK(history.pending().empty());
  CHECK(history.complete(r));
  CHECK(history.linked() == std::vector{one, two, three, other});
  CHECK(history.sees(other, one, 1));
  CHECK(history.records(one) == std::vector{r});
  CHECK(history.records(three).empty());
}

TEST_CASE_METHOD(PrunedFixture, "a cycle of records with one dot missing stays out, and what hangs on it") {
  const auto x = record({{a, 1}, {b, 1}}), y = record({{b, 1}, {c, 1}});
  const auto one = prune(a, 1, 1, {x}), two = prune(b, 1, 1, {y}), free = add(c, 3, 1);
  history.admit_pruned();
  CHECK(history.pending() == std::vector{one, two, free});
  const auto three = prune(c, 1, 1, {x});
  history.admit_pruned();
  CHECK(history.folded(one));
  CHECK(history.folded(two));
  CHECK(history.folded(three));
  CHECK(!history.folded(free));
  add(c, 2, 1);
  CHECK(history.folded(free));
}

TEST_CASE_METHOD(PrunedFixture, "one complete record of several is enough") {
  const auto near = record({{a, 1}}, only({1, 2})), far = record({{a, 1}, {b, 7}}, only({2, 3}));
  const auto one = prune(a, 1, 1, {far});
  history.admit_pruned();
  CHECK(!history.folded(one));
  CHECK(prune(a, 1, 1, {near}) == one);
  history.admit_pruned();
  CHECK(history.folded(one));
  CHECK(history.records(one) == std::vector{near, far});
  // Only what was pruned under complete records is sure to be there.
  CHECK(history.readable_times() == only({1, 2}));
  add(b, 1, 7);
  CHECK(history.readable_times() == only({1, 2, 3}));
}

TEST_CASE_METHOD(PrunedFixture, "the times answered are those of all folded pruned commits") {
  CHECK(history.readable_times() == KeptTimes::all());
  const auto x = record({{a, 1}}, only({1, 2, 5})), y = record({{b, 1}}, only({2, 5, 6})),
             z = record({{c, 9}}, only({7}));
  prune(a, 1, 1, {x});
  history.admit_pruned();
  CHECK(history.readable_times() == only({1, 2, 5}));
  prune(b, 1, 1, {y});
  prune(c, 1, 1, {z});
  history.admit_pruned();
  CHECK(history.readable_times() == only({2, 5}));  // c:1 is pending
}

TEST_CASE_METHOD(PrunedFixture, "a whole copy makes a commit whole, before and after it is folded") {
  const auto r = record({{a, 2}, {b, 5}}), s = record({{a, 2}});
  const auto one = prune(a, 1, 1, {r}), two = prune(a, 2, 1, {s});
  history.admit_pruned();
  CHECK(history.pending() == std::vector{one, two});
  CHECK(add(a, 1, 1) == one);
  CHECK(history.folded(one));
  CHECK(history.records(one).empty());
  CHECK(!history.folded(two));  // settle() lets it in
  history.admit_pruned();
  CHECK(history.folded(two));
  CHECK(history.readable_times() == KeptTimes());
  CHECK(add(a, 2, 1) == two);
  CHECK(history.pruned().empty());
  CHECK(history.readable_times() == KeptTimes::all());
  CHECK(prune(a, 1, 1, {r}) == one);  // and stays whole
  CHECK(history.records(one).empty());
}

TEST_CASE_METHOD(PrunedFixture, "a whole commit waits for the pruned one that it has seen") {
  const auto r = record({{a, 1}, {b, 1}});
  const auto later = add(c, 1, 1, {{a, 1}});
  const auto one = prune(a, 1, 1, {r});
  history.admit_pruned();
  CHECK(history.pending() == std::vector{later, one});
  add(b, 1, 1);
  history.admit_pruned();
  CHECK(history.pending().empty());
}

TEST_CASE_METHOD(PrunedFixture,
                 "after a closed pruning only what has seen all of it may come, and no other copy of it") {
  const auto r = record({{a, 2}, {b, 1}}, {}, true);
  prune(a, 1, 2, {r});
  prune(b, 1, 1, {r}, {{a, 1}});
  history.admit_pruned();
  CHECK(history.check_closed());
  add(c, 1, 1, {{a, 2}, {b, 1}});
  add(b, 2, 1, {{c, 1}});
  add(a, 3, 1, {{b, 1}});
  CHECK(history.check_closed());
  add(c, 9, 1);  // pending
  CHECK(history.check_closed());
  SECTION("a commit that has seen a part is late, and is named") {
    add(b, 3, 1);
    add(b, 4, 2, {{a, 3}});
    CHECK(history.check_closed());
    const auto d = catalog.add_origin("d");
    add(d, 1, 3, {{b, 1}});
    const auto late = history.check_closed();
    REQUIRE(!late);
    CHECK(late.error().code == ErrorCode::late);
    CHECK_THAT(late.error().message, Catch::Contains("d:1..3"));
  }
  SECTION("a whole copy of what was pruned") {
    add(b, 1, 1, {{a, 1}});
    CHECK(history.check_closed().error().code == ErrorCode::late);
    add(a, 1, 2);  // all of them whole: then nothing is closed any more
    CHECK(history.check_closed());
  }
  SECTION("a copy pruned otherwise") {
    prune(b, 1, 1, {record({{a, 2}, {b, 1}})}, {{a, 1}});
    CHECK(history.check_closed().error().code == ErrorCode::late);
  }
}
