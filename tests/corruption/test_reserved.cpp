// Whatever the page of the format makes zero, or leaves for later: each has one verdict, for each type of frame, and no
// reader takes it for something else.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "delta/compact.hpp"
#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/tables.hpp"
#include "log_fixup.hpp"
#include "sample_log.hpp"

using namespace delta;
using namespace delta::format;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

Verdict judge(const std::string& path, const Bytes& bytes, VerifyLevel level = VerifyLevel::chain) {
  scratch::write(path, bytes);
  const std::string paths[] = {path};
  return must(verify(paths, {level, 1})).verdict;
}

/// The state as text; or what opening or folding said.
std::string told(const std::string& path) {
  const std::string paths[] = {path};
  const auto log = Log::open(paths, {1});
  if (!log) return "error: " + log.error().message;
  const auto state = snapshot(*log);
  if (!state) return "error: " + state.error().message;
  std::string out;
  for (const auto ns : numbers<NamespaceNo>(log->catalog().namespaces())) {
    for (const auto v : must(state->rows(ns))) {
      out += std::string(log->catalog().id(v));
      for (const auto b : state->bits(v)) out += " " + std::to_string(b);
    }
  }
  return out;
}

struct Frame {
  std::size_t at;
  FrameType type;
};

/// Of a file of one segment.
std::vector<Frame> frames_of(const Bytes& bytes) {
  std::vector<Frame> out;
  for (std::size_t at = kHeaderBytes; out.empty() || out.back().type != FrameType::footer;) {
    out.push_back({at, static_cast<FrameType>(bytes[at + 4])});
    at += kFrameBytes + padded(load<std::uint32_t>(bytes.data() + at + 16));
  }
  return out;
}

/// Fresh, with POSTINGS.
void write_many(const std::string& path) {
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .force = true, .now = 0}));
  std::vector<std::uint32_t> bits(1024);
  std::mt19937_64 random(20261130);
  for (std::uint32_t v = 0; v < 1200; ++v) {
    for (auto& x : bits) {
      x = static_cast<std::uint32_t>(random()) & 0xbfffffff;  // noise: what repeats itself would be one block
    }
    DeltaInput create;
    const std::string id = "v" + std::to_string(v);
    create.id = id;
    create.op = Operation::create;
    create.bits = bits;
    must(encoder.delta(create));
  }
  must(encoder.finish());
}

/// Bits of a frame header, by its type, that are to be zero: [first, last) as bits from its start.
struct Zeros {
  const char* name;
  std::size_t first, last;
  bool (*of)(FrameType type);
};
bool any_type(FrameType) { return true; }
bool timeless(FrameType type) { return type != FrameType::data; }
bool unnumbered(FrameType type) {
  return type == FrameType::props || type == FrameType::sync || type == FrameType::footer;
}
bool is_sync(FrameType type) { return type == FrameType::sync; }
bool is_data(FrameType type) { return type == FrameType::data; }
constexpr Zeros kZeros[] = {
    {"flags", 6 * 8, 8 * 8, any_type},
    {"first", 24 * 8, 32 * 8, unnumbered},
    {"count", 32 * 8, 36 * 8, is_sync},
    {"least time", 36 * 8, 44 * 8, timeless},
    {"greatest time", 44 * 8, 52 * 8, timeless},
    {"raw", 20 * 8, 24 * 8, is_sync},
    {"codec", 5 * 8, 6 * 8, is_data},
};

}  // namespace

TEST_CASE("a bit of a frame header that is to be zero and is not has a verdict, for each type of frame") {
  void (*const write)(const std::string&) = GENERATE(sample::write_log, sample::write_pruned, write_many);
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  write(path);
  const Bytes good = scratch::read(path);
  const std::string truth = told(path);
  const auto frames = frames_of(good);
  if (write == write_many) REQUIRE(std::ranges::find(frames, FrameType::postings, &Frame::type) != frames.end());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    if (i > 0 && frames[i - 1].type == frame.type) continue;  // one of a kind in a row
    for (const Zeros& zeros : kZeros) {
      if (!zeros.of(frame.type)) continue;
      for (std::size_t bit = zeros.first; bit < zeros.last; bit += write == write_many ? 29 : 5) {
        Bytes bytes = good;
        bytes[frame.at + bit / 8] = static_cast<std::uint8_t>(bytes[frame.at + bit / 8] | 1u << bit % 8);
        fixup::seal(bytes);
        INFO(frame_name(frame.type) << ", " << zeros.name << ", bit " << bit - zeros.first);
        const Verdict verdict = judge(path, bytes, VerifyLevel::header);
        CHECK((verdict == Verdict::invalid || verdict == Verdict::unsupported));
        const std::string said = told(path);
        CHECK((said == truth || said.starts_with("error: ")));
      }
    }
  }
}

