// Each input rule refuses what it must, says which value, and lets its neighbours pass.
#include <bit>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "delta/limits.hpp"
#include "model/rules.hpp"

using namespace delta;
using namespace delta::model;

namespace {

std::uint32_t f(float x) { return std::bit_cast<std::uint32_t>(x); }

void refuses(const Status& status, const std::string& words, ErrorCode code = ErrorCode::bad_input) {
  REQUIRE(!status);
  auto copy = status;
  CHECK(copy.error().code == code);
  CHECK_THAT(copy.error().message, Catch::Contains(words));
}

}  // namespace

TEST_CASE("ids are UTF-8 of 1 to 1,024 bytes without control characters") {
  CHECK(check_id("a"));
  CHECK(check_id("a:b c/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  CHECK(check_id(std::string(1024, 'x')));
  refuses(check_id(""), "empty");
  refuses(check_id(std::string(1025, 'x')), "1025 bytes");
  refuses(check_id("a\nb"), "control character");
  refuses(check_id("a\x7f"), "control character");
  refuses(check_id("a\xc2\x85"), "control character");  // NEL, of C1
  refuses(check_id("a\xff"), "UTF-8");
  refuses(check_id("\xed\xa0\x80"), "UTF-8");  // a surrogate
  CHECK(check_id("\xc2\xa0"));
  refuses(check_id("line\nbreak"), "line\\x0abreak");
}

TEST_CASE("only a namespace may have an empty name") {
  CHECK(check_namespace(""));
  refuses(check_origin(""), "origin is empty");
  refuses(check_namespace("\x01"), "namespace");
  refuses(check_origin(std::string(2000, 'o')), "2000 bytes");
}

TEST_CASE("dimension counts have bounds and agree with the namespace's") {
  CHECK(check_dims(1));
  CHECK(check_dims(65536));
  refuses(check_dims(0), "one dimension");
  refuses(check_dims(65537), "65537", ErrorCode::limit);
  CHECK(check_dims(1 << 20, 1 << 20));
  refuses(check_dims((1 << 20) + 1, 1 << 20), "1048577 dimensions, more than 1048576", ErrorCode::limit);
  CHECK(check_same_dims("n", 3, 3));
  refuses(check_same_dims("n", 3, 4), "4 dimensions, but vectors of namespace 'n' have 3");
  refuses(check_same_dims("", 3, 4), "default namespace");
}

TEST_CASE("sparse indices are sorted with their values, and refused when they repeat or are out of range") {
  std::vector<std::uint32_t> indices{5, 1, 3}, bits{50, 10, 30};
  CHECK(sort_sparse(6, indices, bits));
  CHECK(indices == std::vector<std::uint32_t>{1, 3, 5});
  CHECK(bits == std::vector<std::uint32_t>{10, 30, 50});
  refuses(sort_sparse(5, indices, bits), "index 5 is out of range: the vector has 5 dimensions");
  indices = {2, 1, 2};
  refuses(sort_sparse(6, indices, bits), "index 2 is given twice");
  indices = {1, 2};
  refuses(sort_sparse(6, indices, bits), "2 indices but 3 values");
}

TEST_CASE("non-finite values are found anywhere in a row") {
  std::vector<std::uint32_t> row(1000, 0x7f7fffff);
  row[1] = 0x80000000;
  row[2] = 1;
  row[3] = 0xff7fffff;
  CHECK(all_finite(row));
  CHECK(all_finite({}));
  for (const std::uint32_t bad : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xff800001u}) {
    for (const std::size_t at : {0, 500, 999}) {
      auto spoilt = row;
      spoilt[at] = bad;
      CHECK(!all_finite(spoilt));
      CHECK(first_nonfinite(spoilt) == at);
    }
  }
  row[7] = 0xff800000;
  refuses(check_finite(row), "dimension 7 is -Infinity");
  const std::uint32_t indices[] = {4, 9}, bits[] = {0, 0x7fc00000};
  refuses(check_finite(bits, indices), "dimension 9 is NaN");
}

TEST_CASE("a delta is checked whole") {
  const std::uint32_t three[] = {f(1), f(2), f(3)}, zero[] = {0x80000000}, nan[] = {0x7fc00000}, one[] = {f(1)};
  const std::uint32_t wrong[] = {f(2), f(1)}, bad[] = {f(1), 0x7f800000, f(3)};
  const std::uint32_t index[] = {2}, unsorted[] = {2, 1};
  CHECK(check_delta({.op = Operation::create, .bits = three}, 3));
  CHECK(check_delta({.op = Operation::remove}, 3));
  CHECK(check_delta({.op = Operation::sparse, .indices = index, .bits = one}, 3));
  CHECK(check_delta({.op = Operation::sparse, .metadata = "{\"a\":1}"}, 3));
  refuses(check_delta({.op = Operation::create, .bits = three}, 4), "create needs 4 values, not 3");
  refuses(check_delta({.op = Operation::remove, .bits = one}, 3), "delete needs 0 values");
  refuses(check_delta({.op = Operation::sparse}, 3), "changes nothing");
  refuses(check_delta({.op = Operation::sparse, .indices = index, .bits = one}, 2), "index 2 is out of range");
  refuses(check_delta({.op = Operation::sparse, .indices = unsorted, .bits = wrong}, 3), "index 1 stands after 2");
  refuses(check_delta({.op = Operation::dense, .indices = index, .bits = three}, 3), "only a sparse delta");
  refuses(check_delta({.op = Operation::create, .bits = bad}, 3), "dimension 1 is Infinity");
  CHECK(check_delta({.op = Operation::create, .bits = bad}, 3, {.allow_nonfinite = true}));
  refuses(check_delta({.op = Operation::scale, .bits = zero}, 3), "scale by 0");
  refuses(check_delta({.op = Operation::scale, .bits = nan}, 3, {.allow_nonfinite = true}), "scale by NaN");
  CHECK(check_delta({.op = Operation::offset, .bits = zero}, 3));
  refuses(check_delta({.op = Operation::clamp, .bits = wrong}, 3), "clamp from 2 to 1");
  const std::string large(kMaxMetadataBytes + 1, 'm');
  refuses(check_delta({.op = Operation::remove, .metadata = large}, 3), "65537", ErrorCode::limit);
  const std::vector<std::uint32_t> wide(1 << 20);
  const std::string full(kMaxMetadataBytes, 'm');
  CHECK(check_delta({.op = Operation::dense, .bits = wide, .metadata = full}, 1 << 20));
  std::vector<std::uint32_t> indices(1 << 19), bits(1 << 19);
  std::iota(indices.begin(), indices.end(), 0u);
  CHECK(check_delta({.op = Operation::sparse, .indices = indices, .bits = bits, .metadata = full}, 1 << 20));
  CHECK(fits_sparse(1 << 19, kMaxMetadataBytes));
  CHECK_FALSE(fits_sparse((1 << 19) + 1, kMaxMetadataBytes));
  indices.push_back(1 << 19);
  bits.push_back(0);
  refuses(check_delta({.op = Operation::sparse, .indices = indices, .bits = bits, .metadata = full}, 1 << 20),
          "4259864 bytes", ErrorCode::limit);
}

TEST_CASE("parents are known, one an origin, in order, and before the commit") {
  Catalog catalog;
  const auto z = catalog.add_origin("z"), a = catalog.add_origin("a");
  const auto commit = [&](std::vector<Dot> parents) { return Commit{z, 5, 2, std::move(parents), {}, {}, {}, {}}; };
  CHECK(check_commit(catalog, commit({{a, 1}, {z, 4}})));
  refuses(check_commit(catalog, commit({{z, 4}, {a, 1}})), "order of origin name");
  refuses(check_commit(catalog, commit({{a, 1}, {a, 2}})), "same origin");
  refuses(check_commit(catalog, commit({{z, 5}})), "not before it");
  refuses(check_commit(catalog, commit({{a, 0}})), "count from 1");
  refuses(check_commit(catalog, commit({{OriginNo{9}, 1}})), "unknown origin");
  refuses(check_commit(catalog, Commit{z, 0, 1, {}, {}, {}, {}, {}}), "count from 1");
  refuses(check_commit(catalog, Commit{z, 1, 0, {}, {}, {}, {}, {}}), "no deltas");
  refuses(check_commit(catalog, Commit{z, 1, 1, {}, "\xff", {}, {}, {}}), "UTF-8");
  refuses(check_commit(catalog, Commit{z, 1, 1, {}, std::string(70'000, 'm'), {}, {}, {}}), "70000", ErrorCode::limit);
}

TEST_CASE("a commit may have seen as many heads as a log is likely to have") {
  Catalog catalog;
  std::vector<Dot> parents;
  for (std::uint32_t i = 0; i <= 1 << 20; ++i) {
    parents.push_back({catalog.add_origin(std::to_string((1 << 21) + i)), 1});
  }
  const auto z = catalog.add_origin("z");
  refuses(check_commit(catalog, Commit{z, 1, 1, parents, {}, {}, {}, {}}), "1048577 parents", ErrorCode::limit);
  parents.pop_back();
  CHECK(check_commit(catalog, Commit{z, 1, 1, std::move(parents), {}, {}, {}, {}}));
}

TEST_CASE("a clock is never behind its own last and is ahead of all that it has seen") {
  Catalog catalog;
  const auto a = catalog.add_origin("a"), b = catalog.add_origin("b");
  const std::map<Dot, Timestamp> times = {{{a, 1}, Timestamp::of(5, 2)}, {{b, 1}, Timestamp::of(7, 4095)}};
  const auto time_of = [&](Dot dot) -> std::optional<Timestamp> {
    const auto found = times.find(dot);
    return found == times.end() ? std::nullopt : std::optional(found->second);
  };
  const Commit own{a, 2, 1, {{a, 1}}, {}, {}, {}, {}}, both{a, 2, 1, {{a, 1}, {b, 1}}, {}, {}, {}, {}};
  CHECK(check_clock(catalog, own, Timestamp::of(5, 2), time_of));
  refuses(check_clock(catalog, own, Timestamp::of(5, 1), time_of), "behind what it has seen: a:1");
  refuses(check_clock(catalog, both, Timestamp::of(7, 4095), time_of), "b:1");
  CHECK(check_clock(catalog, both, Timestamp::of(8, 0), time_of));
  CHECK(Timestamp::of(7, 4095).next() == Timestamp::of(8, 0));
  CHECK(check_clock_step(catalog, {a, 3}, Timestamp::of(5), Timestamp::of(5)));
  refuses(check_clock_step(catalog, {a, 3}, Timestamp::of(5, 1), Timestamp::of(5)), "a:3");
}

TEST_CASE("the next timestamp is the least that the rule allows") {
  const auto own = Timestamp::of(9, 3), other = Timestamp::of(9, 4095);
  CHECK(*next_timestamp(4, std::nullopt, std::nullopt) == Timestamp::of(4));
  CHECK(*next_timestamp(4, own, std::nullopt) == own);
  CHECK(*next_timestamp(4, own, other) == Timestamp::of(10));
  CHECK(*next_timestamp(12, own, other) == Timestamp::of(12));
  CHECK(!next_timestamp(kMaxMicros + 1, std::nullopt, std::nullopt));
  CHECK(!next_timestamp(4, std::nullopt, Timestamp::of(kMaxMicros, 4095)));
}
