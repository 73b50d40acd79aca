// What deltas did, by hand.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "model/effects.hpp"

using namespace delta;

namespace {

struct Fixture : model::DeltaSource {
  Catalog catalog;
  model::History history{catalog};
  DeltaBatch batch;
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b");
  VectorNo v = catalog.add_vector(catalog.add_namespace("", 2), "v");
  SeenSeqs seq{0, 0};

  Status each(const delta::VectorSet&, std::optional<Micros>, const Visit& visit) override { return visit(batch); }

  void add(OriginNo origin, Micros us, Operation op, std::vector<float> values, std::vector<Dot> parents = {},
           std::vector<std::uint32_t> indices = {}, std::string metadata = {}) {
    Commit commit;
    commit.origin = origin;
    commit.first = ++seq[origin];
    commit.count = 1;
    commit.parents = std::move(parents);
    const auto number = history.add(commit);
    REQUIRE(number);
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(std::bit_cast<std::uint32_t>(x));
    batch.add({v, op, Timestamp::of(us), indices, bits, metadata, *number, seq[origin]});
  }
  std::vector<DeltaEffect> effects(const EffectOptions& options = {}) {
    auto result = model::effects(catalog, history, *this, options);
    REQUIRE(result);
    return std::move(*result);
  }
};

void check(const DeltaEffect& effect, std::uint32_t changed, std::optional<double> distance, bool conflict = false) {
  CHECK(effect.changed == changed);
  CHECK(effect.distance == distance);
  CHECK(effect.conflict == conflict);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a delta is judged by what it changed, not by what it names") {
  add(a, 1, Operation::create, {3, 4});
  add(a, 2, Operation::sparse, {4}, {}, {1});
  add(a, 3, Operation::dense, {3, 7});
  add(a, 4, Operation::scale, {-1}, {}, {}, R"({"k":1})");
  add(a, 5, Operation::abs, {});
  add(a, 6, Operation::remove, {});
  add(a, 7, Operation::offset, {1});
  add(a, 8, Operation::create, {-0.0f, 0});
  add(a, 9, Operation::abs, {});
  const auto e = effects();
  REQUIRE(e.size() == 9);
  check(e[0], 2, 5);
  check(e[1], 0, 0);
  check(e[2], 1, 3);
  check(e[3], 2, std::sqrt(36.0 + 196.0));
  check(e[4], 2, std::sqrt(36.0 + 196.0));
  check(e[5], 2, std::sqrt(9.0 + 49.0));
  check(e[6], 0, 0);
  check(e[7], 2, 0);
  check(e[8], 1, 0);
  CHECK(e[1].bytes == 16 + 8);
  CHECK(e[3].bytes == 16 + 4 + 7);
  CHECK(e[3].op == Operation::scale);
}

TEST_CASE_METHOD(Fixture, "concurrent deltas are judged in key order, in whatever order they come") {
  add(a, 1, Operation::create, {0, 0});
  add(a, 5, Operation::sparse, {5}, {}, {0});
  add(b, 3, Operation::dense, {3, 4}, {{a, 1}});  // comes after a:2, and goes before it
  add(b, 4, Operation::sparse, {9}, {}, {1});
  add(a, 6, Operation::sparse, {6}, {}, {1});     // has seen neither of b's
  add(a, 7, Operation::dense, {6, 9}, {{b, 2}});  // has seen all
  const auto e = effects();
  REQUIRE(e.size() == 6);
  check(e[0], 2, 0);
  check(e[1], 2, 5);
  check(e[2], 1, 5);
  CHECK(e[3].key.seq == 2);
  check(e[3], 1, 2, true);
  check(e[4], 1, 3, true);
  check(e[5], 2, std::sqrt(1.0 + 9.0));
}

TEST_CASE_METHOD(Fixture, "assignments of other dims do not meet, nor across a delete") {
  add(a, 1, Operation::create, {0, 0});
  add(a, 2, Operation::sparse, {5}, {}, {0});
  add(b, 3, Operation::sparse, {5}, {{a, 1}}, {1});
  add(b, 4, Operation::remove, {});
  add(a, 5, Operation::create, {1, 1});
  add(b, 6, Operation::create, {2, 2});
  const auto e = effects();
  REQUIRE(e.size() == 6);
  CHECK_FALSE(e[2].conflict);
  CHECK_FALSE(e[4].conflict);
  CHECK(e[5].conflict);
  check(e[5], 2, std::sqrt(2.0), true);
}

TEST_CASE_METHOD(Fixture, "no distance where a value that changed is not finite") {
  add(a, 1, Operation::create, {1, std::numeric_limits<float>::infinity()});
  add(a, 2, Operation::sparse, {2}, {}, {0});
  add(a, 3, Operation::dense, {2, 0});
  const auto e = effects();
  check(e[0], 2, std::nullopt);
  check(e[1], 1, 1);
  check(e[2], 1, std::nullopt);
}

TEST_CASE_METHOD(Fixture, "only what had been seen counts, and nothing pending") {
  add(a, 1, Operation::create, {0, 0});
  add(a, 2, Operation::dense, {3, 4});
  add(b, 3, Operation::dense, {0, 0}, {{a, 9}});
  CHECK(effects().size() == 2);
  const SeenSeqs seen = {1, 0};
  CHECK(effects({VectorSet::all(), &seen}).size() == 1);
  CHECK(effects({VectorSet(), nullptr}).empty());
}

TEST_CASE_METHOD(Fixture, "pieces of a pruned delta are one, and what it changed is not known") {
  add(a, 1, Operation::create, {1, 2});
  const PruneRecord now{.kept = {}, .seen = {{a, 1}}};
  Commit commit = history.commit(CommitNo{0}).copy();
  model::History pruned_history(catalog);
  const RecordNo records[] = {pruned_history.add_record(now)};
  REQUIRE(pruned_history.add(commit, records));
  pruned_history.admit_pruned();
  REQUIRE(pruned_history.folded(CommitNo{0}));
  const std::uint32_t dims[] = {0, 1}, bits[] = {0x3f800000, 0x40000000};
  batch.clear();
  for (const int i : {1, 0}) {
    Delta piece{
        .vector = v, .op = Operation::create, .time = Timestamp::of(1), .commit = {}, .seq = 1, .lost = pruned::values};
    piece.indices = std::span(dims).subspan(static_cast<std::size_t>(i), 1);
    piece.bits = std::span(bits).subspan(static_cast<std::size_t>(i), 1);
    batch.add(piece);
  }
  const auto result = model::effects(catalog, pruned_history, *this, {});
  REQUIRE(result);
  REQUIRE(result->size() == 1);
  CHECK_FALSE(result->front().changed);
  CHECK_FALSE(result->front().conflict);
}
