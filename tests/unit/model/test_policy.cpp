// Policies by hand: the grammar, which rule counts, each strategy on the sets that it is easy to get wrong, and what
// the fold and blame make of them.
#include <bit>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "delta/policy.hpp"
#include "delta/setting.hpp"
#include "model/blame.hpp"
#include "model/conflicts.hpp"
#include "model/policy.hpp"

using namespace delta;

namespace {

constexpr std::uint32_t kNan = 0x7fc00000, kInfinity = 0x7f800000, kMinusZero = 0x80000000;

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

std::string round_trip(std::string_view text) {
  const auto policy = Policy::parse(text);
  if (!policy) return policy.error().text();
  const auto again = Policy::parse(policy->text());
  REQUIRE(again);
  CHECK(again->text() == policy->text());
  return policy->text();
}

ErrorCode code_of(std::string_view text) {
  const auto policy = Policy::parse(text);
  REQUIRE(!policy);
  return policy.error().code;
}

/// Candidates of origins a, b, c, a, ... in key order.
Resolution resolve(std::string_view strategy, std::vector<std::uint32_t> bits) {
  Catalog catalog;
  for (const char* name : {"a", "b", "c"}) catalog.add_origin(name);
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < bits.size(); ++i) {
    candidates.push_back({CommitNo{i}, 1 + i, {Timestamp::of(i), OriginNo{i % 3}, 1 + i}, bits[i]});
  }
  const auto policy = Policy::parse(strategy);
  REQUIRE(policy);
  const Strategy* found = policy->strategy("", 0);
  REQUIRE(found);
  return found->resolve(candidates, catalog);
}

std::uint32_t value(std::string_view strategy, std::vector<std::uint32_t> bits) {
  return resolve(strategy, std::move(bits)).bits;
}
std::size_t chosen(std::string_view strategy, std::vector<std::uint32_t> bits) {
  return resolve(strategy, std::move(bits)).chosen.value();
}

}  // namespace

TEST_CASE("a policy is read, and written in one form") {
  CHECK(Policy().text() == "lww");
  CHECK(round_trip("lww") == "lww");
  CHECK(round_trip("lww;max@/0-15;weighted:a=2,b=1@images") == "lww;max@/0-15;weighted:a=2,b=1@images");
  CHECK(round_trip("weighted:b=1.50,a=2e0") == "weighted:a=2,b=1.5");
  CHECK(round_trip("weighted:a=1e-320") == "weighted:a=1e-320");
  CHECK(round_trip("priority:b,a") == "priority:b,a");
  CHECK(round_trip("min@/7,0-3,4,9-9") == "min@/0-4,7,9");
  CHECK(round_trip("average@x/65535") == "average@x/65535");
  CHECK(round_trip("max@%") == "max@%");
  CHECK(round_trip("max@%/3") == "max@%/3");
  CHECK(round_trip("priority:%3b%2C,a%41,%0a,%C2%85,\xc3\xa9@n%2Fs") == "priority:%3B%2C,aA,%0A,%C2%85,\xc3\xa9@n%2Fs");
  CHECK(Policy::parse("max@%")->rules()[0].name_space == "");
  CHECK(Policy::parse("max@/1")->rules()[0].name_space == std::nullopt);
}

