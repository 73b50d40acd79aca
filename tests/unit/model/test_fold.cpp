// The fold by hand: the clauses that are easy to get wrong, each with the smallest history that shows it.
#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/transform.hpp"
#include "model/fold.hpp"

using namespace delta;
using model::Cut;
using model::History;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

struct Source : model::DeltaSource {
  std::vector<DeltaBatch> batches{1};
  std::size_t passes = 0;
  Status each(const delta::VectorSet&, std::optional<Micros>, const Visit& visit) override {
    ++passes;
    for (const auto& batch : batches) DELTA_OK(visit(batch));
    return {};
  }
};

/// Two origins, "a" and "b", two vectors of three dimensions, one delta a commit.
struct Fixture {
  Catalog catalog;
  History history{catalog};
  Source source;
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b");
  NamespaceNo ns = catalog.add_namespace("", 3);
  VectorNo v = catalog.add_vector(ns, "v"), w = catalog.add_vector(ns, "w");
  SeenSeqs seq{0, 0};

  Dot add(OriginNo origin, Micros us, Operation op, std::vector<float> values, std::vector<Dot> parents = {},
          std::vector<std::uint32_t> indices = {}, std::string metadata = {}) {
    const Dot dot{origin, ++seq[origin]};
    const auto commit = history.add(Commit{origin, dot.seq, 1, std::move(parents), {}, {}, {}, {}});
    REQUIRE(commit);
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(f(x));
    source.batches.back().add({v, op, Timestamp::of(us), indices, bits, metadata, *commit, dot.seq});
    return dot;
  }
  State fold(const Cut& cut = {}) {
    auto state = model::fold(catalog, history, source, cut);
    REQUIRE(state);
    return std::move(*state);
  }
  std::vector<float> values(const Cut& cut = {}) {
    const State state = fold(cut);
    std::vector<float> out;
    for (const auto bits : state.bits(v)) out.push_back(std::bit_cast<float>(bits));
    return out;
  }
};

using Floats = std::vector<float>;

}  // namespace

TEST_CASE_METHOD(Fixture, "deltas that have each seen the last are folded in one pass") {
  add(a, 1, Operation::create, {1, 2, 3});
  add(b, 2, Operation::sparse, {7}, {{a, 1}}, {1});
  add(a, 3, Operation::scale, {2}, {{b, 1}});
  CHECK(values() == Floats{2, 14, 6});
  CHECK(source.passes == 1);
  CHECK(values({.at = 2, .as_seen_by = {}}) == Floats{1, 7, 3});
  CHECK(values({.at = 0, .as_seen_by = {}}).empty());
  CHECK(values({.at = {}, .as_seen_by = {{b, 1}}}) == Floats{1, 7, 3});
}

TEST_CASE_METHOD(Fixture,
                 "of concurrent assignments to a dimension the greatest key wins, and other dimensions keep both") {
  add(a, 1, Operation::create, {1, 2, 3});
  add(a, 5, Operation::sparse, {10, 20}, {}, {0, 1});
  add(b, 4, Operation::sparse, {200, 300}, {{a, 1}}, {1, 2});
  CHECK(values() == Floats{10, 20, 300});
  CHECK(source.passes == 2);
}

TEST_CASE_METHOD(Fixture, "an assignment ends only what it has seen, not what is older by the clock") {
  add(a, 1, Operation::create, {1, 2, 3});
  const Dot late = add(a, 9, Operation::sparse, {10}, {}, {0});
  add(b, 5, Operation::sparse, {20}, {{a, 1}}, {0});
  // Seen the late one only: the late one is no candidate any more, and the older one, not seen, still is.
  add(a, 10, Operation::sparse, {30}, {late}, {1});
  CHECK(values() == Floats{10, 30, 3});
}

TEST_CASE_METHOD(Fixture, "a branch goes through every transform of greater key, concurrent ones too") {
  add(a, 1, Operation::create, {1, 2, 3});
  add(b, 5, Operation::scale, {10}, {{a, 1}});
  add(a, 3, Operation::sparse, {7}, {}, {0});  // older than the scale, which has not seen it
  add(a, 6, Operation::sparse, {8}, {}, {1});  // newer than the scale, which it has not seen
  CHECK(values() == Floats{70, 8, 30});
}

