// Merging files: what is left out, what is closed on the way, what is refused, and that damage is never passed on. That
// the result is the union is a property test.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/verify.hpp"
#include "format/layout.hpp"
#include "format/wire.hpp"
#include "log_fixup.hpp"
#include "os/syscalls.hpp"
#include "sample_log.hpp"
#include "unit/os/faulty_syscalls.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Merged {
  Bytes bytes;
  MergeSummary summary;
  std::vector<Finding> notices;
};

Result<Merged> merge(const std::vector<std::string>& paths, MergeOptions options = {.threads = 2, .not_in = {}}) {
  const scratch::Directory dir;
  DELTA_TRY(auto plan, Merge::open(paths, std::move(options)));
  Merged out;
  out.notices = plan.notices();
  if (plan.empty()) return out;
  DELTA_TRY(auto file, OutputFile::create(dir.file("out.dlog"), {}));
  DELTA_TRY(out.summary, plan.write(file));
  DELTA_OK(file.commit());
  out.bytes = scratch::read(dir.file("out.dlog"));
  CHECK(out.summary.bytes == out.bytes.size());
  return out;
}

Verdict judge(const std::string& path) {
  const std::string paths[] = {path};
  return must(verify(paths, {VerifyLevel::chain, 1})).verdict;
}

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

/// A log of one line an encoder run, on top of `base`.
void write(const std::string& path, const std::vector<sample::Line>& lines, Micros start,
           const std::vector<std::string>& base = {}, EncodeOptions options = {}) {
  auto encoder = must(Encoder::create(path, base, std::move(options)));
  sample::add(encoder, lines, start);
  must(encoder.finish());
}

void append(const std::string& path, const std::vector<sample::Line>& lines, Micros start, EncodeOptions options = {}) {
  auto encoder = must(Encoder::append(path, std::move(options)));
  sample::add(encoder, lines, start);
  must(encoder.finish());
}

const sample::Line kScale = {"apple", Operation::scale, {2}};

}  // namespace

TEST_CASE("a segment stands once, however many files hold it") {
  const scratch::Directory dir;
  sample::write_log(dir.file("a.dlog"));
  const Bytes first = scratch::read(dir.file("a.dlog"));
  scratch::write(dir.file("b.dlog"), first);
  append(dir.file("b.dlog"), {kScale}, 3'000'000);
  const Bytes both = scratch::read(dir.file("b.dlog"));
  scratch::write(dir.file("c.dlog"), joined(Bytes(both.begin() + static_cast<std::ptrdiff_t>(first.size()), both.end()),
                                            joined(both, first)));

  const auto out = must(merge({dir.file("c.dlog"), dir.file("a.dlog"), dir.file("b.dlog"), dir.file("a.dlog")}));
  CHECK((out.bytes == both));
  CHECK(out.summary.segments == 2);
  CHECK(out.summary.left_out == 6);
  CHECK(out.summary.commits == 7);
  CHECK(out.summary.deltas == 11);
  CHECK(out.notices.empty());
  CHECK((must(merge({dir.path().string()})).bytes == both));
  CHECK((must(merge({dir.file("b.dlog")}, {.threads = 1, .not_in = {}})).bytes == both));
}

TEST_CASE(
    "a segment that another contains is left out; of two that hold the same, the one of the lesser digest stays") {
  const scratch::Directory dir;
  const std::vector<sample::Line> lines = {
      {"a", Operation::create, {1, 2}}, {"a", Operation::scale, {2}}, {"a", Operation::negate, {}}};
  EncodeOptions options;
  options.commit_every = 1;
  write(dir.file("small.dlog"), {lines[0]}, 1, {}, options);
  append(dir.file("small.dlog"), {lines[1]}, 2, options);
  write(dir.file("large.dlog"), lines, 1, {}, options);
  const Bytes large = scratch::read(dir.file("large.dlog"));
  CHECK((must(merge({dir.file("small.dlog"), dir.file("large.dlog")})).bytes == large));

  options.preset = Preset::fastest;
  write(dir.file("other.dlog"), lines, 1, {}, options);
  const Bytes other = scratch::read(dir.file("other.dlog"));
  REQUIRE((other != large));
  const auto digest = [](const Bytes& bytes) {
    return format::load<std::uint64_t>(bytes.data() + bytes.size() - format::kTrailerBytes + 32);
  };
  const Bytes& wanted = digest(other) < digest(large) ? other : large;
  CHECK((must(merge({dir.file("large.dlog"), dir.file("other.dlog"), dir.file("small.dlog")})).bytes == wanted));
  CHECK((must(merge({dir.file("other.dlog"), dir.file("large.dlog")})).bytes == wanted));
}