TEST_CASE("a malformed policy is refused, and the rule named") {
  for (const char* text : {"",
                           ";",
                           "lww;",
                           "max@",
                           "max:a",
                           "lww:",
                           "weighted",
                           "weighted:",
                           "weighted:a",
                           "weighted:a=",
                           "weighted:=1",
                           "weighted:a=0",
                           "weighted:a=-1",
                           "weighted:a=inf",
                           "weighted:a=nan",
                           "weighted:a=1e999",
                           "weighted:a=1e-999",
                           "weighted:a=0x1",
                           "weighted:a=1,a=2",
                           "weighted:a=1,%61=2",
                           "weighted:a=1 ",
                           "priority",
                           "priority:",
                           "priority:a,,b",
                           "priority:a,a",
                           "max@x/",
                           "max@x/a",
                           "max@x/1-",
                           "max@x/-1",
                           "max@x/2-1",
                           "max@x/1048576",
                           "max@x/1/2",
                           "max@x@y",
                           "max@a:b",
                           "max@a=b",
                           "max@a,b",
                           "max@%4",
                           "max@%zz",
                           "max@x%",
                           "max@%ff",
                           "max@\xff",
                           "max@\x01",
                           "max@\xc2\x85"}) {
    INFO(text);
    CHECK(code_of(text) == ErrorCode::usage);
  }
  CHECK(code_of("newest") == ErrorCode::unsupported);
  CHECK(code_of("max; min") == ErrorCode::unsupported);
  CHECK(code_of("crdt:x=1@a/1") == ErrorCode::unsupported);
  CHECK(Policy::parse("lww;max@/3-1").error().message == "rule 2, 'max@/3-1': the range '3-1' runs backwards");
  std::string many = "lww";
  for (int i = 1; i < 1000; ++i) many += ";lww";
  CHECK(Policy::parse(many));
  CHECK(code_of(many + ";lww") == ErrorCode::usage);
}

TEST_CASE("the most special rule counts, and of equally special ones the later") {
  const auto policy = *Policy::parse("max@/2-3;min@n;average;priority:a@n/3;max@m;min@/9;max@/9");
  const auto name = [&](std::string_view ns, std::uint32_t dim) {
    const auto* rule = policy.rule(ns, dim);
    return rule ? rule->to_text() : "none";
  };
  CHECK(name("", 0) == "average");
  CHECK(name("", 2) == "max@/2-3");
  CHECK(name("n", 0) == "min@n");
  CHECK(name("n", 2) == "max@/2-3");
  CHECK(name("n", 3) == "priority:a@n/3");
  CHECK(name("m", 4) == "max@m");
  CHECK(name("m", 9) == "max@/9");
  CHECK(Policy::parse("max@n")->strategy("", 0) == nullptr);
  CHECK(Policy::parse("max;lww@%")->strategy("", 0) == nullptr);
  CHECK(Policy::parse("max;lww@%")->strategy("n", 0) != nullptr);

  Catalog catalog;
  for (const char* ns : {"", "n", "m"}) catalog.add_namespace(ns, 12);
  model::RuleTable table(policy, catalog);
  for (const auto ns : numbers<NamespaceNo>(3)) {
    const auto& rules = table.of(ns);
    REQUIRE(rules.size() == 12);
    for (std::uint32_t dim = 0; dim < 12; ++dim) CHECK(rules[dim] == policy.rule(catalog.name_space(ns).name, dim));
  }
  CHECK(table.name(nullptr) == "lww");
  CHECK(table.name(table.of(NamespaceNo{1})[0]) == "min@n");
}

TEST_CASE("max and min go by the total order, and of equal bits the greatest key is chosen") {
  CHECK(value("max", {f(1), f(3), f(2)}) == f(3));
  CHECK(value("min", {f(1), f(3), f(2)}) == f(1));
  CHECK(value("max", {f(-1), f(-3)}) == f(-1));
  CHECK(value("min", {f(-1), f(-3)}) == f(-3));
  CHECK(value("max", {0, kMinusZero}) == 0);
  CHECK(value("min", {0, kMinusZero}) == kMinusZero);
  CHECK(value("max", {kInfinity, 0x7f800001, 0x7fc00001, kNan}) == 0x7fc00001);
  CHECK(value("min", {f(-1), 0xffc00001, 0xff800000}) == 0xffc00001);
  CHECK(value("max", {1, 2, 0x80000001}) == 2);  // subnormals
  CHECK(chosen("max", {f(3), f(3), f(1)}) == 1);
  CHECK(chosen("min", {f(1), f(3), f(1)}) == 2);
}

