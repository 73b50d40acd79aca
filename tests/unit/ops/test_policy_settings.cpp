// Policies and tags as settings of a log: what they decide from there on, and how an encoder diffs under them.
#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/encode.hpp"
#include "delta/policy.hpp"
#include "delta/setting.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"

using namespace delta;

using Floats = std::vector<float>;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

/// A log of one vector "v" = {1, 1, 1} and two concurrent updates: x writes 10 in dim 0, y writes 4.
std::string conflicting_log(const std::string& name) {
  static const scratch::Directory directory;
  const std::string path = directory.file(name);
  auto encoder = sample::must(Encoder::create(path, {}, {.force = true}));
  sample::add(encoder, {{"v", Operation::create, {1, 1, 1}}}, 1);
  const std::string_view seen[] = {"main:1"};
  for (const auto& [origin, x] : {std::pair("x", 10.0f), std::pair("y", 4.0f)}) {
    const std::uint32_t bits[] = {f(x)}, indices[] = {0};
    DeltaInput input;
    input.id = "v";
    input.op = Operation::sparse;
    input.indices = indices;
    input.bits = bits;
    input.at = 2'000'000;
    input.origin = origin;
    input.parents = seen;
    sample::must(encoder.delta(input));
  }
  sample::must(encoder.finish());
  return path;
}

std::vector<float> values_in(const std::string& path, const CutOptions& cut = {}) {
  const std::string paths[] = {path};
  const auto log = sample::must(Log::open(paths));
  const auto state = sample::must(snapshot(log, cut));
  std::vector<float> out;
  for (const auto bits : state.bits(VectorNo{0})) out.push_back(std::bit_cast<float>(bits));
  return out;
}

Status put_matrix(Encoder& encoder, std::vector<float> row) {
  static const std::vector<std::string> ids = {"v"};
  MatrixInput input;
  input.name = "m";
  input.rows = 1;
  input.dims = 3;
  input.ids = ids;
  input.at = 9'000'000;
  input.read = [&](std::uint64_t, std::span<std::uint32_t> bits) -> Status {
    for (std::size_t i = 0; i < row.size(); ++i) bits[i] = f(row[i]);
    return {};
  };
  DELTA_TRY(const auto deltas, encoder.state(input));
  static_cast<void>(deltas);
  return {};
}

}  // namespace

TEST_CASE(
    "a policy set in a log decides from there on, in one spelling, and what is encoded after it is diffed under it") {
  const auto path = conflicting_log("set.dlog");
  auto encoder = sample::must(Encoder::append(path, {}));
  sample::must(encoder.set("policy average@/2,0-1", Micros{5'000'000}));
  sample::must(put_matrix(encoder, {7, 1, 2}));  // 7 is stored already: one dim changes
  const auto summary = sample::must(encoder.finish());
  CHECK(summary.commits == 2);
  const std::string paths[] = {path};
  const auto log = sample::must(Log::open(paths));
  CHECK(log.commit(sample::must(log.commits_in_key_order())[3]).setting == "policy average@/0-2");
  std::size_t assigned = 0;
  sample::must(log.each(delta::VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) assigned += batch[i].indices.size();
    return {};
  }));
  CHECK(assigned == 3);
  CHECK(values_in(path) == Floats{7, 1, 2});
  CHECK(values_in(path, {.at = Micros{4'000'000}}) == Floats{4, 1, 1});
  const auto max = *Policy::parse("max");
  CHECK(values_in(path, {.policy = &max}) == Floats{10, 1, 2});
}