TEST_CASE("logs without commits merge to one") {
  const scratch::Directory dir;
  write(dir.file("a.dlog"), {}, 1);
  write(dir.file("b.dlog"), {}, 1);
  CHECK((must(merge({dir.file("a.dlog"), dir.file("b.dlog")})).bytes == scratch::read(dir.file("a.dlog"))));
  sample::write_log(dir.file("c.dlog"));
  CHECK((must(merge({dir.file("a.dlog"), dir.file("c.dlog")})).bytes == scratch::read(dir.file("c.dlog"))));
}

TEST_CASE("a log that ends anywhere is closed after its last commit, or left out") {
  const scratch::Directory dir;
  EncodeOptions options;
  options.commit_every = 1;
  write(dir.file("whole.dlog"), {{"a", Operation::create, {1, 2}}, {"a", Operation::scale, {2}}}, 1, {}, options);
  append(dir.file("whole.dlog"), {{"a", Operation::negate, {}}, {"b", Operation::create, {1, 2}}}, 9, options);
  const Bytes whole = scratch::read(dir.file("whole.dlog"));
  std::size_t closed = 0, refused = 0;
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    INFO("cut to " << size << " of " << whole.size());
    scratch::write(dir.file("cut.dlog"), {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const auto out = merge({dir.file("cut.dlog")});
    if (!out) {
      CHECK(out.error().code == ErrorCode::corrupt);
      ++refused;
      continue;
    }
    scratch::write(dir.file("out.dlog"), out->bytes);
    REQUIRE(judge(dir.file("out.dlog")) == Verdict::ok);
    closed += out->notices.empty() ? 0 : 1;
    // What was cut is a part of the whole: no commit is lost or added. (Closed before its SYNC it is another segment of
    // the same commits.)
    const auto sum = must(merge({dir.file("out.dlog"), dir.file("whole.dlog")}));
    CHECK(sum.summary.commits == 4);
    CHECK(sum.summary.segments == 2);
    CHECK((must(merge({dir.file("out.dlog"), dir.file("cut.dlog")})).bytes == out->bytes));
  }
  CHECK(closed > 20);
  CHECK(refused > 20);
}

TEST_CASE("no flipped bit passes: it is refused, or the output is whole") {
  const scratch::Directory dir;
  sample::write_log(dir.file("good.dlog"));
  append(dir.file("good.dlog"), {kScale}, 3'000'000);
  const Bytes good = scratch::read(dir.file("good.dlog"));
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bytes = good;
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1u << at % 8));
    scratch::write(dir.file("bad.dlog"), bytes);
    const auto out = merge({dir.file("bad.dlog")}, {.threads = 1, .not_in = {}});
    INFO("byte " << at << (out ? "" : ": " + out.error().text()));
    refused += out ? 0 : 1;
    if (!out) continue;
    scratch::write(dir.file("out.dlog"), out->bytes);
    CHECK(judge(dir.file("out.dlog")) == Verdict::ok);
    CHECK_FALSE(out->notices.empty());
  }
  CHECK(refused > good.size() * 9 / 10);
}

