// What a frame may hold by the bytes that it takes: whatever writers are given, however well it compresses, their
// frames keep to it and read back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "codec/payload.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/verify.hpp"
#include "sample_log.hpp"
#include "store/frames.hpp"
#include "store/segment.hpp"

using namespace delta;
using namespace delta::store;
using sample::must;

namespace {

/// The payload of frame i of a list, as it was before it was compressed.
Buffer payload_of(const FrameList& list, std::size_t i) {
  std::size_t at = 0;
  for (std::size_t k = 0; k < i; ++k) at += list.frames[k].extent();
  const auto& frame = list.frames[i];
  const ByteView stored = ByteView(list.bytes).subspan(at + format::kFrameBytes, frame.stored);
  Buffer raw(stored.begin(), stored.end());
  if (frame.codec != PayloadCodec::plain) must(codec::decompress_payload(frame.codec, stored, frame.raw, raw));
  CHECK(frame.raw == raw.size());
  CHECK(raw.size() <= kMaxFrameBytes);
  return raw;
}

std::vector<std::string> names(std::size_t n, const std::string& stem) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(stem + std::to_string(i));
  return out;
}

/// Rows as a machine writes them: all alike.
format::CommitTable alike(std::size_t rows, std::size_t parents, const std::string& message) {
  format::CommitTable table;
  for (std::size_t i = 0; i < rows; ++i) {
    format::SegmentCommit& c = table.rows.emplace_back().commit;
    c.first = i + 1;
    c.count = 1;
    c.message = message;
    c.time = Timestamp::of(1'000'000 * (i + 1));
    for (std::size_t p = 0; p < parents; ++p) c.parents.push_back({nth<SegmentOrigin>(p), 1});
    if (parents == 0 && i > 0) c.parents = {{SegmentOrigin{0}, i}};
  }
  return table;
}

void check_commits(const format::CommitTable& table, format::Kind kind, std::uint32_t origins, std::size_t least_frames,
                   std::size_t most_frames) {
  FrameList out;
  std::uint64_t next = 0;
  const auto first = [&](const format::CommitTable& part) { return std::exchange(next, next + part.rows.size()); };
  must(append_commits(table, kind, Preset::balanced, first, {}, out));
  CHECK(out.frames.size() >= least_frames);
  CHECK(out.frames.size() <= most_frames);
  format::CommitsRead back;
  for (std::size_t i = 0; i < out.frames.size(); ++i) {
    CHECK(out.frames[i].first == back.rows.size());
    must(format::read_commits(payload_of(out, i), kind, out.frames[i].count, origins, back, out.frames[i].stored));
  }
  REQUIRE(back.rows.size() == table.rows.size());
  for (const RowNo i : back.rows.numbers()) {
    const format::SegmentCommitView a = back.rows[i].commit, b = table.rows[i].commit;
    if (a.first != b.first || a.parents != b.parents || a.message != b.message || a.time != b.time)
      FAIL("row " << index(i));
    if (back.rows[i].records.size() != table.rows[i].records.size()) FAIL("records of row " << index(i));
  }
}

}  // namespace

