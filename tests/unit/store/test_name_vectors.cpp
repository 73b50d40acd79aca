// Names read late: the deltas that a filter takes are the same, with the same names, as where all names were read.
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "counted.hpp"
#include "delta/name_vectors.hpp"
#include "delta/selection.hpp"

using namespace delta;
using sample::must;

namespace {

constexpr OpenOptions kAll{.threads = 1};
OpenOptions no_ids() { return {.threads = 1, .ids = std::vector<std::string>()}; }

std::string text_of(const Log& log, const Delta& delta) {
  const Catalog& catalog = log.catalog();
  const NamespaceNo ns = catalog.namespace_of(delta.vector);
  std::string text = log.dot_text({log.commit(delta.commit).origin, delta.seq}) + " " + catalog.name_space(ns).name +
                     "/" + std::to_string(catalog.dims(delta.vector)) + "/" + std::string(catalog.id(delta.vector)) +
                     " " + std::to_string(static_cast<int>(delta.op)) + " " + std::to_string(delta.time.hlc) + " " +
                     std::string(delta.metadata);
  for (const auto bits : delta.bits) text += " " + std::to_string(bits);
  return text;
}

using Found = std::multiset<std::string>;

Found taken(const Log& log, const DeltaFilter& filter) {
  Found found;
  must(each_delta(log, VectorSet::all(), filter, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (filter.takes(batch[i])) found.insert(text_of(log, batch[i]));
    }
    return {};
  }));
  return found;
}

/// How many deltas the filter takes, after a look at both ways.
template <class MakeFilter>
std::size_t same_taken(const std::vector<std::string>& paths, const MakeFilter& filter_of) {
  const Log whole = must(Log::open(paths, kAll));
  Log log = must(Log::open(paths, no_ids()));
  CHECK(log.catalog().vectors() == 0);
  CHECK(log.commits() == whole.commits());
  const DeltaFilter filter = filter_of(log);
  must(name_vectors(log, filter));
  const Found found = taken(log, filter);
  CHECK(found == taken(whole, filter_of(whole)));
  return found.size();
}

/// 300 vectors in each of two namespaces, in two segments: the second names them in another order, and one more.
void write_log(const std::string& path) {
  for (const bool again : {false, true}) {
    auto encoder = must(again ? Encoder::append(path, {.threads = 1, .commit_every = 50})
                              : Encoder::create(path, {}, {.threads = 1, .commit_every = 50}));
    for (std::uint32_t i = 0; i < 600; ++i) {
      const std::uint32_t v = again ? 599 - i : i;
      const std::string id = "v" + std::to_string(v / 2);
      const std::vector<std::uint32_t> bits(v % 2 == 0 ? 2 : 3, i);
      DeltaInput in;
      in.id = id;
      in.name_space = v % 2 == 0 ? "flat" : "deep";
      in.op = again ? Operation::dense : Operation::create;
      in.bits = bits;
      in.at = (again ? 2'000'000 : 1'000'000) + i;
      must(encoder.delta(in));
    }
    if (again) {
      const std::vector<std::uint32_t> bits(2, 7);
      must(encoder.delta({.id = "new", .name_space = "flat", .op = Operation::create, .bits = bits, .at = 3'000'000}));
    }
    must(encoder.finish());
  }
}

}  // namespace

TEST_CASE("deltas are the same where names are read late") {
  const scratch::Directory dir;
  const std::string fresh = dir.file("a.dlog"), packed = dir.file("p.dlog"), pruned = dir.file("q.dlog");
  write_log(fresh);
  must(compact(std::vector{fresh}, packed, {.threads = 1}));
  const KeepRule rule{.kind = KeepRule::Kind::since, .at = 2'000'100};
  must(compact(std::vector{fresh}, pruned, {.threads = 1, .keep = {rule}}));
  const std::vector<std::vector<std::string>> logs = {{fresh}, {packed}, {fresh, packed}, {pruned}, {pruned, packed}};
  for (const auto& paths : logs) {
    for (const std::uint64_t seq : {1, 599, 601, 1201}) {
      const auto one = [&](const Log& log) {
        return must(DeltaFilter::of_commit(log, *log.find_commit({OriginNo{0}, seq}), seq));
      };
      CHECK(same_taken(paths, one) <= 1);
    }
    const auto commit = [](const Log& log) {
      return must(DeltaFilter::of_commit(log, *log.find_commit({OriginNo{0}, 777})));
    };
    CHECK(same_taken(paths, commit) > 0);
    const auto since = [](const Log& log) {
      return must(DeltaFilter::make(log, {.since = CutOptions{.at = 2'000'400}}));
    };
    CHECK(same_taken(paths, since) == 201);
    CHECK(same_taken(paths, [](const Log& log) { return must(DeltaFilter::make(log, {})); }) >= 601);
    const auto none = [](const Log& log) {
      return must(DeltaFilter::make(log, {.since = CutOptions{.at = 9'000'000}}));
    };
    CHECK(same_taken(paths, none) == 0);
  }
}

TEST_CASE("a log without names is opened without reading them, and one delta takes the name of its vector") {
  const auto bytes = counted::fresh_log();
  const auto source = std::make_shared<const counted::Counted>(bytes);
  const Log whole = counted::open(source);
  const std::size_t all = source->bytes;
  Log log = counted::open(source, no_ids());
  CHECK(source->bytes - all < all);  // the rest is names
  const auto filter = must(DeltaFilter::of_commit(log, CommitNo{0}, 77));
  must(name_vectors(log, filter));
  CHECK(log.catalog().vectors() == 1);
  CHECK(taken(log, filter).size() == 1);
}

TEST_CASE("a log with names is left as it is") {
  const scratch::Directory dir;
  write_log(dir.file("a.dlog"));
  const std::vector paths{dir.file("a.dlog")};
  Log log = must(Log::open(paths, kAll)), some = must(Log::open(paths, {.threads = 1, .ids = {{"v7"}}}));
  must(name_vectors(log, must(DeltaFilter::of_commit(log, CommitNo{0}))));
  must(name_vectors(some, must(DeltaFilter::of_commit(some, CommitNo{0}))));
  CHECK(log.catalog().vectors() == 601);
  CHECK(some.catalog().vectors() == 2);
}
