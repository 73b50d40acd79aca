// Pruning by hand: what goes, what stays and how the rest is written; and the fold, blame and cuts over what is left.
#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "model/blame.hpp"
#include "model/prune.hpp"
#include "model/rules.hpp"

using namespace delta;
using model::Cut;
using model::History;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

struct Source : model::DeltaSource {
  std::vector<DeltaBatch> batches{1};
  Status each(const delta::VectorSet&, std::optional<Micros>, const Visit& visit) override {
    for (const auto& batch : batches) DELTA_OK(visit(batch));
    return {};
  }
};

KeptTimes at(std::vector<Micros> times) {
  KeptTimes kept;
  for (const Micros t : times) kept.add({t, t});
  return kept;
}

/// Origins "a" and "b", one vector of two dimensions, one delta a commit, at the microseconds given.
struct Fixture {
  Catalog catalog;
  History history{catalog};
  DeltaBatch batch;
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b");
  VectorNo v = catalog.add_vector(catalog.add_namespace("", 2), "v");
  SeenSeqs seq{0, 0};

  Dot add(OriginNo origin, Micros us, Operation op, std::vector<float> values, std::vector<Dot> parents = {},
          std::vector<std::uint32_t> indices = {}, std::string metadata = {}) {
    const Dot dot{origin, ++seq[origin]};
    Commit commit{origin, dot.seq, 1, std::move(parents), {}, {}, {}, {}};
    commit.time = Timestamp::of(us);
    const auto number = history.add(commit);
    REQUIRE(number);
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(f(x));
    batch.add({v, op, Timestamp::of(us), indices, bits, metadata, *number, dot.seq});
    return dot;
  }

  DeltaBatch prune(const KeptTimes& kept, bool whole_deltas = false) const {
    return prune({&batch}, kept, whole_deltas);
  }
  DeltaBatch close(const KeptTimes& kept, bool whole_deltas = false) const {
    return prune({&batch}, kept, whole_deltas, true);
  }
  DeltaBatch prune(std::vector<const DeltaBatch*> batches, const KeptTimes& kept, bool whole_deltas = false,
                   bool closed = false) const {
    std::vector<Delta> deltas;
    for (const DeltaBatch* one : batches) {
      for (std::size_t i = 0; i < one->size(); ++i) deltas.push_back((*one)[i]);
    }
    DeltaBatch out;
    prune_vector(history, model::origin_ranks(catalog), 2, std::move(deltas),
                 {.kept = kept, .whole_deltas = whole_deltas, .closed = closed}, out);
    for (std::size_t i = 0; i < out.size(); ++i) CHECK(model::check_delta(out[i], 2, {.allow_nonfinite = true}));
    return out;
  }

  /// "a1 create 0=1 1=2 -mark {...}", one a delta.
  std::vector<std::string> text(const DeltaBatch& deltas) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      const Delta c = deltas[i];
      std::string line = std::string(catalog.origin(history.commit(c.commit).origin)) + std::to_string(c.seq) + " ";
      line += operation_name(c.op);
      for (std::size_t p = 0; p < c.bits.size(); ++p) {
        line += " ";
        if (p < c.indices.size()) line += std::to_string(c.indices[p]) + "=";
        line += std::to_string(static_cast<int>(std::bit_cast<float>(c.bits[p])));
      }
      if (c.lost & pruned::values) line += " -values";
      if (c.lost & pruned::settled) line += " settled";
      if (c.lost & pruned::mark) line += " -mark";
      if (!c.metadata.empty()) line.append(" ").append(c.metadata);
      if (c.lost & pruned::metadata) line += " -metadata";
      out.push_back(line);
    }
    return out;
  }

  Result<State> fold(std::vector<DeltaBatch> batches, const Cut& cut = {}) const {
    Source source;
    source.batches = std::move(batches);
    return model::fold(catalog, history, source, cut);
  }
  std::vector<float> values(std::vector<DeltaBatch> batches) const {
    const auto state = fold(std::move(batches));
    REQUIRE(state);
    std::vector<float> out;
    for (const auto bits : state->bits(v)) out.push_back(std::bit_cast<float>(bits));
    return out;
  }
  /// Says of all commits that they were pruned with everything folded.
  void set_pruned(const KeptTimes& kept) { set_pruned(kept, {{a, history.head(a)}, {b, history.head(b)}}); }
  void set_pruned(const KeptTimes& kept, std::vector<Dot> seen) {
    History pruned(catalog);
    const std::vector<RecordNo> records{pruned.add_record({kept, std::move(seen), false})};
    for (const CommitNo c : numbers<CommitNo>(history.size())) REQUIRE(pruned.add(history.commit(c), records));
    pruned.admit_pruned();
    history = std::move(pruned);
  }
};