TEST_CASE_METHOD(Fixture, "an update never resurrects; a create does, and what came before the delete stays void") {
  add(a, 1, Operation::create, {1, 1, 1}, {}, {}, "{\"m\":1}");
  add(a, 2, Operation::remove, {});
  add(b, 3, Operation::dense, {5, 5, 5}, {{a, 1}}, {}, "{\"n\":2}");  // concurrent with the delete, and later
  CHECK(!fold().exists(v));
  CHECK(fold().size() == 0);
  add(a, 4, Operation::create, {2, 2, 2});  // has not seen the update: both are candidates
  const State state = fold();
  CHECK(state.exists(v));
  CHECK(values() == Floats{2, 2, 2});
  CHECK(state.metadata(v) == "{\"n\":2}");  // not void: its key is after the delete
}

TEST_CASE_METHOD(Fixture,
                 "an update after a delete and before a later, concurrent create stands where its key is greater") {
  add(a, 1, Operation::create, {1, 1, 1});
  add(a, 2, Operation::remove, {});
  add(a, 4, Operation::create, {2, 2, 2});
  add(b, 5, Operation::sparse, {9}, {{a, 1}}, {1});
  CHECK(values() == Floats{2, 9, 2});
}

TEST_CASE_METHOD(Fixture, "a later delete that has not seen the create still wins by its key") {
  add(a, 1, Operation::create, {1, 1, 1});
  add(b, 2, Operation::remove, {});
  CHECK(!fold().exists(v));
}

TEST_CASE_METHOD(Fixture, "a patch of greater key than the delete is kept for the next create, seen or not") {
  add(a, 1, Operation::create, {1, 2, 3});
  add(a, 2, Operation::remove, {});
  add(b, 3, Operation::sparse, {}, {{a, 1}}, {}, "{\"k\":1}");
  State state = fold();
  CHECK(!state.exists(v));
  CHECK(state.metadata(v) == "");
  CHECK(state.stored_metadata(v) == "{\"k\":1}");
  const Dot created = add(a, 4, Operation::create, {4, 5, 6}, {{b, 1}}, {}, "{\"l\":2}");
  CHECK(fold().metadata(v) == "{\"k\":1,\"l\":2}");
  const std::vector<std::uint32_t> bits = {f(4), f(5), f(6)};
  model::apply(state, a,
               {.vector = v,
                .op = Operation::create,
                .time = Timestamp::of(4),
                .bits = bits,
                .metadata = "{\"l\":2}",
                .seq = created.seq});
  CHECK(state.metadata(v) == fold().metadata(v));
}

TEST_CASE_METHOD(Fixture, "rows stand in the order of their last create") {
  add(a, 1, Operation::create, {1, 1, 1});
  const auto other = history.add(Commit{b, ++seq[b], 1, {{a, 1}}, {}, {}, {}, {}});
  const std::uint32_t bits[] = {0, 0, 0};
  source.batches.back().add({w, Operation::create, Timestamp::of(2), {}, bits, {}, *other, 1});
  CHECK(*fold().rows(ns) == std::vector{v, w});
  add(a, 3, Operation::create, {1, 1, 1}, {{b, 1}});
  CHECK(*fold().rows(ns) == std::vector{w, v});
  CHECK(fold().created(v).time == Timestamp::of(3));
}

TEST_CASE_METHOD(Fixture, "the order in which deltas come changes nothing, nor does one that comes twice") {
  add(a, 1, Operation::create, {1, 2, 3});
  add(a, 2, Operation::scale, {3e38f});
  add(a, 3, Operation::sparse, {1}, {}, {0});
  const State expected = fold();
  CHECK(expected.overflows == 2);
  DeltaBatch backwards;
  const DeltaBatch forwards = source.batches[0];
  for (const std::size_t i : {2, 1, 1, 0}) backwards.add(forwards[i]);
  source.batches = {backwards};
  const State state = fold();
  CHECK(source.passes == 3);
  CHECK(std::vector(state.bits(v).begin(), state.bits(v).end()) ==
        std::vector(expected.bits(v).begin(), expected.bits(v).end()));
  CHECK(state.overflows == 2);
}

TEST_CASE_METHOD(Fixture, "where a clock rule was broken the order of delivery still changes nothing") {
  const auto other = history.add(Commit{b, ++seq[b], 1, {}, {}, {}, {}, {}});
  const std::uint32_t bits[] = {f(9), f(9), f(9)};
  source.batches.back().add({v, Operation::create, Timestamp::of(5), {}, bits, {}, *other, 1});
  add(a, 5, Operation::dense, {1, 2, 3}, {{b, 1}});  // seen, yet of smaller key
  const auto forwards = values();
  const DeltaBatch batch = source.batches[0];
  source.batches[0].clear();
  for (const std::size_t i : {1, 0}) source.batches[0].add(batch[i]);
  CHECK(values() == forwards);
}