TEST_CASE("damage behind the tables is found while copying, and named") {
  const scratch::Directory dir;
  sample::write_log(dir.file("a.dlog"));
  Bytes bytes = scratch::read(dir.file("a.dlog"));
  bytes[0x1c8] ^= 1;  // a DATA payload: no table holds it
  scratch::write(dir.file("a.dlog"), bytes);
  const auto out = merge({dir.file("a.dlog")});
  REQUIRE_FALSE(out);
  CHECK(out.error().code == ErrorCode::corrupt);
  CHECK(out.error().text() ==
        dir.file("a.dlog") + ": segment 0, frame 2 (DATA): the payload does not match its checksum");
}

TEST_CASE("what a malicious writer makes is refused, or copied as it is, in either order") {
  const scratch::Directory dir;
  sample::write_log(dir.file("good.dlog"));
  const Bytes good = scratch::read(dir.file("good.dlog"));
  std::mt19937_64 random(20261123);
  std::size_t taken = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = good;
    for (int i = 0, n = 1 + static_cast<int>(random() % 3); i < n; ++i) {
      const std::size_t at = random() % bytes.size();
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1u << random() % 8));
    }
    fixup::seal(bytes);
    scratch::write(dir.file("bad.dlog"), bytes);
    const MergeOptions options{.threads = 1, .not_in = {}};
    const auto a = merge({dir.file("good.dlog"), dir.file("bad.dlog")}, options);
    const auto b = merge({dir.file("bad.dlog"), dir.file("good.dlog")}, options);
    INFO("round " << round << ": " << (a ? "taken" : a.error().text()) << "; " << (b ? "taken" : b.error().text()));
    REQUIRE(bool(a) == bool(b));
    ++(a ? taken : refused);
    if (a) CHECK((a->bytes == b->bytes));
  }
  CHECK(taken > 100);
  CHECK(refused > 100);
}

TEST_CASE("commits without their deltas do not take the place of whole ones") {
  const scratch::Directory dir;
  sample::write_log(dir.file("good.dlog"));
  Bytes bytes = scratch::read(dir.file("good.dlog"));
  std::size_t data = format::kHeaderBytes;
  while (bytes[data + 4] != static_cast<std::uint8_t>(format::FrameType::data)) {
    data += format::kFrameBytes + format::padded(format::load<std::uint32_t>(bytes.data() + data + 16));
  }
  bytes[data + 4] = static_cast<std::uint8_t>(format::FrameType::sync);
  fixup::seal(bytes);
  scratch::write(dir.file("bad.dlog"), bytes);
  // Its footer tells that the deltas are there, so one of the two goes as a copy of the other: the whole one stands, or
  // nothing is written.
  CHECK_FALSE(merge({dir.file("bad.dlog")}));
  for (const bool first : {false, true}) {
    const auto both = merge({dir.file(first ? "bad.dlog" : "good.dlog"), dir.file(first ? "good.dlog" : "bad.dlog")});
    if (both) CHECK((both->bytes == scratch::read(dir.file("good.dlog"))));
  }
}

TEST_CASE("what is damaged in one file is taken from another that holds the same segment") {
  const scratch::Directory dir;
  sample::write_log(dir.file("good.dlog"));
  const Bytes good = scratch::read(dir.file("good.dlog"));
  Bytes bytes = good;
  bytes[0x1c8] ^= 1;
  scratch::write(dir.file("bad.dlog"), bytes);
  CHECK((must(merge({dir.file("bad.dlog"), dir.file("good.dlog")})).bytes == good));
  CHECK((must(merge({dir.file("good.dlog"), dir.file("bad.dlog")})).bytes == good));
  CHECK_FALSE(merge({dir.file("bad.dlog"), dir.file("bad.dlog")}));
}

