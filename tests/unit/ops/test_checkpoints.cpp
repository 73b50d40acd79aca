// Checkpoints beside a log: they serve, they are worth nothing once they are damaged, stale or foreign, and no answer
// depends on them.
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "delta/checkpoint.hpp"
#include "delta/compact.hpp"
#include "delta/snapshot.hpp"
#include "format/wire.hpp"
#include "index/checkpoint_file.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Everything that a log says at a cut.
std::string text(const Log& log, const CutOptions& cut = {}) {
  const State state = must(snapshot(log, cut));
  const Catalog& catalog = log.catalog();
  std::string out = std::to_string(state.overflows) + "\n";
  for (const auto ns : numbers<NamespaceNo>(catalog.namespaces())) {
    for (const auto v : must(state.rows(ns))) {
      out += catalog.name_space(ns).name + "/" + std::string(catalog.id(v));
      for (const auto b : state.bits(v)) out += " " + std::to_string(b);
      out += " " + std::string(state.metadata(v)) + " " + std::to_string(state.created(v).time.hlc) + "\n";
    }
  }
  return out;
}

/// At each moment, now, and as each commit saw it.
std::string answers(const std::string& path, std::vector<Finding>* notices = nullptr) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  std::string out = text(log, {.notices = notices});
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    const CommitView& commit = log.commit(number);
    for (const CutOptions& cut : {CutOptions{.at = log.commit_time(number).us(), .notices = notices},
                                  CutOptions{.as_seen_by = {{commit.origin, commit.last()}}, .notices = notices}}) {
      if (check_cut(log, cut)) out += text(log, cut);
    }
  }
  return out;
}

struct Files {
  scratch::Directory directory;
  const std::string log = directory.file("a.dlog"), side = log + ".dlc", hidden = directory.file("hidden");

  std::string without() {
    const bool there = std::filesystem::exists(side);
    if (there) std::filesystem::rename(side, hidden);
    const std::string out = answers(log);
    if (there) std::filesystem::rename(hidden, side);
    return out;
  }
  CheckpointSummary update(CheckpointOptions options = {}) {
    options.cost = 1e-6;
    return must(update_checkpoints(log, options));
  }
};

/// Changes the last value of the last checkpoint, with checksums that fit.
void forge(const std::string& side) {
  Bytes bytes = scratch::read(side);
  const auto directory = must(checkpoint::read_checkpoint_directory(*memory_source("side", bytes)));
  const auto& chunks = directory.checkpoints.back().chunks;
  const auto chunk =
      *std::ranges::find(chunks, checkpoint::CheckpointChunk::Kind::vectors, &checkpoint::CheckpointChunk::kind);
  bytes[chunk.offset + chunk.length - 1] ^= 0x40;
  Bytes old(8), now(8);
  format::store(old.data(), chunk.checksum);
  format::store(now.data(), checksum(ByteView(bytes).subspan(chunk.offset, chunk.length)));
  const std::size_t trailer = bytes.size() - 64;
  const auto start = format::load<std::uint64_t>(&bytes[trailer]);
  const auto at = std::find_end(bytes.begin(), bytes.end(), old.begin(), old.end());
  REQUIRE(at != bytes.end());
  std::ranges::copy(now, at);
  format::store(&bytes[trailer + 16], checksum(ByteView(bytes).subspan(start, trailer - start)));
  format::store(&bytes[trailer + 48], checksum(ByteView(bytes).subspan(trailer, 48)));
  scratch::write(side, bytes);
}

}  // namespace

TEST_CASE_METHOD(Files, "checkpoints change no answer, as the log grows and is packed") {
  sample::write_log(log);
  const std::string first = without();
  const auto made = update();
  CHECK(made.path == side);
  CHECK(made.made > 0);
  CHECK(made.checkpoints == made.made);
  CHECK(made.bytes == std::filesystem::file_size(side));
  std::vector<Finding> notices;
  CHECK(answers(log, &notices) == first);
  CHECK(!must(check_checkpoints(log)));

  sample::append_log(log);
  CHECK(answers(log, &notices) == without());
  const auto more = update();
  CHECK(more.checkpoints >= made.checkpoints);
  CHECK(more.made > 0);
  CHECK(answers(log, &notices) == without());
  CHECK(update().made == 0);

  const std::string paths[] = {log}, packed = directory.file("packed.dlog");
  must(compact(paths, packed, {.force = true}));
  std::filesystem::rename(packed, log);
  CHECK(answers(log, &notices) == without());
  CHECK(notices.empty());
  CHECK(!must(check_checkpoints(log)));

  must(compact(paths, packed, {.force = true, .keep = {{.kind = KeepRule::Kind::now}}}));
  std::filesystem::rename(packed, log);
  CHECK(answers(log, &notices) == without());
  CHECK(notices.empty());
}

