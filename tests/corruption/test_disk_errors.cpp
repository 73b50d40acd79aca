// What disks, cables and copies do to bytes, many times over: bytes overwritten, bursts, erased sectors, sectors twice
// or in each other's place, pieces of another log, stale tails. Verify says so of every log; none is read as another
// state. DELTA_DAMAGES says how many are tried of each kind of log; script/torture asks for more.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>

#include "counted.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

/// At least one byte, and as many as stand behind `at`.
std::size_t length_at(const Bytes& bytes, std::size_t at, std::size_t most) {
  return std::min(most, bytes.size() - at);
}

void overwrite(Bytes& bytes, const Bytes&, Random& random) {
  bytes[below(random, bytes.size())] = static_cast<std::uint8_t>(random());
}

void burst(Bytes& bytes, const Bytes&, Random& random) {
  const std::size_t at = below(random, bytes.size()), size = length_at(bytes, at, 1 + below(random, 64));
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<std::uint8_t>(random());
}

constexpr std::size_t kSectors[] = {64, 512, 4096};

/// Where a sector begins, and how long it is.
std::pair<std::size_t, std::size_t> sector(const Bytes& bytes, Random& random, std::size_t size) {
  const std::size_t at = below(random, bytes.size()) / size * size;
  return {at, length_at(bytes, at, size)};
}

void erase(Bytes& bytes, const Bytes&, Random& random) {
  const auto [at, size] = sector(bytes, random, kSectors[below(random, 3)]);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, random() % 2 == 0 ? 0x00 : 0xff);
}

/// What belongs at one place is at another, too.
void duplicate(Bytes& bytes, const Bytes&, Random& random) {
  const std::size_t unit = kSectors[below(random, 3)];
  const auto [from, a] = sector(bytes, random, unit);
  const auto [to, b] = sector(bytes, random, unit);
  const Bytes copy(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                   bytes.begin() + static_cast<std::ptrdiff_t>(from + std::min(a, b)));
  std::ranges::copy(copy, bytes.begin() + static_cast<std::ptrdiff_t>(to));
}

void exchange(Bytes& bytes, const Bytes&, Random& random) {
  const std::size_t unit = kSectors[below(random, 3)];
  const auto [a, size_a] = sector(bytes, random, unit);
  const auto [b, size_b] = sector(bytes, random, unit);
  for (std::size_t i = 0; a != b && i < std::min(size_a, size_b); ++i) std::swap(bytes[a + i], bytes[b + i]);
}

/// A sector of another log.
void splice(Bytes& bytes, const Bytes& other, Random& random) {
  const auto [at, size] = sector(bytes, random, kSectors[below(random, 3)]);
  for (std::size_t i = 0; i < size && at + i < other.size(); ++i) bytes[at + i] = other[at + i];
}

/// The end is what another log has there.
void stale_tail(Bytes& bytes, const Bytes& other, Random& random) {
  const std::size_t at = below(random, bytes.size());
  for (std::size_t i = at; i < std::min(bytes.size(), other.size()); ++i) bytes[i] = other[i];
}

struct Kind {
  const char* name;
  void (*damage)(Bytes& bytes, const Bytes& other, Random& random);
};
constexpr Kind kKinds[] = {
    {"a byte", overwrite},           {"a burst", burst},   {"an erased sector", erase}, {"a sector twice", duplicate},
    {"sectors exchanged", exchange}, {"a splice", splice}, {"a stale tail", stale_tail}};

std::shared_ptr<const ByteSource> source(const Bytes& bytes) { return memory_source("log", bytes); }

/// The present state, or that there is none.
std::string read_state(const Bytes& bytes) {
  const std::shared_ptr<const ByteSource> sources[] = {source(bytes)};
  const auto log = Log::open(sources, {.threads = 1});
  if (!log) return "refused";
  const auto state = snapshot(*log);
  if (!state) return "refused";
  std::string out;
  for (const auto ns : numbers<NamespaceNo>(log->catalog().namespaces())) {
    for (const auto vector : must(state->rows(ns))) {
      out += std::string(log->catalog().id(vector)) + "=";
      for (const auto bits : state->bits(vector)) out += std::to_string(bits) + ",";
      out += std::string(state->metadata(vector)) + ";";
    }
  }
  return out;
}

VerifyReport judged(const Bytes& bytes) {
  const std::shared_ptr<const ByteSource> sources[] = {source(bytes)};
  return must(verify(sources, {.threads = 1}));
}

Bytes made(const std::string& path, const std::function<void(const std::string&)>& write) {
  write(path);
  Bytes bytes = scratch::read(path);
  std::filesystem::remove(path);
  return bytes;
}

struct Base {
  const char* name;
  void (*write)(const std::string& path);
};
constexpr Base kBases[] = {{"fresh, quickly written", sample::write_stored},
                           {"fresh", sample::write_log},
                           {"of two segments", sample::write_two},
                           {"packed", sample::write_packed},
                           {"pruned", sample::write_pruned}};

std::size_t damages() {
  const char* text = std::getenv("DELTA_DAMAGES");
  return text != nullptr ? static_cast<std::size_t>(std::atoll(text)) : 20000;
}

std::uint64_t seed() {
  const char* text = std::getenv("DELTA_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 20261201;
}

}  // namespace

TEST_CASE("what a disk does to a log is noticed") {
  const Base base = GENERATE(from_range(std::begin(kBases), std::end(kBases)));
  CAPTURE(base.name);
  const scratch::Directory dir;
  const Bytes whole = made(dir.file("a.dlog"), base.write);
  const Bytes other = made(dir.file("b.dlog"), [&](const std::string& path) {
    auto encoder = must(Encoder::create(path, {}, {.force = true}));
    auto lines = sample::first_lines();
    lines[0].values[0] = 77;
    sample::add(encoder, lines, 1'000'500);
    must(encoder.finish());
  });
  const std::string truth = read_state(whole);
  REQUIRE(judged(whole).verdict == Verdict::ok);
  Random random(seed());
  std::size_t tried = 0, noticed = 0;
  while (tried < damages()) {
    const Kind& kind = kKinds[below(random, std::size(kKinds))];
    Bytes bytes = whole;
    kind.damage(bytes, other, random);
    if (bytes == whole || bytes == other) continue;  // another whole log is no damage
    ++tried;
    const bool good = judged(bytes).verdict == Verdict::ok;
    noticed += !good;
    const std::string state = read_state(bytes);
    if (good) FAIL(kind.name << " is not noticed: damage " << tried);
    if (state != truth && state != "refused") {
      // What is left of a log whose end is gone may be read, and says so.
      const auto report = judged(bytes);
      const bool torn = report.verdict == Verdict::torn || report.verdict == Verdict::unsealed ||
                        report.verdict == Verdict::damaged_tail;
      if (!torn) FAIL(kind.name << " is read as another state: damage " << tried);
    }
  }
  CHECK(noticed == tried);
  torture::counted(tried, "damages by a disk");
}