using Texts = std::vector<std::string>;
using Floats = std::vector<float>;

}  // namespace

TEST_CASE_METHOD(Fixture, "a release keeps what only what lies outside it overrides") {
  add(a, 1, Operation::create, {1, 2});
  add(a, 2, Operation::dense, {3, 4});
  add(a, 3, Operation::dense, {5, 6});
  const auto left = [&](std::uint64_t last) {
    DeltaBatch out;
    std::vector<Delta> deltas;
    for (std::size_t i = 0; i < batch.size(); ++i) deltas.push_back(batch[i]);
    prune_vector(history, model::origin_ranks(catalog), 2, deltas, {.kept = {}, .releases = {{last, 0}}}, out);
    return text(out);
  };
  CHECK(left(0) == Texts{"a1 create -values", "a3 dense 5 6"});
  CHECK(left(1) == Texts{"a1 create 1 2", "a3 dense 5 6"});
  CHECK(left(2) == Texts{"a1 create -values", "a2 dense 3 4", "a3 dense 5 6"});
  CHECK(left(3) == Texts{"a1 create -values", "a3 dense 5 6"});
}

TEST_CASE_METHOD(Fixture,
                 "in a closed world a transform stays that acts in a release on what a delete outside it takes away") {
  add(a, 1, Operation::create, {1, 2});
  add(b, 2, Operation::remove, {});
  add(a, 3, Operation::scale, {-1});
  add(a, 4, Operation::create, {7, 8}, {{b, 1}});
  std::vector<Delta> deltas;
  for (std::size_t i = 0; i < batch.size(); ++i) deltas.push_back(batch[i]);
  DeltaBatch out;
  prune_vector(history, model::origin_ranks(catalog), 2, deltas, {.kept = {}, .releases = {{2, 0}}, .closed = true},
               out);
  CHECK(text(out) == Texts{"a1 create 1 2", "b1 delete", "a2 scale -1", "a3 create 7 8"});
}

TEST_CASE_METHOD(Fixture, "of a chain, now keeps the last value of each dimension and the mark of the create") {
  add(a, 1, Operation::create, {1, 2});
  add(a, 2, Operation::sparse, {3}, {}, {0});
  add(a, 3, Operation::dense, {4, 5});
  add(a, 4, Operation::sparse, {6}, {}, {0});
  const DeltaBatch left = prune({});
  CHECK(text(left) == Texts{"a1 create -values", "a3 dense 1=5 -values", "a4 sparse 0=6"});
  CHECK(values({left}) == Floats{6, 5});
  CHECK(text(prune({&left}, {})) == text(left));
  CHECK(text(prune({}, true)) == Texts{"a1 create 1 2", "a3 dense 4 5", "a4 sparse 0=6"});
  CHECK(text(prune(KeptTimes::all())) == text(batch));
}

