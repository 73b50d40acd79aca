// Index sets: each takes the cheapest form, and what is read back is valid or refused.
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "codec/index_sets.hpp"
#include "delta/limits.hpp"
#include "unit/codec/codec_batches.hpp"

using namespace delta;
using namespace delta::codec;

namespace {

using Set = std::vector<std::uint32_t>;

Set range(std::uint32_t from, std::uint32_t to) {
  Set set(to - from);
  std::iota(set.begin(), set.end(), from);
  return set;
}

Form form_of(const Set& set) {
  SetWriter writer;
  writer.clear(1);
  return writer.choose(set, false).form;
}

std::size_t written(const SetWriter& w) { return w.gaps.size() + w.skips.size() + w.lengths.size() + w.bitmaps.size(); }

Status read(Form form, const Buffer& gaps, const Buffer& skips, const Buffer& lengths, const Buffer& bitmaps, Set& to) {
  SetReader reader(gaps, skips, lengths, bitmaps);
  Status status = reader.read(form, to);
  return status ? reader.finish() : std::move(status);
}

}  // namespace

TEST_CASE("A set takes the form that suits its shape") {
  CHECK(form_of({}) == Form::all);
  CHECK(form_of(range(0, 384)) == Form::all);
  CHECK(form_of(range(100, 150)) == Form::runs);
  CHECK(form_of({3, 90, 200, 301, 383}) == Form::gaps);
  Set most = range(0, 384);
  for (std::uint32_t d = 380; d > 4; d -= 5) most.erase(most.begin() + d);
  CHECK(form_of(most) == Form::bitmap);
}

TEST_CASE("The choice is the least of the exact costs, and what it says is what is written") {
  test::Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const Set set = test::random_set(random, static_cast<std::uint32_t>(1 + test::below(random, 2000)));
    SetWriter writer;
    writer.clear(1);
    const SetWriter::Choice choice = writer.choose(set, true);
    REQUIRE((is_spelled(choice.form)));
    writer.write(set, choice);
    REQUIRE(written(writer) == choice.bytes);
    Set back(set.size(), 77);
    REQUIRE(read(choice.form, writer.gaps, writer.skips, writer.lengths, writer.bitmaps, back));
    REQUIRE(back == set);
    if (set.empty()) continue;
    std::size_t gap_bytes = 0;
    for (std::size_t k = 0; k < set.size(); ++k) {
      const std::uint32_t gap = k == 0 ? set[0] : set[k] - set[k - 1] - 1;
      gap_bytes += gap < 128 ? 1 : 2;
    }
    REQUIRE(choice.bytes <= gap_bytes);
    REQUIRE(choice.bytes <= set.back() / 8 + 1);
    SetWriter runs;
    runs.clear(1);
    SetWriter::Choice forced = choice;
    forced.form = Form::runs;
    runs.write(set, forced);
    REQUIRE(choice.bytes <= written(runs));
  }
}

TEST_CASE("A set seen before is a repeat, with the nearest twin, when that is cheaper") {
  const Set a = {3, 90, 200}, b = {5, 80, 300}, single = {7};
  SetWriter writer;
  writer.clear(10);
  for (const Set* set : {&a, &b}) writer.write(*set, writer.choose(*set, false));
  const SetWriter::Choice again = writer.choose(a, false);
  REQUIRE(again.form == Form::repeat);
  writer.write(a, again);
  REQUIRE(writer.repeats == std::vector<std::uint64_t>{1});
  REQUIRE(writer.sizes == std::vector<std::uint64_t>{3, 3});
  const Set other = {3, 90, 201};
  REQUIRE(writer.choose(other, false).form == Form::gaps);
  writer.write(single, writer.choose(single, false));
  REQUIRE(writer.choose(single, false).bytes == 1);
}

TEST_CASE("Indices beyond the limit and columns of another length are refused") {
  Set two(2), one(1), eight(8);
  CHECK(read(Form::gaps, {5, 0}, {}, {}, {}, two));
  CHECK(two == Set{5, 6});
  CHECK(!read(Form::gaps, {5}, {}, {}, {}, two));
  CHECK(!read(Form::gaps, {5, 0, 0}, {}, {}, {}, two));
  CHECK(read(Form::gaps, {0xff, 0xff, 0x3f}, {}, {}, {}, one));
  CHECK(one == Set{kMostDims - 1});
  CHECK(!read(Form::gaps, {0x80, 0x80, 0x40}, {}, {}, {}, one));
  CHECK(!read(Form::gaps, {0xff, 0xff, 0x3f, 0x00}, {}, {}, {}, two));
  CHECK(!read(Form::gaps, {0x85, 0x00}, {}, {}, {}, one));  // 5, spelled too long
  CHECK(read(Form::runs, {}, {1, 0}, {0, 0}, {}, two));
  CHECK(two == Set{1, 3});
  CHECK(!read(Form::runs, {}, {1}, {2}, {}, two));
  CHECK(!read(Form::runs, {}, {0xff, 0xff, 0x3f}, {1}, {}, two));
  CHECK(!read(Form::runs, {}, {1}, {1, 1}, {}, two));
  CHECK(read(Form::bitmap, {}, {}, {}, {0, 0x81}, two));
  CHECK(two == Set{8, 15});
  CHECK(!read(Form::bitmap, {}, {}, {}, {0x83}, two));
  CHECK(!read(Form::bitmap, {}, {}, {}, {0x01}, two));
  CHECK(!read(Form::bitmap, {}, {}, {}, {0x03, 0x00}, two));
  CHECK(!read(Form::bitmap, {}, {}, {}, Buffer(kMostDims / 8 + 8, 0), eight));
}
