// Each check of verify finds what no other one does: with it left out, the log that breaks its rule passes for better.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/merge.hpp"
#include "ops/verify.hpp"
#include "sample_log.hpp"
#include "store/segment_writer.hpp"

using namespace delta;
using sample::must;

namespace {

/// A log as no encoder writes it.
struct Forged {
  Catalog catalog;
  BufferSink bytes;
  OriginNo main = catalog.add_origin("main"), other = catalog.add_origin("other");
  NamespaceNo ns = catalog.add_namespace("", 2);
  VectorNo vector = catalog.add_vector(ns, "a");
  store::SegmentWriter writer{catalog, {}, {}, bytes};

  void commit(OriginNo origin, std::uint64_t first, const std::vector<Delta>& deltas, std::vector<Dot> parents = {},
              std::optional<Timestamp> time = {}) {
    writer.begin(origin, first);
    for (const Delta& delta : deltas) must(writer.add(delta));
    Commit commit{.origin = origin,
                  .first = first,
                  .count = deltas.size(),
                  .parents = std::move(parents),
                  .message = {},
                  .tool = {},
                  .source = {},
                  .trace = {}};
    commit.time = time.value_or(deltas.back().time);
    must(writer.end(commit));
  }
  std::string file(const scratch::Directory& dir) {
    must(writer.finish());
    const std::string path = dir.file("forged.dlog");
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.bytes.data()), static_cast<std::streamsize>(bytes.bytes.size()));
    return path;
  }
};

const std::uint32_t kBits[] = {0x3f800000, 0x40000000};

Delta create(VectorNo vector, Micros at) {
  return {.vector = vector, .op = Operation::create, .time = Timestamp::of(at), .bits = kBits};
}
Delta dense(VectorNo vector, Micros at) {
  return {.vector = vector, .op = Operation::dense, .time = Timestamp::of(at), .bits = kBits};
}

/// Verify says this of the files, and with the check left out it does not.
void only_finds(std::string_view check, Verdict verdict, const std::vector<std::string>& paths,
                const VerifyOptions& options = {.threads = 1}) {
  const auto says = [&](const ops::Checks& checks) {
    const auto report = must(ops::verify(paths, options, checks));
    return std::ranges::count(report.findings, verdict, &Finding::verdict);
  };
  INFO(check);
  CHECK(says({}) > says(ops::Checks::all_but(check)));
}

}  // namespace

TEST_CASE("a rule of the model that a writer breaks is found by one check") {
  scratch::Directory dir;
  SECTION("a name that is none") {
    Forged log;
    log.commit(log.main, 1, {create(log.catalog.add_vector(log.ns, "a\nb"), 1)});
    only_finds("names", Verdict::invalid, {log.file(dir)});
  }
  SECTION("times that fall inside a commit") {
    Forged log;
    log.commit(log.main, 1, {create(log.vector, 5), dense(log.vector, 3)});
    only_finds("order", Verdict::invalid, {log.file(dir)});
  }
  SECTION("a commit of another time than its last delta") {
    Forged log;
    log.commit(log.main, 1, {create(log.vector, 5)}, {}, Timestamp::of(9));
    only_finds("row times", Verdict::invalid, {log.file(dir)});
  }
  SECTION("a clamp with its bounds exchanged") {
    Forged log;
    const std::uint32_t bounds[] = {0x40000000, 0x3f800000};
    log.commit(log.main, 1,
               {create(log.vector, 5),
                {.vector = log.vector, .op = Operation::clamp, .time = Timestamp::of(6), .bits = bounds}});
    only_finds("rules", Verdict::invalid, {log.file(dir)});
  }
  SECTION("an update of nothing") {
    Forged log;
    log.commit(log.main, 1, {dense(log.vector, 5)});
    only_finds("existence", Verdict::invalid, {log.file(dir)});
  }
  SECTION("a commit that is older than what it has seen") {
    Forged log;
    log.commit(log.main, 1, {create(log.vector, 5)});
    log.commit(log.other, 1, {dense(log.vector, 3)}, {{log.main, 1}});
    only_finds("clocks", Verdict::invalid, {log.file(dir)});
  }
  SECTION("a parent too many") {
    Forged log;
    const auto third = log.catalog.add_origin("third");
    log.commit(log.main, 1, {create(log.vector, 5)});
    log.commit(log.other, 1, {dense(log.vector, 6)}, {{log.main, 1}});
    log.commit(third, 1, {dense(log.vector, 7)}, {{log.main, 1}, {log.other, 1}});
    only_finds("parents", Verdict::redundant, {log.file(dir)});
  }
  SECTION("a time ahead of the clock") {
    Forged log;
    log.commit(log.main, 1, {create(log.vector, 5)});
    only_finds("ahead", Verdict::ahead, {log.file(dir)}, {.threads = 1, .latest = 4});
  }
  SECTION("one name for vectors of two dimension counts") {
    Forged log;
    const std::uint32_t three[] = {1, 2, 3};
    const auto wide = log.catalog.add_vector(log.catalog.add_namespace("", 3), "a");
    log.commit(log.main, 1, {create(log.vector, 5)});
    log.commit(log.other, 1, {{.vector = wide, .op = Operation::create, .time = Timestamp::of(6), .bits = three}});
    only_finds("namespaces", Verdict::conflict, {log.file(dir)});
  }
}

TEST_CASE("what is wrong between files is found by one check") {
  scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  sample::write_log(path);
  SECTION("a bundle alone") {
    const std::string whole = dir.file("whole.dlog"), bundle = dir.file("bundle.dlog");
    std::filesystem::copy_file(path, whole);
    sample::append_log(whole);
    auto merge = must(Merge::open(std::vector<std::string>{whole}, {.threads = 1, .not_in = {path}}));
    auto out = must(OutputFile::create(bundle, {}));
    must(merge.write(out));
    must(out.commit());
    only_finds("pending", Verdict::pending, {bundle});
    only_finds("links", Verdict::unlinked, {bundle});
  }
  SECTION("two histories of one origin") {
    const std::string other = dir.file("other.dlog");
    auto encoder = must(Encoder::create(other, {}, {.message = "sample"}));
    auto lines = sample::first_lines();
    lines[0].values[0] = 99;
    sample::add(encoder, lines, 1'000'000);
    must(encoder.finish());
    only_finds("forks", Verdict::forked, {path, other});
  }
  SECTION("a commit that a pruning had assumed not to exist") {
    const std::string pruned = dir.file("pruned.dlog"), more = dir.file("more.dlog");
    auto encoder = must(Encoder::create(more, {}, {}));
    sample::add(encoder, {{"apple", Operation::create, {1, 2, 3, 4}, {}, "late"}}, 1'000'000);
    must(encoder.finish());
    must(compact(std::vector{path}, pruned,
                 {.threads = 1, .keep = {{.kind = KeepRule::Kind::now}}, .assume_closed = true}));
    only_finds("late", Verdict::late, {pruned, more});
  }
  SECTION("a pruned log") {
    const std::string pruned = dir.file("pruned.dlog");
    sample::write_pruned(pruned);
    only_finds("pruned", Verdict::pruned, {pruned});
  }
}