TEST_CASE("frames of many megabytes go through, and are checked") {
  const scratch::Directory dir;
  std::mt19937_64 random(7);
  {
    auto encoder = must(Encoder::create(dir.file("a.dlog"), {}, {.preset = Preset::fastest}));
    for (int i = 0; i < 9000; ++i) {  // random ids are what makes large frames
      std::string id(1000, 'x');
      for (auto& c : id) c = static_cast<char>('!' + random() % 90);
      const std::uint32_t bits[] = {1, 2};
      DeltaInput delta;
      delta.id = id;
      delta.op = Operation::create;
      delta.bits = bits;
      delta.at = 1;
      must(encoder.delta(delta));
    }
    must(encoder.finish());
  }
  Bytes bytes = scratch::read(dir.file("a.dlog"));
  REQUIRE(bytes.size() > 6'000'000);
  const auto out = must(merge({dir.file("a.dlog")}));
  CHECK((out.bytes == bytes));
  bytes[3'000'000] ^= 4;
  scratch::write(dir.file("b.dlog"), bytes);
  const auto bad = merge({dir.file("b.dlog")});
  REQUIRE_FALSE(bad);
  CHECK(bad.error().text() ==
        dir.file("b.dlog") + ": segment 0, frame 1 (IDS): the payload does not match its checksum");
  CHECK((must(merge({dir.file("b.dlog"), dir.file("a.dlog")})).bytes == out.bytes));
}

TEST_CASE("commits without their causes are kept, and said") {
  const scratch::Directory dir;
  sample::write_log(dir.file("a.dlog"));
  write(dir.file("b.dlog"), {kScale}, 3'000'000, {dir.file("a.dlog")});
  const auto out = must(merge({dir.file("b.dlog")}));
  REQUIRE(out.notices.size() == 1);
  CHECK(out.notices[0].verdict == Verdict::pending);
  CHECK(out.notices[0].where == "main:6");
  CHECK((out.bytes == scratch::read(dir.file("b.dlog"))));
  CHECK(must(merge({dir.file("b.dlog"), dir.file("a.dlog")})).notices.empty());
}

TEST_CASE("a forked origin is refused; both deltas are described, with their files") {
  const scratch::Directory dir;
  EncodeOptions options;
  const auto refused = [&](const std::string& a, const std::string& b) {
    const auto out = merge({dir.file(a), dir.file(b)});
    REQUIRE_FALSE(out);
    CHECK(out.error().code == ErrorCode::forked);
    CHECK(out.error().hint.find("--origin") != std::string::npos);
    // Opening them to read refuses, too, unless only the deltas tell.
    return out.error().text();
  };
  sample::write_log(dir.file("base.dlog"));
  const Bytes base = scratch::read(dir.file("base.dlog"));
  scratch::write(dir.file("a.dlog"), base);
  scratch::write(dir.file("b.dlog"), base);

  SECTION("rows that differ") {
    append(dir.file("a.dlog"), {kScale}, 3'000'000);
    append(dir.file("b.dlog"), {{"pear", Operation::create, {1, 1, 1, 1}}, kScale}, 4'000'000);
    CHECK(refused("a.dlog", "b.dlog") ==
          dir.file("b.dlog") + ": forked origin: two different deltas are main:6: create of 'pear' at " +
              "1970-02-16T07:06:40Z here, and scale of 'apple' at 1970-02-04T17:20:00Z in " + dir.file("a.dlog"));
    const std::string paths[] = {dir.file("a.dlog"), dir.file("b.dlog")};
    const auto log = Log::open(paths);
    REQUIRE_FALSE(log);
    CHECK(log.error().text() ==
          dir.file("b.dlog") +
              ": forked origin: two different commits hold main:6: main:6 and main:6..7, the former in " +
              dir.file("a.dlog"));
  }
  SECTION("equal rows, other values; hashes are stated for the same dot") {
    append(dir.file("a.dlog"), {kScale}, 3'000'000);
    append(dir.file("b.dlog"), {{"apple", Operation::scale, {3}}}, 3'000'000);
    CHECK(refused("b.dlog", "a.dlog").find("two different deltas are main:6: scale of 'apple'") != std::string::npos);
  }
  SECTION("equal rows, other values; hashes are stated for different dots") {
    options.commit_every = 1;
    append(dir.file("a.dlog"), {kScale, kScale, kScale}, 3'000'000, options);
    append(dir.file("b.dlog"), {kScale, {"plum", Operation::scale, {2}}}, 3'000'000, options);
    CHECK(refused("a.dlog", "b.dlog") ==
          dir.file("b.dlog") +
              ": forked origin: two different deltas are main:7: scale of 'plum' at 1970-02-04T17:20:01Z here, and " +
              "scale of 'apple' at 1970-02-04T17:20:01Z in " + dir.file("a.dlog"));
  }
  SECTION("a continuation of another history") {
    append(dir.file("a.dlog"), {kScale}, 3'000'000);
    append(dir.file("b.dlog"), {{"apple", Operation::scale, {3}}}, 3'000'000);
    write(dir.file("next.dlog"), {kScale}, 5'000'000, {dir.file("a.dlog")});
    CHECK(refused("b.dlog", "next.dlog").find("the history up to main:6 is not that of " + dir.file("b.dlog")) !=
          std::string::npos);
  }
}

