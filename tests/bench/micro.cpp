// Each hot path alone, in memory, on one thread, and beside it what the machine can do at most over the same bytes:
// copying, reading, simdjson, XXH3, BLAKE2b. tests/bench/work_micro.py pairs them by name and says which ratio is
// wanted.
#include <benchmark/benchmark.h>
#include <lz4.h>
#include <sodium.h>
#define XXH_STATIC_LINKING_ONLY  // the size of a state
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "codec/block.hpp"
#include "codec/lz4.hpp"
#include "codec/payload.hpp"
#include "delta/ann.hpp"
#include "delta/blame.hpp"
#include "delta/encode.hpp"
#include "delta/verify.hpp"
#include "format/tables.hpp"
#include "formats/ndjson.hpp"
#include "json_pass.hpp"
#include "micro_blocks.hpp"
#include "micro_search.hpp"
#include "model/canonical.hpp"
#include "model/fold.hpp"

using namespace delta;
using namespace bench;

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_micro: %s\n", what.c_str());
  std::exit(3);
}

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().text());
  return std::move(result).value();
}

void must(const Status& status) {
  if (!status) fail(status.error().text());
}

void count(benchmark::State& state, std::uint64_t values, std::uint64_t bytes) {
  state.counters["values"] =
      benchmark::Counter(static_cast<double>(values), benchmark::Counter::kIsIterationInvariantRate);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * static_cast<std::int64_t>(state.iterations()));
}

// Limits.

void copy(benchmark::State& state, std::size_t size) {
  const std::vector<char> from(size, 1);
  std::vector<char> to(size);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), size);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count(state, size / 4, size);
}

// memcmp over equal bytes reads both and does nothing else.
void read_pair(benchmark::State& state) {
  const std::size_t size = std::size_t{kRows} * kDims * 4;
  const std::vector<char> a(size, 1), b(size, 1);
  for (auto _ : state) benchmark::DoNotOptimize(std::memcmp(a.data(), b.data(), size));
  count(state, 2 * size / 4, 2 * size);
}

// Of a file, out of the page cache: what checking every byte of it costs at least.
void xxh3(benchmark::State& state, const std::string& path) {
  std::vector<char> piece(64 << 10);
  std::uint64_t size = 0;
  for (auto _ : state) {
    std::ifstream in;
    in.rdbuf()->pubsetbuf(nullptr, 0);
    in.open(path, std::ios::binary);
    XXH3_state_t hash;
    XXH3_64bits_reset(&hash);
    size = 0;
    for (std::streamsize n; (n = in.rdbuf()->sgetn(piece.data(), static_cast<std::streamsize>(piece.size()))) > 0;
         size += static_cast<std::uint64_t>(n)) {
      XXH3_64bits_update(&hash, piece.data(), static_cast<std::size_t>(n));
    }
    benchmark::DoNotOptimize(XXH3_64bits_digest(&hash));
  }
  count(state, size / 4, size);
}

void blake2b(benchmark::State& state) {
  const std::vector<unsigned char> bytes(1 << 20, 1);
  unsigned char hash[32];
  for (auto _ : state) {
    crypto_generichash(hash, sizeof hash, bytes.data(), bytes.size(), nullptr, 0);
    benchmark::DoNotOptimize(hash);
  }
  count(state, bytes.size() / 4, bytes.size());
}

// Hot paths.

// A matrix that is what the log says already: every bit is compared, and nothing else is left to do.
void compare(benchmark::State& state, const std::string& directory) {
  Vectors vectors;
  std::vector<std::uint32_t> matrix;
  matrix.reserve(std::size_t{kRows} * kDims);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const auto values = vectors.row();
    matrix.insert(matrix.end(), values.begin(), values.end());
  }
  auto encoder = must(Encoder::create(directory + "/compare.dlog", {}, {.threads = 1, .force = true, .now = kStart}));
  MatrixInput input;
  input.name = "matrix";
  input.rows = kRows;
  input.dims = kDims;
  input.at = kStart;
  input.bits = matrix;
  must(encoder.state(input));
  for (auto _ : state) {
    if (must(encoder.state(input)) != 0) fail("an unchanged matrix made a commit");
  }
  count(state, 2 * matrix.size(), 8 * matrix.size());
}

