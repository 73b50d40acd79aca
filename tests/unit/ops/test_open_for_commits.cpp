// What a log of which only some commits are read says of these is what the whole log says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "delta/clock.hpp"
#include "delta/compact.hpp"
#include "delta/lookup.hpp"
#include "delta/name_vectors.hpp"
#include "delta/reindex.hpp"
#include "delta/selection.hpp"
#include "random_log.hpp"
#include "store/union.hpp"

using namespace delta;
using sample::must, sample::RandomLog, sample::reindex_with_tables;

namespace {

std::string commit_text(const Log& log, CommitNo number) {
  const CommitView commit = log.commit(number);
  std::ostringstream out;
  out << log.dot_text({commit.origin, commit.first}) << "+" << commit.count << "@" << commit.time.hlc << "/"
      << commit.given.value_or(0) << log.pending(number) << log.pruned(number) << commit.message << commit.tool
      << commit.source << commit.trace << commit.setting << commit.properties << " <";
  for (const Dot& parent : commit.parents) out << " " << log.dot_text(parent);
  return out.str();
}

/// The newest first, so many at most.
std::vector<std::string> newest(const Log& log, std::size_t most, Micros since = 0) {
  std::vector<std::string> out;
  auto order = must(log.commits_in_key_order());
  std::ranges::reverse(order);
  for (const CommitNo number : order) {
    if (out.size() < most && log.commit_time(number).us() >= since) out.push_back(commit_text(log, number));
  }
  return out;
}

/// The deltas that a filter takes, in order of key, with what they are of and with their values.
std::vector<std::string> deltas(const Log& log, const DeltaFilter& filter) {
  std::vector<std::pair<Key, std::string>> found;
  must(each_delta(log, VectorSet::all(), filter, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta delta = batch[i];
      if (!filter.takes(delta)) continue;
      const Catalog& catalog = log.catalog();
      const OriginNo origin = log.commit_origin(delta.commit);
      std::ostringstream out;
      out << log.dot_text({origin, delta.seq}) << "@" << delta.time.hlc << " " << operation_name(delta.op) << " "
          << catalog.name_space(catalog.namespace_of(delta.vector)).name << "/" << catalog.id(delta.vector)
          << delta.metadata << " of " << commit_text(log, delta.commit);
      for (const auto at : delta.indices) out << " [" << at << "]";
      for (const auto bits : delta.bits) out << " " << bits;
      found.push_back({{delta.time, origin, delta.seq}, out.str()});
    }
    return {};
  }));
  std::ranges::sort(found, [&](const auto& a, const auto& b) { return key_less(log.catalog(), a.first, b.first); });
  std::vector<std::string> out;
  for (auto& [key, text] : found) out.push_back(std::move(text));
  return out;
}

class Compared {
 public:
  explicit Compared(const std::string& path) : paths_{path}, whole_(must(Log::open(paths_))) {}

  /// How many of the questions were answered without all commits.
  std::size_t run() {
    const std::size_t all = whole_.commits();
    for (std::uint64_t last = 0; last < all + 2; last = last * 2 + 1) compare_last(last);
    for (std::size_t i = 0; i < all; i += 1 + all / 6) {
      const CommitView commit = whole_.commit(nth<CommitNo>(i));
      const Micros time = commit.time.us();
      for (const Micros since : {time, time + 1}) compare_since(since);
      compare_dot({commit.origin, commit.last()});
      compare_dot({commit.origin, commit.first});
    }
    return narrow_;
  }

 private:
  Log open(const CommitsWanted& wanted) {
    Log some = must(open_for_commits(paths_, {.threads = 1}, wanted));
    CHECK(some.notices().size() == whole_.notices().size());
    narrow_ += some.commits() < whole_.commits();
    return some;
  }

  void compare_last(std::uint64_t last) {
    CHECK(newest(open({.last = last}), last) == newest(whole_, last));
    Log some = open({.last = last});
    must(name_vectors(some, must(DeltaFilter::make(some, {}))));
    auto mine = deltas(some, must(DeltaFilter::make(some, {}))),
         all = deltas(whole_, must(DeltaFilter::make(whole_, {})));
    const auto count = std::min(mine.size(), static_cast<std::size_t>(last));
    CHECK(std::equal(mine.end() - static_cast<std::ptrdiff_t>(count), mine.end(),
                     all.end() - static_cast<std::ptrdiff_t>(count)));
    CHECK(mine.size() + settings() >= std::min<std::size_t>(last, all.size()));
  }

  std::size_t settings() const {
    std::size_t count = 0;
    for (const CommitNo number : numbers<CommitNo>(whole_.commits())) count += !whole_.commit(number).setting.empty();
    return count;
  }

  void compare_since(Micros since) {
    Log some = open({.since = since});
    CHECK(newest(some, 1000, since) == newest(whole_, 1000, since));
    for (const Micros until : {since + 20'000'000, kMaxMicros}) {
      DeltaSelection selection;
      selection.since = {.at = since};
      selection.until = {.at = until};
      Log named = open({.since = since});
      const auto filter = must(DeltaFilter::make(named, selection));
      must(name_vectors(named, filter));
      CHECK(deltas(named, filter) == deltas(whole_, must(DeltaFilter::make(whole_, selection))));
    }
    const auto mine = must(commits_ahead(some, since - 1)), all = must(commits_ahead(whole_, since - 1));
    REQUIRE(mine.has_value() == all.has_value());
    if (mine) CHECK(mine->what + mine->where == all->what + all->where);
  }

