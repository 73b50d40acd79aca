// POSTINGS frames: the lists come back, what is damaged or written wrong is found, and a point read gives what reading
// everything gives.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "delta/log.hpp"
#include "delta/merge.hpp"
#include "delta/snapshot.hpp"
#include "delta/verify.hpp"
#include "format/tables.hpp"
#include "format/wire.hpp"
#include "log_fixup.hpp"
#include "sample_log.hpp"
#include "store/postings.hpp"

using namespace delta;
using namespace delta::format;
using sample::must;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Each frame's vectors in turn: every vector below `vectors` in at least one.
std::vector<std::vector<store::BlockVector>> lists(std::uint32_t vectors, std::size_t frames, unsigned in_a_thousand) {
  std::mt19937_64 random(20261126);
  std::vector<std::vector<store::BlockVector>> out(frames);
  for (std::uint32_t v = 0; v < vectors; ++v) {
    for (std::size_t frame = 0; frame < frames; ++frame) {
      if (random() % 1000 < in_a_thousand || frame == v % frames)
        out[frame].push_back({SegmentVector{v}, random() % 3 == 0});
    }
  }
  return out;
}

constexpr std::size_t kVectors = 400, kDims = 128;

/// 400 versions of 400 vectors x 128, each changes a twentieth and sometimes lacks one: some twenty DATA
/// frames.
void write_log(const std::string& path) {
  std::mt19937_64 random(1);
  std::vector<std::uint32_t> bits(kVectors * kDims);
  for (auto& x : bits) x = static_cast<std::uint32_t>(random()) & 0x3fffffff;
  auto encoder = must(Encoder::create(path, {}, {.threads = 1, .force = true}));
  for (Micros version = 0; version < 400; ++version) {
    for (std::size_t row = 0; row < kVectors && version > 0; ++row) {
      if (random() % 20 != 0) continue;
      for (std::size_t d = 0; d < kDims; ++d) bits[row * kDims + d] = static_cast<std::uint32_t>(random()) & 0x3fffffff;
    }
    std::vector<std::string> ids;
    std::vector<std::uint32_t> present;
    for (std::size_t row = 0; row < kVectors; ++row) {
      if (version % 7 == 0 && version > 0 && row * 7 == static_cast<std::size_t>(version)) continue;
      ids.push_back(std::to_string(row));
      present.insert(present.end(), bits.begin() + static_cast<std::ptrdiff_t>(row * kDims),
                     bits.begin() + static_cast<std::ptrdiff_t>((row + 1) * kDims));
    }
    MatrixInput in;
    in.rows = ids.size();
    in.dims = kDims;
    in.at = version * 1'000'000;
    in.ids = ids;
    in.bits = present;
    must(encoder.state(in));
  }
  must(encoder.finish());
}

struct Frame {
  std::size_t at;
  std::uint8_t type;
  std::size_t extent;
};
std::vector<Frame> frames_of(const Bytes& bytes) {
  std::vector<Frame> out;
  std::size_t at = kHeaderBytes;
  while (out.empty() || out.back().type != static_cast<std::uint8_t>(FrameType::footer)) {
    const std::size_t extent = kFrameBytes + padded(load<std::uint32_t>(bytes.data() + at + 16));
    out.push_back({at, bytes[at + 4], extent});
    at += extent;
  }
  return out;
}
std::size_t count(const std::vector<Frame>& frames, FrameType type) {
  return static_cast<std::size_t>(std::ranges::count(frames, static_cast<std::uint8_t>(type), &Frame::type));
}
const Frame& first_of(const std::vector<Frame>& frames, FrameType type) {
  return *std::ranges::find(frames, static_cast<std::uint8_t>(type), &Frame::type);
}

bool same_points(const std::string& path) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {1}));
  const State all = must(snapshot(log));
  for (std::uint32_t v = 0; v < kVectors; v += 13) {
    const State one = must(snapshot(log, {}, {VectorNo{v}}));
    if (one.size() != (all.exists(VectorNo{v}) ? 1u : 0u) ||
        !std::ranges::equal(one.bits(VectorNo{v}), all.bits(VectorNo{v})))
      return false;
  }
  return true;
}

