// Making, extending and checking the lookup index of a log.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "delta/reindex.hpp"
#include "os/side_file.hpp"
#include "sample_log.hpp"
#include "store/index_file.hpp"
#include "store/segment_writer.hpp"
#include "store/union.hpp"

using namespace delta;
using sample::must;
using Done = IndexReport::Done;

namespace {

/// One commit of `origin`, of vectors from `first` on.
void append(const std::string& path, Micros time, std::uint32_t first, std::uint32_t count,
            const std::string& origin = "main") {
  const bool there = std::filesystem::exists(path);
  EncodeOptions options{.threads = 1, .origin = origin};
  auto encoder = must(there ? Encoder::append(path, options) : Encoder::create(path, {}, options));
  for (std::uint32_t i = first; i < first + count; ++i) {
    const std::string id = "v" + std::to_string(i);
    const std::vector<std::uint32_t> bits(2, static_cast<std::uint32_t>(time));
    DeltaInput in;
    in.id = id;
    in.bits = bits;
    in.at = time;
    must(encoder.delta(in));
  }
  must(encoder.finish());
}

/// The same, and the index does not hear of it.
void append_unseen(const std::string& path, Micros time, std::uint32_t first, std::uint32_t count) {
  std::filesystem::rename(path + ".dlx", path + ".away");
  append(path, time, first, count);
  std::filesystem::rename(path + ".away", path + ".dlx");
}

std::vector<store::LookupIndex::Found> find(const std::string& log, const std::vector<std::string>& ids) {
  const auto file = must(store::open_log_file(log));
  const auto state = must(store::index_state(os::index_path(log), *file));
  REQUIRE(state.index);
  return must(state.index->find(ids));
}

}  // namespace

TEST_CASE("an index that was extended says what one that was made new says") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), index = log + ".dlx";
  append(log, 1, 0, 100);
  CHECK(must(reindex(log)).done == Done::made);
  CHECK(must(reindex(log)).done == Done::nothing);
  std::uint64_t most = 0;
  for (std::uint32_t i = 2; i < 60; ++i) {
    if (i % 13 == 0) {
      append_unseen(log, i, i, 3);
      CHECK(must(check_index(log)).found == IndexWorth::behind);
      CHECK(must(reindex(log)).done == Done::extended);
    } else {
      append(log, i, i % 7 == 0 ? 100 + i : i, i % 5 == 0 ? 20 : 1, i % 11 == 0 ? "edge" : "main");
    }
    const auto report = must(reindex(log));
    CHECK(report.done == Done::nothing);
    CHECK(report.segments == i);
    CHECK(report.levels <= 8);
    most = std::max(most, report.bytes);
    const auto checked = must(check_index(log));
    CHECK(checked.what == "");
    CHECK(checked.found == IndexWorth::whole);
    CHECK(checked.linear);
  }
  CHECK(find(log, {"v5"}).size() >= 2);
  CHECK(find(log, {"none"}).empty());
  const auto rebuilt = must(reindex(log, {.rebuild = true}));
  CHECK(rebuilt.done == Done::made);
  CHECK(rebuilt.levels == 1);
  CHECK(most < 3 * rebuilt.bytes);
  CHECK(must(check_index(log)).found == IndexWorth::whole);
}

TEST_CASE("an index finds each vector where the log has it") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  sample::write_log(log);
  sample::append_log(log);
  must(reindex(log));
  using Found = store::LookupIndex::Found;
  const auto at = [](std::uint64_t segment, std::uint32_t vector, std::size_t id, bool lifecycle) {
    return Found{segment, nth<SegmentVector>(vector), SegmentNamespace{0}, id, lifecycle};
  };
  CHECK(find(log, {"plum", "quince", "apple"}) ==
        std::vector<Found>{at(0, 0, 2, true), at(0, 2, 0, true), at(1, 0, 0, false), at(1, 1, 1, true)});
}

TEST_CASE("an index finds the ids that begin alike") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  append(log, 1, 0, 1500);
  must(reindex(log));
  append(log, 2, 1000, 2);
  append(log, 3, 20'000, 3);
  const auto file = must(store::open_log_file(log));
  const auto index = must(store::index_state(os::index_path(log), *file)).index;
  REQUIRE(index);
  CHECK(index->seal().levels.size() > 1);
  const auto with = [&](const std::string& prefix, std::size_t most = 5000) {
    const auto found = must(index->ids_with(prefix, most));
    return found ? std::optional(std::set(found->begin(), found->end())) : std::nullopt;
  };
  for (const std::string prefix : {"v1", "v12", "v123", "v1234", "v2000", "v", "", "v149", "v9", "w", "a", "v20001"}) {
    INFO(prefix);
    std::set<std::string> should;
    for (std::uint32_t i = 0; i < 1500; ++i) should.insert("v" + std::to_string(i));
    for (std::uint32_t i = 20'000; i < 20'003; ++i) should.insert("v" + std::to_string(i));
    std::erase_if(should, [&](const std::string& id) { return !id.starts_with(prefix); });
    CHECK(with(prefix) == should);
  }
  CHECK(!with("v1", 10));
}

