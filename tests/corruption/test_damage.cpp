// Every bit flipped, every truncation, and the damage that machines do: each is found, judged rightly, and never read
// as something else.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "counted.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/layout.hpp"
#include "sample_log.hpp"
#include "store/check_ahead.hpp"
#include "store/scan.hpp"

using namespace delta;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

Verdict judge(const std::string& path, VerifyLevel level = VerifyLevel::chain) {
  const std::string paths[] = {path};
  return must(verify(paths, {level, 1})).verdict;
}

/// The present state as one comparable thing: ids, values and metadata in row order.
std::string describe(const Log& log) {
  const auto folded = snapshot(log);
  if (!folded) return "error: " + folded.error().message;
  const State& state = *folded;
  std::string out;
  for (const auto ns : numbers<NamespaceNo>(log.catalog().namespaces())) {
    for (const auto vector : must(state.rows(ns))) {
      out += std::string(log.catalog().id(vector)) + "=";
      for (const auto b : state.bits(vector)) out += std::to_string(b) + ",";
      out += std::string(state.metadata(vector)) + ";";
    }
  }
  return out;
}

std::string read_state(const std::string& path) {
  const std::string paths[] = {path};
  const auto log = Log::open(paths, {1});
  return log ? describe(*log) : "error: " + log.error().message;
}

/// Where each frame starts, the footer's too, and where the trailer does.
std::vector<std::uint64_t> borders(const std::string& path) {
  const auto file = must(InputFile::open(path));
  const auto scanned = must(store::scan_file(file, store::Payloads::checked));
  std::vector<std::uint64_t> out;
  for (const auto& segment : scanned.segments) {
    for (const auto& frame : segment.frames) out.push_back(frame.offset);
    out.push_back(segment.frames.back().offset + segment.frames.back().header.extent());
  }
  return out;
}

/// Where the first commit of a log of one segment can be read: behind its COMMITS frame, or packed its SYNC frame.
std::uint64_t first_commit_end(const std::string& path, bool fresh) {
  const auto scanned = must(store::scan_file(must(InputFile::open(path)), store::Payloads::checked));
  for (const auto& frame : scanned.segments[0].frames) {
    if (frame.header.type == (fresh ? format::FrameType::commits : format::FrameType::sync)) {
      return frame.offset + frame.header.extent();
    }
  }
  return 0;
}

/// A segment of each kind, the second with all that pruning leaves.
struct Sample {
  const char* name;
  void (*write)(const std::string& path);
};
const Sample kSamples[] = {{"fresh", sample::write_log}, {"packed", sample::write_pruned}};
const Sample kSealed[] = {{"fresh", sample::write_log},
                          {"fresh, stored as it is", sample::write_stored},
                          {"of two segments", sample::write_two},
                          {"packed", sample::write_packed},
                          {"pruned", sample::write_pruned}};

/// Whether the byte is in the trailer of a segment.
bool in_trailer(const store::ScannedFile& scanned, std::size_t at) {
  return std::ranges::any_of(scanned.segments, [&](const store::ScannedSegment& segment) {
    return at + format::kTrailerBytes >= segment.end && at < segment.end;
  });
}

/// Some KiB a vector, which no coder can make smaller.
void large_log(const std::string& path, int vectors) {
  std::mt19937_64 random(20261126);
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .force = true, .now = 0}));
  std::vector<std::uint32_t> bits(1024);
  for (int v = 0; v < vectors; ++v) {
    for (auto& x : bits) x = static_cast<std::uint32_t>(random()) & 0x3fffffff;
    const std::string id = std::to_string(v);
    DeltaInput create;
    create.id = id;
    create.op = Operation::create;
    create.bits = bits;
    must(encoder.delta(create));
  }
  must(encoder.finish());
}

}  // namespace

