// Copies of a log that were pruned apart, read together: each delta once, with all that any copy has left of it.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "store/union.hpp"

using namespace delta;
using sample::must;

namespace {

using Kind = KeepRule::Kind;

constexpr int kIds = 40, kSteps = 400, kDims = 6;

/// Random updates of some vectors by two origins, a commit each.
void write_random(const std::string& path) {
  std::mt19937 random(11);
  auto encoder = must(Encoder::create(path, {}, {.force = true, .commit_every = 3}));
  std::vector<sample::Line> lines;
  for (int i = 0; i < kIds; ++i) {
    lines.push_back({"v" + std::to_string(i), Operation::create, std::vector<float>(kDims, 1.0f)});
  }
  for (int i = 0; i < kSteps; ++i) {
    sample::Line line{
        "v" + std::to_string(random() % kIds), Operation::sparse, {}, {}, random() % 2 == 0 ? "main" : "beta"};
    for (std::uint32_t dim = 0; dim < kDims; ++dim) {
      if (random() % 3 == 0) {
        line.indices.push_back(dim);
        line.values.push_back(static_cast<float>(i));
      }
    }
    if (line.indices.empty()) line = {line.id, Operation::scale, {2}, {}, line.origin};
    if (random() % 5 == 0) line.metadata = R"({"k)" + std::to_string(random() % 3) + R"(":)" + std::to_string(i) + "}";
    lines.push_back(line);
  }
  sample::add(encoder, lines, 1'000'000);
  must(encoder.finish());
}

void prune(const std::string& from, const std::string& to, std::vector<KeepRule> keep) {
  const std::string paths[] = {from};
  must(compact(paths, to, {.threads = 1, .force = true, .keep = std::move(keep)}));
}

/// What is left of a delta: dims with a value; how often it comes.
struct Left {
  std::set<std::uint32_t> dims;
  bool whole = false;
  int times = 0;
};

using LeftByDot = std::map<std::string, Left>;

LeftByDot left_in(const std::vector<std::string>& paths, bool values = true, bool pieces = false) {
  const auto log = must(Log::open(paths, {1}));
  LeftByDot out;
  store::Union::StreamOptions options;
  options.values = values ? store::Values::read : store::Values::skipped;
  options.pieces = pieces;
  must(log.impl().stream(options, [&](const store::Union::Block& block) -> Status {
    for (std::size_t i = 0; i < block.batch.size(); ++i) {
      Left& left = out[log.dot_text({log.commit(block.batch.commits[i]).origin, block.batch.seqs[i]})];
      ++left.times;
      if (!values) continue;
      const Delta delta = block.batch[i];
      left.whole |= delta.lost == 0;
      left.dims.insert(delta.indices.begin(), delta.indices.end());
      if (delta.op == Operation::create && (delta.lost & pruned::values) == 0) {
        for (std::uint32_t dim = 0; dim < kDims; ++dim) left.dims.insert(dim);
      }
    }
    return {};
  }));
  return out;
}

struct Copies {
  scratch::Directory dir;
  std::string whole = dir.file("whole.dlog"), now = dir.file("now.dlog"), since = dir.file("since.dlog"),
              mid = dir.file("mid.dlog");
  Copies() {
    write_random(whole);
    prune(whole, now, {{.kind = Kind::now}});
    prune(whole, since, {{.kind = Kind::since, .at = 1'000'300'000'000}});
    prune(whole, mid, {{.kind = Kind::every, .step = 90'000'000}});
  }
};

}  // namespace