TEST_CASE("an index is of its log alone, and of all of it") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), other = dir.file("b.dlog");
  append(log, 1, 0, 3);
  CHECK(must(check_index(log)).found == IndexWorth::absent);
  must(reindex(log));
  append(other, 1, 0, 4);
  std::filesystem::copy_file(log + ".dlx", other + ".dlx");
  CHECK(must(check_index(other)).found == IndexWorth::foreign);
  CHECK(must(reindex(other)).done == Done::made);
  CHECK(must(check_index(other)).found == IndexWorth::whole);
  const Buffer before = scratch::read(log);
  append(log, 2, 0, 1);
  scratch::write(log, before);  // what the log was
  CHECK(must(check_index(log)).found == IndexWorth::foreign);
  CHECK(must(reindex(log, {.dry_run = true})).done == Done::made);
  CHECK(must(check_index(log)).found == IndexWorth::foreign);
}

TEST_CASE("a flipped bit in an index is noticed, and mended") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), index = log + ".dlx";
  append(log, 1, 0, 30);
  must(reindex(log));
  append(log, 2, 3, 2);
  const Buffer good = scratch::read(index);
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer bad = good;
    bad[at] ^= static_cast<Byte>(1 << at % 8);
    scratch::write(index, bad);
    const auto report = must(check_index(log));
    INFO("byte " << at << " of " << good.size());
    // Padding, and a seal that no longer counts, may be anything: they say nothing.
    if (report.found == IndexWorth::whole) CHECK(find(log, {"v3"}).size() == 2);
    if (at % 64 == 9) {
      must(reindex(log, {.rebuild = report.found == IndexWorth::damaged}));
      CHECK(must(check_index(log)).found == IndexWorth::whole);
    }
  }
}

TEST_CASE("of an index that was not written to its end the part before counts") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), index = log + ".dlx";
  append(log, 1, 0, 30);
  must(reindex(log));
  const auto before = scratch::read(index).size();
  append(log, 2, 3, 2);
  must(reindex(log));
  const Buffer good = scratch::read(index);
  REQUIRE(good.size() > before);
  for (std::size_t size = before; size < good.size(); size += 13) {
    scratch::write(index, Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(must(check_index(log)).found == IndexWorth::behind);
    CHECK(must(reindex(log)).done == Done::extended);
    CHECK(scratch::read(index) == good);
  }
  for (std::size_t size = 0; size < before; size += 31) {
    scratch::write(index, Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(must(check_index(log)).found == IndexWorth::damaged);
  }
  CHECK(must(reindex(log)).done == Done::made);
}

TEST_CASE("an index says whether each commit has seen all before it") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  sample::write_log(log);
  CHECK(must(reindex(log)).linear);
  {
    auto encoder = must(Encoder::append(log, {}));
    const std::vector<std::string_view> parents = {"main:1"};
    DeltaInput in;
    in.id = "apple";
    in.op = Operation::negate;
    in.origin = "late";
    in.parents = parents;
    in.at = 3'000'000'000'000;
    must(encoder.delta(in));
    must(encoder.finish());
  }
  CHECK(!must(reindex(log)).linear);
  CHECK(must(check_index(log)).found == IndexWorth::whole);
  const std::string pruned = dir.file("p.dlog");
  sample::write_pruned(pruned);
  CHECK(!must(reindex(pruned)).linear);
}

TEST_CASE("an index says whether commits stand in order of their times") {
  const scratch::Directory dir;
  Catalog catalog;
  const VectorNo vector = catalog.add_vector(catalog.add_namespace("", 1), "a");
  const OriginNo main = catalog.add_origin("main"), edge = catalog.add_origin("edge");
  const std::vector<std::uint32_t> bits = {sample::bits(1)};
  const auto write = [&](const std::string& path, std::initializer_list<std::pair<OriginNo, Micros>> commits) {
    auto file = must(OutputFile::create(path, {}));
    store::SegmentWriter writer(catalog, store::Heads(2), {}, file);
    std::map<OriginNo, std::uint64_t> seqs;
    std::optional<Dot> before;
    for (const auto& [origin, time] : commits) {
      Commit commit;
      commit.origin = origin;
      commit.first = ++seqs[origin];
      commit.count = 1;
      commit.time = Timestamp::of(time);
      if (before) commit.parents = {*before};
      before = Dot{origin, commit.first};
      writer.begin(origin, commit.first);
      Delta delta;
      delta.op = Operation::create;
      delta.vector = vector;
      delta.time = commit.time;
      delta.seq = commit.first;
      delta.bits = bits;
      must(writer.add(delta));
      must(writer.end(std::move(commit)));
    }
    must(writer.finish());
    must(file.commit());
    return must(reindex(path)).linear;
  };
  CHECK(write(dir.file("a.dlog"), {{main, 0}, {main, 0}, {edge, 5}, {main, 6}}));
  CHECK(!write(dir.file("b.dlog"), {{main, 5}, {edge, 4}}));
  CHECK(!write(dir.file("c.dlog"), {{main, 5}, {edge, 5}}));
  CHECK(!write(dir.file("d.dlog"), {{main, 5}, {main, 4}}));
}

TEST_CASE("an index has the mode of its log") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  append(log, 1, 0, 3);
  using std::filesystem::perms;
  std::filesystem::permissions(log, perms::owner_read | perms::owner_write);
  must(reindex(log));
  CHECK(std::filesystem::status(log + ".dlx").permissions() == (perms::owner_read | perms::owner_write));
}