TEST_CASE("a compressed payload that is not smaller, and a plain one of another raw length, are invalid") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const Bytes good = scratch::read(path);
  for (const Frame& frame : frames_of(good)) {
    Bytes bytes = good;
    const auto stored = load<std::uint32_t>(bytes.data() + frame.at + 16);
    delta::format::store(bytes.data() + frame.at + 20, bytes[frame.at + 5] == 1 ? stored : stored + 1);
    fixup::seal(bytes);
    INFO(frame_name(frame.type));
    CHECK(judge(path, bytes, VerifyLevel::header) == Verdict::invalid);
  }
}

TEST_CASE("each reserved byte of a segment header is unsupported") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const Bytes good = scratch::read(path);
  std::vector<std::size_t> places = {41, 47, 112, 113, 114, 115, 116, 119};
  for (std::size_t at = 80; at < 112; ++at) {
    if (good[at] == 0) places.push_back(at);  // behind the writer's name
  }
  for (const std::size_t at : places) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes bytes = good;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << bit);
      if (at >= 80 && at < 112 && good[at - 1] != 0 && bytes[at] >= ' ' && bytes[at] <= '~') continue;  // a longer name
      fixup::seal(bytes);
      INFO("byte " << at << ", bit " << bit);
      CHECK(judge(path, bytes) == Verdict::unsupported);
      CHECK(told(path).starts_with("error: "));
    }
  }
}

TEST_CASE("a log of an earlier draft is unsupported, however it is cut, and never called damaged") {
  const Bytes old = scratch::read(std::string(TESTDATA) + "/drafts/draft-0.dlog");
  REQUIRE(old.size() > 1000);
  const scratch::Directory dir;
  const std::string path = dir.file("old.dlog"), present = dir.file("present.dlog");
  for (std::size_t size = kHeaderBytes; size <= old.size(); size += size < 512 ? 1 : 31) {
    const Bytes cut(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(size));
    INFO(size << " bytes");
    CHECK(judge(path, cut) == Verdict::unsupported);
    CHECK(told(path).find("draft 0 of format version 1") != std::string::npos);
    const auto append = Encoder::append(path, {});
    REQUIRE_FALSE(append);
    CHECK(append.error().code == ErrorCode::unsupported);
    CHECK(scratch::read(path) == cut);
  }
  sample::write_log(present);
  Bytes both = scratch::read(present);
  both.insert(both.end(), old.begin(), old.end());
  CHECK(judge(path, both) == Verdict::unsupported);
  CHECK(told(path).starts_with("error: "));
}

namespace {

/// The log with a frame more, of type `type`, before SYNC; listed in the FOOTER, which then stands plain.
Bytes with_frame(const Bytes& good, std::uint8_t type, const std::string& payload) {
  const auto frames = frames_of(good);
  const auto place = std::ranges::find(frames, FrameType::sync, &Frame::type);
  const std::size_t at = place->at, footer_at = frames.back().at;
  Bytes frame(kFrameBytes + padded(payload.size()));
  FrameHeader header;
  header.type = static_cast<FrameType>(type);
  header.stored = header.raw = static_cast<std::uint32_t>(payload.size());
  write_frame_header(header, frame.data());
  std::ranges::copy(payload, frame.begin() + kFrameBytes);

  const auto stored = load<std::uint32_t>(good.data() + footer_at + 16),
             raw = load<std::uint32_t>(good.data() + footer_at + 20);
  Buffer text(good.begin() + static_cast<std::ptrdiff_t>(footer_at + kFrameBytes),
              good.begin() + static_cast<std::ptrdiff_t>(footer_at + kFrameBytes + stored));
  if (good[footer_at + 5] == 1) must(codec::decompress_payload(PayloadCodec::zstd, Buffer(text), raw, text));
  Footer footer;
  must(read_footer(text, static_cast<std::uint32_t>(frames.size() - 1), footer));
  footer.frames.insert(footer.frames.begin() + (place - frames.begin()), entry_of(header, 0));
  text.clear();
  write_footer(footer, text);

  Bytes out(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
  out.insert(out.end(), frame.begin(), frame.end());
  out.insert(out.end(), good.begin() + static_cast<std::ptrdiff_t>(at),
             good.begin() + static_cast<std::ptrdiff_t>(footer_at + kFrameBytes));
  Byte* last = out.data() + out.size() - kFrameBytes;
  last[5] = 0;
  delta::format::store(last + 16, static_cast<std::uint32_t>(text.size()));
  delta::format::store(last + 20, static_cast<std::uint32_t>(text.size()));
  delta::format::store(last + 32, static_cast<std::uint32_t>(footer.frames.size()));
  text.resize(padded(text.size()));
  out.insert(out.end(), text.begin(), text.end());
  out.insert(out.end(), good.end() - kTrailerBytes, good.end());
  fixup::seal(out);
  return out;
}

}  // namespace

TEST_CASE("an unknown ignorable frame is listed and skipped; merging copies it, and sealing counts it") {
  void (*const write)(const std::string&) = GENERATE(sample::write_log, sample::write_pruned);
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog"), made = dir.file("made.dlog"), cut = dir.file("cut.dlog");
  write(path);
  const Bytes good = scratch::read(path);
  const std::string truth = told(path);
  for (const int type : {0xbf, 0xff}) {
    for (const std::string& payload : {std::string(), std::string("hello"), std::string(1000, 'x')}) {
      INFO("type " << type << ", " << payload.size() << " bytes");
      const Bytes bytes = with_frame(good, static_cast<std::uint8_t>(type), payload);
      CHECK(judge(path, bytes) == Verdict::ok);
      CHECK(told(path) == truth);
      const std::string paths[] = {path};
      CHECK(must(Log::open(paths, {1})).columns());
      auto merge = must(Merge::open(paths, {.threads = 1, .not_in = {}}));
      auto out = must(OutputFile::create(made, {.force = true}));
      must(merge.write(out));
      must(out.commit());
      CHECK(scratch::read(made) == bytes);

      const std::size_t footer = frames_of(bytes).back().at;
      scratch::write(cut, Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(footer)));
      auto encoder = must(Encoder::append(cut, {}));
      sample::add(encoder, {{"quince", Operation::create, {1, 2, 3, 4}, {}, "delta"}}, 3'000'000);
      must(encoder.finish());
      const Bytes sealed = scratch::read(cut);
      CHECK(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(footer), sealed.begin()));
      CHECK(judge(cut, sealed) == Verdict::ok);
    }
  }
}

