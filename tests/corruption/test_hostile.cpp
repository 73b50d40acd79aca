// Files made to hurt a reader: checksums right, content wrong. Each is refused, or read without harm, in bounded
// memory.
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "log_fixup.hpp"
#include "sample_log.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

#ifndef __has_feature  // how clang says it
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) || \
    __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Answer {
  Verdict verdict;
  bool opened;
  std::string said;
};

Answer ask(const std::string& path, const Bytes& bytes) {
  scratch::write(path, bytes);
  const std::string paths[] = {path};
  const auto report = must(verify(paths, {VerifyLevel::chain, 1}));
  Answer answer{report.verdict, false, ""};
  for (const auto& f : report.findings) answer.said += f.what + "\n";
  if (const auto log = Log::open(paths, {1})) {
    answer.opened = bool(snapshot(*log));
    (void)log->hashes();
  }
  return answer;
}

Bytes sample_bytes(const scratch::Directory& dir) {
  sample::write_log(dir.file("sample.dlog"));
  return scratch::read(dir.file("sample.dlog"));
}

/// Offset of the frame of a type in the only segment of `bytes`.
std::size_t frame_of(const Bytes& bytes, format::FrameType type) {
  std::size_t at = format::kHeaderBytes;
  while (bytes[at + 4] != static_cast<Byte>(type)) {
    at += format::kFrameBytes + format::padded(format::load<std::uint32_t>(bytes.data() + at + 16));
  }
  return at;
}

}  // namespace

TEST_CASE("the fix-up leaves a good log as it is") {
  const scratch::Directory dir;
  const Bytes good = sample_bytes(dir);
  Bytes sealed = good;
  fixup::seal(sealed);
  CHECK(sealed == good);
}

TEST_CASE("unknown features are unsupported, named with their writer, and not called damage") {
  const scratch::Directory dir;
  const Bytes good = sample_bytes(dir);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    fixup::seal(bytes);
    return ask(dir.file("x.dlog"), bytes);
  };
  for (const std::size_t at : {8u, 32u, 39u, 40u, 41u, 112u, 115u}) {
    const Answer answer = with(at, 9);
    INFO("header byte " << at << ": " << answer.said);
    CHECK(answer.verdict == Verdict::unsupported);
    CHECK_FALSE(answer.opened);
    CHECK(answer.said.find("deltalog/") != std::string::npos);
  }
  for (const std::size_t at :
       {std::size_t{16}, std::size_t{24}, std::size_t{10}}) {  // compat, ro_compat, minor version
    INFO("header byte " << at);
    CHECK(with(at, 9).opened);
  }
  const std::size_t data = frame_of(good, format::FrameType::data);
  CHECK(with(data + 4, 17).verdict == Verdict::unsupported);  // frame type
  CHECK(with(data + 5, 7).verdict == Verdict::unsupported);   // payload codec
  CHECK(with(data + 6, 1).verdict == Verdict::unsupported);   // flags
}

TEST_CASE("facts that contradict each other are invalid") {
  const scratch::Directory dir;
  const Bytes good = sample_bytes(dir);
  const auto with = [&](std::size_t at, std::uint64_t value, std::size_t width) {
    Bytes bytes = good;
    for (std::size_t i = 0; i < width; ++i) bytes[at + i] = static_cast<Byte>(value >> (8 * i));
    fixup::seal(bytes);
    const Answer answer = ask(dir.file("x.dlog"), bytes);
    INFO(answer.said);
    CHECK(answer.verdict != Verdict::ok);
    return answer.verdict;
  };
  const std::size_t data = frame_of(good, format::FrameType::data), ids = frame_of(good, format::FrameType::ids);
  const std::size_t commits = frame_of(good, format::FrameType::commits),
                    footer = frame_of(good, format::FrameType::footer);
  CHECK(with(data + 24, 5, 8) == Verdict::invalid);           // first ordinal
  CHECK(with(data + 32, 3, 4) == Verdict::invalid);           // count
  CHECK(with(data + 32, 0xffffffff, 4) == Verdict::invalid);  // a count to allocate for
  CHECK(with(data + 36, 77, 8) == Verdict::invalid);          // least timestamp
  CHECK(with(ids + 32, 0x7fffffff, 4) == Verdict::invalid);
  CHECK(with(commits + 32, 0x7fffffff, 4) == Verdict::invalid);
  CHECK(with(commits + 24, 1, 8) == Verdict::invalid);
  CHECK(with(footer + 32, 1, 4) == Verdict::invalid);
  CHECK(with(data + 20, 0xfff, 4) == Verdict::invalid);                                 // raw length of a plain payload
  CHECK(with(good.size() - format::kTrailerBytes + 16, 12345, 8) == Verdict::invalid);  // the trailer's deltas
}