TEST_CASE("average sums in float64 in key order from the first term, and rounds once") {
  CHECK(value("average", {f(1), f(2)}) == f(1.5f));
  CHECK(value("average", {kMinusZero, kMinusZero}) == kMinusZero);
  CHECK(value("average", {kMinusZero, 0}) == 0);
  CHECK(!resolve("average", {f(1), f(1)}).chosen);
  const float big = std::numeric_limits<float>::max();
  CHECK(value("average", {f(big), f(big), f(big)}) == f(big));  // no overflow on the way
  CHECK(value("average", {kInfinity, 0xff800000}) == kNan);
  CHECK(value("average", {kInfinity, f(1)}) == kInfinity);
  CHECK(value("average", {0x7fc00001, f(1)}) == kNan);
  CHECK(value("average", {0xff812345, f(1)}) == kNan);
  CHECK(value("average", {1, 2}) == 2);  // 1.5 smallest subnormals: to even
  // 1e17 swallows a 6 that comes after it, and not the sum of two that come before: the order counts.
  const float huge = 1e17f;
  CHECK(value("average", {f(6), f(6), f(huge), f(-huge)}) != value("average", {f(huge), f(6), f(6), f(-huge)}));
}

TEST_CASE("weighted divides the weighted sum by the weights; who is not named weighs 1") {
  CHECK(value("weighted:a=3", {f(1), f(5)}) == f(2));
  CHECK(value("weighted:b=3", {f(1), f(5)}) == f(4));
  CHECK(value("weighted:z=9", {f(1), f(5)}) == f(3));
  CHECK(value("weighted:a=1e-320,b=1e-320", {f(1), f(3)}) == f(2));
  CHECK(value("weighted:a=1e-320", {f(7), f(3)}) == f(3));
  CHECK(value("weighted:a=1e308,b=1e308", {f(1), f(1)}) == kNan);  // both sums are infinite
  CHECK(value("weighted:a=1e300", {f(1e30f), f(1)}) == kInfinity);
  CHECK(value("weighted:a=2", {kInfinity, 0xff800000}) == kNan);
  CHECK(value("weighted:a=2", {kMinusZero, kMinusZero}) == kMinusZero);
  CHECK(!resolve("weighted:a=2", {f(1), f(1)}).chosen);
}

TEST_CASE("priority takes the origin named first, then the greatest key") {
  CHECK(chosen("priority:b", {f(1), f(2), f(3)}) == 1);
  CHECK(chosen("priority:c,b", {f(1), f(2), f(3)}) == 2);
  CHECK(chosen("priority:z", {f(1), f(2), f(3)}) == 2);
  CHECK(chosen("priority:a", {f(1), f(2), f(3), f(4)}) == 3);  // a wrote the first and the fourth
  CHECK(value("priority:b", {f(1), 0xff812345}) == 0xff812345);
}

// ---- what the fold makes of them ----

namespace {

struct Source : model::DeltaSource {
  DeltaBatch batch;
  Status each(const delta::VectorSet&, std::optional<Micros>, const Visit& visit) override { return visit(batch); }
};

struct Fixture {
  Catalog catalog;
  model::History history{catalog};
  Source source;
  OriginNo a = catalog.add_origin("a"), b = catalog.add_origin("b");
  VectorNo v = catalog.add_vector(catalog.add_namespace("", 3), "v");
  SeenSeqs seq{0, 0};

  CommitNo commit(OriginNo origin, Micros us, std::vector<Dot> parents, std::string setting = {}) {
    const auto number = history.add(
        Commit{origin, ++seq[origin], 1, std::move(parents), {}, {}, {}, {}, std::move(setting), Timestamp::of(us)});
    REQUIRE(number);
    return *number;
  }
  void add(OriginNo origin, Micros us, Operation op, std::vector<float> values, std::vector<Dot> parents = {},
           std::vector<std::uint32_t> indices = {}) {
    const auto number = commit(origin, us, std::move(parents));
    std::vector<std::uint32_t> bits;
    for (const float x : values) bits.push_back(f(x));
    source.batch.add({v, op, Timestamp::of(us), indices, bits, {}, number, seq[origin]});
  }
  /// a: create, {10, 1, 1}; b, concurrent with the second: {4, 4, 1} in the first two dims.
  void conflict() {
    add(a, 1, Operation::create, {1, 1, 1});
    add(a, 5, Operation::sparse, {10, 1}, {}, {0, 1});
    add(b, 6, Operation::sparse, {4, 4}, {{a, 1}}, {0, 1});
  }
  Result<State> fold(const model::Cut& cut = {}, const Policy* policy = nullptr) {
    return model::fold(catalog, history, source, cut, VectorSet::all(), policy);
  }
  std::vector<float> values(const char* policy = nullptr, const model::Cut& cut = {}) {
    const auto parsed = Policy::parse(policy ? policy : "lww");
    auto state = fold(cut, policy ? &*parsed : nullptr);
    REQUIRE(state);
    std::vector<float> out;
    for (const auto bits : state->bits(v)) out.push_back(std::bit_cast<float>(bits));
    return out;
  }
  std::vector<BlameRun> runs(const char* policy) {
    const auto parsed = *Policy::parse(policy);
    auto blame = model::blame(catalog, history, source, {}, v, &parsed);
    REQUIRE(blame);
    return blame->runs;
  }
};

using Floats = std::vector<float>;

std::vector<Dot> dots(const std::vector<DeltaRef>& references) {
  std::vector<Dot> out;
  for (const auto& reference : references) out.push_back(reference.dot);
  return out;
}

using Dots = std::vector<Dot>;

}  // namespace