TEST_CASE("a good log is ok, and states what was written") {
  const scratch::Directory dir;
  const std::string path = dir.file("good.dlog");
  sample::write_log(path);
  CHECK(judge(path) == Verdict::ok);
  sample::append_log(path);
  CHECK(judge(path) == Verdict::ok);
  CHECK(read_state(path).starts_with("apple="));
}

TEST_CASE("every single bit flip of a sealed log is reported with the right verdict, and never read as another state") {
  const Sample kind = GENERATE(from_range(std::begin(kSealed), std::end(kSealed)));
  CAPTURE(kind.name);
  const scratch::Directory dir;
  const std::string good = dir.file("good.dlog"), bad = dir.file("bad.dlog");
  kind.write(good);
  const Bytes bytes = scratch::read(good);
  const std::string truth = read_state(good);
  const auto scanned = must(store::scan_file(must(InputFile::open(good)), store::Payloads::checked));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1 << (bit % 8)));
    scratch::write(bad, flipped);
    const std::string paths[] = {bad};
    const VerifyReport report = must(verify(paths, {VerifyLevel::chain, 1}));
    const Verdict verdict = report.verdict;
    const bool trailer = in_trailer(scanned, bit / 8);
    // One frame is to blame: `invalid` would say that a writer had written another one wrong.
    const bool accuses = std::ranges::any_of(
        report.findings, [](const Finding& finding) { return finding.verdict == Verdict::invalid; });
    if (accuses || verdict != (trailer ? Verdict::trailer : Verdict::corrupt)) {
      FAIL("byte " << bit / 8 << " of " << bytes.size() << ", bit " << bit % 8 << ": " << verdict_name(verdict));
    }
    const std::string state = read_state(bad);
    const bool refused = state.starts_with("error: ");
    if (state != truth && (trailer || !refused)) FAIL("byte " << bit / 8 << " read as " << state);
  }
  torture::counted(bytes.size() * 8, "bits flipped");
}

TEST_CASE("every single bit flip of an unsealed log is noticed, and never read as a state that never was") {
  const scratch::Directory dir;
  const std::string good = dir.file("good.dlog"), bad = dir.file("bad.dlog");
  sample::write_two(good);
  Bytes bytes = scratch::read(good);
  const std::string truth = read_state(good);
  bytes.resize(borders(good).rbegin()[1]);  // FOOTER and trailer are not there
  scratch::write(good, bytes);
  REQUIRE(judge(good) == Verdict::unsealed);
  REQUIRE(read_state(good) == truth);
  const std::string first = [&] {
    sample::write_log(bad);
    return read_state(bad);
  }();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1 << (bit % 8)));
    scratch::write(bad, flipped);
    const Verdict verdict = judge(bad);
    if (verdict == Verdict::ok || verdict == Verdict::unsealed) {
      FAIL("byte " << bit / 8 << " of " << bytes.size() << ", bit " << bit % 8 << ": " << verdict_name(verdict));
    }
    const std::string state = read_state(bad);
    if (state != truth && state != first && !state.starts_with("error: ")) FAIL("byte " << bit / 8 << ": " << state);
  }
  torture::counted(bytes.size() * 8, "bits flipped");
}

TEST_CASE(
    "every truncation of a sealed log is reported with the right verdict, and gives an exact prefix of its commits") {
  const Sample kind = GENERATE(from_range(std::begin(kSamples), std::end(kSamples)));
  CAPTURE(kind.name);
  const scratch::Directory dir;
  const std::string good = dir.file("good.dlog"), bad = dir.file("bad.dlog");
  kind.write(good);
  const Bytes bytes = scratch::read(good);
  const std::string truth = read_state(good);
  const auto frames = borders(good);
  const std::uint64_t trailer = frames.back(), footer = frames[frames.size() - 2];
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    scratch::write(bad, Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    const bool border = std::ranges::find(frames, size) != frames.end();
    const Verdict right = size == 0         ? Verdict::empty
                          : size >= trailer ? Verdict::trailer
                          : border          ? Verdict::unsealed
                                            : Verdict::torn;
    const Verdict verdict = judge(bad);
    if (verdict != right) {
      FAIL(size << " of " << bytes.size() << " bytes: " << verdict_name(verdict) << " instead of "
                << verdict_name(right));
    }
    const std::string state = read_state(bad);
    if (size >= footer && state != truth) {
      FAIL("all commits are in the first " << size << " bytes, and the state is " << state);
    }
    if (size < footer && size > 0 && state != "" && state != truth && !state.starts_with("error: ")) {
      FAIL("a state that never was: " << state);
    }
  }
  torture::counted(bytes.size(), "truncations");
}