TEST_CASE_METHOD(Fixture, "a kept time keeps the state with changes stamped exactly then, and nothing more") {
  for (Micros t = 1; t <= 5; ++t) add(a, t, t == 1 ? Operation::create : Operation::dense, {float(t), float(t)});
  CHECK(text(prune(at({3}))) == Texts{"a1 create -values", "a3 dense 3 3", "a5 dense 5 5"});
  CHECK(text(prune(at({2}))) == Texts{"a1 create -values", "a2 dense 2 2", "a5 dense 5 5"});
  CHECK(text(prune(at({5, 9}))) == Texts{"a1 create -values", "a5 dense 5 5"});
  CHECK(text(prune(KeptTimes::since(4))) == Texts{"a1 create -values", "a4 dense 4 4", "a5 dense 5 5"});
}

TEST_CASE_METHOD(Fixture, "a delete voids what has a lesser key, and stays; a later create does not free it") {
  add(a, 1, Operation::create, {1, 1}, {}, {}, "{\"m\":1}");
  add(a, 2, Operation::scale, {2});
  add(b, 3, Operation::dense, {5, 5}, {{a, 1}});  // concurrent with the scale
  add(a, 4, Operation::remove, {});
  CHECK(text(prune({})) == Texts{"a3 delete"});
  add(a, 5, Operation::create, {7, 7});
  CHECK(text(prune({})) == Texts{"a3 delete", "a4 create 7 7"});
  CHECK(text(prune(at({4}))) == Texts{"a3 delete", "a4 create 7 7"});
  CHECK(text(prune(at({3}))) ==
        Texts{"a1 create -values {\"m\":1}", "a2 scale 2", "b1 dense 5 5", "a3 delete", "a4 create 7 7"});
  add(a, 6, Operation::remove, {});
  CHECK(text(prune({})) == Texts{"a5 delete"});
}

TEST_CASE_METHOD(Fixture, "an assignment that was not seen ends nothing, however much later it is") {
  const Dot created = add(a, 1, Operation::create, {1, 1});
  add(a, 2, Operation::sparse, {2}, {}, {0});
  add(b, 9, Operation::sparse, {9}, {created}, {0});
  CHECK(text(prune({})) == Texts{"a1 create 1=1 -values", "a2 sparse 0=2", "b1 sparse 0=9"});
  // One that has seen both frees both. It is not the next assignment after the first.
  add(a, 12, Operation::sparse, {3}, {{b, 1}}, {0});
  CHECK(text(prune({})) == Texts{"a1 create 1=1 -values", "a3 sparse 0=3"});
  CHECK(text(prune(at({10}))) == Texts{"a1 create 1=1 -values", "a2 sparse 0=2", "b1 sparse 0=9", "a3 sparse 0=3"});
  CHECK(text(prune(at({5}))) == Texts{"a1 create 1=1 -values", "a2 sparse 0=2", "a3 sparse 0=3"});
}

TEST_CASE_METHOD(Fixture, "of concurrent creates the last mark stays, and the values of both") {
  add(a, 1, Operation::create, {1, 1});
  add(b, 2, Operation::create, {2, 2});
  const DeltaBatch left = prune({});
  CHECK(text(left) == Texts{"a1 create 1 1 -mark", "b1 create 2 2"});
  CHECK(fold({left})->created(v).seq == 1);
  CHECK(fold({left})->created(v).origin == b);
}

TEST_CASE_METHOD(Fixture, "a metadata member goes when a later patch sets it to anything but an object") {
  add(a, 1, Operation::create, {1, 1}, {}, {}, R"({"a":1,"b":{"x":1},"c":2})");
  add(a, 2, Operation::sparse, {}, {}, {}, R"({"a":{"y":1},"b":{"y":2}})");
  add(a, 3, Operation::sparse, {}, {}, {}, R"({"b":null,"c":[1]})");
  add(a, 4, Operation::scale, {3}, {}, {}, R"({"d":1})");
  add(a, 5, Operation::sparse, {}, {}, {}, R"({"d":2})");
  const DeltaBatch left = prune({});
  CHECK(text(left) == Texts{R"(a1 create 1 1 {"a":1} -metadata)", R"(a2 sparse {"a":{"y":1}} -metadata)",
                            R"(a3 sparse {"b":null,"c":[1]})", "a4 scale 3 -metadata", R"(a5 sparse {"d":2})"});
  CHECK(fold({left})->metadata(v) == R"({"a":{"y":1},"c":[1],"d":2})");
  CHECK(text(prune(at({2})))[0] == R"(a1 create 1 1 {"a":1,"b":{"x":1},"c":2})");
}