TEST_CASE_METHOD(Fixture, "the branches of a dimension are resolved by its rule, after their transforms") {
  conflict();
  CHECK(values("lww") == Floats{4, 4, 1});
  CHECK(values("max") == Floats{10, 4, 1});
  CHECK(values("max@/0;min@/1") == Floats{10, 1, 1});
  CHECK(values("average") == Floats{7, 2.5f, 1});
  CHECK(values("priority:a") == Floats{10, 1, 1});
  CHECK(values("max@other") == Floats{4, 4, 1});
  add(a, 8, Operation::scale, {-1}, {{b, 1}});
  CHECK(values("max") == Floats{-4, -1, -1});
  CHECK(values("average") == Floats{-7, -2.5f, -1});
}

TEST_CASE_METHOD(Fixture, "one candidate keeps its bits under every strategy") {
  add(a, 1, Operation::create, {1, 1, 1});
  add(a, 5, Operation::sparse, {std::bit_cast<float>(0x7fc01234u)}, {}, {0});
  add(b, 6, Operation::sparse, {4}, {{a, 1}}, {1});
  for (const char* policy : {"lww", "max", "min", "average", "weighted:a=7", "priority:b"}) {
    const auto parsed = Policy::parse(policy);
    const auto state = fold({}, &*parsed);
    REQUIRE(state);
    CHECK(state->bits(v)[0] == 0x7fc01234);
  }
}

TEST_CASE_METHOD(Fixture, "the log's own policy is the setting of greatest key inside the cut") {
  conflict();
  commit(a, 10, {{b, 1}}, "policy max");
  commit(b, 12, {}, "policy min");  // concurrent, later by the clock
  commit(a, 13, {}, "tag 7 release");
  CHECK(values() == Floats{4, 1, 1});
  CHECK(values(nullptr, {.at = 11, .as_seen_by = {}}) == Floats{10, 4, 1});
  CHECK(values(nullptr, {.at = 9, .as_seen_by = {}}) == Floats{4, 4, 1});
  CHECK(values(nullptr, {.at = {}, .as_seen_by = {{a, 3}}}) == Floats{10, 4, 1});
  CHECK(values(nullptr, {.at = {}, .as_seen_by = {{a, 3}}, .before = true}) == Floats{4, 4, 1});
  CHECK(values("lww") == Floats{4, 4, 1});
  CHECK(model::policy_at(catalog, history, {})->text() == "min");
}

TEST_CASE_METHOD(Fixture, "a policy that is not known matters where it would decide") {
  commit(a, 1, {}, "policy newest");
  add(a, 2, Operation::create, {1, 2, 3});
  CHECK(values() == Floats{1, 2, 3});
  add(a, 5, Operation::sparse, {10}, {}, {0});
  add(b, 6, Operation::sparse, {4}, {{a, 2}}, {0});
  const auto state = fold();
  REQUIRE(!state);
  CHECK(state.error().code == ErrorCode::unsupported);
  CHECK(state.error().message == "the policy that a:1 sets: rule 1, 'newest': unknown strategy 'newest'");
  CHECK(model::blame(catalog, history, source, {}, v).error().code == ErrorCode::unsupported);
  CHECK(values("max") == Floats{10, 2, 3});
  commit(b, 7, {}, "policy max@");
  CHECK(fold().error().code == ErrorCode::corrupt);
}

