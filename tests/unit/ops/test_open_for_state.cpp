// Every answer that a log opened through its index gives is that of the whole log.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <sstream>

#include "delta/blame.hpp"
#include "delta/compact.hpp"
#include "delta/conflicts.hpp"
#include "delta/file.hpp"
#include "delta/lookup.hpp"
#include "delta/merge.hpp"
#include "delta/reindex.hpp"
#include "delta/selection.hpp"
#include "delta/snapshot.hpp"
#include "format/layout.hpp"
#include "random_log.hpp"
#include "store/narrow.hpp"
#include "store/union.hpp"

using namespace delta;
using sample::must, sample::RandomLog, sample::id_of, sample::kIds, sample::reindex_with_tables;

namespace {

using Ids = std::vector<std::string>;

void put(std::ostream& out, const Log& log, const std::vector<DeltaRef>& deltas) {
  for (const DeltaRef& d : deltas) {
    const CommitView& commit = log.commit(d.commit);
    out << " " << log.dot_text(d.dot) << "@" << d.time.hlc << ":" << operation_name(d.op) << "(" << commit.message
        << "," << commit.properties << "," << commit.tool << ")";
  }
  out << ";";
}

/// What a log says of the state of a vector at a cut.
std::string answer(const Log& log, const VectorName& name, const CutOptions& cut) {
  const auto vector = log.catalog().find(name);
  if (!vector) return "unknown";
  std::ostringstream out;
  const State state = must(snapshot(log, cut, {*vector}));
  out << state.exists(*vector) << state.metadata(*vector);
  if (state.exists(*vector)) {
    for (const auto bits : state.bits(*vector)) out << " " << bits;
    out << " " << state.created(*vector).time.hlc << " " << state.created(*vector).seq << "\n";
    const auto blamed = must(blame(log, *vector, cut));
    for (const BlameRun& run : blamed.runs) {
      put(out, log, run.chosen);
      put(out, log, run.transforms);
      put(out, log, run.losers);
    }
    for (const BlameMember& member : blamed.metadata) put(out, log, {member.set_by});
  }
  return out.str();
}

std::string settings(const Log& log, const CutOptions& cut) {
  std::ostringstream out;
  out << must(policy_of(log, cut)).text();
  for (const auto& tag : must(log.tags())) out << " " << tag.name << "=" << tag.at.value_or(0);
  for (const auto& property : must(properties_of(log, cut))) out << " " << property.key << "=" << property.value;
  for (const auto& origin : must(log.heads())) out << " " << log.dot_text(origin);
  return out.str();
}

/// Compares all answers about some ids that two logs give.
enum class Cuts : std::uint8_t { all, now };
void compare_logs(const Log& whole, const Log& some, const Ids& ids, Cuts asked) {
  CHECK(some.notices().size() == whole.notices().size());
  std::vector<CutOptions> cuts(1);  // now, and after each commit
  for (const CommitNo number : numbers<CommitNo>(asked == Cuts::all ? whole.commits() : 0))
    cuts.push_back({.at = whole.commit(number).time.us()});
  for (const CutOptions& cut : cuts) {
    CHECK(settings(whole, cut) == settings(some, cut));
    for (const std::string& id : ids) {
      for (const char* ns : {"", "other", "wide"}) CHECK(answer(whole, {ns, id}, cut) == answer(some, {ns, id}, cut));
    }
  }
}

/// The same of one log; returns whether not all commits were read.
bool compare(const std::string& path, const Ids& ids, Cuts asked = Cuts::all) {
  const Ids paths = {path};
  const OpenOptions options{.threads = 1, .ids = ids};
  const Log whole = must(Log::open(paths, options)), some = must(open_for_state(paths, options));
  compare_logs(whole, some, ids, asked);
  return some.commits() < whole.commits();
}

/// The same of logs of which all commits are read.
void compare_all(const Ids& paths, const Ids& ids, Cuts asked = Cuts::all) {
  const OpenOptions options{.threads = 1, .ids = ids};
  const Log whole = must(Log::open(paths, options));
  compare_logs(whole, must(open_for_state(paths, options)), ids, asked);
  const Log some = must(open_for_vectors(paths, options));
  compare_logs(whole, some, ids, asked);
  CHECK(some.commits() == whole.commits());
  CHECK(must(some.hashes()) == must(whole.hashes()));
}

/// Some more deltas by a writer who has seen what is there, and nothing else.
void write_apart(const std::string& log, const std::string& origin, unsigned seed) {
  std::mt19937 random(seed);
  auto encoder = must(Encoder::append(log, {.threads = 1, .origin = origin, .commit_every = 1 + seed % 3}));
  const Micros start = (10'000 + random() % 10) * 1'000'000;
  const std::vector<std::uint32_t> bits = {sample::bits(static_cast<float>(seed + 2)), 1, 2, 3, 4};
  for (unsigned i = 0; i < 12; ++i) {
    const std::string id = id_of(static_cast<std::uint32_t>(random() % kIds));
    const bool wide = random() % 3 == 0;
    must(encoder.delta({.id = id,
                        .name_space = wide ? "wide" : "",
                        .op = Operation::create,
                        .bits = std::span(bits).first(wide ? 5 : 3),
                        .at = start + i * 1'000'000}));
    const bool removes = random() % 4 == 0;
    must(encoder.delta({.id = id,
                        .name_space = wide ? "wide" : "",
                        .op = removes ? Operation::remove : Operation::scale,
                        .bits = std::span(bits).first(removes ? 0 : 1),
                        .at = start + i * 1'000'000}));
  }
  must(encoder.finish());
}

/// Compares the answers about all ids that match a glob.
void compare_matching(const Ids& paths, const std::string& glob) {
  const Ids globs = {glob};
  const Log whole = must(Log::open(paths)), some = must(open_for_state(paths, {.threads = 1, .ids = Ids()}, globs));
  const VectorSelection selection{.any_id = false, .globs = globs};
  const auto all = must(find_vectors(whole.catalog(), selection)),
             found = must(find_vectors(some.catalog(), selection));
  CHECK(all.vectors.size() == found.vectors.size());
  all.vectors.each([&](VectorNo vector) {
    const Catalog& catalog = whole.catalog();
    const VectorName name{catalog.name_space(catalog.namespace_of(vector)).name, catalog.id(vector)};
    CHECK(answer(whole, name, {}) == answer(some, name, {}));
  });
}

/// One delta, by a writer of its own, through the index: so that has one more level.
void append_new(const std::string& log, const std::string& id) {
  constexpr Micros kLate = 1'000'000'000'000;
  auto encoder = must(Encoder::append(log, {.threads = 1, .origin = id, .now = kLate, .ids = Ids{id}}));
  const std::vector<std::uint32_t> whole(3, sample::bits(7));
  must(encoder.delta({.id = id, .bits = whole}));
  must(encoder.finish());
}

void write_union(const Ids& logs, const std::string& path) {
  auto merging = must(Merge::open(logs));
  auto file = must(OutputFile::create(path, {}));
  must(merging.write(file));
  must(file.commit());
}

}  // namespace

TEST_CASE("a log that is opened through its index gives the same answers") {
  const char* more = std::getenv("DELTA_HISTORIES");
  const unsigned histories = more != nullptr ? static_cast<unsigned>(std::atoi(more)) / 10 : 60;
  unsigned narrow = 0;
  for (unsigned seed = 0; seed < histories; ++seed) {
    INFO("seed " << seed);
    const scratch::Directory dir;
    const std::string log = dir.file("a.dlog");
    RandomLog written(log, seed);
    must(reindex(log));
    for (std::uint32_t i = 0; i < kIds + 1; i += 2) narrow += compare(log, {id_of(i), id_of((i + 3) % kIds)});
    const Ids paths = {log};
    const std::string packed = dir.file("p.dlog");
    must(compact(must(Log::open(paths)), packed, {.threads = 1}));
    must(reindex(packed));
    compare(packed, {id_of(1)});
    reindex_with_tables(packed);
    compare(packed, {id_of(1), id_of(4)});
    reindex_with_tables(log);
    const Log some = must(open_for_state(paths, {.threads = 1, .ids = Ids{id_of(2)}}));
    CHECK(some.impl().held);
    for (std::uint32_t i = 0; i < kIds + 1; i += 3) compare(log, {id_of(i), id_of((i + 3) % kIds)});
    for (std::uint32_t i = 0; i < 4; ++i) append_new(log, "new " + std::to_string(i / 2));
    for (std::uint32_t i = 0; i < kIds + 1; i += 3) compare(log, {id_of(i), id_of((i + 5) % kIds), "new 0", "new 1"});
    for (const char* glob : {"v*", "new*", "v[13]", "n?w 1", "*1", "\\v2", "none"}) compare_matching({log}, glob);
  }
  CHECK(narrow > histories);
}

TEST_CASE("an index of a log that is pruned, or waits for causes, changes no answer") {
  std::size_t pending = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    const scratch::Directory dir;
    const std::string log = dir.file("a.dlog"), pruned = dir.file("p.dlog"), rest = dir.file("r.dlog");
    const RandomLog written(log, seed);
    const Ids paths = {log};
    const Log whole = must(Log::open(paths));
    CompactOptions options;
    options.threads = 1;
    options.keep = {{.kind = KeepRule::Kind::now}};
    must(compact(whole, pruned, options));
    const auto segments = must(whole.segments());
    const Buffer bytes = scratch::read(log);
    const auto second = segments.size() > 1 ? segments[1].offset : 0;
    scratch::write(rest, Buffer(bytes.begin() + static_cast<std::ptrdiff_t>(second), bytes.end()));
    for (const std::string& one : {pruned, rest}) {
      reindex_with_tables(one);
      for (std::uint32_t i = 0; i < kIds; i += 2) compare(one, {id_of(i), id_of(i + 1)}, Cuts::now);
      const Ids of_one = {one};
      pending += must(Log::open(of_one)).notices().size();
    }
  }
  CHECK(pending > 0);
}

