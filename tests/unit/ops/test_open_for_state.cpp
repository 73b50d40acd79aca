// Every answer that a log opened through its index gives is that of the whole log.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>

#include "delta/blame.hpp"
#include "delta/compact.hpp"
#include "delta/conflicts.hpp"
#include "delta/lookup.hpp"
#include "delta/property.hpp"
#include "delta/reindex.hpp"
#include "delta/selection.hpp"
#include "delta/snapshot.hpp"
#include "sample_log.hpp"
#include "store/index_file.hpp"
#include "store/union.hpp"

using namespace delta;
using sample::must;

namespace {

using Ids = std::vector<std::string>;

constexpr std::uint32_t kIds = 9;

std::string id_of(std::uint32_t i) { return "v" + std::to_string(i); }

/// A log of several appends, by one writer after the other.
class RandomLog {
 public:
  enum class Ids : std::uint8_t { come, are_announced, and_operations };
  /// With announced ids the log has an index from its first segment on.
  RandomLog(const std::string& path, unsigned seed, Ids ids = Ids::come) : path_(path), random_(seed), ids_(ids) {
    const unsigned segments = 1 + below(12);
    for (unsigned i = 0; i < segments; ++i) append(i == 0);
  }

  std::size_t opened() const { return opened_; }  ///< commits that all appends together knew

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void append(bool first) {
    EncodeOptions options{.threads = 1, .origin = "w" + std::to_string(below(3)), .commit_every = 1 + below(4)};
    options.message = "message " + std::to_string(now_);
    options.now = (now_ + kStep) * 1'000'000;  // of tags
    some_.clear();
    for (unsigned i = 0; i < 3; ++i) some_.push_back(id_of(below(kIds)));
    if (ids_ != Ids::come) options.ids = some_;
    options.operations = ids_ == Ids::and_operations;
    auto encoder = must(first ? Encoder::create(path_, {}, options) : Encoder::append(path_, options));
    opened_ += encoder.log().commits();
    for (unsigned deltas = 1 + below(6); deltas > 0; --deltas) add(encoder);
    ++now_;
    if (below(4) == 0) must(encoder.set(below(2) == 0 ? "policy max" : "policy average", now_ * 1'000'000));
    if (below(4) == 0) must(encoder.property("", "model", "m" + std::to_string(now_), (now_ + 1) * 1'000'000));
    if (below(4) == 0) must(encoder.tag_time("tag " + std::to_string(below(2)), now_ * 1'000'000));
    now_ += 2 * kStep;
    const auto summary = must(encoder.finish());
    for (const Finding& notice : summary.notices) CHECK(notice.what == "");
    if (first && ids_ != Ids::come) must(reindex(path_));
  }

  void add(Encoder& encoder) {
    now_ += 1 + below(3);
    const std::string& id = some_[below(3)];
    const std::string ns = below(3) == 0 ? "other" : "";
    const std::string metadata = below(3) == 0 ? R"({"n":)" + std::to_string(now_) + "}" : "";
    const std::string key = ns + "/" + id;
    const std::vector<std::uint32_t> whole = {sample::bits(static_cast<float>(now_)), sample::bits(2), sample::bits(3)};
    const std::vector<std::uint32_t> index = {below(3)};
    DeltaInput in;
    in.id = id;
    in.name_space = ns;
    in.metadata = metadata;
    in.at = now_ * 1'000'000;
    const unsigned what = exists_.contains(key) ? below(5) : 5;
    in.op = what == 0   ? Operation::remove
            : what == 1 ? Operation::scale
            : what == 2 ? Operation::dense
            : what == 5 ? Operation::create
                        : Operation::sparse;
    if (what == 1) in.bits = std::span(whole).subspan(1, 1);
    if (what == 2 || what == 5) in.bits = whole;
    if (in.op == Operation::sparse) in.bits = std::span(whole).first(1);
    if (in.op == Operation::sparse) in.indices = index;
    if (what == 0) exists_.erase(key);
    if (what == 5) exists_.insert(key);
    must(encoder.delta(in));
  }

  static constexpr Micros kStep = 50;  // seconds, more than the deltas of one append take

  std::string path_;
  std::mt19937 random_;
  Ids ids_;
  std::size_t opened_ = 0;
  std::vector<std::string> some_;  // ids, of one append
  std::set<std::string> exists_;
  Micros now_ = 1000;
};

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

/// Compares all answers about some ids; returns whether not all commits were read.
enum class Cuts : std::uint8_t { all, now };
bool compare(const std::string& path, const Ids& ids, Cuts asked = Cuts::all) {
  const Ids paths = {path};
  const OpenOptions options{.threads = 1, .ids = ids};
  const Log whole = must(Log::open(paths, options)), some = must(open_for_state(paths, options));
  CHECK(some.notices().size() == whole.notices().size());
  std::vector<CutOptions> cuts(1);  // now, and after each commit
  for (const CommitNo number : numbers<CommitNo>(asked == Cuts::all ? whole.commits() : 0))
    cuts.push_back({.at = whole.commit(number).time.us()});
  for (const CutOptions& cut : cuts) {
    CHECK(settings(whole, cut) == settings(some, cut));
    for (const std::string& id : ids) {
      for (const char* ns : {"", "other"}) CHECK(answer(whole, {ns, id}, cut) == answer(some, {ns, id}, cut));
    }
  }
  return some.commits() < whole.commits();
}

/// Compares the answers about all ids that match a glob.
void compare_matching(const std::string& path, const std::string& glob) {
  const Ids paths = {path}, globs = {glob};
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

/// Makes the index anew, with a table of each segment, however small.
void reindex_with_tables(const std::string& log) {
  store::IndexOrder order{log, log + ".dlx", true};
  order.tables = store::TableRule::always;
  must(store::update_index(order));
}

/// One delta, by a writer of its own, through the index: so that has one more level.
void append_new(const std::string& log, const std::string& id) {
  constexpr Micros kLate = 1'000'000'000'000;
  auto encoder = must(Encoder::append(log, {.threads = 1, .origin = id, .now = kLate, .ids = Ids{id}}));
  const std::vector<std::uint32_t> whole(3, sample::bits(7));
  must(encoder.delta({.id = id, .bits = whole}));
  must(encoder.finish());
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
    for (const char* glob : {"v*", "new*", "v[13]", "n?w 1", "*1", "\\v2", "none"}) compare_matching(log, glob);
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