void encode(benchmark::State& state, Kind kind, codec::Layout layout, Preset preset) {
  const SegmentBatch batch = block_of(kind, layout);
  Buffer payload;
  for (auto _ : state) {
    payload.clear();
    codec::encode_block(batch, layout, preset, payload);
    benchmark::DoNotOptimize(payload.data());
  }
  count(state, batch.bits.size(), batch.row_bytes());
  state.counters["bytes_a_delta"] = static_cast<double>(payload.size()) / static_cast<double>(batch.size());
}

void decode(benchmark::State& state, Kind kind, codec::Layout layout, Preset preset) {
  const SegmentBatch batch = block_of(kind, layout);
  Buffer payload;
  codec::encode_block(batch, layout, preset, payload);
  SegmentBatch back;
  for (auto _ : state) {
    must(codec::decode_block(payload, layout, static_cast<std::uint32_t>(batch.size()), 1u << 20, {}, back));
    benchmark::DoNotOptimize(back.bits.data());
  }
  if (back.bits != batch.bits) fail("a block came back with other values");
  count(state, batch.bits.size(), batch.row_bytes());
}

// LZ4, which no preset writes, beside what the presets write of the same bytes: of a table of ids, or of the largest
// column of a block.

Buffer ids_table() {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < kRows; ++i) names.push_back("v" + std::to_string(i));
  format::Ids ids;
  ids.ids.assign(names.begin(), names.end());
  ids.owners.add(SegmentNamespace{0}, kRows);
  Buffer table;
  format::write_ids(ids, table);
  return table;
}

Buffer column_of(Kind kind) {
  const SegmentBatch batch = block_of(kind, codec::Layout::fresh);
  const auto* const bits = reinterpret_cast<const Byte*>(batch.bits.data());
  if (batch.metadata.empty()) return {bits, bits + 4 * batch.bits.size()};
  return {batch.metadata.begin(), batch.metadata.end()};
}

/// Bytes that the largest column takes in a block by `fastest`.
std::size_t stored_column(Kind kind) {
  Buffer payload;
  codec::encode_block(block_of(kind, codec::Layout::fresh), codec::Layout::fresh, Preset::fastest, payload);
  const auto columns = must(codec::block_columns(payload));
  const auto by_raw = [](const auto& a, const auto& b) { return a.raw < b.raw; };
  return static_cast<std::size_t>(std::max_element(columns.begin(), columns.end(), by_raw)->stored);
}

std::size_t stored_table(const Buffer& table, Preset preset) {
  Buffer out;
  codec::compress_payload(table, preset, out);
  return out.size();
}

