// After a power cut at any moment every acknowledged delta can be read without repair, nothing is read that nobody
// wrote, and the next append works. DELTA_IMAGES says how many images are tried (CI: 300).
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "corruption/disk.hpp"
#include "counted.hpp"
#include "delta/locked_log.hpp"
#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

constexpr std::uint32_t kDims = 48;

/// The values of a vector follow from the write that was intended: a state that mixes two writes is found by them.
std::vector<std::uint32_t> values_of(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::uint32_t> bits(kDims);
  for (auto& x : bits) x = (static_cast<std::uint32_t>(random()) & 0x7fffff) | 0x3f800000;
  return bits;
}

struct Acknowledged {
  std::size_t calls;  // of the disk, when it was
  std::string id;
};

/// A log that is written to, and what was promised of it.
class Story {
 public:
  explicit Story(const scratch::Directory& dir) : path(dir.file("log.dlog")) {
    auto encoder = must(Encoder::create(path, {}, {.threads = 1, .origin = "first"}));
    must(encoder.set("policy lww", Micros{1}));
    must(encoder.finish());
    append(20);
  }

  /// Creates `count` vectors. `fails`: the second fsync does, once.
  void append(int count, bool fails = false, std::uint32_t salt = 0) {
    const os::Syscalls before = os::sys();
    os::Syscalls table = before;
    static int left;
    static const os::Syscalls* inner;
    inner = &before;
    left = 1;
    if (fails) table.fsync = [](int fd) { return left-- != 0 ? inner->fsync(fd) : (errno = EIO, -1); };
    const os::ScopedSyscalls scoped(table);
    auto encoder = must(Encoder::append(path, {.threads = 1, .origin = "main", .now = ++time_ * 1'000'000}));
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back("v" + std::to_string(next_ + static_cast<std::uint32_t>(i)));
      const auto seed = (next_ + static_cast<std::uint32_t>(i)) * 8 + salt;
      attempts[ids.back()].push_back(values_of(seed));
      DeltaInput input;
      const auto bits = values_of(seed);
      input.id = ids.back();
      input.op = Operation::create;
      input.bits = bits;
      must(encoder.delta(input));
    }
    const auto done = encoder.finish();
    CHECK(static_cast<bool>(done) == !fails);
    if (!done) return --time_, void();
    next_ += static_cast<std::uint32_t>(count);
    for (auto& id : ids) acknowledged.push_back({disk ? disk->calls() : 0, id});
  }

  /// The last append, of `count` vectors, was never acknowledged: its writer tries again, with the same dots and the
  /// same time.
  void forget(std::uint32_t count) {
    acknowledged.resize(acknowledged.size() - count);
    next_ -= count;
    --time_;
  }

  void compact_in_place() {
    const LockedLog place = must(LockedLog::open(path, {}));
    const std::string paths[] = {path};
    const Log log = must(Log::open(paths, {1}));
    must(delta::compact_in_place(log, place, {.threads = 1}));
  }

  void merge_into(const std::string& other) {
    const LockedLog place = must(LockedLog::open(path, {}));
    const std::string paths[] = {path, other};
    auto merge = must(Merge::open(paths, {.threads = 1, .not_in = {}}));
    auto out = must(place.create_output());
    must(merge.write(out));
    if (must(place.changed_by(out))) must(out.commit());
    for (const auto& id : other_ids) acknowledged.push_back({disk->calls(), id});
  }

  std::string path;
  std::optional<test::RecordedDisk> disk;
  std::vector<Acknowledged> acknowledged;
  std::map<std::string, std::vector<std::vector<std::uint32_t>>> attempts;
  std::vector<std::string> other_ids;

 private:
  std::uint32_t next_ = 0;
  Micros time_ = 1000;
};

/// Every vector that can be read has values that somebody wrote; those named must be there.
void check_state(const Story& story, const std::string& path, std::size_t calls) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  const State state = must(snapshot(log));
  const Catalog& catalog = log.catalog();
  for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
    if (!state.exists(v)) continue;
    const auto attempt = story.attempts.find(std::string(catalog.id(v)));
    if (attempt == story.attempts.end()) continue;  // of the check itself
    const auto bits = state.bits(v);
    CHECK(std::ranges::any_of(attempt->second, [&](const auto& tried) { return std::ranges::equal(tried, bits); }));
  }
  for (const auto& promise : story.acknowledged) {
    if (promise.calls > calls) continue;
    const auto vector = catalog.find_vector(*catalog.find_namespace("", kDims), promise.id);
    if (!vector || !state.exists(*vector)) FAIL("acknowledged and not there: " << promise.id);
  }
}

