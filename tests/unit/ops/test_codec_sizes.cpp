// The hard rule about sizes: on no real history are the payloads, fresh or packed, larger than what anyone would write
// in an afternoon, the deltas as plain rows in one zstd -3 frame. A codec tuned on synthetic noise breaks it easily.
// The frame may find repetitions across all blocks, which decode alone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "codec_corpus.hpp"
#include "formats/ndjson.hpp"

using namespace delta;
using test::Corpus;
using test::payload_bytes;
using test::Row;

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Rows of a version 1.0 .npy of little-endian float32 in C order.
std::vector<Row> rows_of(const std::string& path) {
  const std::string file = slurp(path);
  const std::size_t start = 10 + static_cast<std::uint8_t>(file[8]) + 256u * static_cast<std::uint8_t>(file[9]);
  const std::size_t shape = file.find("'shape': (") + 10;
  const std::size_t rows = std::stoul(file.substr(shape)), dims = std::stoul(file.substr(file.find(',', shape) + 1));
  REQUIRE(file.size() == start + 4 * rows * dims);
  std::vector<Row> out(rows, Row(dims));
  for (std::size_t r = 0; r < rows; ++r) std::memcpy(out[r].data(), file.data() + start + 4 * r * dims, 4 * dims);
  return out;
}

/// What turns one row into another: nothing, everything, or some dims.
void add_difference(Corpus& corpus, SegmentVector vector, Timestamp time, const Row& from, const Row& to) {
  Row indices, bits;
  for (std::uint32_t d = 0; d < to.size(); ++d) {
    if (from.empty() || from[d] != to[d]) {
      indices.push_back(d);
      bits.push_back(to[d]);
    }
  }
  if (indices.empty()) return;
  SegmentDelta delta;
  delta.vector = vector;
  delta.time = time;
  delta.bits = bits;
  delta.op = from.empty() ? Operation::create : bits.size() == to.size() ? Operation::dense : Operation::sparse;
  if (delta.op == Operation::sparse) delta.indices = indices;
  corpus.add(delta);
}

Corpus matrices(const std::string& dir) {
  Corpus corpus;
  Indexed<SegmentVector, Row> state;
  for (std::uint32_t version = 0;; ++version) {
    char name[16];
    std::snprintf(name, sizeof name, "/v%03u", version);
    if (!std::filesystem::exists(dir + name + ".npy")) return corpus;
    const auto ids = lines_of(std::filesystem::exists(dir + "/ids.txt") ? dir + "/ids.txt" : dir + name + ".ids.txt");
    const auto rows = rows_of(dir + name + ".npy");
    const Timestamp time = Timestamp::of(1'600'000'000'000'000 + version * Micros{86'400'000'000});
    Indexed<SegmentVector, bool> kept(state.size());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const SegmentVector vector = corpus.ordinal(ids.at(r));
      if (!state.contains(vector)) {
        state.resize(index(vector) + 1);
        kept.resize(index(vector) + 1);
      }
      add_difference(corpus, vector, time, state[vector], rows[r]);
      state[vector] = rows[r];
      kept[vector] = true;
    }
    for (const SegmentVector vector : state.numbers()) {
      if (kept[vector] || state[vector].empty()) continue;
      state[vector].clear();
      corpus.add({.vector = vector, .op = Operation::remove, .time = time});
    }
  }
}

Corpus stream(const std::string& path) {
  Corpus corpus;
  const std::string text = slurp(path);
  formats::NdjsonReader reader(memory_stream(path, text));
  formats::Record record;
  for (;;) {
    const auto got = reader.next(record);
    REQUIRE(got);
    if (!*got) return corpus;
    SegmentDelta delta;
    delta.vector = corpus.ordinal(std::string(record.id));
    delta.op = *record.op;
    delta.time = Timestamp::of(record.time.value());
    delta.indices = record.indices;
    delta.bits = record.bits;
    delta.metadata = record.metadata;
    corpus.add(delta);
  }
}

}  // namespace

TEST_CASE("No real history is larger than its rows in one zstd -3 frame") {
  std::size_t histories = 0;
  for (const std::string size : {"tiny", "small"}) {
    std::vector<std::string> dirs;
    for (const auto& entry : std::filesystem::directory_iterator(TESTDATA "/" + size)) {
      if (entry.is_directory()) dirs.push_back(entry.path().string());
    }
    std::sort(dirs.begin(), dirs.end());
    for (const std::string& dir : dirs) {
      CAPTURE(dir);
      const std::string events = dir + "/events.ndjson";
      const Corpus corpus = std::filesystem::exists(events) ? stream(events) : matrices(dir);
      REQUIRE(corpus.seq > 0);
      const std::size_t yardstick = corpus.zstd_bytes();
      CHECK(payload_bytes(corpus, Preset::balanced) <= yardstick);
      const test::LogSizes log = test::log_sizes(corpus, Preset::balanced);
      CHECK(log.fresh <= yardstick);
      CHECK(log.packed <= yardstick);
      CHECK(payload_bytes(corpus, Preset::fastest) * 100 <= yardstick * 105);
      if (size == "tiny") CHECK(payload_bytes(corpus, Preset::maximum) <= yardstick);
      ++histories;
    }
  }
  REQUIRE(histories >= 14);
}

TEST_CASE("Metadata and positions of a real stream cost at most five bytes a delta") {
  const Corpus corpus = stream(TESTDATA "/small/pkgterms-stream/events.ndjson");
  std::uint64_t bytes = 0;
  for (const SegmentBatch& block : corpus.blocks) {
    Buffer payload;
    codec::encode_block(block, codec::Layout::fresh, Preset::balanced, payload);
    const auto columns = codec::block_columns(payload);
    REQUIRE(columns);
    for (const codec::ColumnSize& c : *columns) {
      const std::string_view name = codec::column_name(c.column);
      const bool value = name == "gaps" || name == "run skips" || name == "run lengths" || name == "bitmaps" ||
                         name == "dense values" || name == "sparse values" || name == "parameters";
      if (!value) bytes += c.stored;
    }
  }
  REQUIRE(bytes <= 5 * corpus.seq);
}
