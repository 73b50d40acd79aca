// What a program that embeds the library relies on: floats go in as they are, no time is made up, vectors are asked for
// by name, and a state outlives its log.
#include <bit>
#include <catch2/catch.hpp>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "delta/blame.hpp"
#include "delta/encode.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

std::vector<std::uint32_t> raw(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// 300,000 rows of two dims: several of the pieces that are compared at once.
std::vector<float> many_values() {
  std::vector<float> values(600'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 1000) * 0.25f;
  return values;
}

/// Two versions of a matrix, of which a few rows differ. The bytes of the log.
std::vector<std::uint8_t> written(bool as_floats, const Accuracy& accuracy) {
  scratch::Directory dir;
  auto encoder = must(Encoder::create(dir.file("a.dlog"), {}, {.threads = 2, .accuracy = accuracy}));
  auto values = many_values();
  for (const Micros at : {1'000'000, 2'000'000}) {
    const auto bits = raw(values);
    MatrixInput input;
    input.rows = values.size() / 2;
    input.dims = 2;
    input.at = at;
    if (as_floats) {
      input.values = values;
    } else {
      input.bits = bits;
    }
    must(encoder.state(input));
    for (const std::size_t i : {0, 7, 8, 300'000, 599'999}) values[i] += 1000;
  }
  must(encoder.finish());
  return scratch::read(dir.file("a.dlog"));
}

/// A log of one vector of a namespace.
void write_one(const std::string& path, std::string_view origin, std::string_view name_space, std::string_view id,
               const std::vector<float>& values) {
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .now = 1'000'000}));
  must(encoder.delta({.id = id, .name_space = name_space, .origin = origin, .values = values}));
  must(encoder.finish());
}

/// Two writers that had not seen each other gave one namespace two dimension counts. "x" is in both.
struct TwoCounts {
  scratch::Directory dir;
  std::vector<std::string> paths = {dir.file("a.dlog"), dir.file("b.dlog"), dir.file("c.dlog")};
  TwoCounts() {
    write_one(paths[0], "a", "images", "x", {1, 2});
    write_one(paths[1], "b", "images", "x", {3, 4, 5});
    write_one(paths[2], "c", "words", "y", {6});
  }
  Log open() const { return must(Log::open(paths, {.threads = 1})); }
};

}  // namespace

TEST_CASE("a matrix of floats gives the bytes that its raw bits give") {
  CHECK(written(true, {}) == written(false, {}));
  const Accuracy lossy{.kind = Accuracy::Kind::max_error, .bound = 0.001};
  CHECK(written(true, lossy) == written(false, lossy));
}

TEST_CASE("deltas take floats: whole vectors, sparse values and parameters, NaN with its bits") {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .allow_nonfinite = true, .now = 1'000'000}));
  const std::vector<float> whole = {1, -0.0f, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<float> one = {4}, factor = {0.5f};
  const std::vector<std::uint32_t> first = {0};
  must(encoder.delta({.id = "v", .values = whole}));
  must(encoder.delta({.id = "v", .op = Operation::sparse, .indices = first, .values = one}));
  must(encoder.delta({.id = "v", .op = Operation::scale, .values = factor}));
  must(encoder.finish());
  const auto state = must(snapshot(must(Log::open(std::vector{path}))));
  const auto bits = state.bits(must(state.find({"", "v"})));
  CHECK(std::vector(bits.begin(), bits.end()) == raw({2, -0.0f, std::numeric_limits<float>::quiet_NaN()}));
}

TEST_CASE("values that are given twice are refused, and the encoder ends") {
  scratch::Directory dir;
  const std::vector<float> values = {1};
  const std::vector<std::uint32_t> bits = raw(values);
  const auto encoder = [&] { return must(Encoder::rehearse({}, {.threads = 1, .now = 1})); };
  const auto refused = encoder().delta({.id = "v", .bits = bits, .values = values});
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::usage);
  const std::function<Status(std::uint64_t, std::span<std::uint32_t>)> read = [](std::uint64_t, auto) -> Status {
    return {};
  };
  for (const auto& input : {MatrixInput{.rows = 1, .dims = 1, .values = values, .bits = bits},
                            MatrixInput{.rows = 1, .dims = 1, .values = values, .read = read},
                            MatrixInput{.rows = 1, .dims = 1, .bits = bits, .read = read}}) {
    const auto matrix = encoder().state(input);
    REQUIRE(!matrix);
    CHECK(matrix.error().code == ErrorCode::usage);
  }
  const auto short_one = encoder().state({.rows = 2, .dims = 1, .values = values});
  REQUIRE(!short_one);
  CHECK(short_one.error().code == ErrorCode::bad_input);
}

TEST_CASE("a commit without a time is an error, not of 1970") {
  const std::vector<float> values = {1};
  const auto refused = [&](auto&& write) {
    auto encoder = must(Encoder::rehearse({}, {.threads = 1}));
    const Status status = write(encoder);
    return !status && status.error().code == ErrorCode::usage && !status.error().hint.empty();
  };
  CHECK(refused([&](Encoder& encoder) { return encoder.delta({.id = "v", .values = values}); }));
  CHECK(refused([&](Encoder& encoder) -> Status {
    DELTA_OK(encoder.state({.rows = 1, .dims = 1, .values = values}));
    return {};
  }));
  CHECK(refused([&](Encoder& encoder) { return encoder.set("policy max"); }));
  CHECK(refused([&](Encoder& encoder) { return encoder.property("", "metric", "cosine"); }));
  CHECK(refused([&](Encoder& encoder) -> Status {
    DELTA_OK(encoder.delta({.id = "v", .at = 5, .values = values}));
    return encoder.tag_time("t", 5);
  }));
  auto encoder = must(Encoder::rehearse({}, {.threads = 1}));
  must(encoder.delta({.id = "v", .at = 5, .values = values}));
  must(encoder.tag_release("r"));  // which has the time of what it names
  CHECK(must(encoder.finish()).commits == 2);
}