TEST_CASE("a forest of empty frames and segments is read in bounded memory") {
  const scratch::Directory dir;
  Bytes bytes = sample_bytes(dir);
  const std::size_t sync = frame_of(bytes, format::FrameType::sync);
  Bytes many(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(sync));
  for (int i = 0; i < 100'000; ++i) {
    many.insert(many.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sync),
                bytes.begin() + static_cast<std::ptrdiff_t>(sync) + 64);
  }
  many.insert(many.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sync), bytes.end());
  fixup::seal(many);
  const Answer answer = ask(dir.file("x.dlog"), many);
  CHECK(answer.verdict == Verdict::invalid);  // the footer does not list them
  if (!kSanitized) {                          // they keep what was freed
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    CHECK(usage.ru_maxrss < 128 * 1024);
  }
}

TEST_CASE("random damage behind right checksums never passes as another state unnoticed by a crash") {
  const scratch::Directory dir;
  const Bytes good = sample_bytes(dir);
  std::mt19937_64 random(20261123);
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = good;
    for (int i = 0, n = 1 + static_cast<int>(random() % 4); i < n; ++i) {
      const std::size_t at = random() % bytes.size();
      if (random() % 3 == 0) {
        bytes[at] = static_cast<Byte>(random());
      } else {
        bytes[at] = static_cast<Byte>(bytes[at] ^ (1u << random() % 8));
      }
    }
    fixup::seal(bytes);
    const Answer answer = ask(dir.file("x.dlog"), bytes);
    if (answer.verdict == Verdict::ok) CHECK(answer.opened);  // what verify calls good, everything reads
  }
}

TEST_CASE("an accuracy of a later version is information that is skipped; one that is malformed is invalid") {
  const scratch::Directory dir;
  const std::string path = dir.file("accuracy.dlog"), paths[] = {path};
  {
    auto encoder = must(Encoder::create(path, {}, {.accuracy = {Accuracy::Kind::int8, 0}}));
    sample::add(encoder, {{"apple", {}, {1, 2}}}, 1);
    must(encoder.finish());
  }
  const Bytes good = scratch::read(path);
  const auto with = [&](const std::string& setting) {
    const std::string written = "accuracy int8@%";
    Bytes bytes = good;
    const auto at = std::search(bytes.begin(), bytes.end(), written.begin(), written.end());
    REQUIRE(at != bytes.end());
    REQUIRE(setting.size() == written.size());
    std::copy(setting.begin(), setting.end(), at);
    fixup::seal(bytes);
    return ask(path, bytes);
  };
  CHECK(with("accuracy pq:8@%").opened);
  const auto recorded = must(must(Log::open(paths, {1})).accuracies());
  REQUIRE(recorded.size() == 1);
  CHECK(recorded[0].text == "pq:8");
  CHECK(Accuracy::parse(recorded[0].text).error().code == ErrorCode::unsupported);
  for (const std::string setting : {"accuracy int8%@", "accuracy int8%%", "accuracy @int8%", "accuracy_int8@%"}) {
    INFO(setting);
    CHECK(with(setting).verdict == Verdict::invalid);
  }
}

TEST_CASE("a name that stands twice is invalid") {
  const scratch::Directory dir;
  const std::string path = dir.file("names.dlog");
  const auto write = [&](std::span<const char* const> ids) {
    auto encoder = must(Encoder::create(path, {}, {.threads = 1, .force = true, .now = 0}));
    const std::uint32_t bits[] = {1, 2};
    for (const char* id : ids) {
      DeltaInput create;
      create.id = id;
      create.op = Operation::create;
      create.bits = bits;
      must(encoder.delta(create));
    }
    must(encoder.finish());
    return scratch::read(path);
  };
  // "xa" and "xq" share nothing with their neighbour, so the bytes of one can become the other's.
  const char* const good[] = {"xa", "yb", "xq"};
  Bytes bytes = write(good);
  CHECK(ask(path, bytes).verdict == Verdict::ok);
  const std::size_t ids = frame_of(bytes, format::FrameType::ids);
  const std::string text = "xaybxq";
  const auto at = std::search(bytes.begin() + static_cast<std::ptrdiff_t>(ids), bytes.end(), text.begin(), text.end());
  REQUIRE(at != bytes.end());
  at[5] = 'a';
  fixup::seal(bytes);
  const Answer answer = ask(path, bytes);
  CHECK(answer.verdict == Verdict::invalid);
  CHECK(answer.said.find("named twice") != std::string::npos);
}