TEST_CASE_METHOD(Fixture, "blame names whom the strategy chose, or under one that mixes all of them") {
  conflict();
  add(a, 8, Operation::scale, {2}, {{b, 1}});
  auto found = runs("max");
  REQUIRE(found.size() == 3);
  CHECK(dots(found[0].chosen) == Dots{{a, 2}});
  CHECK(dots(found[0].losers) == Dots{{b, 1}});
  CHECK(dots(found[1].chosen) == Dots{{b, 1}});
  CHECK(dots(found[1].losers) == Dots{{a, 2}});
  CHECK(dots(found[2].chosen) == Dots{{a, 1}});
  CHECK(found[0].bits == std::vector{f(20)});
  found = runs("weighted:a=3");
  REQUIRE(found.size() == 2);
  CHECK(dots(found[0].chosen) == Dots{{a, 2}, {b, 1}});
  CHECK(found[0].losers.empty());
  CHECK(dots(found[0].transforms) == Dots{{a, 3}});
  CHECK(found[0].bits == std::vector{f(17), f(3.5f)});
}

TEST_CASE_METHOD(Fixture, "conflicts come by the run: same candidates, same rule, same choice") {
  conflict();
  std::vector<std::string> seen;
  const auto look = [&](const char* text) {
    seen.clear();
    const auto policy = *Policy::parse(text);
    const auto count =
        model::conflicts(catalog, history, source, {}, VectorSet::all(), &policy, [&](const Conflict& c) -> Status {
          seen.push_back(std::to_string(c.first) + "+" + std::to_string(c.dims()) + " " + std::string(c.rule) +
                         (c.chosen ? " " + std::to_string(*c.chosen) : ""));
          return {};
        });
    REQUIRE(count);
    CHECK(count->cells == 2);
    CHECK(count->vectors == 1);
    CHECK(count->runs == seen.size());
    return seen;
  };
  using Lines = std::vector<std::string>;
  CHECK(look("lww@other") == Lines{"0+2 lww 1"});
  CHECK(look("max") == Lines{"0+1 max 0", "1+1 max 1"});
  CHECK(look("average") == Lines{"0+2 average"});
  CHECK(look("average;average@/1") == Lines{"0+1 average", "1+1 average@/1"});
  CHECK(model::conflicts(catalog, history, source, {}, VectorSet(), nullptr, {})->cells == 0);
  CHECK(model::conflicts(catalog, history, source, {.at = 5, .as_seen_by = {}}, VectorSet::all(), nullptr, {})->cells ==
        0);
  CHECK(model::conflicts(catalog, history, source, {}, VectorSet::all(), nullptr, {})->runs == 1);
  const auto stopped =
      model::conflicts(catalog, history, source, {}, VectorSet::all(), nullptr,
                       [](const Conflict&) -> Status { return error(ErrorCode::closed_pipe, "enough"); });
  CHECK(stopped.error().code == ErrorCode::closed_pipe);
}

TEST_CASE_METHOD(Fixture, "an infinity that the strategy made of finite values is counted") {
  conflict();
  const auto policy = *Policy::parse("weighted:a=1e308,b=1e-300");
  const auto state = fold({}, &policy);
  CHECK(state->bits(v)[0] == kInfinity);
  CHECK(state->overflows == 1);  // 10e308 is one, 1e308 is not
}

TEST_CASE_METHOD(Fixture, "a strategy of the user's own takes part") {
  struct First final : Strategy {
    Resolution resolve(std::span<const Candidate> candidates, const Catalog&) const override {
      return {candidates[0].bits, 0};
    }
  };
  conflict();
  Policy policy;
  REQUIRE(policy.add({.name_space = {}, .dims = {{0, 0}}, .strategy = std::make_shared<First>(), .text = "first"}));
  CHECK(policy.text() == "first@/0");
  const auto state = fold({}, &policy);
  REQUIRE(state);
  CHECK(std::vector(state->bits(v).begin(), state->bits(v).end()) == std::vector{f(10), f(4), f(1)});
}

// ---- through files ----