TEST_CASE("the names of vectors of logs that went apart are found in their indexes") {
  for (unsigned seed = 0; seed < 30; ++seed) {
    INFO("seed " << seed);
    const scratch::Directory dir;
    const std::string a = dir.file("a.dlog"), b = dir.file("b.dlog"), both = dir.file("c.dlog");
    const std::string pruned = dir.file("p.dlog"), packed = dir.file("k.dlog");
    const RandomLog written(a, seed);
    std::filesystem::copy_file(a, b);
    write_apart(a, "left", 2 * seed);
    write_apart(b, "right", 2 * seed + 1);
    const Ids apart = {a, b};
    write_union(apart, both);
    const Log whole = must(Log::open(apart));
    must(compact(whole, packed, {.threads = 1}));
    CompactOptions options{.threads = 1};
    options.keep = {{.kind = KeepRule::Kind::now}};
    must(compact(whole, pruned, options));
    for (const std::string& one : {a, both, pruned, packed}) must(reindex(one));
    if (seed % 2 == 0) must(reindex(b));
    const Ids ids = {id_of(seed % kIds), id_of((seed + 4) % kIds), "none"};
    compare_all({both}, ids);
    compare_all({packed}, ids);
    compare_all(apart, ids);
    compare_all({b, both, packed}, {id_of(1)});
    compare_all({pruned}, ids, Cuts::now);
    compare_all({a, pruned}, ids, Cuts::now);
    for (const char* glob : {"v*", "v[13]"}) {
      compare_matching({both}, glob);
      compare_matching(apart, glob);
    }
  }
}