Verdict judge(const std::string& path) {
  const std::string paths[] = {path};
  return must(verify(paths, {VerifyLevel::content, 1})).verdict;
}

/// The log as a file, its bytes and its frames.
struct Written {
  scratch::Directory dir;
  std::string path = dir.file("a.dlog");
  Bytes good;
  std::vector<Frame> frames;

  Written() {
    write_log(path);
    good = scratch::read(path);
    frames = frames_of(good);
  }
};

}  // namespace

TEST_CASE("lists by frame come back as lists by vector") {
  struct Shape {
    std::uint32_t vectors;
    std::size_t frames;
    unsigned share;
  };
  const Shape shape = GENERATE(Shape{1, 17, 0}, Shape{5000, 17, 500}, Shape{70000, 40, 30}, Shape{3, 70000, 999},
                               Shape{2000, 3000, 999});
  const std::uint32_t vectors = shape.vectors;
  const std::size_t frames = shape.frames;
  const auto by_frame = lists(vectors, frames, shape.share);
  std::vector<std::vector<Posting>> by_vector(vectors);
  store::PostingsBuilder builder;
  for (std::uint32_t frame = 0; frame < by_frame.size(); ++frame) {
    must(builder.add(by_frame[frame]));
    for (const store::BlockVector& held : by_frame[frame])
      by_vector[index(held.vector)].push_back({frame, held.lifecycle});
  }
  CHECK((builder.spilled() > 0) == (frames == 3000));
  std::uint32_t next = 0;
  must(builder.each([&](SegmentVector first, std::uint32_t count, const Buffer& payload) -> Status {
    REQUIRE(index(first) == next);
    Postings postings;
    must(read_postings(payload, count, static_cast<std::uint32_t>(frames), postings));
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < count; ++i, ++next) {
      const std::vector<Posting> got(postings.list.begin() + static_cast<std::ptrdiff_t>(at),
                                     postings.list.begin() + postings.ends[i]);
      REQUIRE(got == by_vector[next]);
      at = postings.ends[i];
    }
    return {};
  }));
  CHECK(next == vectors);
}

TEST_CASE("a segment of few frames has no postings") {
  store::PostingsBuilder builder;
  const store::BlockVector vectors[] = {{SegmentVector{0}, true}};
  for (std::size_t i = 0; i + 1 < store::PostingsBuilder::kFewest; ++i) must(builder.add(vectors));
  must(builder.each([](auto, auto, const Buffer&) -> Status {
    FAIL("some");
    return {};
  }));
}

TEST_CASE("damaged postings are refused, or say something else in its one spelling") {
  Postings postings;
  postings.ends = {2, 3, 6};
  postings.list = {{0, true}, {200, false}, {5, false}, {1, false}, {2, true}, {300, true}};
  Buffer good;
  write_postings(postings, good);
  const auto read = [](ByteView bytes, std::uint32_t count, Postings& into) {
    return read_postings(bytes, count, 301, into);
  };
  Postings back;
  REQUIRE(read(good, 3, back));
  CHECK(back.ends == postings.ends);
  CHECK(back.list == postings.list);
  for (const std::uint32_t count : {0u, 1u, 2u, 4u, 0xffffffffu}) {
    Postings other;
    CHECK_FALSE(read(good, count, other));
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    Postings other;
    CHECK_FALSE(read(ByteView(good).first(size), 3, other));
  }
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Buffer bytes = good, again;
    bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ (1u << bit % 8));
    Postings other;
    if (!read(bytes, 3, other)) continue;
    write_postings(other, again);
    CHECK(again == bytes);
  }
  Postings other;
  CHECK_FALSE(read_postings(good, 3, 300, other));  // frame 300 is not there
}