TEST_CASE_METHOD(Fixture, "pieces of one delta are one delta, and whole again when they are all there is") {
  add(a, 1, Operation::create, {1, 2}, {}, {}, R"({"a":1,"b":2})");
  const auto piece = [&](std::vector<std::uint32_t> indices, std::vector<float> values, std::string metadata,
                         std::uint8_t lost) {
    DeltaBatch one;
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(f(x));
    one.add({v, Operation::create, Timestamp::of(1), indices, bits, metadata, CommitNo{0}, 1, lost});
    return one;
  };
  const auto left = piece({0}, {1}, R"({"a":1})", pruned::values | pruned::metadata);
  const auto right = piece({1}, {2}, R"({"b":2})", pruned::values | pruned::mark | pruned::metadata);
  CHECK(text(prune({&left, &right}, {})) == Texts{R"(a1 create 1 2 {"a":1,"b":2} -metadata)"});
  CHECK(text(prune({&right, &left}, {})) == text(prune({&left, &right}, {})));
  CHECK(text(prune({&right, &left, &batch}, {})) == text(batch));
  CHECK(text(prune({&right, &right}, {})) == text(right));
  CHECK(values({right, left}) == Floats{1, 2});
  CHECK(fold({left, right})->metadata(v) == R"({"a":1,"b":2})");
  // In one batch too: the fold sees that the second is no later delta.
  DeltaBatch both = left;
  both.add(right[0]);
  CHECK(values({both}) == Floats{1, 2});
  const auto state = fold({right});
  REQUIRE(state);
  CHECK(!state->exists(v));
}

TEST_CASE_METHOD(Fixture, "a vector that was left no value somewhere is damage, on whichever way it is folded") {
  add(a, 1, Operation::create, {1, 2});
  add(b, 2, Operation::sparse, {5}, {{a, 1}}, {0});
  DeltaBatch forged;
  const std::vector<std::uint32_t> index{0}, bits{f(5)};
  forged.add({v, Operation::create, Timestamp::of(1), {}, {}, {}, CommitNo{0}, 1, pruned::values});
  forged.add({v, Operation::sparse, Timestamp::of(2), index, bits, {}, CommitNo{1}, 1});
  DeltaBatch turned;
  turned.add(forged[1]);
  turned.add(forged[0]);
  for (const DeltaBatch& one : {forged, turned}) {
    const auto state = fold({one});
    REQUIRE(!state);
    CHECK(state.error().code == ErrorCode::corrupt);
    CHECK_THAT(state.error().message, Catch::Contains("dimension 1") && Catch::Contains("'v'"));
    Source source;
    source.batches = {one};
    const auto blame = model::blame(catalog, history, source, {}, v);
    REQUIRE(!blame);
    CHECK(blame.error().code == ErrorCode::corrupt);
  }
}

TEST_CASE_METHOD(Fixture, "a NaN that was written is no damage") {
  add(a, 1, Operation::create, {1, 2});
  add(a, 2, Operation::dense, {std::bit_cast<float>(0x7fc00000u), 3});
  const auto state = fold({prune({})});
  REQUIRE(state);
  CHECK(state->bits(v)[0] == 0x7fc00000u);
}