TEST_CASE("commits are cut into frames that may hold them, however alike they are") {
  check_commits(alike(1, 0, ""), format::Kind::fresh, 1, 1, 1);
  check_commits(alike(256, 0, "nightly"), format::Kind::fresh, 1, 1, 1);
  check_commits(alike(65536, 0, "nightly"), format::Kind::fresh, 1, 20, 256);
  check_commits(alike(65536, 0, "nightly"), format::Kind::packed, 1, 20, 256);
  check_commits(alike(3000, 0, std::string(60'000, 'm')), format::Kind::fresh, 1, 100, 3000);
  check_commits(alike(300, 2000, ""), format::Kind::fresh, 2000, 2, 300);
}

TEST_CASE("a commit of 2^20 parents is one frame") {
  check_commits(alike(1, 1 << 20, "all"), format::Kind::fresh, 1 << 20, 1, 1);
}

TEST_CASE("records, what they name, and hashes stand in frames that may hold them") {
  format::CommitTable table = alike(4000, 0, "");
  for (std::uint32_t i = 0; i < 40; ++i) {
    format::SegmentRecord& record = table.records.emplace_back();
    for (std::uint32_t k = 0; k < 500; ++k) record.kept.add({k * 10 + i % 3, k * 10 + i % 3});
    for (std::uint32_t o = 0; o < 900; ++o) record.seen.push_back({SegmentOrigin{o}, 1});
  }
  for (const RowNo r : table.rows.numbers()) {
    for (std::uint32_t i = 0; i < 40; ++i) table.rows[r].records.push_back(RecordNo{i});
    table.rows[r].nodes.assign(1 + index(r) % 3, Hash{1});  // zeros would say that they are not known
  }
  check_commits(table, format::Kind::packed, 900, 1,
                400);  // cut for its rows, and plain where its records are most of it
}

TEST_CASE("hashes before commits are asked for where a frame of a table that is cut lacks one") {
  const Hash known{1, 2, 3};
  for (const bool stated : {false, true}) {
    format::CommitTable table = alike(1'400, 0, std::string(50'000, 'm'));
    for (const RowNo row : table.rows.numbers()) {
      table.rows[row].commit.message += std::to_string(index(row));  // each takes room of its own
      if (stated) table.rows[row].previous = known;
    }
    FrameList out;
    std::size_t rows = 0, asked = 0;
    const auto first = [&](const format::CommitTable& part) { return std::exchange(rows, rows + part.rows.size()); };
    const auto link = [&](format::CommitTable& some, std::size_t place) -> Status {
      ++asked;
      for (const RowNo row : some.rows.numbers()) {
        CHECK(some.rows[row].commit.first == place + index(row) + 1);
        some.rows[row].previous = known;
      }
      return {};
    };
    must(append_commits(table, format::Kind::packed, Preset::fastest, first, link, out));
    REQUIRE(out.frames.size() > 1);
    CHECK(rows == table.rows.size());
    CHECK((asked > 0) == !stated);
    for (std::size_t i = 1; i < out.frames.size(); ++i) {
      format::CommitsRead back;
      must(format::read_commits(payload_of(out, i), format::Kind::packed, out.frames[i].count, 1, back,
                                out.frames[i].stored));
      CHECK(back.rows[RowNo{0}].previous == known);
    }
  }
}

TEST_CASE("a commit that is larger than a frame is refused") {
  format::CommitTable table = alike(1, 0, "");
  table.records.emplace_back().seen = {{SegmentOrigin{0}, 1}};
  table.rows[RowNo{0}].records = {RecordNo{0}};
  table.rows[RowNo{0}].nodes.resize(kMaxFrameBytes / 32 + 1);
  FrameList out;
  const auto status = append_commits(
      table, format::Kind::packed, Preset::fastest, [](const auto&) { return 0; }, {}, out);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::limit);
}

TEST_CASE("names are cut into frames that may hold them") {
  const std::size_t n = GENERATE(1, 1000, 40'000);
  const std::string stem = GENERATE(std::string("v"), std::string(900, 'x'));
  const auto all = names(n, stem);
  format::Ids ids;
  format::Props props;
  for (std::size_t i = 0; i < n; ++i) {
    ids.ids.push_back(all[i]);
    ids.owners.add(SegmentNamespace{i < n / 3 ? 0u : 1u}, 1);
    props.origins.push_back(all[i]);
  }
  props.namespaces = {{"a", 3}, {"b", 1 << 20}};
  FrameList out;
  append_ids(ids, 7, Preset::balanced, out);
  format::Ids back;
  std::vector<std::vector<char>> texts;
  std::uint64_t next = 7;
  for (std::size_t i = 0; i < out.frames.size(); ++i) {
    format::Ids some;
    CHECK(out.frames[i].first == next);
    next += out.frames[i].count;
    must(format::read_ids(payload_of(out, i), out.frames[i].count, 2, nullptr, some, out.frames[i].stored));
    back.owners.append(some.owners);
    back.ids.insert(back.ids.end(), some.ids.begin(), some.ids.end());
    texts.push_back(std::move(some.text));
  }
  CHECK(back.ids == ids.ids);
  CHECK(std::ranges::equal(back.owners.runs(), ids.owners.runs(), {}, &format::Owners::Run::end,
                           &format::Owners::Run::end));

  out.clear();
  append_props(props, Preset::balanced, out);
  format::Props read;
  for (std::size_t i = 0; i < out.frames.size(); ++i) {
    must(format::read_props(payload_of(out, i), out.frames[i].count, read, out.frames[i].stored));
  }
  CHECK(read.namespaces == props.namespaces);
  CHECK(read.origins == props.origins);
}

TEST_CASE("a footer whose heads do not fit has none; one of many alike stands plain") {
  format::Footer footer;
  footer.origins = 300'000;
  for (std::uint32_t i = 0; i < 20'000; ++i) footer.heads.push_back({SegmentOrigin{i}, 1, 1, {}, {}, {}});
  format::fit_heads(footer);
  CHECK(footer.heads.size() == 20'000);
  FrameList out;
  must(append_footer(footer, Preset::balanced, out));
  format::Footer back;
  must(format::read_footer(payload_of(out, 0), 0, back, out.frames[0].stored));
  CHECK(back == footer);
  for (std::uint32_t i = 20'000; i < 300'000; ++i) {
    footer.heads.push_back({SegmentOrigin{i}, 2, ~std::uint64_t{0} - 1, Timestamp{~std::uint64_t{0}}, {}, {}});
  }
  format::fit_heads(footer);
  CHECK(footer.heads.empty());
}

TEST_CASE("deltas are cut into blocks that may hold them, however alike they are") {
  const auto check = [](const SegmentBatch& batch, std::size_t least, std::size_t most) {
    std::size_t next = 0, blocks = 0;
    encode_blocks(
        batch, codec::Layout::fresh, Preset::balanced,
        [&](const SegmentBatch& part, std::size_t begin, const Buffer& payload) {
          CHECK(begin == next);
          next += part.size();
          ++blocks;
          SegmentBatch back;
          must(codec::decode_block(payload, codec::Layout::fresh, static_cast<std::uint32_t>(part.size()), 1000, {},
                                   back));
          for (std::size_t i = 0; i < part.size(); ++i) {
            const SegmentDelta a = back[i], b = batch[begin + i];
            if (a.op != b.op || a.vector != b.vector || a.time != b.time || !std::ranges::equal(a.bits, b.bits)) {
              FAIL("delta " << begin + i);
            }
          }
        });
    CHECK(next == batch.size());
    CHECK(blocks >= least);
    CHECK(blocks <= most);
  };
  SegmentBatch negations;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    negations.add({.vector = SegmentVector{i % 7}, .op = Operation::negate, .time = Timestamp::of(1000 + i)});
  }
  check(negations, 4, 512);
  SegmentBatch zeros;
  const std::vector<std::uint32_t> bits(4096);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    zeros.add({.vector = SegmentVector{i}, .op = Operation::create, .time = Timestamp::of(1000), .bits = bits});
  }
  check(zeros, 4, 64);
  SegmentBatch wide;  // the widest vector that readers take, with the most metadata
  const std::vector<std::uint32_t> many(kMostDims);
  const std::string metadata = "{\"a\":\"" + std::string(kMaxMetadataBytes - 8, 'x') + "\"}";
  wide.add({.vector = SegmentVector{0},
            .op = Operation::create,
            .time = Timestamp::of(1),
            .bits = many,
            .metadata = metadata});
  check(wide, 1, 1);
  std::vector<std::uint32_t> every(kMostDims);
  for (std::uint32_t d = 0; d < every.size(); ++d) every[d] = d;
  SegmentBatch sparse;
  sparse.add({.vector = SegmentVector{0},
              .op = Operation::sparse,
              .time = Timestamp::of(1),
              .indices = every,
              .bits = many,
              .metadata = metadata});
  check(sparse, 1, 1);
}

TEST_CASE("a log of what is alike is written in frames that keep to the bounds, fresh and packed") {
  const scratch::Directory dir;
  const std::string path = dir.file("alike.dlog"), packed = dir.file("packed.dlog"), paths[] = {path},
                    packed_paths[] = {packed};
  {
    EncodeOptions options;
    options.threads = 1;
    options.force = true;
    options.commit_every = 1;
    auto encoder = must(Encoder::create(path, {}, options));
    const std::uint32_t zeros[64] = {};
    for (int i = 0; i < 6000; ++i) {
      DeltaInput input;
      const std::string id = "v" + std::to_string(i);
      input.id = id;
      input.op = Operation::create;
      input.bits = zeros;
      input.at = Micros{1'000'000} * static_cast<Micros>(i + 1);
      must(encoder.delta(input));
    }
    must(encoder.finish());
  }
  must(compact(paths, packed, {.threads = 1, .force = true, .keep = {}}));
  for (const auto& log : {std::span<const std::string>(paths), std::span<const std::string>(packed_paths)}) {
    CHECK(must(verify(log, {VerifyLevel::chain, 1})).verdict == Verdict::ok);
    const auto file = std::make_shared<const InputFile>(must(InputFile::open(log[0])));
    std::size_t commits = 0;
    auto segments = footered_segments(file);
    for (auto& segment : *segments) {
      for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
        const auto& frame = segment.footer.frames[i];
        if (frame.type == format::FrameType::data) {
          CHECK(frame.count <= codec::bounds_of_block(frame.stored).count);
        } else {
          CHECK(frame.count <= format::most_of(frame.type, frame.stored).count);
        }
        commits += frame.type == format::FrameType::commits;
      }
      must(load_tables(segment));
    }
    CHECK(commits > 1);  // they compress too well for one frame
  }
  CHECK(must(Log::open(paths, {1})).commits() == 6000);
}