Buffer lz4_of(const Buffer& raw) {
  Buffer out(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
  out.resize(static_cast<std::size_t>(
      LZ4_compress_default(reinterpret_cast<const char*>(raw.data()), reinterpret_cast<char*>(out.data()),
                           static_cast<int>(raw.size()), static_cast<int>(out.size()))));
  return out;
}

void write_lz4(benchmark::State& state, const Buffer& raw, std::size_t instead_of) {
  std::size_t size = 0;
  for (auto _ : state) size = lz4_of(raw).size();
  count(state, raw.size(), raw.size());
  state.counters["of_stored"] = static_cast<double>(size) / static_cast<double>(instead_of);
}

void read_lz4(benchmark::State& state, const Buffer& raw) {
  const Buffer block = lz4_of(raw);
  Buffer back(raw.size());
  for (auto _ : state) {
    if (!codec::read_lz4(block, back)) fail("an LZ4 block is not read");
    benchmark::DoNotOptimize(back.data());
  }
  if (back != raw) fail("an LZ4 block came back with other bytes");
  count(state, raw.size(), raw.size());
}

void write_table(benchmark::State& state, const Buffer& table, Preset preset) {
  Buffer out;
  for (auto _ : state) {
    codec::compress_payload(table, preset, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, table.size(), table.size());
}

void read_table(benchmark::State& state, const Buffer& table, Preset preset) {
  Buffer out, back;
  if (!codec::compress_payload(table, preset, out)) fail("a table of ids is not compressed");
  for (auto _ : state) {
    must(codec::decompress_payload(PayloadCodec::zstd, out, table.size(), back));
    benchmark::DoNotOptimize(back.data());
  }
  count(state, table.size(), table.size());
}

// A hundred sparse deltas onto one vector.
void fold(benchmark::State& state, bool with_decode) {
  Vectors vectors;
  Catalog catalog;
  const auto vector = catalog.add_vector(catalog.add_namespace("", kDims), "v");
  const auto origin = catalog.add_origin("main");
  SegmentBatch batch = block_of(Kind::sparse, codec::Layout::fresh, 100);
  for (auto& v : batch.vectors) v = SegmentVector{0};
  Buffer payload;
  codec::encode_block(batch, codec::Layout::fresh, Preset::balanced, payload);
  State present(catalog);
  const auto row = vectors.row();
  model::apply(present, origin,
               {.vector = vector, .op = Operation::create, .time = Timestamp::of(kStart), .bits = row, .seq = 1});
  SegmentBatch back = batch;
  DeltaBatch deltas;
  for (std::size_t i = 0; i < back.size(); ++i) deltas.add(back[i].numbered(vector, CommitNo{}));
  for (auto _ : state) {
    if (with_decode) must(codec::decode_block(payload, codec::Layout::fresh, 100, 1, {}, back));
    for (std::size_t i = 0; i < deltas.size(); ++i) model::apply(present, origin, deltas[i]);
    benchmark::DoNotOptimize(present.bits(vector).data());
  }
  count(state, batch.bits.size(), 8 * batch.bits.size());
}

void hash_leaves(benchmark::State& state) {
  const SegmentBatch batch = block_of(Kind::sparse, codec::Layout::fresh);
  const model::LeafNames names{.origin = "main", .name_space = "", .id = "4711", .dims = kDims};
  std::vector<Hash> leaves;
  while (state.KeepRunningBatch(
      static_cast<benchmark::IterationCount>(batch.size()))) {  // as blocks are hashed; told by the delta
    leaves.clear();
    model::LeafHasher hasher(leaves);
    for (std::size_t i = 0; i < batch.size(); ++i) hasher.add(names, batch[i]);
    hasher.finish();
    benchmark::DoNotOptimize(leaves.data());
  }
  count(state, kSparse, 8 * kSparse);
}

// Lines of creates and of a mix of updates, a few MB: more than the caches hold.
const std::string& lines() {
  static const std::string text = [] {
    std::string out;
    for (int round = 0; round < 12; ++round) {
      for (const Kind kind : {Kind::creates, Kind::mixed}) {
        const SegmentBatch batch = block_of(kind, codec::Layout::fresh);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const std::string id = std::to_string(index(batch.vectors[i]));
          formats::write_record(out, {.name_space = "", .id = id, .origin = ""},
                                batch[i].numbered(VectorNo{}, CommitNo{}));
          if (out.back() != '\n') out += '\n';
        }
      }
    }
    return out;
  }();
  return text;
}

void parse(benchmark::State& state) {
  const std::string& text = lines();
  std::uint64_t values = 0;
  for (auto _ : state) {
    formats::NdjsonReader reader(memory_stream("lines", text));
    formats::Record record;
    values = 0;
    while (must(reader.next(record))) values += record.bits.size() + record.indices.size();
  }
  count(state, values, text.size());
}

void parse_limit(benchmark::State& state) {
  const std::string& text = lines();
  std::string padded = text;
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::ondemand::parser parser;
  bench::JsonPass pass;
  for (auto _ : state) {
    pass = {};
    if (bench::pass_over(parser, std::string_view(padded).substr(0, text.size()), pass)) {
      fail("simdjson refused the lines");
    }
    benchmark::DoNotOptimize(pass.sum);
  }
  count(state, pass.numbers, text.size());
}

// A log of some 20 MB in the page cache.
std::string write_log(const std::string& directory) {
  Vectors vectors;
  const std::string path = directory + "/log.dlog";
  auto encoder = must(Encoder::create(path, {}, {.force = true, .now = kStart}));
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const auto bits = vectors.row();
    const std::string id = std::to_string(row);
    DeltaInput input;
    input.id = id;
    input.op = Operation::create;
    input.bits = bits;
    must(encoder.delta(input));
  }
  must(encoder.finish());
  return path;
}

void check(benchmark::State& state, const std::string& path, VerifyLevel level) {
  const std::string paths[] = {path};
  const auto bytes = std::filesystem::file_size(path);
  for (auto _ : state) {
    if (must(verify(paths, {.level = level, .threads = 1})).verdict != Verdict::ok) fail("the log does not verify");
  }
  count(state, bytes / 4, bytes);
}