TEST_CASE_METHOD(Fixture, "a time that no record keeps is refused, now and later are not") {
  for (Micros t = 1; t <= 4; ++t) add(a, t, t == 1 ? Operation::create : Operation::dense, {float(t), float(t)});
  const DeltaBatch left = prune(at({2}));
  CHECK(fold({left}, {.at = 3})->bits(v)[0] != f(3));  // what would be answered wrongly
  set_pruned(at({2}));
  CHECK(fold({left}, {.at = 2})->bits(v)[0] == f(2));
  CHECK(fold({left}, {.at = 4})->bits(v)[0] == f(4));
  CHECK(fold({left}, {.at = kMaxMicros})->bits(v)[0] == f(4));
  CHECK(fold({left})->bits(v)[0] == f(4));
  for (const Micros t : {Micros{0}, Micros{1}, Micros{3}}) {
    const auto state = fold({left}, {.at = t});
    REQUIRE(!state);
    CHECK(state.error().code == ErrorCode::not_kept);
    CHECK(state.error().message == "this log was pruned and does not answer " + format_time(t) +
                                       " any more; it answers: " + format_time(2) + ", now");
    Source source;
    source.batches = {left};
    CHECK(model::blame(catalog, history, source, {.at = t}, v).error().code == ErrorCode::not_kept);
  }
}

TEST_CASE_METHOD(Fixture, "what a delta's author saw is refused unless a record lies inside it") {
  add(a, 1, Operation::create, {1, 1});
  add(a, 2, Operation::dense, {2, 2});
  add(a, 3, Operation::dense, {3, 3});
  set_pruned({}, {{a, 2}, {b, 0}});
  add(b, 4, Operation::dense, {4, 4}, {{a, 1}});
  const auto made = [&](const Cut& cut) { return model::CutTest::make(catalog, history, cut); };
  // a:2 and a:3 have seen all that was there when the log was pruned; a:1 and b:1 have not.
  CHECK(made({.as_seen_by = {{a, 3}}}));
  CHECK(made({.as_seen_by = {{a, 2}}}));
  CHECK(made({.as_seen_by = {{a, 3}}, .before = true}));
  CHECK(made({.as_seen_by = {{a, 1}}, .before = true}));  // nothing is in it
  for (const Cut& cut :
       {Cut{.as_seen_by = {{a, 1}}}, Cut{.as_seen_by = {{b, 1}}}, Cut{.as_seen_by = {{a, 2}}, .before = true}}) {
    const auto test = made(cut);
    REQUIRE(!test);
    CHECK(test.error().code == ErrorCode::not_kept);
    CHECK_THAT(test.error().message, Catch::Contains(model::dot_text(catalog, cut.as_seen_by.front())));
  }
  CHECK(made({.at = 2, .as_seen_by = {{a, 3}}}).error().code == ErrorCode::not_kept);
  CHECK(made({.at = 3, .as_seen_by = {{a, 3}}}));
}

TEST_CASE("a record must both lie inside what was seen and keep the time") {
  // Two copies, one pruned early keeping 5, one late keeping nothing: what was seen lies around the first, the time in
  // the second.
  Catalog catalog;
  History history(catalog);
  const auto a = catalog.add_origin("a");
  const auto early = history.add_record({{}, {{a, 1}}, false}), late = history.add_record({at({5}), {{a, 3}}, false});
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    Commit commit{a, seq, 1, {}, {}, {}, {}, {}};
    commit.time = Timestamp::of(4 * seq);
    const std::vector<RecordNo> records{early, late};
    REQUIRE(history.add(commit, records));
  }
  history.admit_pruned();
  CHECK(model::CutTest::make(catalog, history, {.at = 5}));
  CHECK(model::CutTest::make(catalog, history, {.as_seen_by = {{a, 2}}}));
  CHECK(model::CutTest::make(catalog, history, {.at = 5, .as_seen_by = {{a, 3}}}));
  CHECK(model::CutTest::make(catalog, history, {.at = 5, .as_seen_by = {{a, 2}}}).error().code == ErrorCode::not_kept);
}