  void compare_dot(const Dot& dot) {
    const std::string text = whole_.dot_text(dot);
    Log some = open({.dot = text});
    const CommitNo mine = *some.find_commit(must(some.parse_dot(text))), all = *whole_.find_commit(dot);
    CHECK(commit_text(some, mine) == commit_text(whole_, all));
    for (const std::optional<std::uint64_t> seq : {std::optional<std::uint64_t>(), std::optional(dot.seq)}) {
      Log named = open({.dot = text});
      const auto filter = must(DeltaFilter::of_commit(named, mine, seq));
      must(name_vectors(named, filter));
      CHECK(deltas(named, filter) == deltas(whole_, must(DeltaFilter::of_commit(whole_, all, seq))));
    }
  }

  std::vector<std::string> paths_;
  Log whole_;
  std::size_t narrow_ = 0;
};

}  // namespace

TEST_CASE("some commits that are read through the index are those of the log") {
  const char* more = std::getenv("DELTA_HISTORIES");
  const unsigned histories = more != nullptr ? static_cast<unsigned>(std::atoi(more)) / 10 : 30;
  std::size_t narrow = 0;
  for (unsigned seed = 0; seed < histories; ++seed) {
    INFO("seed " << seed);
    const scratch::Directory dir;
    const std::string log = dir.file("a.dlog"), packed = dir.file("p.dlog");
    const RandomLog written(log, seed);
    const std::vector<std::string> paths = {log};
    must(compact(must(Log::open(paths)), packed, {.threads = 1}));
    must(reindex(log));
    narrow += Compared(log).run();
    reindex_with_tables(packed);
    narrow += Compared(packed).run();
    CompactOptions options{.threads = 1};
    options.keep = {{.kind = KeepRule::Kind::now}};
    const std::string pruned = dir.file("k.dlog");
    must(compact(must(Log::open(paths)), pruned, options));
    must(reindex(pruned));
    Compared(pruned).run();
  }
  CHECK(narrow > histories * 20);
}

TEST_CASE("a dot that no commit holds is looked for in the whole log") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  const RandomLog written(log, 7);
  must(reindex(log));
  const std::vector<std::string> paths = {log};
  const Log whole = must(Log::open(paths));
  for (const char* dot : {"w0:0", "w0:1000000", "nobody:1", "w0", "w0:x", ":"}) {
    CHECK(must(open_for_commits(paths, {}, {.dot = dot})).commits() == whole.commits());
  }
}

TEST_CASE("commits of concurrent writers are all read") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  sample::write_log(log);
  const std::vector<std::string> paths = {log};
  {
    auto encoder = must(Encoder::append(log, {.threads = 1, .origin = "late", .now = 9'000'000'000'000}));
    const std::vector<std::string_view> parents = {"main:1"};
    const std::vector<std::uint32_t> one = {sample::bits(2)};
    must(encoder.delta({.id = "apple", .op = Operation::scale, .bits = one, .parents = parents}));
    must(encoder.finish());
  }
  must(reindex(log));
  CHECK(Compared(log).run() == 0);
}

TEST_CASE("of a segment with many commits some frames of them are read") {
  constexpr std::size_t kCommits = 140'000;  // a frame has 65,536 at most
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), packed = dir.file("p.dlog");
  {
    auto encoder = must(Encoder::create(log, {}, {.threads = 1, .commit_every = 1}));
    const std::vector<std::uint32_t> bits = {sample::bits(1)};
    for (std::size_t i = 0; i < kCommits; ++i) {
      must(encoder.delta({.id = "v" + std::to_string(i % 50),
                          .op = i < 50 ? Operation::create : Operation::scale,
                          .bits = bits,
                          .at = static_cast<Micros>(i) * 1000}));
    }
    must(encoder.finish());
  }
  const std::vector<std::string> paths = {log};
  const Log whole = must(Log::open(paths));
  REQUIRE(whole.commits() == kCommits);
  must(compact(whole, packed, {.threads = 1}));
  for (const std::string& one : {log, packed}) {
    must(reindex(one));
    const std::vector<std::string> of_one = {one};
    const auto open = [&](const CommitsWanted& wanted) {
      return must(open_for_commits(of_one, {.threads = 1}, wanted));
    };
    for (const std::size_t last : {1, 1000, 10'000, 80'000}) {
      const Log some = open({.last = last});
      CHECK(some.commits() == last + 1);
      CHECK(newest(some, last) == newest(whole, last));
    }
    for (const std::size_t dot : {1, 2, 65'536, 65'537, 100'000, 131'072, 139'999, 140'000}) {
      Log some = open({.dot = "main:" + std::to_string(dot)});
      CHECK(some.commits() <= 2);
      const auto filter = must(DeltaFilter::of_commit(some, nth<CommitNo>(some.commits() - 1)));
      must(name_vectors(some, filter));
      CHECK(deltas(some, filter) == deltas(whole, must(DeltaFilter::of_commit(whole, nth<CommitNo>(dot - 1)))));
    }
  }
}