TEST_CASE("a point read by postings gives what reading everything gives; a damaged one does, too") {
  const Written log;
  const auto& [dir, path, good, frames] = log;
  REQUIRE(count(frames, FrameType::data) >= store::PostingsBuilder::kFewest);
  REQUIRE(count(frames, FrameType::postings) == 1);
  CHECK(judge(path) == Verdict::ok);
  CHECK(same_points(path));

  const Frame& postings = first_of(frames, FrameType::postings);
  Bytes bytes = good;
  bytes[postings.at + kFrameBytes + 20] ^= 1;
  scratch::write(path, bytes);
  CHECK(judge(path) == Verdict::corrupt);
  CHECK(same_points(path));
  fixup::seal(bytes);  // the checksum is right, the payload is no zstd frame, or another
  scratch::write(path, bytes);
  CHECK(judge(path) == Verdict::invalid);
}

TEST_CASE("postings that say what the frames do not are found") {
  const Written log;
  const auto& [dir, path, good, frames] = log;
  const Frame& frame = first_of(frames, FrameType::postings);
  Buffer payload;
  Postings wrong;  // each vector in the first frame alone
  for (std::uint32_t v = 0; v < kVectors; ++v) {
    wrong.ends.push_back(v + 1);
    wrong.list.push_back({0, true});
  }
  write_postings(wrong, payload);
  const std::uint32_t stored = load<std::uint32_t>(good.data() + frame.at + 16);
  REQUIRE(payload.size() <= padded(stored) + 512);
  Bytes bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(frame.at + kFrameBytes));
  bytes[frame.at + 5] = static_cast<std::uint8_t>(PayloadCodec::plain);
  format::store(bytes.data() + frame.at + 16, static_cast<std::uint32_t>(payload.size()));
  format::store(bytes.data() + frame.at + 20, static_cast<std::uint32_t>(payload.size()));
  payload.resize(padded(payload.size()));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.insert(bytes.end(), good.begin() + static_cast<std::ptrdiff_t>(frame.at + frame.extent), good.end());
  fixup::seal(bytes);
  scratch::write(path, bytes);
  CHECK(judge(path) == Verdict::invalid);
}

TEST_CASE("a segment that another seals gets the postings that its writer would have written") {
  const Written log;
  const auto& [dir, path, good, frames] = log;
  const Frame& postings = first_of(frames, FrameType::postings);
  for (const std::size_t cut : {postings.at, postings.at + 70, frames.back().at, frames.back().at + 10}) {
    scratch::write(dir.file("cut.dlog"), Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut)));
    const std::string both[] = {dir.file("cut.dlog"), path}, one[] = {dir.file("cut.dlog")};
    for (const auto& inputs : {std::span<const std::string>(both), std::span<const std::string>(one)}) {
      Merge merge = must(Merge::open(inputs, {.threads = 1, .not_in = {}}));
      const std::uint64_t promised = merge.bytes();
      OutputFile out = must(OutputFile::create(dir.file("out.dlog"), {.force = true}));
      must(merge.write(out));
      must(out.commit());
      CHECK((scratch::read(dir.file("out.dlog")) == good));
      CHECK(promised == good.size());
    }
    const EncodeOptions options{.threads = 1, .origin = "other"};
    auto encoder = must(Encoder::append(dir.file("cut.dlog"), options));
    must(encoder.finish());
    CHECK((scratch::read(dir.file("cut.dlog")) == good));
  }
}

TEST_CASE("whether a vector exists is read from the frames that create and delete it") {
  const scratch::Directory dir;
  const std::string path = dir.file("a.dlog");
  write_log(path);
  const std::string base[] = {path};
  const Log log = must(Log::open(base, {1}));
  const State all = must(snapshot(log));
  REQUIRE(all.size() == kVectors - 1);  // the last version lacks one
  for (std::uint32_t v = 0; v < kVectors; v += v < 60 ? 1 : 17) {
    EncodeOptions options;
    options.threads = 1;
    options.force = true;
    options.origin = "other";
    auto encoder = must(Encoder::create(dir.file("b.dlog"), base, options));
    const std::string id(log.catalog().id(VectorNo{v}));
    DeltaInput negate;
    negate.id = id;
    negate.op = Operation::negate;
    negate.at = 400'000'000;
    CHECK(bool(encoder.delta(negate)) == all.exists(VectorNo{v}));
  }
}
