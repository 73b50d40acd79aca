// Deltas by what a filter takes: as many as a look at every delta finds, out of as few bytes as hold them.
#include <catch2/catch.hpp>
#include <set>
#include <utility>

#include "counted.hpp"
#include "delta/selection.hpp"
#include "delta/two_states.hpp"

using namespace delta;
using namespace counted;
using sample::must;

namespace {

using Found = std::multiset<std::pair<CommitNo, std::uint64_t>>;

Found found_by(const DeltaFilter& filter, const auto& each) {
  Found found;
  must(each([&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (filter.takes(batch[i])) found.insert({batch.commits[i], batch.seqs[i]});
    }
    return {};
  }));
  return found;
}

/// Bytes that each_delta() reads for what a filter takes, which is as much as is found among all.
std::size_t cost_of(const Log& log, const Counted& source, const DeltaFilter& filter, std::size_t deltas) {
  const std::size_t before = source.bytes;
  const Found some =
      found_by(filter, [&](const auto& visit) { return each_delta(log, VectorSet::all(), filter, visit); });
  const std::size_t cost = source.bytes - before;
  CHECK(some == found_by(filter, [&](const auto& visit) { return log.each(VectorSet::all(), visit); }));
  CHECK(some.size() == deltas);
  return cost;
}

DeltaFilter filter_of(const Log& log, const DeltaSelection& selection) {
  return must(DeltaFilter::make(log, selection));
}

}  // namespace

TEST_CASE("one delta of a fresh segment takes one frame") {
  constexpr std::uint32_t kUpdates = 30'000, kCommit = 1'000;
  scratch::Directory dir;
  auto encoder = must(Encoder::create(dir.file("a.dlog"), {}, {.threads = 1, .commit_every = kCommit}));
  std::vector<std::uint32_t> bits(kDims);
  for (std::uint32_t i = 0; i < kUpdates; ++i) {
    for (std::uint32_t dim = 0; dim < kDims; ++dim) bits[dim] = bits_of(i * kDims + dim, 1);
    const std::string id = "v" + std::to_string(i % 100);
    DeltaInput input;
    input.id = id;
    input.op = i < 100 ? Operation::create : Operation::dense;
    input.bits = bits;
    input.at = 1'000'000 + i;
    must(encoder.delta(input));
  }
  must(encoder.finish());
  const auto bytes = scratch::read(dir.file("a.dlog"));
  const auto source = std::make_shared<const Counted>(bytes);
  const Log log = counted::open(source);
  const CommitNo commit = *log.find_commit({OriginNo{0}, 20'500});
  const std::size_t all = cost_of(log, *source, filter_of(log, {}), kUpdates);
  const std::size_t some = cost_of(log, *source, must(DeltaFilter::of_commit(log, commit)), kCommit);
  const std::size_t one = cost_of(log, *source, must(DeltaFilter::of_commit(log, commit, 20'500)), 1);
  CHECK(some < all / 4);
  CHECK(one > 0);
  CHECK(one <= some);
}

TEST_CASE("the deltas since a time take the frames of that time") {
  const auto bytes = fresh_log();
  const auto source = std::make_shared<const Counted>(bytes);
  const Log log = counted::open(source);
  const std::size_t all = cost_of(log, *source, filter_of(log, {}), std::size_t{2} * kVectors);
  const CutOptions at{.at = 2'000'000}, later{.at = 2'000'001};
  CHECK(cost_of(log, *source, filter_of(log, {.since = at}), kVectors) < all * 2 / 3);
  CHECK(cost_of(log, *source, filter_of(log, {.until = at}), kVectors) < all * 2 / 3);
  CHECK(cost_of(log, *source, filter_of(log, {.since = later}), 0) == 0);
  CHECK(cost_of(log, *source, filter_of(log, {.until = CutOptions{.at = 0}}), 0) == 0);
}

TEST_CASE("a delta of a packed segment is found by where and when its deltas are") {
  const auto bytes = packed_log();
  const auto source = std::make_shared<const Counted>(bytes);
  const Log log = counted::open(source);
  CHECK(cost_of(log, *source, must(DeltaFilter::of_commit(log, CommitNo{1}, kVectors + 77)), 1) > 0);
  CHECK(cost_of(log, *source, must(DeltaFilter::of_commit(log, CommitNo{0})), kVectors) > 0);
  const Operation op = Operation::remove;
  CHECK(cost_of(log, *source, filter_of(log, {.operations = {op}}), 0) > 0);
}

TEST_CASE("a segment without a commit that is asked for is not read") {
  scratch::Directory dir;
  std::vector<std::shared_ptr<const Counted>> sources;
  std::vector<std::vector<std::uint8_t>> bytes;
  for (const std::string origin : {"one", "two"}) {
    const std::string path = dir.file(origin), packed = dir.file(origin + ".packed");
    auto encoder = must(Encoder::create(path, {}, {.threads = 1}));
    sample::add(encoder, {{origin, Operation::create, {1, 2}, {}, origin}, {origin, Operation::negate, {}, {}, origin}},
                5);
    must(encoder.finish());
    const std::string paths[] = {path};
    must(compact(paths, packed, {.threads = 1}));
    bytes.push_back(scratch::read(packed));
  }
  for (const auto& log : bytes) sources.push_back(std::make_shared<const Counted>(log));
  const std::vector<std::shared_ptr<const ByteSource>> both(sources.begin(), sources.end());
  const Log log = must(Log::open(both, {.threads = 1}));
  for (const auto& source : sources) source->bytes = 0;
  const DeltaFilter two = filter_of(log, {.origins = {"two"}});
  std::size_t found = 0;
  must(each_delta(log, VectorSet::all(), two, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) found += two.takes(batch[i]);
    return {};
  }));
  CHECK(found == 2);
  CHECK(sources[0]->bytes == 0);
  CHECK(sources[1]->bytes > 0);
}

TEST_CASE("the states at two moments take one pass") {
  for (const auto& bytes : {fresh_log(), packed_log()}) {
    const auto source = std::make_shared<const Counted>(bytes);
    const Log log = counted::open(source);
    const CutOptions then{.at = 1'500'000};
    std::size_t before = source->bytes;
    const State one = must(snapshot(log));
    const std::size_t once = source->bytes - before;
    before = source->bytes;
    const TwoStates both = must(two_snapshots(log, then, {}));
    CHECK(source->bytes - before == once);
    for (const VectorNo v : {VectorNo{3}, VectorNo{29'999}}) {
      CHECK(std::ranges::equal(both.second.bits(v), one.bits(v)));
      CHECK(std::ranges::equal(both.first.bits(v), must(snapshot(log, then, {v})).bits(v)));
    }
  }
}
