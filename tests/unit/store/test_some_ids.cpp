// Opening a log for some ids: which of an IDS frame's names are kept, and that nothing of the others comes through.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/snapshot.hpp"
#include "format/tables.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using Names = std::vector<std::string>;

constexpr std::uint32_t kVectors = 40'000;  // more than a packed segment names in a frame

/// Vectors 0 to 39,999 in two namespaces of 2 and 3 dims, each of its number; then number 7 of both and the last of one
/// change.
void write_log(const std::string& path) {
  for (const bool again : {false, true}) {
    auto encoder = must(again ? Encoder::append(path, {.threads = 1}) : Encoder::create(path, {}, {.threads = 1}));
    for (std::uint32_t v = 0; v < kVectors; ++v) {
      const std::string id = std::to_string(v);
      for (const std::uint32_t dims : {2u, 3u}) {
        if (again && v != 7 && !(v == kVectors - 1 && dims == 3)) continue;
        const std::vector<std::uint32_t> bits(dims, again ? v + dims : v);
        DeltaInput in;
        in.id = id;
        in.name_space = dims == 2 ? "flat" : "deep";
        in.bits = bits;
        in.at = again ? 2'000'000 : 1'000'000;
        must(encoder.delta(in));
      }
    }
    must(encoder.finish());
  }
}

}  // namespace

TEST_CASE("of an IDS frame the wanted names are kept, with their places") {
  format::Ids ids;
  ids.owners.add(SegmentNamespace{0}, 3);
  ids.owners.add(SegmentNamespace{1}, 2);
  ids.ids = {"apple", "apples", "b", "apple", "appliance"};
  Buffer payload;
  format::write_ids(ids, payload);
  const auto kept = [&](const Names& names) {
    const format::IdSet wanted(names);
    format::Ids out;
    must(format::read_ids(payload, 5, 2, &wanted, out));
    CHECK(out.owners.size() == 5);
    CHECK(out.ids.size() == out.places.size());
    for (std::size_t i = 0; i < out.ids.size(); ++i) CHECK(out.ids[i] == ids.ids[out.places[i]]);
    return out.places;
  };
  using Places = std::vector<std::uint32_t>;
  CHECK(kept({"apple"}) == Places{0, 3});
  CHECK(kept({"appliance", "b"}) == Places{2, 4});
  CHECK(kept({"appl", "", "c", std::string(5000, 'x')}) == Places{});
  CHECK(kept({"appliance", "b", "apple", "apples", "apple"}) == Places{0, 1, 2, 3, 4});
  payload.back() = 'l';  // appliancl: nothing wrong with that
  CHECK(kept({"appliance"}) == Places{});
  format::Ids out;
  const Names one{"apple"};
  const format::IdSet wanted(one);
  payload.pop_back();
  CHECK(format::read_ids(payload, 5, 2, &wanted, out).error().message == "IDS: malformed");
}

TEST_CASE("of an IDS frame the names at some places are kept") {
  format::Ids ids;
  ids.owners.add(SegmentNamespace{0}, 5);
  ids.ids = {"apple", "apples", "b", "banana", "bananas"};
  Buffer payload;
  format::write_ids(ids, payload);
  using Places = std::vector<std::uint32_t>;
  for (const Places& places : {Places{}, Places{0}, Places{4}, Places{1, 3}, Places{0, 1, 2, 3, 4}}) {
    format::Ids out;
    must(format::read_ids_at(payload, 5, 1, places, out));
    CHECK(out.owners.size() == 5);
    CHECK(out.places == places);
    CHECK(out.ids.size() == places.size());
    for (std::size_t i = 0; i < places.size(); ++i) CHECK(out.ids[i] == ids.ids[places[i]]);
  }
  payload.pop_back();
  format::Ids out;
  CHECK(format::read_ids_at(payload, 5, 1, Places{1}, out).error().message == "IDS: malformed");
}

TEST_CASE("a log opened for some ids is not compacted, and merged whole") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog"), out = dir.file("out.dlog");
  auto encoder = must(Encoder::create(path, {}, {.threads = 1}));
  sample::add(encoder, sample::first_lines(), 1);
  must(encoder.finish());
  const Log log = must(Log::open(Names{path}, {.threads = 1, .ids = Names{"apple"}}));
  CHECK(compact(log, out, {.threads = 1}).error().code == ErrorCode::usage);
  CHECK_FALSE(std::filesystem::exists(out));
  auto file = must(OutputFile::create(out, {.force = false, .binary = true}));
  must(must(Merge::of(log)).write(file));
  must(file.commit());
  CHECK(scratch::read(out) == scratch::read(path));
}

TEST_CASE("the longest chain of a log opened for some ids is that of the whole") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  write_log(path);
  CHECK(must(longest_chain(must(Log::open(Names{path}, {.threads = 1, .ids = Names{"1"}})))) == 2);
}

TEST_CASE("a log opened for some ids names no others, in no namespace, fresh or packed") {
  const scratch::Directory dir;
  const std::string fresh = dir.file("a.dlog"), packed = dir.file("p.dlog");
  write_log(fresh);
  must(compact(Names{fresh}, packed, {.threads = 1}));
  for (const std::string& path : {fresh, packed}) {
    const Log log =
        must(Log::open(Names{path}, {.threads = 1, .ids = Names{"7", std::to_string(kVectors - 1), "none"}}));
    CHECK(log.catalog().vectors() == 4);
    CHECK(log.commits() == must(Log::open(Names{path})).commits());
    const State state = must(snapshot(log));
    CHECK(state.size() == 4);
    for (std::uint32_t v = 0; v < 4; ++v) {
      const auto dims = log.catalog().dims(VectorNo{v});
      const auto number = static_cast<std::uint32_t>(std::stoul(std::string(log.catalog().id(VectorNo{v}))));
      const bool changed = number == 7 || dims == 3;
      CHECK(std::ranges::equal(state.bits(VectorNo{v}),
                               std::vector<std::uint32_t>(dims, changed ? number + dims : number)));
    }
    std::size_t deltas = 0;
    must(log.each(delta::VectorSet::all(),
                  [&](const DeltaBatch& batch) -> Status { return deltas += batch.size(), Status{}; }));
    CHECK(deltas == 7);
  }
}
