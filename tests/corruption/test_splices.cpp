// A copy of one build of a log over another that stopped half-way: every frame is intact, and all have one salt, but
// they are not of one log. Whatever reads the log refuses it, or answers as one of the two.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>

#include "delta/blame.hpp"
#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/layout.hpp"
#include "sample_log.hpp"
#include "store/scan.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t kDims = 512;

/// Vectors of noise, in two commits. `flipped`: the signs of one in so many are the other way round, which takes as
/// many bytes.
void build(const std::string& path, int vectors, int flipped) {
  std::mt19937_64 random(20261128);
  EncodeOptions options;
  options.threads = 1;
  options.force = true;
  auto encoder = must(Encoder::create(path, {}, options));
  std::vector<std::uint32_t> bits(kDims);
  for (int v = 0; v < vectors; ++v) {
    for (auto& x : bits) x = static_cast<std::uint32_t>(random()) & 0xbfffffff;
    if (flipped > 0 && v % flipped == 1) std::ranges::for_each(bits, [](std::uint32_t& x) { x ^= 0x80000000; });
    DeltaInput create;
    const std::string id = std::to_string(v);
    create.id = id;
    create.op = Operation::create;
    create.bits = bits;
    create.at = (v < vectors / 2 ? 1'000 : 2'000) * 1'000'000;
    create.origin = v < vectors / 2 ? "main" : "other";
    must(encoder.delta(create));
  }
  must(encoder.finish());
}

/// Where each frame starts, and the trailer.
std::vector<std::size_t> borders(const std::string& path) {
  std::vector<std::size_t> out;
  for (const auto& segment : must(store::scan_file(must(InputFile::open(path)), store::Payloads::checked)).segments) {
    for (const auto& frame : segment.frames) out.push_back(frame.offset);
    out.push_back(segment.end - format::kTrailerBytes);
  }
  return out;
}

std::string text_of(const State& state, const Log& log) {
  std::string out;
  for (const auto ns : numbers<NamespaceNo>(log.catalog().namespaces())) {
    for (const auto vector : must(state.rows(ns))) {
      const auto bits = state.bits(vector);
      out += std::string(log.catalog().id(vector)) + ":" +
             std::string(reinterpret_cast<const char*>(bits.data()), bits.size_bytes());
    }
  }
  return out;
}

constexpr const char* kRefused = "refused";

using Read = std::function<std::string(const std::string& path, const scratch::Directory& dir)>;

template <class Ask>
Read of_log(Ask ask) {
  return [ask](const std::string& path, const scratch::Directory&) -> std::string {
    const std::string paths[] = {path};
    const auto log = Log::open(paths, {1});
    return log ? ask(*log) : kRefused;
  };
}

std::string one_vector(const Log& log, std::string_view id) {
  VectorSet wanted;
  for (const VectorNo v : numbers<VectorNo>(log.catalog().vectors())) {
    if (log.catalog().id(v) == id) wanted.insert(v);
  }
  const auto state = snapshot(log, {}, wanted);
  return state ? text_of(*state, log) : kRefused;
}

std::string all_deltas(const Log& log) {
  std::string out;
  const auto read = log.each(delta::VectorSet::all(), [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      out += std::to_string(index(batch[i].vector)) +
             std::string(reinterpret_cast<const char*>(batch[i].bits.data()), batch[i].bits.size_bytes());
    }
    return {};
  });
  return read ? out : kRefused;
}

std::string all_hashes(const Log& log) {
  const auto hashes = log.hashes();
  if (!hashes) return kRefused;
  std::string out;
  for (const Hash& hash : *hashes) out.append(hash.begin(), hash.end());
  return out;
}

std::string blamed(const Log& log) {
  const auto found = blame(log, VectorNo{1});
  if (!found) return kRefused;
  std::string out;
  for (const auto& run : found->runs) {
    out += std::string(reinterpret_cast<const char*>(run.bits.data()), 4 * run.bits.size());
  }
  return out;
}

/// What is made of it, as bytes.
std::string compacted(const std::string& path, const scratch::Directory& dir) {
  const std::string paths[] = {path}, out = dir.file("made.dlog");
  if (!compact(paths, out, {.threads = 1, .force = true, .keep = {}})) return kRefused;
  const Bytes bytes = scratch::read(out);
  return {bytes.begin(), bytes.end()};
}

std::string merged(const std::string& path, const scratch::Directory& dir) {
  const std::string paths[] = {path}, to = dir.file("made.dlog");
  auto merge = Merge::open(paths, {.threads = 1, .not_in = {}});
  if (!merge) return kRefused;
  auto out = must(OutputFile::create(to, {.force = true}));
  if (!merge->write(out) || !out.commit()) return kRefused;
  const Bytes bytes = scratch::read(to);
  return {bytes.begin(), bytes.end()};
}

std::string verified(const std::string& path, const scratch::Directory&) {
  const std::string paths[] = {path};
  return must(verify(paths, {VerifyLevel::frame, 1})).verdict == Verdict::ok ? "ok" : kRefused;
}