/// A log of so many vectors of 32 dims, written as one matrix.
std::string write_matrix_log(const std::string& directory, std::uint32_t vectors) {
  constexpr std::uint32_t dims = 32;
  const std::string path = directory + "/" + std::to_string(vectors) + ".dlog";
  Vectors random;
  std::vector<std::uint32_t> bits(std::size_t{vectors} * dims);
  for (auto& b : bits) b = random.fresh();
  auto encoder = must(Encoder::create(path, {}, {.force = true, .now = kStart}));
  MatrixInput input;
  input.name = path;
  input.rows = vectors;
  input.dims = dims;
  input.bits = bits;
  must(encoder.state(input));
  must(encoder.finish());
  return path;
}

/// One question about one vector of a log that is open, another vector each time. `cycle`: after so many the first one
/// comes again, and the log keeps what it decoded; 0: each is asked about once, and nothing is kept.
void point(benchmark::State& state, const std::string& path, bool who, std::uint32_t cycle) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {.threads = 1, .cache = cycle == 0 ? 0 : OpenOptions().cache}));
  const auto vectors = static_cast<std::uint32_t>(log.catalog().vectors());
  VectorNo vector = VectorNo{0};
  std::uint32_t asked = 0;
  for (std::uint32_t i = 0; i < cycle; ++i) must(snapshot(log, {}, {nth<VectorNo>(std::uint64_t{i} * 7919 % vectors)}));
  for (auto _ : state) {
    vector = cycle == 0 ? nth<VectorNo>((index(vector) + 7919) % vectors)
                        : nth<VectorNo>(std::uint64_t{asked++ % cycle} * 7919 % vectors);
    if (who) {
      benchmark::DoNotOptimize(must(blame(log, vector)));
    } else if (must(snapshot(log, {}, {vector})).size() != 1) {
      fail("the vector is not there");
    }
  }
  count(state, 1, 32 * sizeof(float));
}

template <class RunOne>
void add(const std::string& name, RunOne run) {
  benchmark::RegisterBenchmark(name.c_str(), run);
}

// All rows for one query, of so many threads; or the sum over their bytes.
void search(benchmark::State& state, const std::shared_ptr<const Searched>& searched, Metric metric, unsigned threads) {
  const SearchQuery query{searched->query};
  for (auto _ : state) {
    const auto found = must(search_exact(searched->state, searched->rows, {&query, 1}, {10, metric, threads}));
    if (found[0].size() != 10) fail("a search gave too few rows");
  }
  count(state, std::uint64_t{kSearched} * kDims, std::uint64_t{kSearched} * kDims * 4);
}

void read_rows(benchmark::State& state, const std::shared_ptr<const Searched>& searched) {
  for (auto _ : state) benchmark::DoNotOptimize(sum_of(*searched));
  count(state, std::uint64_t{kSearched} * kDims, std::uint64_t{kSearched} * kDims * 4);
}

/// Ten neighbours of one row after the other, by an index.
void near(benchmark::State& state) {
  static const Near rows;
  static const AnnIndex index = [] {
    const NamespaceNo ns = rows.catalog.namespace_of(rows.rows[0]);
    AnnIndex made = must(AnnIndex::build(rows.state, ns));
    if (must(made.measure(rows.state, ns)).recall < 0.95f) fail("the index finds too few neighbours");
    return made;
  }();
  const AnnSearch search = must(AnnSearch::make(index, rows.state, rows.rows));
  std::size_t at = 0;
  for (auto _ : state) {
    at = (at + 7919) % rows.rows.size();
    const SearchQuery query{rows.state.bits(rows.rows[at]), rows.rows[at]};
    if (must(search.run({&query, 1}))[0].exact) fail("the index was not used");
  }
  count(state, 1, Near::kDims * sizeof(float));
}

void add_search() {
  add("search/near", near);
  const auto searched = std::make_shared<const Searched>();
  add("limit/sum of rows", [=](benchmark::State& s) { read_rows(s, searched); });
  for (const Metric metric : {Metric::l2, Metric::cosine, Metric::ip}) {
    const std::string name = "search/" + std::string(metric_name(metric));
    add(name, [=](benchmark::State& s) { search(s, searched, metric, 1); });
    add(name + "/2", [=](benchmark::State& s) { search(s, searched, metric, 2); });
  }
}

