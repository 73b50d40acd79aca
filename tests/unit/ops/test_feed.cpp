// Following a log whose files are appended to, packed, pruned and exchanged.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/feed.hpp"
#include "delta/merge.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;
using Kind = Refreshed::Kind;

namespace {

/// The dots of what comes after a cursor, commit by commit; and where the reader then is.
std::vector<std::string> read(const Log& log, Cursor& cursor) {
  std::vector<std::string> dots;
  auto feed = must(Feed::after(log, cursor));
  FeedBatch batch;
  while (must(feed.next(batch))) {
    REQUIRE(!batch.commits.empty());
    for (std::size_t i = 0; i < batch.deltas.size(); ++i) {
      dots.push_back(log.dot_text({log.commit(batch.deltas.commits[i]).origin, batch.deltas.seqs[i]}));
    }
  }
  cursor = feed.cursor();
  return dots;
}

struct Followed {
  scratch::Directory dir;
  std::string path = dir.file("a.dlog");
  std::vector<std::string> paths = {path};
  Cursor cursor;

  Followed() { sample::write_log(path); }
  Log open() const { return must(Log::open(paths, {.threads = 1})); }
  void exchange(const CompactOptions& options) {
    const std::string packed = dir.file("packed.dlog");
    must(compact(paths, packed, options));
    std::filesystem::rename(packed, path);
  }
};

}  // namespace

TEST_CASE("a feed gives each delta once and after its causes, and a later feed gives what was appended") {
  Followed f;
  Log log = f.open();
  const auto first = read(log, f.cursor);
  CHECK(first.size() == sample::first_lines().size());
  CHECK(first.front() == "main:1");
  CHECK(f.cursor == must(log.cursor()));
  CHECK(read(log, f.cursor).empty());
  CHECK(must(log.refresh(f.cursor)).kind == Kind::unchanged);

  sample::append_log(f.path);
  CHECK(must(log.refresh(f.cursor)).kind == Kind::appended);
  CHECK(read(log, f.cursor).size() == 2);
  CHECK(f.cursor == must(log.cursor()));
}

TEST_CASE("a cursor goes on when the log was packed or grew by a merge in between") {
  Followed f;
  Log log = f.open();
  read(log, f.cursor);
  sample::append_log(f.path);
  f.exchange({.threads = 1});
  CHECK(must(log.refresh(f.cursor)).kind == Kind::replaced);
  CHECK(read(log, f.cursor).size() == 2);
  CHECK(read(log, f.cursor).empty());
}

TEST_CASE("what was pruned or lost before it was read is a gap, and is named") {
  Followed f;
  Log log = f.open();
  read(log, f.cursor);
  sample::append_log(f.path);
  {
    auto encoder = must(Encoder::append(f.path, {}));
    sample::add(encoder, {{"quince", Operation::dense, {5, 6, 7, 8}}}, 3'000'000);
    must(encoder.finish());
  }
  f.exchange({.threads = 1, .keep = {{.kind = KeepRule::Kind::now}}});
  const auto pruned = must(log.refresh(f.cursor));
  CHECK(pruned.kind == Kind::gap);
  REQUIRE(pruned.lost.size() == 1);
  CHECK(pruned.lost[0].starts_with("main:"));
  CHECK(Feed::after(log, f.cursor).error().code == ErrorCode::not_kept);

  Cursor ahead = f.cursor;
  ahead.advance("main", 1000);
  CHECK(Feed::after(log, ahead).error().code == ErrorCode::not_found);
  const auto lost = must(log.refresh(ahead));
  CHECK(lost.kind == Kind::gap);
  CHECK(lost.lost.back().ends_with("..1000"));
}

TEST_CASE("a pending commit comes when its causes are here") {
  Followed f;
  const std::string both = f.dir.file("both.dlog"), bundle = f.dir.file("bundle.dlog");
  std::filesystem::copy_file(f.path, both);
  sample::append_log(both);
  {
    auto merge = must(Merge::open(std::vector<std::string>{both}, {.threads = 1, .not_in = {f.path}}));
    auto out = must(OutputFile::create(bundle, {}));
    must(merge.write(out));
    must(out.commit());
  }
  f.paths = {f.dir.file("inbox")};
  std::filesystem::create_directory(f.paths[0]);
  std::filesystem::copy_file(bundle, f.paths[0] + "/bundle.dlog");
  Log log = f.open();
  CHECK(log.commits() == 1);
  CHECK(read(log, f.cursor).empty());
  std::filesystem::copy_file(f.path, f.paths[0] + "/base.dlog");
  CHECK(must(log.refresh(f.cursor)).kind == Kind::appended);
  const auto dots = read(log, f.cursor);
  CHECK(dots.size() == sample::first_lines().size() + 2);
}