struct Reader {
  const char* name;
  Read read;
};

std::vector<Reader> readers() {
  return {{"snapshot", of_log([](const Log& log) {
             const auto state = snapshot(log);
             return state ? text_of(*state, log) : kRefused;
           })},
          {"one vector", of_log([](const Log& log) { return one_vector(log, "1"); })},
          {"a late vector",
           of_log([](const Log& log) { return one_vector(log, std::to_string(log.catalog().vectors() - 3)); })},
          {"deltas", of_log(all_deltas)},
          {"hashes", of_log(all_hashes)},
          {"blame", of_log(blamed)},
          {"columns", of_log([](const Log& log) { return log.columns() ? "columns" : kRefused; })},
          {"compact", compacted},
          {"merge", merged},
          {"verify", verified}};
}

struct Builds {
  scratch::Directory dir;
  std::string a = dir.file("a.dlog"), b = dir.file("b.dlog"), mixed = dir.file("mixed.dlog");
  Bytes bytes_a, bytes_b;

  explicit Builds(int vectors, int flipped) {
    build(a, vectors, 0);
    build(b, vectors, flipped);
    bytes_a = scratch::read(a);
    bytes_b = scratch::read(b);
    REQUIRE(bytes_a.size() == bytes_b.size());
    REQUIRE(std::equal(bytes_a.begin(), bytes_a.begin() + format::kHeaderBytes, bytes_b.begin()));  // one salt
    REQUIRE(bytes_a != bytes_b);
  }
};

/// The bytes of the one with those of the other from `begin` to `end`.
Bytes spliced(const Bytes& from, const Bytes& with, std::size_t begin, std::size_t end) {
  Bytes out = from;
  std::copy(with.begin() + static_cast<std::ptrdiff_t>(begin), with.begin() + static_cast<std::ptrdiff_t>(end),
            out.begin() + static_cast<std::ptrdiff_t>(begin));
  return out;
}

void check_splices(const Builds& builds, const std::vector<Reader>& all,
                   const std::vector<std::pair<std::size_t, std::size_t>>& places) {
  std::size_t refused = 0, mixtures = 0;
  for (const Reader& reader : all) {
    const std::string of_a = reader.read(builds.a, builds.dir), of_b = reader.read(builds.b, builds.dir);
    REQUIRE(of_a != kRefused);
    REQUIRE(of_b != kRefused);
    for (const auto& [begin, end] : places) {
      const Bytes bytes = spliced(builds.bytes_a, builds.bytes_b, begin, end);
      const bool mixture = bytes != builds.bytes_a && bytes != builds.bytes_b;
      scratch::write(builds.mixed, bytes);
      const std::string said = reader.read(builds.mixed, builds.dir);
      INFO(reader.name << ", bytes " << begin << " to " << end << " of " << bytes.size());
      CHECK((said == kRefused || said == of_a || said == of_b));
      if (!mixture) CHECK(said != kRefused);
      refused += said == kRefused;
      mixtures += mixture;
    }
  }
  CHECK(refused * 2 > mixtures);
}

}  // namespace

TEST_CASE("two builds of one log that are mixed at a frame border are never read as a third") {
  const Builds builds(640, 7);
  const auto at = borders(builds.a);
  REQUIRE(at.size() > 10);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t i = 0; i < at.size(); ++i) {
    places.push_back({0, at[i]});                                      // a copy that stopped
    if (i + 1 < at.size()) places.push_back({at[i], at[i + 1]});       // one frame alone
    if (i % 3 == 0) places.push_back({at[i], builds.bytes_a.size()});  // one that went backwards
  }
  check_splices(builds, readers(), places);
}

TEST_CASE("two builds of one log that are mixed at a sector are never read as a third") {
  const Builds builds(600, 5);
  std::mt19937_64 random(20261129);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  const std::size_t sectors = builds.bytes_a.size() / 512;
  for (int i = 0; i < 40; ++i) {
    const std::size_t begin = random() % sectors, end = begin + 1 + random() % (sectors - begin);
    places.push_back({i % 2 == 0 ? 0 : begin * 512, end * 512});
  }
  check_splices(builds, readers(), places);
}

TEST_CASE("with postings as well, no vector is read of two builds of a log") {
  const Builds builds(3000, 300);
  const auto at = borders(builds.a);
  REQUIRE(at.size() > 26);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t i = 1; i < at.size(); i += at.size() / 12) places.push_back({0, at[i]});
  for (std::size_t i = at.size() - 5; i < at.size(); ++i) {
    places.push_back({0, at[i]});
    places.push_back({at[i - 1], at[i]});
  }
  auto all = readers();
  std::erase_if(all, [](const Reader& r) {
    return r.name != std::string("one vector") && r.name != std::string("a late vector") &&
           r.name != std::string("snapshot");
  });
  check_splices(builds, all, places);
}