TEST_CASE("copies that end at different dots are compared by hashes between, or delta by delta") {
  const scratch::Directory dir;
  EncodeOptions options;
  options.commit_every = 1;
  write(dir.file("a.dlog"), {{"a", Operation::create, {1}}, {"a", Operation::scale, {2}}}, 1, {}, options);
  scratch::write(dir.file("b.dlog"), scratch::read(dir.file("a.dlog")));
  append(dir.file("b.dlog"), {{"a", Operation::scale, {3}}}, 3, options);
  write(dir.file("c.dlog"), {{"a", Operation::create, {1}}, {"a", Operation::scale, {2}}, {"a", Operation::scale, {3}}},
        1, {}, options);
  write(dir.file("d.dlog"), {{"a", Operation::create, {1}}}, 1, {}, options);
  const Bytes c = scratch::read(dir.file("c.dlog"));
  CHECK((must(merge({dir.file("a.dlog"), dir.file("b.dlog"), dir.file("c.dlog"), dir.file("d.dlog")})).bytes == c));
  CHECK((must(merge({dir.file("d.dlog"), dir.file("c.dlog")})).bytes == c));
}

TEST_CASE("a bundle holds what another log lacks, cut out of segments where it must be") {
  const scratch::Directory dir;
  EncodeOptions options;
  options.commit_every = 1;
  options.now = 0;
  std::vector<sample::Line> lines = {{"a", Operation::create, {1, 2}}};
  for (int i = 2; i <= 6; ++i) lines.push_back({"a", Operation::scale, {static_cast<float>(i)}});
  auto encoder = must(Encoder::create(dir.file("all.dlog"), {}, options));
  sample::add(encoder, lines, 1);
  must(encoder.set("policy max"));
  must(encoder.finish());
  write(dir.file("begin.dlog"), {lines[0], lines[1]}, 1, {}, options);
  write(dir.file("middle.dlog"), {lines[2]}, 3, {dir.file("begin.dlog")}, options);
  write(dir.file("later.dlog"), {lines[3]}, 4, {dir.file("begin.dlog"), dir.file("middle.dlog")}, options);

  SECTION("all of it, or nothing") {
    CHECK(must(merge({dir.file("all.dlog")}, {.threads = 1, .not_in = {dir.file("all.dlog")}})).bytes.empty());
    CHECK(
        must(merge({dir.file("begin.dlog"), dir.file("middle.dlog")}, {.threads = 1, .not_in = {dir.file("all.dlog")}}))
            .bytes.empty());
    const auto out = must(
        merge({dir.file("begin.dlog"), dir.file("middle.dlog")}, {.threads = 1, .not_in = {dir.file("begin.dlog")}}));
    CHECK((out.bytes == scratch::read(dir.file("middle.dlog"))));
    CHECK(out.notices.empty());  // its causes are in the other log
  }
  SECTION("the end") {
    const auto out = must(merge({dir.file("all.dlog")}, {.threads = 2, .not_in = {dir.file("begin.dlog")}}));
    CHECK(out.summary.remade == 1);
    CHECK(out.summary.commits == 5);
    CHECK(out.notices.empty());
    scratch::write(dir.file("bundle.dlog"), out.bytes);
    scratch::write(dir.file("sum.dlog"), joined(scratch::read(dir.file("begin.dlog")), out.bytes));
    CHECK(judge(dir.file("sum.dlog")) == Verdict::ok);
    const std::string whole[] = {dir.file("all.dlog")}, sum[] = {dir.file("sum.dlog")};
    const auto a = must(Log::open(whole)), b = must(Log::open(sum));
    auto x = must(a.hashes()), y = must(b.hashes());
    std::ranges::sort(x);
    std::ranges::sort(y);
    CHECK(x == y);
  }
  SECTION("both ends of a gap: two segments, each with the hash before it") {
    const auto out = must(
        merge({dir.file("all.dlog")}, {.threads = 1, .not_in = {dir.file("middle.dlog"), dir.file("later.dlog")}}));
    CHECK(out.summary.remade == 2);
    CHECK(out.summary.commits == 5);
    scratch::write(dir.file("sum.dlog"), joined(out.bytes, joined(scratch::read(dir.file("middle.dlog")),
                                                                  scratch::read(dir.file("later.dlog")))));
    CHECK(judge(dir.file("sum.dlog")) == Verdict::ok);
    CHECK((must(merge({dir.file("sum.dlog"), dir.file("all.dlog")})).bytes == scratch::read(dir.file("all.dlog"))));
  }
  SECTION("what a copied segment holds is not made again") {
    const auto out =
        must(merge({dir.file("all.dlog"), dir.file("later.dlog")}, {.threads = 1, .not_in = {dir.file("begin.dlog")}}));
    CHECK(out.summary.commits == 5);
    CHECK(out.summary.remade == 1);  // the other is contained in what is cut
  }
  SECTION("the union with the other log is the judge of forks") {
    write(dir.file("fork.dlog"), {{"b", Operation::create, {5}}}, 1, {}, options);
    const auto out = merge({dir.file("all.dlog")}, {.threads = 1, .not_in = {dir.file("fork.dlog")}});
    REQUIRE_FALSE(out);
    CHECK(out.error().code == ErrorCode::forked);
  }
}