TEST_CASE_METHOD(Fixture, "a delta that does not fit its vector is corrupt, and named") {
  add(a, 1, Operation::create, {1, 2});
  auto state = model::fold(catalog, history, source, {});
  REQUIRE(!state);
  CHECK(state.error().code == ErrorCode::corrupt);
  CHECK_THAT(state.error().message,
             Catch::Contains("a:1") && Catch::Contains("create") && Catch::Contains("3 dimensions"));
}

TEST_CASE_METHOD(Fixture, "a cut at a dot that is not there or not folded is not found") {
  add(a, 1, Operation::create, {1, 2, 3});
  seq[b] = 1;
  add(b, 2, Operation::dense, {1, 2, 3});
  for (const Dot dot : {Dot{a, 2}, Dot{b, 2}}) {
    auto state = model::fold(catalog, history, source, {.at = {}, .as_seen_by = {dot}});
    REQUIRE(!state);
    CHECK(state.error().code == ErrorCode::not_found);
  }
}

TEST_CASE_METHOD(Fixture, "only wanted vectors are folded") {
  add(a, 1, Operation::create, {1, 2, 3});
  auto none = model::fold(catalog, history, source, {}, VectorSet());
  CHECK(none->size() == 0);
  auto one = model::fold(catalog, history, source, {}, {v});
  CHECK(one->size() == 1);
}

TEST_CASE("transforms work on one float32 at a time, bit for bit") {
  std::uint64_t overflows = 0;
  const auto run = [&](Operation op, std::vector<std::uint32_t> parameters, std::uint32_t x) {
    return transform_bits(op, parameters, x, overflows);
  };
  CHECK(run(Operation::scale, {f(3)}, f(0.1f)) == f(0.1f * 3.0f));
  CHECK(run(Operation::scale, {f(-1)}, f(0)) == 0x80000000);
  CHECK(run(Operation::offset, {f(1)}, f(-1)) == 0);
  CHECK(run(Operation::scale, {f(0.5f)}, 1) == 0);  // half the least subnormal: to even
  CHECK(run(Operation::scale, {f(0.5f)}, 3) == 2);  // subnormals are not flushed
  CHECK(overflows == 0);
  CHECK(run(Operation::scale, {f(1e30f)}, f(-1e30f)) == 0xff800000);
  CHECK(overflows == 1);
  CHECK(run(Operation::scale, {f(2)}, 0xff800000) == 0xff800000);  // was infinite before
  CHECK(overflows == 1);
  CHECK(run(Operation::scale, {f(2)}, 0xffc01234) == 0x7fc00000);
  CHECK(run(Operation::offset, {0xff800000}, 0x7f800000) == 0x7fc00000);
  CHECK(run(Operation::negate, {}, 0x7f801234) == 0xff801234);  // a signalling NaN keeps its payload
  CHECK(run(Operation::abs, {}, 0xff801234) == 0x7f801234);
  CHECK(run(Operation::clamp, {f(-1), f(2)}, f(-5)) == f(-1));
  CHECK(run(Operation::clamp, {f(-1), f(2)}, f(5)) == f(2));
  CHECK(run(Operation::clamp, {f(-1), f(2)}, 0xff812345) == 0xff812345);
  CHECK(run(Operation::clamp, {0, f(2)}, 0x80000000) == 0x80000000);
}

TEST_CASE_METHOD(Fixture, "a row goes through a transform as each of its values does") {
  const auto wide = catalog.add_namespace("wide", 1000);
  const auto row = catalog.add_vector(wide, "row");
  std::vector<std::uint32_t> bits;
  for (std::uint32_t i = 0; i < 1000; ++i) bits.push_back(i * 4294957u + (i % 7 == 0 ? 0x7f800000u : 0));
  const std::vector<std::pair<Operation, std::vector<std::uint32_t>>> transforms = {
      {Operation::scale, {f(-1e20f)}},
      {Operation::offset, {f(3e38f)}},
      {Operation::negate, {}},
      {Operation::abs, {}},
      {Operation::clamp, {f(-1), f(1e10f)}}};
  for (const auto& [op, parameters] : transforms) {
    State state(catalog);
    model::apply(state, a, {row, Operation::create, Timestamp::of(1), {}, bits, {}, {}, 1});
    model::apply(state, a, {row, op, Timestamp::of(2), {}, parameters, {}, {}, 2});
    std::vector<std::uint32_t> expected;
    std::uint64_t overflows = 0;
    for (const auto x : bits) expected.push_back(transform_bits(op, parameters, x, overflows));
    CHECK(std::vector(state.bits(row).begin(), state.bits(row).end()) == expected);
    CHECK(state.overflows == overflows);
  }
}