void add_lz4() {
  const std::pair<std::string, Kind> kinds[] = {
      {"text", Kind::text}, {"counts", Kind::counts}, {"copies", Kind::copies}};
  for (const auto& [name, kind] : kinds) {
    const Buffer raw = column_of(kind);
    const std::size_t stored = stored_column(kind);
    add("encode/lz4/" + name, [=](benchmark::State& s) { write_lz4(s, raw, stored); });
    add("decode/lz4/" + name, [=](benchmark::State& s) { read_lz4(s, raw); });
  }
  const Buffer table = ids_table();
  add("encode/lz4/ids", [=](benchmark::State& s) { write_lz4(s, table, stored_table(table, Preset::fastest)); });
  add("decode/lz4/ids", [=](benchmark::State& s) { read_lz4(s, table); });
  for (const Preset preset : {Preset::fastest, Preset::balanced}) {
    const std::string name = "ids/" + std::string(preset_name(preset));
    add("encode/" + name, [=](benchmark::State& s) { write_table(s, table, preset); });
    add("decode/" + name, [=](benchmark::State& s) { read_table(s, table, preset); });
  }
}

void add_all(const std::string& directory) {
  const std::size_t block = kBlockBytes, matrix = std::size_t{kRows} * kDims * 4;
  add("limit/copy block", [=](benchmark::State& s) { copy(s, block); });
  add("limit/copy matrix", [=](benchmark::State& s) { copy(s, matrix); });
  add("limit/read matrices", read_pair);
  add("limit/blake2b", blake2b);
  add("limit/simdjson", parse_limit);
  add("compare", [=](benchmark::State& s) { compare(s, directory); });
  const std::pair<std::string, Preset> presets[] = {
      {"fastest", Preset::fastest}, {"balanced", Preset::balanced}, {"maximum", Preset::maximum}};
  const std::pair<std::string, Kind> kinds[] = {{"creates", Kind::creates}, {"sparse", Kind::sparse},
                                                {"mixed", Kind::mixed},     {"text", Kind::text},
                                                {"counts", Kind::counts},   {"copies", Kind::copies}};
  const auto add_codec = [&](const std::string& name, Kind kind, codec::Layout layout, Preset preset) {
    add("encode/" + name, [=](benchmark::State& s) { encode(s, kind, layout, preset); });
    add("decode/" + name, [=](benchmark::State& s) { decode(s, kind, layout, preset); });
  };
  for (const auto& [preset_name, preset] : presets) {
    for (const auto& [kind_name, kind] : kinds) {
      add_codec(kind_name + "/" + preset_name, kind, codec::Layout::fresh, preset);
    }
    add_codec("packed/" + preset_name, Kind::mixed, codec::Layout::packed, preset);
  }
  add_lz4();
  add_search();
  add("fold/apply", [](benchmark::State& s) { fold(s, false); });
  add("fold/decode", [](benchmark::State& s) { fold(s, true); });
  add("hash", hash_leaves);
  add("parse", parse);
  const std::string log = write_log(directory);
  add("limit/xxh3", [=](benchmark::State& s) { xxh3(s, log); });
  add("verify/frame", [=](benchmark::State& s) { check(s, log, VerifyLevel::frame); });
  add("verify/chain", [=](benchmark::State& s) { check(s, log, VerifyLevel::chain); });
  for (const std::uint32_t vectors : {50'000u, 200'000u, 1'000'000u}) {
    const std::string matrix_log = write_matrix_log(directory, vectors);
    add("point/snapshot/" + std::to_string(vectors), [=](benchmark::State& s) { point(s, matrix_log, false, 0); });
    add("point/blame/" + std::to_string(vectors), [=](benchmark::State& s) { point(s, matrix_log, true, 0); });
    for (const bool who : {false, true}) {
      add(std::string("point/") + (who ? "blame" : "snapshot") + " again/" + std::to_string(vectors),
          [=](benchmark::State& s) { point(s, matrix_log, who, 10000); });
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  if (count != 2) fail("usage: bench_micro DIRECTORY [--benchmark_...]");
  if (sodium_init() < 0) fail("libsodium does not start");
  add_all(arguments[1]);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