TEST_CASE("every truncation can be appended to, and what was cut is kept beside the log") {
  const Sample kind = GENERATE(from_range(std::begin(kSamples), std::end(kSamples)));
  CAPTURE(kind.name);
  const scratch::Directory dir;
  const std::string good = dir.file("good.dlog"), bad = dir.file("bad.dlog");
  kind.write(good);
  const Bytes bytes = scratch::read(good);
  const auto frames = borders(good);
  // Fresh: COMMITS is before the SYNC frame; packed: that closes it.
  const std::uint64_t committed = frames[frames.size() - (kind.write == sample::write_log ? 3 : 2)];
  const std::uint64_t first = first_commit_end(good, kind.write == sample::write_log);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const scratch::Directory own;
    const std::string path = own.file("log.dlog");
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    scratch::write(path, cut);
    auto appending = Encoder::append(path, {});
    if (size < first) {  // its dots would be given again
      REQUIRE_FALSE(appending);
      CHECK(scratch::read(path) == cut);
      continue;
    }
    auto encoder = must(std::move(appending));
    sample::add(encoder, {{"quince", Operation::create, {1, 2, 3, 4}, {}, "delta"}}, 3'000'000);
    const auto summary = must(encoder.finish());
    INFO(size << " of " << bytes.size());
    CHECK_FALSE(summary.notices.empty());
    CHECK(judge(path) == Verdict::ok);
    const std::string state = read_state(path);
    CHECK(state.find("quince=") != state.npos);
    CHECK((state.find("plum=") != state.npos) == (size >= committed));
  }
  torture::counted(bytes.size() - 1, "truncations");
}

TEST_CASE("zeros after a log, and zero sectors at its end, are torn; other bytes are a damaged tail") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const Bytes good = scratch::read(path);
  const std::string truth = read_state(path);
  Bytes longer = good;
  longer.resize(good.size() + 4096);
  scratch::write(path, longer);
  CHECK(judge(path) == Verdict::torn);
  CHECK(read_state(path) == truth);
  std::fill(longer.begin() + static_cast<std::ptrdiff_t>(good.size()), longer.end(), std::uint8_t{0x5a});
  scratch::write(path, longer);
  CHECK(judge(path) == Verdict::damaged_tail);
  CHECK(read_state(path).starts_with("error: "));
  const auto append = Encoder::append(path, {});
  REQUIRE_FALSE(append);
  CHECK(scratch::read(path) == longer);
}

TEST_CASE("damage in a middle segment is corrupt, local, and its lost deltas are named") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const auto frames = borders(path);
  const auto file_size = scratch::read(path).size();
  sample::append_log(path);
  Bytes bytes = scratch::read(path);
  REQUIRE(bytes.size() > file_size);
  const auto scanned = must(store::scan_file(must(InputFile::open(path)), store::Payloads::checked));
  const auto data = std::ranges::find(scanned.segments[0].frames, format::FrameType::data,
                                      [](const auto& f) { return f.header.type; });
  bytes[data->offset + format::kFrameBytes + 3] ^= 0x10;
  scratch::write(path, bytes);
  const std::string paths[] = {path};
  const auto report = must(verify(paths, {VerifyLevel::chain, 1}));
  CHECK(report.verdict == Verdict::corrupt);
  std::string said;
  for (const auto& finding : report.findings) {
    CHECK(finding.verdict == Verdict::corrupt);  // and no accusation that follows from it
    said += finding.what + "\n";
  }
  CHECK(said.find("main:1..2") != said.npos);
  CHECK(said.find("beta:1..2") != said.npos);
}