namespace {

/// The payload of a frame as it decodes.
Buffer payload_at(const Bytes& bytes, std::size_t at) {
  const auto stored = load<std::uint32_t>(bytes.data() + at + 16), raw = load<std::uint32_t>(bytes.data() + at + 20);
  const auto body = bytes.begin() + static_cast<std::ptrdiff_t>(at + kFrameBytes);
  Buffer out(body, body + stored);
  if (bytes[at + 5] == 1) must(codec::decompress_payload(PayloadCodec::zstd, Buffer(out), raw, out));
  return out;
}

void append_plain(Bytes& out, const Bytes& bytes, std::size_t header, Buffer payload) {
  const std::size_t at = out.size();
  out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(header),
             bytes.begin() + static_cast<std::ptrdiff_t>(header + kFrameBytes));
  out[at + 5] = 0;
  delta::format::store(out.data() + at + 16, static_cast<std::uint32_t>(payload.size()));
  delta::format::store(out.data() + at + 20, static_cast<std::uint32_t>(payload.size()));
  payload.resize(padded(payload.size()));
  out.insert(out.end(), payload.begin(), payload.end());
}

/// The segment with more bytes behind the rows of its COMMITS frame.
Bytes with_columns(const Bytes& good, const std::string& columns) {
  const auto frames = frames_of(good);
  const auto place = std::ranges::find(frames, FrameType::commits, &Frame::type);
  const auto number = static_cast<std::size_t>(place - frames.begin());
  const std::size_t footer_at = frames.back().at, next = frames[number + 1].at;
  Buffer rows = payload_at(good, place->at);
  rows.insert(rows.end(), columns.begin(), columns.end());
  Footer footer;
  must(read_footer(payload_at(good, footer_at), static_cast<std::uint32_t>(frames.size() - 1), footer));
  footer.frames[number].stored = static_cast<std::uint32_t>(rows.size());
  Buffer text;
  write_footer(footer, text);
  Bytes out(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(place->at));
  append_plain(out, good, place->at, rows);
  out.insert(out.end(), good.begin() + static_cast<std::ptrdiff_t>(next),
             good.begin() + static_cast<std::ptrdiff_t>(footer_at));
  append_plain(out, good, footer_at, text);
  out.insert(out.end(), good.end() - kTrailerBytes, good.end());
  fixup::seal(out);
  return out;
}

}  // namespace