TEST_CASE("names that the index tells are not read") {
  const scratch::Directory dir;
  const std::string a = dir.file("a.dlog"), b = dir.file("b.dlog");
  const RandomLog written(a, 3);
  std::filesystem::copy_file(a, b);
  write_apart(a, "left", 1);
  write_apart(b, "right", 2);
  const Ids paths = {a, b};
  const OpenOptions options{.threads = 1, .ids = Ids{id_of(2)}};
  const std::string right = answer(must(Log::open(paths, options)), {"", id_of(2)}, {});
  for (const std::string& one : paths) {
    must(reindex(one));
    const Ids of_one = {one};
    Buffer bytes = scratch::read(one);
    const Log log = must(Log::open(of_one));
    for (const auto& part : log.impl().parts) {
      for (const auto& frame : part.segment.footer.frames) {
        if (frame.type == format::FrameType::ids) ++bytes[part.segment.offset + frame.offset + format::kFrameBytes];
      }
    }
    scratch::write(one, bytes);
  }
  CHECK(!Log::open(paths, options));
  CHECK(answer(must(open_for_vectors(paths, options)), {"", id_of(2)}, {}) == right);
}

TEST_CASE("an append that goes through the index writes the same bytes") {
  std::size_t all = 0, some = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    const scratch::Directory dir;
    all += RandomLog(dir.file("a.dlog"), seed).opened();
    some += RandomLog(dir.file("b.dlog"), seed, RandomLog::Ids::are_announced).opened();
    CHECK(scratch::read(dir.file("a.dlog")) == scratch::read(dir.file("b.dlog")));
    const RandomLog blind(dir.file("c.dlog"), seed, RandomLog::Ids::and_operations);
    CHECK(scratch::read(dir.file("a.dlog")) == scratch::read(dir.file("c.dlog")));
    CHECK(must(check_index(dir.file("b.dlog"))).found == IndexWorth::whole);
  }
  CHECK(some < all);
}