TEST_CASE_METHOD(Fixture, "in a closed world transforms go into the values of every candidate, in their order") {
  const Dot created = add(a, 1, Operation::create, {1, 1});
  add(a, 2, Operation::sparse, {2}, {}, {0});
  add(a, 3, Operation::offset, {1});
  add(b, 4, Operation::sparse, {5}, {created}, {0});
  add(a, 5, Operation::scale, {10});
  const Texts settled{"a1 create 1=20 -values settled", "a2 sparse 0=30 settled", "b1 sparse 0=50 settled"};
  CHECK(text(close({})) == settled);
  CHECK(text(close(at({5, 9}))) == settled);
  CHECK(text(close({}, true)) == text(batch));
  // At 4 the scale is not yet: it stays, and so do those after it.
  add(a, 6, Operation::negate, {});
  CHECK(text(close(at({4}))) ==
        Texts{"a1 create 1=2 -values settled", "a2 sparse 0=3 settled", "b1 sparse 0=5", "a4 scale 10", "a5 negate"});
  CHECK(text(close(at({1}))) == text(batch));
  CHECK(values({close({})}) == values({batch}));
}

TEST_CASE_METHOD(Fixture,
                 "in a closed world a delete goes with what it ended, and what it ended stays where a time keeps it") {
  add(a, 1, Operation::create, {1, 1});
  add(a, 2, Operation::remove, {});
  CHECK(text(close({})).empty());
  CHECK(text(close(at({2}))).empty());
  CHECK(text(close(at({1}))) == Texts{"a1 create 1 1", "a2 delete"});
  add(a, 3, Operation::create, {3, 3});
  add(a, 4, Operation::scale, {2}, {}, {}, R"({"m":1})");
  CHECK(text(close({})) == Texts{"a3 create 3 3", R"(a4 scale 2 {"m":1})"});  // the patch has nowhere else to be
  CHECK(text(close(at({1}))) == Texts{"a1 create 1 1", "a2 delete", "a3 create 3 3", R"(a4 scale 2 {"m":1})"});
  add(a, 5, Operation::sparse, {}, {}, {}, R"({"m":2})");
  CHECK(text(close({})) == Texts{"a3 create 6 6 settled", R"(a5 sparse {"m":2})"});
  CHECK(text(close(at({1}))) == Texts{"a1 create 1 1", "a2 delete", "a3 create 6 6 settled", R"(a5 sparse {"m":2})"});
}

TEST_CASE("what pruning cannot leave is refused") {
  const std::vector<std::uint32_t> one{0}, two{0, 1}, bits{f(1), f(2)};
  const std::span<const std::uint32_t> value(bits.data(), 1);
  const auto check = [](Operation op, std::span<const std::uint32_t> indices, std::span<const std::uint32_t> values,
                        std::uint8_t lost, std::string_view metadata = {}) {
    return model::check_delta({.op = op, .indices = indices, .bits = values, .metadata = metadata, .lost = lost}, 2);
  };
  CHECK(check(Operation::create, one, value, pruned::values | pruned::mark));
  CHECK(check(Operation::create, {}, {}, pruned::values));
  CHECK(check(Operation::dense, {}, {}, pruned::values, "{\"a\":1}"));
  CHECK(check(Operation::sparse, one, value, pruned::values | pruned::metadata | pruned::settled));
  CHECK(check(Operation::negate, {}, {}, pruned::metadata));
  CHECK(!check(Operation::create, one, value, pruned::mark));
  CHECK(check(Operation::create, two, bits, pruned::values));  // of pieces that nobody had whole
  CHECK(!check(Operation::create, one, bits, pruned::values));
  CHECK(!check(Operation::create, {}, {}, pruned::values | pruned::mark));
  CHECK(!check(Operation::dense, {}, {}, pruned::values));
  CHECK(!check(Operation::dense, {}, bits, pruned::mark));
  CHECK(!check(Operation::sparse, {}, {}, pruned::values));
  CHECK(!check(Operation::remove, {}, {}, pruned::mark));
  CHECK(!check(Operation::negate, {}, {}, pruned::values));
  CHECK(!check(Operation::negate, {}, {}, pruned::settled));
  CHECK(!check(Operation::dense, {}, bits, 0x40));
}
