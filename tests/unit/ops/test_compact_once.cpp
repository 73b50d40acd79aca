// compact reads a packed log once, where its vectors stand in the order that they are to have.
#include <algorithm>
#include <catch2/catch.hpp>

#include "delta/verify.hpp"
#include "unit/store/counted.hpp"

using namespace delta;
using sample::must;

namespace {

/// Opens the log, compacts it to `output` and says how many bytes were read, beside its tables.
std::size_t read_by_compact(const std::vector<std::uint8_t>& bytes, const std::string& output,
                            const CompactOptions& options) {
  const auto source = std::make_shared<const counted::Counted>(bytes);
  const Log log = counted::open(source);
  const std::size_t before = source->bytes;
  must(compact(log, output, options));
  return source->bytes - before;
}

std::vector<std::string> ids_of(const std::string& path) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths));
  std::vector<std::string> ids;
  for (const VectorNo v : numbers<VectorNo>(log.catalog().vectors())) ids.emplace_back(log.catalog().id(v));
  return ids;
}

}  // namespace

TEST_CASE("compact reads each byte of a packed log once, whatever memory it may take") {
  scratch::Directory dir;
  const auto packed = counted::packed_log();
  for (const std::uint64_t memory : {std::uint64_t{256} << 20, std::uint64_t{1} << 16}) {
    const std::string output = dir.file("again" + std::to_string(memory));
    const std::size_t bytes = read_by_compact(packed, output, {.threads = 1, .memory = memory});
    CHECK(bytes <= packed.size());
    CHECK(bytes >= packed.size() * 9 / 10);  // its names were read when it was opened
    CHECK(scratch::read(output) == packed);
    CHECK(read_by_compact(packed, "", {.threads = 1, .memory = memory}) == bytes);  // a dry run
  }
}

TEST_CASE("compact of a packed log makes the same bytes as compact of the log that it was made of") {
  scratch::Directory dir;
  const auto packed = counted::packed_log();
  counted::write_fresh(dir.file("fresh"));
  for (const Preset preset : {Preset::fastest, Preset::balanced}) {
    const std::string once = dir.file("once"), twice = dir.file("twice");
    const CompactOptions options{.preset = preset, .threads = 1, .force = true};
    read_by_compact(packed, once, options);
    read_by_compact(scratch::read(dir.file("fresh")), twice, options);
    CHECK(scratch::read(once) == scratch::read(twice));
  }
}

TEST_CASE("vectors that pruning left in another order are put in order") {
  scratch::Directory dir;
  const std::string log[] = {dir.file("log")}, pruned[] = {dir.file("pruned")}, again = dir.file("again");
  {
    auto encoder = must(Encoder::create(log[0], {}, {.threads = 1}));
    using enum Operation;
    sample::add(
        encoder,
        {{"a", create, {1, 2}}, {"b", create, {3, 4}}, {"a", remove, {}}, {"a", create, {5, 6}}, {"c", create, {7, 8}}},
        1'000'000);
    must(encoder.finish());
  }
  must(compact(log, pruned[0], {.threads = 1, .keep = {{.kind = KeepRule::Kind::now}}}));
  REQUIRE(ids_of(pruned[0]) == std::vector<std::string>{"a", "b", "c"});
  const auto report = must(compact(pruned, again, {.threads = 1}));
  CHECK(ids_of(again) == std::vector<std::string>{"b", "a", "c"});
  const std::string whole[] = {again};
  CHECK(must(verify(whole, {.threads = 1})).verdict == Verdict::ok);
  CHECK(report.kept == 4);
}