TEST_CASE("the clock of the machine is asked by name, and rules about the clock need one") {
  const Micros before = system_time();
  CHECK(before > Micros{1'700'000'000} * 1'000'000);
  CHECK(before <= kMaxMicros);
  const std::vector<float> values = {1};
  auto encoder = must(Encoder::rehearse({}, {.threads = 1, .now = system_time()}));
  must(encoder.delta({.id = "v", .values = values}));
  must(encoder.read_present());
  CHECK(must(encoder.present())->created(VectorNo{0}).time.us() >= before);
  for (const ClockRules& rules : {ClockRules{.max_skew = 1}, ClockRules{.max_age = 1}}) {
    const auto refused = Encoder::rehearse({}, {.threads = 1, .now = 1, .clock = rules});
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::usage);
  }
}

TEST_CASE("a vector is found by its namespace and id, and an ambiguous name is an error that says so") {
  const TwoCounts logs;
  const Log log = logs.open();
  const auto state = must(snapshot(log));
  CHECK(must(state.values({"words", "y"})) == std::vector<float>{6});
  CHECK(must(state.values({"images", "x", 3})) == std::vector<float>{3, 4, 5});
  CHECK(must(blame(log, VectorName{"words", "y"})).created.dot.seq == 1);
  CHECK(must(snapshot_vector(log, {"images", "x", 2})).size() == 1);
  for (const auto& found : {log.catalog().find({"images", "x"}), state.find({"images", "x"})}) {
    REQUIRE(!found);
    CHECK(found.error().code == ErrorCode::usage);
    CHECK(found.error().text() == "vector 'x' in namespace 'images' is ambiguous: there is one of 2 and 3 dimensions");
  }
  CHECK(state.values({"images", "x"}).error().code == ErrorCode::usage);
  CHECK(blame(log, VectorName{"images", "x"}).error().code == ErrorCode::usage);
  CHECK(snapshot_vector(log, {"images", "x"}).error().code == ErrorCode::usage);
  for (const VectorName& name : {VectorName{"images", "y"}, {"", "x"}, {"images", "x", 4}, {"none", "x"}}) {
    CHECK(log.catalog().find(name).error().code == ErrorCode::not_found);
    CHECK(state.find(name).error().code == ErrorCode::not_found);
  }
  CHECK(log.catalog().find({"", "x"}).error().text() == "no vector 'x' in the default namespace");
}

TEST_CASE("of a state, only what exists is ambiguous") {
  const TwoCounts logs;
  auto encoder = must(Encoder::append(logs.paths[0], {.threads = 1, .now = 2'000'000}));
  must(encoder.delta({.id = "x", .name_space = "images", .op = Operation::remove, .origin = "a"}));
  must(encoder.finish());
  const Log log = logs.open();
  CHECK(log.catalog().find({"images", "x"}).error().code == ErrorCode::usage);
  CHECK(must(must(snapshot(log)).values({"images", "x"})) == std::vector<float>{3, 4, 5});
}

TEST_CASE("a state outlives its log, and what the log becomes") {
  const TwoCounts logs;
  std::optional<State> state, part;
  {
    Log log = logs.open();
    state = must(snapshot(log));
    const VectorNo y = must(log.catalog().find({"words", "y"}));
    part = must(state->part({y}));
    auto encoder = must(Encoder::append(logs.paths[2], {.threads = 1, .now = 2'000'000}));
    const std::vector<float> seven = {7};
    must(encoder.delta({.id = "z", .name_space = "words", .origin = "c", .values = seven}));
    must(encoder.finish());
    CHECK(must(log.refresh()).kind == Refreshed::Kind::appended);
    CHECK(log.catalog().vectors() == 4);
  }
  CHECK(state->catalog().vectors() == 3);
  CHECK(must(state->values({"words", "y"})) == std::vector<float>{6});
  const VectorNo y = must(state->find({"words", "y"}));
  CHECK(must(state->rows(state->catalog().namespace_of(y))) == std::vector{y});
  state.reset();
  CHECK(part->size() == 1);
  CHECK(part->catalog().vectors() == 3);
  CHECK(must(part->values({"words", "y"})) == std::vector<float>{6});
  CHECK(must(must(part->part(VectorSet::all())).values({"words", "y"})) == std::vector<float>{6});
}

TEST_CASE("a matrix that is said to be the last is written as any other, and nothing follows it") {
  const scratch::Directory dir;
  const auto write = [&](const std::string& path, bool last) {
    auto encoder = must(Encoder::create(path, {}, {.now = 1'000'000}));
    std::vector<float> values(64);
    std::iota(values.begin(), values.end(), 1.0f);
    MatrixInput matrix{.name = "m", .rows = 8, .dims = 8, .values = values};
    must(encoder.state(matrix));
    values[5] = -1;
    values[63] = -2;
    matrix.rows = 7;  // and one is gone
    matrix.values = std::span(values).first(56);
    matrix.last = last;
    must(encoder.state(matrix));
    matrix.last = false;
    if (last) CHECK(encoder.state(matrix).error().code == ErrorCode::usage);
    if (last) CHECK(encoder.delta({.id = "0", .op = Operation::negate}).error().code == ErrorCode::usage);
    must(encoder.set("policy max"));
    must(encoder.tag_release("v1"));
    must(encoder.finish());
    return scratch::read(path);
  };
  CHECK(write(dir.file("a.dlog"), true) == write(dir.file("b.dlog"), false));
}