TEST_CASE("a file that is not a log is foreign") {
  const scratch::Directory dir;
  const std::string path = dir.file("x");
  for (const std::size_t size : {1u, 7u, 63u, 64u, 128u, 5000u}) {
    Bytes bytes(size, 'x');
    scratch::write(path, bytes);
    CHECK(judge(path) == Verdict::foreign);
  }
}

TEST_CASE("concatenated logs mean their union") {
  const scratch::Directory dir;
  const std::string a = dir.file("a.dlog"), b = dir.file("b.dlog"), both = dir.file("both.dlog");
  sample::write_log(a);
  auto encoder = must(Encoder::create(b, {}, {}));
  sample::add(encoder, {{"fig", Operation::create, {1, 2, 3, 4}, {}, "other"}}, 500);
  must(encoder.finish());
  for (const bool swapped : {false, true}) {
    Bytes bytes = scratch::read(swapped ? b : a);
    const Bytes second = scratch::read(swapped ? a : b);
    bytes.insert(bytes.end(), second.begin(), second.end());
    bytes.insert(bytes.end(), second.begin(), second.end());  // repetition carries no meaning
    scratch::write(both, bytes);
    CHECK(judge(both) == Verdict::ok);
    const std::string apart[] = {a, b};
    CHECK(read_state(both) == describe(must(Log::open(apart))));
  }
}

TEST_CASE("looking ahead with several threads changes nothing of what a scan finds") {
  const scratch::Directory dir;
  const std::string path = dir.file("large.dlog"), bad = dir.file("bad.dlog");
  large_log(path, 400);
  std::mt19937_64 random(20261127);
  const Bytes good = scratch::read(path);
  const auto report = [&](unsigned threads) {
    const auto file = std::make_shared<const InputFile>(must(InputFile::open(bad)));
    const auto ahead = store::ChecksummedFrames::of(file, threads);
    const auto scanned = must(store::scan_file(*file, store::Payloads::checked, &ahead));
    std::string out;
    for (const Finding& f : scanned.findings) out += std::to_string(f.offset) + " " + f.where + " " + f.what + "\n";
    return out;
  };
  for (int round = 0; round < 150; ++round) {
    Bytes bytes = good;
    const std::size_t at =
        round % 3 == 0 ? bytes.size() - 1 - random() % 4096 : random() % bytes.size();  // or in the footer
    if (round % 10 == 9) bytes.resize(at);
    if (round % 10 == 8) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::min<std::size_t>(1024, bytes.size() - at),
                  std::uint8_t{0});
    }
    if (round > 0 && round % 10 < 8) bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1u << random() % 8));
    scratch::write(bad, bytes);
    const std::string one = report(1);
    CHECK(report(2) == one);
    CHECK(one.empty() == (bytes == good));
  }
}

TEST_CASE("looking ahead knows every frame of an intact file") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  large_log(path, 2000);
  const auto file = std::make_shared<const InputFile>(must(InputFile::open(path)));
  const auto ahead = store::ChecksummedFrames::of(file, 2);
  std::size_t frames = 0;
  for (const auto& segment : must(store::scan_file(*file, store::Payloads::checked)).segments) {
    for (const auto& frame : segment.frames) {
      if (frame.header.type == format::FrameType::footer) continue;  // read to know of the others
      CHECK(ahead.contains(frame.offset, frame.header));
      CHECK_FALSE(ahead.contains(frame.offset + 64, frame.header));
      ++frames;
    }
  }
  CHECK(frames > 20);
}