TEST_CASE("a delta that two pruned copies hold comes once, with all that any of them has left of it") {
  const Copies copies;
  const std::vector<std::string> all = {copies.now, copies.since, copies.mid};
  LeftByDot expected;
  for (const auto& path : all) {
    for (const auto& [dot, left] : left_in({path})) {
      expected[dot].dims.insert(left.dims.begin(), left.dims.end());
      expected[dot].whole |= left.whole;
    }
  }
  const auto united = left_in(all), pieces = left_in(all, true, true), places = left_in(all, false);
  REQUIRE(united.size() == expected.size());
  REQUIRE(places.size() == expected.size());
  std::size_t repeated = 0, grown = 0;
  const auto alone = left_in({copies.since});
  for (const auto& [dot, left] : united) {
    CHECK(left.times == 1);
    CHECK(places.at(dot).times == 1);
    CHECK(left.dims == expected.at(dot).dims);
    CHECK(left.whole == expected.at(dot).whole);
    repeated += pieces.at(dot).times > 1;
    grown += alone.contains(dot) && alone.at(dot).dims != left.dims;
  }
  CHECK(repeated > 0);
  CHECK(grown > 0);
}

TEST_CASE("a segment that is there twice is read once, pruned or not") {
  const Copies copies;
  for (const std::string& path : {copies.whole, copies.now, copies.mid}) {
    const auto bytes = scratch::read(path);
    auto twice = bytes;
    twice.insert(twice.end(), bytes.begin(), bytes.end());
    scratch::write(copies.dir.file("twice.dlog"), twice);
    const auto once = left_in({path}), both = left_in({copies.dir.file("twice.dlog")}),
               raw = left_in({copies.dir.file("twice.dlog")}, true, true);
    REQUIRE(both.size() == once.size());
    for (const auto& [dot, left] : both) {
      REQUIRE((left.times == 1 && left.dims == once.at(dot).dims && raw.at(dot).times == 1));
    }
    const std::string paths[] = {copies.dir.file("twice.dlog")}, single[] = {path};
    const auto report = must(compact(paths, "", {.threads = 1})), expected = must(compact(single, "", {.threads = 1}));
    CHECK(report.deltas == expected.deltas);
    CHECK(report.kept == expected.kept);
    CHECK(report.longest_chain == expected.longest_chain);
  }
}

TEST_CASE("a rule that counts deltas counts each once, however many copies hold it") {
  const Copies copies;
  const std::vector<std::string> both = {copies.since, copies.mid};
  must(compact(both, copies.dir.file("one.dlog"), {.threads = 1, .force = true}));
  const std::string one[] = {copies.dir.file("one.dlog")};
  for (const std::uint64_t last : {1, 2, 5}) {
    const CompactOptions options{.threads = 1, .force = true, .keep = {{.kind = Kind::last, .count = last}}};
    const auto apart = must(compact(both, copies.dir.file("a.dlog"), options)),
               united = must(compact(one, copies.dir.file("b.dlog"), options));
    CHECK(apart.deltas == united.deltas);
    CHECK(apart.kept == united.kept);
    CHECK(apart.partial == united.partial);
    CHECK(apart.longest_chain == united.longest_chain);
    CHECK(scratch::read(copies.dir.file("a.dlog")) == scratch::read(copies.dir.file("b.dlog")));
  }
  const auto log = must(Log::open(both, {1})), single = must(Log::open(one, {1}));
  CHECK(must(longest_chain(log)) == must(longest_chain(single)));
}

TEST_CASE("copies that overlap in part are counted once, where their values are not asked for, too") {
  const scratch::Directory dir;
  sample::write_log(dir.file("a.dlog"));
  const std::string a[] = {dir.file("a.dlog")};
  must(compact(a, dir.file("b.dlog"), {.threads = 1, .force = true, .keep = {{.kind = Kind::all}}}));
  sample::append_log(dir.file("b.dlog"));
  const std::string b[] = {dir.file("b.dlog")};
  must(compact(b, dir.file("c.dlog"), {.threads = 1, .force = true, .keep = {{.kind = Kind::all}}}));
  const std::vector<std::string> overlapping = {dir.file("a.dlog"), dir.file("b.dlog"), dir.file("c.dlog")};
  for (const bool values : {true, false}) {
    const auto all = left_in(overlapping, values);
    CHECK(all.size() == 12);
    for (const auto& [dot, left] : all) CHECK(left.times == 1);
  }
}
