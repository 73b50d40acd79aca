// A delta that is refused leaves no trace, and one that arrives late gets a later time if that was asked for.
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "delta/encode.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"
#include "scratch.hpp"

using namespace delta;
using sample::must;

namespace {

/// What a DeltaInput views.
struct Update {
  std::string id, name_space = {}, metadata = {};
  std::optional<Operation> op = {};
  std::vector<float> values = {};
  std::vector<std::uint32_t> indices = {};
  std::optional<Micros> at = {};
  std::optional<std::uint64_t> seq = {};

  Status into(Encoder& encoder) const {
    DeltaInput input{.id = id, .name_space = name_space, .op = op, .indices = indices, .metadata = metadata, .at = at};
    input.seq = seq;
    input.values = values;
    return encoder.delta(input);
  }
};

constexpr Micros kSecond = 1'000'000;

/// One of each kind that is refused; the ids are new or known.
std::vector<Update> refused(std::mt19937& random, Micros now) {
  const std::string known = "v" + std::to_string(random() % 4), fresh = "new" + std::to_string(random() % 100);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Update> out = {
      {.id = fresh, .op = Operation::scale, .values = {2}, .at = now},
      {.id = fresh, .values = {1, 2, 3}, .at = now},                         // another number of dims
      {.id = fresh, .name_space = fresh, .values = {1, nan, 3}, .at = now},  // would declare a namespace
      {.id = fresh, .name_space = fresh, .values = {1, 2, 3}, .at = 0},      // the same, too early
      {.id = known, .op = Operation::sparse, .values = {1}, .indices = {7}, .at = now},
      {.id = known, .values = {1, 2}, .at = 0},
      {.id = known, .metadata = R"({"a":)", .values = {7, 8}, .at = now},
      {.id = fresh, .metadata = R"({"deltalog.x":1})", .values = {7, 8}, .at = now},
      {.id = fresh, .values = {1, 2}, .at = now, .seq = 1},
      {.id = std::string(5000, 'x'), .values = {1, 2}, .at = now},
      {.id = fresh, .op = Operation::create, .values = {nan, 2}, .at = now},
  };
  return out;
}

Update taken(std::mt19937& random, Micros now) {
  const std::string id = "v" + std::to_string(random() % 4);
  const float value = static_cast<float>(random() % 100);
  if (random() % 3 == 0) return {.id = id, .metadata = R"({"n":)" + std::to_string(random() % 9) + "}", .at = now};
  return {.id = id, .values = {value, -value}, .at = now};
}

}  // namespace

TEST_CASE("a log has the same bytes with and without what was refused between the deltas") {
  const scratch::Directory dir;
  const std::uint32_t seed = GENERATE(range(1u, 41u));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const EncodeOptions options{.threads = 1, .commit_every = 1 + seed % 5};
  auto with = must(Encoder::create(dir.file("with.dlog"), {}, options));
  auto without = must(Encoder::create(dir.file("without.dlog"), {}, options));
  Micros now = 100 * kSecond;
  for (int id = 0; id < 4; ++id) {
    const Update first{.id = "v" + std::to_string(id), .values = {1, 2}, .at = now};
    must(first.into(with));
    must(first.into(without));
  }
  for (int step = 0; step < 60; ++step) {
    const Update good = taken(random, now);
    must(good.into(with));
    must(good.into(without));
    now += static_cast<Micros>(random() % 3) * kSecond;
    const auto bad = refused(random, now);
    for (std::size_t n = random() % 3; n > 0; --n) {
      const std::size_t kind = random() % bad.size();
      INFO("kind " << kind);
      const auto status = bad[kind].into(with);
      REQUIRE_FALSE(status);
      REQUIRE((status.error().code == ErrorCode::bad_input || status.error().code == ErrorCode::limit));
    }
  }
  must(with.finish());
  must(without.finish());
  CHECK(scratch::read(dir.file("with.dlog")) == scratch::read(dir.file("without.dlog")));
  CHECK(must(verify(std::vector{dir.file("with.dlog")})).verdict == Verdict::ok);
}

TEST_CASE("a refused delta declares no namespace, so the next one may have other dims") {
  const scratch::Directory dir;
  auto encoder = must(Encoder::create(dir.file("a.dlog"), {}, {.threads = 1}));
  const Update bad{.id = "a", .values = {1, std::numeric_limits<float>::infinity(), 3}, .at = kSecond};
  REQUIRE_FALSE(bad.into(encoder));
  const Update good{.id = "a", .values = {1, 2}, .at = kSecond};
  must(good.into(encoder));
  must(encoder.finish());
  const Log log = must(Log::open(std::vector{dir.file("a.dlog")}));
  REQUIRE(log.catalog().namespaces() == 1);
  CHECK(log.catalog().name_space(NamespaceNo{0}).dims == 2);
}

TEST_CASE("what is rounded records its accuracy although the first delta of the namespace was refused") {
  const scratch::Directory dir;
  EncodeOptions options{.threads = 1, .now = kSecond};
  options.accuracy = must(Accuracy::parse("max-error=0.5"));
  auto encoder = must(Encoder::create(dir.file("a.dlog"), {}, options));
  const Update first{.id = "a", .name_space = "one", .values = {1, 2}};
  must(first.into(encoder));
  const Update bad{.id = "a", .name_space = "two", .metadata = "{", .values = {1, 2, 3}};
  REQUIRE_FALSE(bad.into(encoder));
  const Update other{.id = "a", .name_space = "three", .values = {1, 2, 3, 4}};
  must(other.into(encoder));
  must(encoder.finish());
  const Log log = must(Log::open(std::vector{dir.file("a.dlog")}));
  bool recorded = false;
  for (const auto& accuracy : must(log.accuracies())) recorded = recorded || accuracy.name_space == "three";
  CHECK(recorded);
}

TEST_CASE("a delta that arrives late is refused, or gets a later time and keeps the one that was meant") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  const Update first{.id = "a", .values = {1, 2}, .at = 100 * kSecond};
  const Update late{.id = "a", .values = {1, 3}, .at = 40 * kSecond};
  const Update next{.id = "a", .values = {1, 4}, .at = 200 * kSecond};
  {
    auto encoder = must(Encoder::create(path, {}, {.threads = 1, .commit_every = 1}));
    must(first.into(encoder));
    REQUIRE_FALSE(late.into(encoder));
    must(encoder.finish());
  }
  auto encoder = must(Encoder::append(path, {.threads = 1, .raise_late = true, .commit_every = 1}));
  must(late.into(encoder));
  must(next.into(encoder));
  const auto summary = must(encoder.finish());
  CHECK(summary.late == 1);
  const Log log = must(Log::open(std::vector{path}));
  REQUIRE(log.commits() == 3);
  const auto raised = log.commit(CommitNo{1});
  CHECK(raised.given == 40 * kSecond);
  CHECK(raised.time.us() == 100 * kSecond);
  CHECK_FALSE(log.commit(CommitNo{2}).given);
  CHECK(log.commit(CommitNo{2}).time.us() == 200 * kSecond);
  CHECK(must(verify(std::vector{path})).verdict == Verdict::ok);
}