TEST_CASE_METHOD(Files, "a checkpoint is what a snapshot is made of, and a wrong one is found") {
  sample::write_log(log);
  const std::string right = without();
  static_cast<void>(update());
  forge(side);
  CHECK(answers(log) != right);
  const auto wrong = must(check_checkpoints(log));
  REQUIRE(wrong);
  CHECK(wrong->find("is wrong about vector") != std::string::npos);
  CheckpointOptions options;
  options.rebuild = true;
  static_cast<void>(update(options));
  CHECK(answers(log) == right);
}

TEST_CASE_METHOD(Files, "each bit of a file of checkpoints counts, and no damage reaches an answer") {
  sample::write_log(log);
  const std::string right = without();
  static_cast<void>(update());
  const Bytes good = scratch::read(side);
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += 3) {
    Bytes bytes = good;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    scratch::write(side, bytes);
    std::vector<Finding> notices;
    INFO("bit " << bit);
    REQUIRE(answers(log, &notices) == right);
    const bool told = !notices.empty() || must(check_checkpoints(log)).has_value();
    REQUIRE(told);
  }
  for (std::size_t size = 0; size < good.size(); size += 7) {
    scratch::write(side, {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
    std::vector<Finding> notices;
    REQUIRE(answers(log, &notices) == right);
    REQUIRE(!notices.empty());
  }
}

TEST_CASE_METHOD(Files, "checkpoints of another log are named and not used") {
  sample::write_log(log);
  static_cast<void>(update());
  {
    auto encoder = must(Encoder::create(log, {}, {.force = true}));
    sample::add(encoder, {{"apple", Operation::create, {7, 7, 7, 7}}}, 1);
    must(encoder.finish());
  }
  std::vector<Finding> notices;
  CHECK(answers(log, &notices) == without());
  REQUIRE(!notices.empty());
  CHECK(notices.front().file == side);
  CHECK(notices.front().what == "it was made of another state of this log; the checkpoints are not used");
  CHECK(must(check_checkpoints(log)));
}

TEST_CASE_METHOD(Files, "a log that is compacted in place keeps its checkpoints") {
  sample::write_log(log);
  static_cast<void>(update());
  const auto made = scratch::read(side);
  sample::append_log(log);
  {
    const auto place = must(LockedLog::open(log, {}));
    const std::string paths[] = {log};
    const Log whole = must(Log::open(paths, {1}));
    REQUIRE(must(compact_in_place(whole, place, {})).changed);
  }
  CHECK(scratch::read(side) != made);
  std::vector<Finding> notices;
  CHECK(answers(log, &notices) == without());
  CHECK(notices.empty());
  forge(side);
  CHECK(answers(log, &notices) != without());
}

TEST_CASE_METHOD(Files, "questions about a few vectors do not read the checkpoints") {
  sample::write_log(log);
  static_cast<void>(update());
  forge(side);
  const std::string paths[] = {log};
  std::vector<Finding> notices;
  for (const std::string id : {"apple", "pear", "plum"}) {
    const Log some = must(Log::open(paths, {.threads = 1, .ids = std::vector{id}}));
    const State with = must(snapshot(some, {.notices = &notices}));
    std::filesystem::rename(side, hidden);
    const State without = must(snapshot(some));
    std::filesystem::rename(hidden, side);
    for (const auto v : numbers<VectorNo>(some.catalog().vectors())) {
      CHECK(std::ranges::equal(with.bits(v), without.bits(v)));
    }
  }
  CHECK(notices.empty());
}

TEST_CASE_METHOD(Files, "a small log needs no checkpoint, and a rehearsal writes none") {
  sample::write_log(log);
  const auto none = must(update_checkpoints(log, {.cost = 1e9}));
  CHECK(none.checkpoints == 0);
  CHECK(none.bytes == 0);
  CheckpointOptions options;
  options.dry_run = true;
  CHECK(update(options).made > 0);
  CHECK(!std::filesystem::exists(side));
  CHECK(update_checkpoints(log, {.cost = 0}).error().code == ErrorCode::usage);
  CHECK(update_checkpoints(directory.file("none.dlog")).error().code == ErrorCode::not_found);
}

TEST_CASE_METHOD(Files, "the checkpoints of a private log are private") {
  sample::write_log(log);
  REQUIRE(::chmod(log.c_str(), 0600) == 0);
  static_cast<void>(update());
  CHECK((std::filesystem::status(side).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE_METHOD(Files, "an encoder that folds the whole log starts from a checkpoint, too") {
  sample::write_log(log);
  static_cast<void>(update());
  const std::string paths[] = {log};
  auto encoder = must(Encoder::rehearse(std::vector{log}, {.now = 9'000'000'000}));
  must(encoder.read_present());
  const Log read = must(Log::open(paths, {1}));
  const State state = must(snapshot(read, {}));
  for (const auto v : numbers<VectorNo>(read.catalog().vectors())) {
    CHECK(std::ranges::equal(state.bits(v), must(encoder.present())->bits(v)));
  }
}
