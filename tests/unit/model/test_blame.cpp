// Blame by hand: who is named, who is not, and in which order.
#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "model/blame.hpp"

using namespace delta;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

struct Source : model::DeltaSource {
  DeltaBatch batch;
  Status each(const delta::VectorSet&, std::optional<Micros>, const Visit& visit) override { return visit(batch); }
};

struct Fixture {
  Catalog catalog;
  model::History history{catalog};
  Source source;
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b");
  VectorNo v = catalog.add_vector(catalog.add_namespace("", 4), "v");
  SeenSeqs seq{0, 0};

  Dot add(OriginNo origin, Micros us, Operation op, std::vector<float> values, std::vector<Dot> parents = {},
          std::vector<std::uint32_t> indices = {}, std::string metadata = {}) {
    const Dot dot{origin, ++seq[origin]};
    const auto commit = history.add(Commit{origin, dot.seq, 1, std::move(parents), {}, {}, {}, {}});
    REQUIRE(commit);
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(f(x));
    source.batch.add({v, op, Timestamp::of(us), indices, bits, metadata, *commit, dot.seq});
    return dot;
  }
  Blame blame(const model::Cut& cut = {}) {
    auto result = model::blame(catalog, history, source, cut, v);
    REQUIRE(result);
    return std::move(*result);
  }
};

std::vector<Dot> dots(const std::vector<DeltaRef>& references) {
  std::vector<Dot> out;
  for (const auto& reference : references) out.push_back(reference.dot);
  return out;
}

using Dots = std::vector<Dot>;

}  // namespace

TEST_CASE_METHOD(Fixture, "each run of dimensions names its assignment, the transforms since, and who lost") {
  add(a, 1, Operation::create, {1, 2, 3, 4});
  add(a, 3, Operation::sparse, {20, 30}, {}, {1, 2});
  add(b, 2, Operation::sparse, {300}, {{a, 1}}, {2});
  add(a, 4, Operation::scale, {2}, {{b, 1}});
  const Blame answer = blame();
  REQUIRE(answer.runs.size() == 4);
  CHECK(answer.created.dot == Dot{a, 1});
  CHECK(answer.runs[0].bits == std::vector{f(2)});
  CHECK(dots(answer.runs[0].chosen) == Dots{{a, 1}});
  CHECK(dots(answer.runs[1].chosen) == Dots{{a, 2}});
  CHECK(answer.runs[1].losers.empty());
  CHECK(answer.runs[2].first == 2);
  CHECK(answer.runs[2].bits == std::vector{f(60)});
  CHECK(dots(answer.runs[2].chosen) == Dots{{a, 2}});
  CHECK(dots(answer.runs[2].losers) == Dots{{b, 1}});
  CHECK(answer.runs[2].losers[0].time == Timestamp::of(2));
  CHECK(answer.runs[2].losers[0].op == Operation::sparse);
  CHECK(answer.runs[2].losers[0].commit == CommitNo{2});
  for (const auto& run : answer.runs) CHECK(dots(run.transforms) == Dots{{a, 3}});
  CHECK(answer.runs[3].first == 3);
}

TEST_CASE_METHOD(Fixture, "dimensions that came to the same answer by different ways make one run") {
  add(a, 1, Operation::create, {1, 2, 3, 4});
  add(a, 2, Operation::sparse, {9}, {}, {1});
  add(a, 3, Operation::dense, {5, 6, 7, 8});
  const Blame answer = blame();
  REQUIRE(answer.runs.size() == 1);
  CHECK(answer.runs[0].bits == std::vector{f(5), f(6), f(7), f(8)});
  CHECK(dots(answer.runs[0].chosen) == Dots{{a, 3}});
}

TEST_CASE_METHOD(Fixture, "a transform is named for an assignment that it has not seen, when its key is greater") {
  add(a, 1, Operation::create, {1, 1, 1, 1});
  add(b, 5, Operation::negate, {}, {{a, 1}});
  add(a, 3, Operation::dense, {7, 7, 7, 7});
  add(a, 6, Operation::sparse, {8}, {}, {0});
  const Blame answer = blame();
  REQUIRE(answer.runs.size() == 2);
  CHECK(answer.runs[0].transforms.empty());
  CHECK(dots(answer.runs[1].transforms) == Dots{{b, 1}});
  CHECK(answer.runs[1].bits[0] == f(-7));
}

TEST_CASE_METHOD(Fixture, "blame at a time or a dot names only what was there") {
  add(a, 1, Operation::create, {1, 1, 1, 1});
  add(a, 3, Operation::dense, {7, 7, 7, 7});
  CHECK(dots(blame({.at = 2, .as_seen_by = {}}).runs[0].chosen) == Dots{{a, 1}});
  CHECK(dots(blame({.at = {}, .as_seen_by = {{a, 1}}}).runs[0].chosen) == Dots{{a, 1}});
  CHECK(dots(blame().runs[0].chosen) == Dots{{a, 2}});
}

TEST_CASE_METHOD(Fixture, "a vector that does not exist has nobody to blame") {
  auto none = model::blame(catalog, history, source, {}, v);
  REQUIRE(!none);
  CHECK(none.error().code == ErrorCode::not_found);
  add(a, 1, Operation::create, {1, 1, 1, 1});
  add(a, 2, Operation::remove, {});
  auto gone = model::blame(catalog, history, source, {}, v);
  REQUIRE(!gone);
  CHECK_THAT(gone.error().message, Catch::Contains("'v'"));
  CHECK(blame({.at = 1, .as_seen_by = {}}).runs.size() == 1);
}

TEST_CASE_METHOD(Fixture, "each metadata member names the last patch that had it") {
  add(a, 1, Operation::create, {1, 1, 1, 1}, {}, {},
      "{\"gone\":1,\"kept\":{\"x\":\"}\\\",\\\\\"},\"old\":[1,{\"y\":2}]}");
  add(a, 2, Operation::sparse, {}, {}, {}, "{\"gone\":null,\"kept\":{\"z\":{}}}");
  add(a, 3, Operation::negate, {}, {}, {}, "{\"quo\\\"te\":true,\"tab\\tbell\\u0007\":\"\"}");
  const Blame answer = blame();
  REQUIRE(answer.metadata.size() == 4);
  CHECK(answer.metadata[0].name == "kept");
  CHECK(answer.metadata[0].value == "{\"x\":\"}\\\",\\\\\",\"z\":{}}");
  CHECK(answer.metadata[0].set_by.dot == Dot{a, 2});
  CHECK(answer.metadata[1].name == "old");
  CHECK(answer.metadata[1].value == "[1,{\"y\":2}]");
  CHECK(answer.metadata[1].set_by.dot == Dot{a, 1});
  CHECK(answer.metadata[2].name == "quo\"te");
  CHECK(answer.metadata[2].value == "true");
  CHECK(answer.metadata[3].name == "tab\tbell\a");
  CHECK(answer.metadata[3].set_by.dot == Dot{a, 3});
}