TEST_CASE("whether a vector exists is read of the segments that tell it") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog"), packed = dir.file("p.dlog");
  const std::vector<std::uint32_t> bits = {sample::bits(2)};
  for (unsigned i = 0; i < 40; ++i) {
    const EncodeOptions options{.threads = 1, .now = 1'000'000 * (i + 1), .ids = {{"a"}}, .operations = true};
    auto encoder = must(i == 0 ? Encoder::create(log, {}, {.now = 1'000'000}) : Encoder::append(log, options));
    const bool last = i % 20 == 19;
    must(encoder.delta({.id = "a",
                        .op = i % 20 == 0 ? Operation::create
                              : last      ? Operation::remove
                                          : Operation::scale,
                        .bits = std::span(bits).first(last ? 0 : 1)}));
    must(encoder.finish());
    if (i == 0) must(reindex(log));
  }
  const Ids paths = {log};
  must(compact(must(Log::open(paths)), packed, {.threads = 1}));
  must(reindex(packed));
  const OpenOptions options{.threads = 1, .ids = {{"a"}}};
  for (const auto& [one, blocks] : {std::pair(log, 4), std::pair(packed, 1)}) {
    const auto opened = must(store::open_through_index(one, options, {}, store::Deltas::lifecycles));
    REQUIRE(opened.log);
    CHECK(opened.log->impl().held->size() == static_cast<std::size_t>(blocks));
  }
  const auto whole = must(store::open_through_index(log, options));
  REQUIRE(whole.log);
  CHECK(whole.log->impl().held->size() == 40);
  CHECK(must(check_index(log)).found == IndexWorth::whole);
}

TEST_CASE("what was not announced is refused") {
  const scratch::Directory dir;
  const std::string log = dir.file("a.dlog");
  sample::write_log(log);
  const auto refuses = [&](const auto& act) {
    auto encoder = must(Encoder::append(log, {.now = 9'000'000'000'000, .ids = {{"apple"}}}));
    const Status done = act(encoder);
    return !done && done.error().code == ErrorCode::usage;
  };
  const auto refuses_blind = [&](const DeltaInput& delta) {
    auto encoder = must(Encoder::append(log, {.now = 9'000'000'000'000, .ids = {{"apple"}}, .operations = true}));
    const Status done = encoder.delta(delta);
    return !done && done.error().code == ErrorCode::usage;
  };
  const std::vector<std::uint32_t> bits = {sample::bits(2)};
  const std::vector<std::uint32_t> four(4, sample::bits(2));
  CHECK(!refuses_blind({.id = "apple", .op = Operation::scale, .bits = bits}));
  CHECK(refuses_blind({.id = "apple", .bits = four}));
  CHECK(refuses_blind({.id = "apple", .metadata = "{}"}));
  const std::vector<std::string_view> parents = {"main:1"};
  const Dot dots[] = {{OriginNo{0}, 1}};
  CHECK(!refuses([&](Encoder& e) { return e.delta({.id = "apple", .op = Operation::scale, .bits = bits}); }));
  CHECK(refuses([&](Encoder& e) { return e.delta({.id = "pear", .op = Operation::scale, .bits = bits}); }));
  CHECK(refuses(
      [&](Encoder& e) { return e.delta({.id = "apple", .op = Operation::scale, .bits = bits, .parents = parents}); }));
  CHECK(refuses([&](Encoder& e) {
    CommitInput input;
    input.origin = "main";
    input.deltas = 1;
    return e.commit(input);
  }));
  CHECK(refuses([&](Encoder& e) {
    auto done = e.state({.rows = 1, .dims = 4, .ids = {}});
    return done ? Status() : Status(done.error());
  }));
  CHECK(refuses([&](Encoder& e) { return e.tag_release("v1", dots); }));
  CHECK(!refuses([&](Encoder& e) { return e.tag_release("v1"); }));
  CHECK(refuses([&](Encoder& e) { return e.read_present(); }));
}