TEST_CASE("an unknown column of COMMITS is skipped; merging copies it, and compacting says that it goes") {
  void (*const write)(const std::string&) = GENERATE(sample::write_log, sample::write_pruned);
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog"), plain = dir.file("plain.dlog"), made = dir.file("made.dlog");
  write(path);
  const Bytes good = scratch::read(path);
  scratch::write(plain, good);
  const std::string truth = told(path);
  REQUIRE(with_columns(good, "") != good);  // plain where it was compressed
  CHECK(judge(path, with_columns(good, "")) == Verdict::ok);
  const Bytes bytes = with_columns(good, "\x05\x04more\x7f\x01x");
  CHECK(judge(path, bytes) == Verdict::ok);
  CHECK(told(path) == truth);
  const std::string checked[] = {path};
  const auto passed = [](const Finding& f) {
    return f.what == "COMMITS: columns 5, 127 are not known to this version, and skipped";
  };
  CHECK(std::ranges::count_if(must(verify(checked, {VerifyLevel::chain, 1})).findings, passed) == 1);

  const auto merged = [&](const std::vector<std::string>& paths) {
    auto merge = must(Merge::open(paths, {.threads = 1, .not_in = {}}));
    auto out = must(OutputFile::create(made, {.force = true}));
    must(merge.write(out));
    must(out.commit());
    return scratch::read(made);
  };
  CHECK(merged({path}) == bytes);
  CHECK(merged({path, path}) == bytes);
  const bool all_whole = write == sample::write_log;  // the plain one goes, and not the one that says more
  CHECK((merged({path, plain}) == bytes) == all_whole);
  CHECK((merged({plain, path}) == bytes) == all_whole);
  CHECK(merged({plain, path}) == merged({path, plain}));
  const Bytes other = with_columns(good, std::string("\x05\x04less", 6));  // neither has what the other says
  scratch::write(plain, other);
  CHECK(merged({path, plain}).size() == bytes.size() + other.size());

  const std::string paths[] = {path};
  const std::string some = dir.file("some.dlog");  // the first commits; the others are written apart
  auto encoder = must(Encoder::create(some, {}, {.force = true, .message = "sample"}));
  sample::add(encoder, {sample::first_lines().begin(), sample::first_lines().begin() + 4}, 1'000'000);
  must(encoder.finish());
  const std::string paths_of_all[] = {path};
  const auto rest = must(Merge::open(paths_of_all, {.threads = 1, .not_in = {some}}));
  const auto apart = [](const Finding& notice) {
    return notice.what.ends_with("are not known to this version, and left out of the commits that are written apart");
  };
  CHECK(std::ranges::count_if(rest.notices(), apart) == 1);

  const auto kept = must(compact(paths, made, {.force = true}));  // it is small, and merged as it is
  CHECK((!kept.repacked && kept.notices.empty()) == (scratch::read(made) == bytes));
  KeepRule now;
  now.kind = KeepRule::Kind::now;
  CompactOptions options{.force = true};
  options.keep = {now};
  const auto report = must(compact(paths, made, options));
  const auto says = [](const Finding& notice) {
    return notice.what == "COMMITS: columns 5, 127 are not known to this version, and left out";
  };
  CHECK(std::ranges::count_if(report.notices, says) == 1);
}

TEST_CASE("an unknown critical column of COMMITS is unsupported to every reader, and names the writer") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const Bytes bytes = with_columns(scratch::read(path), "\x85\x01x");
  CHECK(judge(path, bytes, VerifyLevel::content) == Verdict::unsupported);
  CHECK(told(path) == "error: COMMITS: critical column 5 is not known to this version, written by deltalog/0.1.0");
  const std::string paths[] = {path};
  const auto merge = Merge::open(paths, {.threads = 1, .not_in = {}});
  REQUIRE_FALSE(merge);
  CHECK(merge.error().code == ErrorCode::unsupported);
  const auto encoder = Encoder::append(path, {});
  REQUIRE_FALSE(encoder);
  CHECK(encoder.error().code == ErrorCode::unsupported);
  CHECK(scratch::read(path) == bytes);
}

TEST_CASE("a FOOTER that says anything else of a frame than its header does is not believed") {
  const scratch::Directory dir;
  const std::string path = dir.file("log.dlog");
  sample::write_log(path);
  const Bytes good = with_frame(scratch::read(path), 0xbf, "plain footer");
  const std::string truth = told(path);
  const std::size_t footer = frames_of(good).back().at;
  REQUIRE(good[footer + 5] == 0);
  const auto stored = load<std::uint32_t>(good.data() + footer + 16),
             count = load<std::uint32_t>(good.data() + footer + 32);
  for (std::size_t at = footer + kFrameBytes + 4 * count; at < footer + kFrameBytes + stored; ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes bytes = good;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << bit);
      fixup::seal(bytes);
      const Verdict verdict = judge(path, bytes);
      const std::string said = told(path);
      if (verdict == Verdict::ok || (said != truth && !said.starts_with("error: "))) {
        FAIL("byte " << at << ", bit " << bit << ": " << verdict_name(verdict) << ", and read as " << said);
      }
    }
  }
}