TEST_CASE("a merged file is whole or absent, whichever call fails") {
  const scratch::Directory dir;
  sample::write_log(dir.file("a.dlog"));
  write(dir.file("b.dlog"), {kScale}, 3'000'000, {dir.file("a.dlog")});
  const std::vector<std::string> paths = {dir.file("a.dlog"), dir.file("b.dlog")};
  const Bytes wanted = must(merge(paths)).bytes;
  const auto run = [&]() -> Status {
    DELTA_TRY(auto plan, Merge::open(paths, {.threads = 1, .not_in = {}}));
    DELTA_TRY(auto out, OutputFile::create(dir.file("out.dlog"), {}));
    DELTA_TRY(const auto summary, plan.write(out));
    (void)summary;
    return out.commit();
  };
  const std::size_t before = dir.entries();
  int failures = 0;
  for (int at = 0, last = 0; at <= last; ++at) {
    std::filesystem::remove(dir.file("out.dlog"));
    test::plan = {.fault = test::Fault::fail, .at = at, .error = EIO, .sticky = false, .calls = 0, .hit = {}};
    std::optional<Status> status;
    {
      const os::ScopedSyscalls scoped(test::faulty_syscalls());
      status = run();
    }
    if (test::plan.calls > at) last = at + 1;
    INFO("call " << at << " (" << test::plan.hit << "): " << (*status ? "success" : status->error().text()));
    failures += *status ? 0 : 1;
    if (*status) {
      CHECK((scratch::read(dir.file("out.dlog")) == wanted));
    } else {
      CHECK(dir.entries() == before);
    }
  }
  CHECK(failures > 20);
}