TEST_CASE("an encoder knows what it does not know of a conflict") {
  const auto path = conflicting_log("transform.dlog");
  {
    auto encoder = sample::must(Encoder::append(path, {}));
    sample::must(encoder.set("policy max", Micros{5'000'000}));
    sample::add(encoder, {{"v", Operation::scale, {-1}}}, 6);  // the branches become -10 and -4: not -max
    sample::add(encoder, {{"v", std::nullopt, {-4, -1, 5}}}, 7);
    sample::must(encoder.finish());
    CHECK(values_in(path) == Floats{-4, -1, 5});
  }
  const auto other = conflicting_log("refused.dlog");
  {
    auto encoder = sample::must(Encoder::append(other, {}));
    sample::must(encoder.set("policy max", Micros{5'000'000}));
    sample::add(encoder, {{"v", Operation::scale, {-1}}}, 6);
    const auto refused = put_matrix(encoder, {1, 1, 1});
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::bad_input);
  }
  {
    auto encoder = sample::must(Encoder::append(other, {}));
    sample::add(encoder, {{"v", Operation::offset, {1}}}, 6);  // lww: the same branch counts before and after
    sample::must(encoder.set("tag 5 x", Micros{7'000'000}));
    sample::must(put_matrix(encoder, {5, 2, 2}));
    CHECK(sample::must(encoder.finish()).commits == 2);
  }
  {
    auto encoder = sample::must(Encoder::append(other, {}));
    sample::add(encoder, {{"v", Operation::dense, {1, 2, 3}}}, 10);  // settles it
    sample::must(encoder.set("policy max", Micros{11'000'000}));
    sample::add(encoder, {{"v", Operation::scale, {2}}}, 12);
    CHECK(!put_matrix(encoder, {1, 1, 1}));  // its time is before
  }
}

TEST_CASE("a setting that is none is refused when it is written") {
  const auto path = conflicting_log("bad.dlog");
  for (const auto& [text, code] :
       {std::pair("policy newest", ErrorCode::unsupported), std::pair("policy max@", ErrorCode::bad_input),
        std::pair("policy ", ErrorCode::bad_input), std::pair("Colour red", ErrorCode::bad_input)}) {
    auto encoder = sample::must(Encoder::append(path, {}));
    const auto refused = encoder.set(text);
    REQUIRE(!refused);
    CHECK(refused.error().code == code);
    auto other = encoder.commit({.origin = "z",
                                 .first = 1,
                                 .deltas = 1,
                                 .parents = {},
                                 .message = {},
                                 .tool = {},
                                 .source = {},
                                 .trace = {},
                                 .setting = text});
    REQUIRE(!other);
    CHECK(other.error().code == code);
  }
}

TEST_CASE("tags name times and releases, and of one name the last by key counts") {
  const auto path = conflicting_log("tags.dlog");
  {
    auto encoder = sample::must(Encoder::append(path, {.now = 8'000'000}));
    sample::must(encoder.tag_release("end"));  // asks no clock: its own time is the next that there is
    sample::must(encoder.tag_time("b", Micros{1'000'000}));
    sample::must(encoder.tag_time("end", Micros{5}));
    sample::must(encoder.tag_release("all"));
    sample::must(encoder.tag_time("gone", Micros{5}));
    sample::must(encoder.untag("gone"));
    sample::must(encoder.finish());
  }
  const std::string paths[] = {path};
  const auto log = sample::must(Log::open(paths));
  const auto tags = sample::must(log.tags());
  REQUIRE(tags.size() == 3);
  CHECK(tags[1].name == "b");
  CHECK(log.commit(tags[1].commit).time == Timestamp::of(8'000'000));
  CHECK(sample::must(log.tag("end"))->at == Micros{5});
  CHECK(sample::must(log.tag("b"))->at == Micros{1'000'000});
  CHECK(!sample::must(log.tag("e")));
  CHECK(!sample::must(log.tag("gone")));
  const auto& all = tags[0];
  CHECK(!all.at);
  CHECK(all.heads ==
        std::vector{Dot{log.commit(all.commit).origin, log.commit(all.commit).first - 1}});  // what its author had seen
  for (const auto number : numbers<CommitNo>(log.commits())) {
    const auto& commit = log.commit(number);
    if (commit.setting == "release end") CHECK(commit.time == Timestamp::of(2'000'000, 1));
  }
  auto encoder = sample::must(Encoder::append(path, {.now = 8'000'000}));
  for (const char* name : {"", "2026-01-01", "@5", "3d ago", "2026-11-12T14:10:29Z", "a\nb", "\xff"}) {
    INFO(name);
    const auto refused = encoder.tag_release(name);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::bad_input);
  }
  CHECK(encoder.set("tag 5 @5").error().code == ErrorCode::bad_input);
  const scratch::Directory directory;
  auto empty = sample::must(Encoder::create(directory.file("e.dlog"), {}, {}));
  CHECK(empty.tag_release("x").error().code == ErrorCode::bad_input);
}