void check_image(const Story& story, const test::RecordedDisk::Files& files, std::size_t calls) {
  const scratch::Directory dir;
  for (const auto& [name, bytes] : files) scratch::write(dir.file(name), bytes);
  const std::string path = dir.file("log.dlog");
  check_state(story, path, calls);
  auto encoder = must(Encoder::append(path, {.threads = 1, .origin = "after", .now = Micros{5000} * 1'000'000}));
  DeltaInput input;
  const auto bits = values_of(0xffff);
  input.id = "after";
  input.op = Operation::create;
  input.bits = bits;
  must(encoder.delta(input));
  must(encoder.finish());
  check_state(story, path, calls);
  const std::string paths[] = {path};
  const auto report = must(verify(paths, {VerifyLevel::chain, 1}));
  if (report.verdict != Verdict::ok) FAIL("after the next append: " << report.findings[0].what);
}

std::size_t images() {
  const char* text = std::getenv("DELTA_IMAGES");
  return text != nullptr ? static_cast<std::size_t>(std::atoll(text)) : 300;
}

/// Tries cuts everywhere: one behind each call, then at random.
void try_cuts(Story& story, std::size_t count) {
  std::mt19937_64 random(20261129);
  const std::size_t calls = story.disk->calls();
  std::vector<std::pair<std::size_t, test::RecordedDisk::Files>> found;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i <= calls ? i : random() % (calls + 1);
    found.push_back({at, story.disk->after_cut(at, random)});
  }
  story.disk.reset();  // from here on the calls are real again
  os::Syscalls quick = os::sys();
  quick.fsync = [](int) { return 0; };
  const os::ScopedSyscalls scoped(quick);
  for (const auto& [at, files] : found) {
    INFO("power cut behind call " << at << " of " << calls);
    check_image(story, files, at);
  }
  torture::counted(found.size(), "power cuts");
}

}  // namespace

TEST_CASE("a power cut takes nothing that was acknowledged: appends") {
  const scratch::Directory dir;
  Story story(dir);
  story.disk.emplace(dir.path().string());
  story.append(3);
  story.append(12, true, 1);
  story.append(14, false, 2);
  story.append(1);
  story.append(5, true, 3);
  story.append(40, false, 4);
  try_cuts(story, images() / 3);
}

TEST_CASE("a power cut takes nothing that was acknowledged: the log is replaced") {
  const scratch::Directory dir, beside;
  Story story(dir);
  const std::string other = beside.file("other.dlog");
  {
    auto encoder = must(Encoder::create(other, {}, {.threads = 1, .origin = "other", .now = Micros{900} * 1'000'000}));
    const auto bits = values_of(77);
    DeltaInput input;
    input.id = "o77";
    input.op = Operation::create;
    input.bits = bits;
    must(encoder.delta(input));
    must(encoder.finish());
    story.other_ids = {"o77"};
    story.attempts["o77"] = {bits};
  }
  static std::string path;
  static int refused;
  path = story.path;
  refused = 0;
  story.disk.emplace(dir.path().string());
  // Whoever wants to append before the new name is durable has to wait.
  story.disk->on_directory_sync = [] { refused += Encoder::append(path, {.wait = {.longest = 0}}) ? 0 : 1; };
  story.append(3);
  story.compact_in_place();
  story.append(10);
  story.merge_into(other);
  story.append(2);
  story.compact_in_place();
  story.append(30);
  CHECK(refused == 3);
  try_cuts(story, images() / 3);
}

TEST_CASE("a power cut takes nothing that was acknowledged: a torn log goes on") {
  const scratch::Directory dir;
  Story story(dir);
  const auto size = scratch::read(story.path).size();
  story.append(30, false, 5);
  story.forget(30);
  auto torn = scratch::read(story.path);  // as if its writer had been killed, with the file made longer and not filled
  torn.resize(size + 5000);
  torn.resize(size + 7000);
  scratch::write(story.path, torn);
  story.disk.emplace(dir.path().string());
  story.append(25, false, 6);
  story.append(2);
  try_cuts(story, images() / 3);
}
