// Each hot path alone, in memory, on one thread, and beside it what the machine can do at most over the same bytes:
// copying, reading, simdjson, XXH3, BLAKE2b. tests/bench/work_micro.py pairs them by name and says which ratio is
// wanted.
//
// The deltas are those of the reference workload: 384 dims; sparse ones change 5 % of them; "mixed" has its mix of
// kinds.
#include <benchmark/benchmark.h>
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
#include "delta/blame.hpp"
#include "delta/encode.hpp"
#include "delta/verify.hpp"
#include "formats/ndjson.hpp"
#include "json_pass.hpp"
#include "model/canonical.hpp"
#include "model/fold.hpp"

using namespace delta;

namespace {

constexpr std::uint32_t kDims = 384, kSparse = kDims / 20, kRows = 20'000;
constexpr std::uint64_t kBlockBytes = 256 << 10;  // as rows, the size of the blocks in a log
constexpr Micros kStart = 1'700'000'000'000'000;

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

class Vectors {
 public:
  std::uint32_t fresh() {
    return std::bit_cast<std::uint32_t>(normal_(random_) / std::sqrt(static_cast<float>(kDims)));
  }
  std::vector<std::uint32_t> row() {
    std::vector<std::uint32_t> bits(kDims);
    for (auto& b : bits) b = fresh();
    return bits;
  }
  std::vector<std::uint32_t> places(std::uint32_t count) {
    std::vector<std::uint32_t> all(kDims);
    std::iota(all.begin(), all.end(), 0u);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    std::sort(all.begin(), all.end());
    return all;
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  // The next state of a row, in one of the ways of the mix, as a delta; `indices` and `bits` are what it views.
  SegmentDelta step(std::vector<std::uint32_t>& row, std::uint32_t kind, std::vector<std::uint32_t>& indices,
                    std::vector<std::uint32_t>& bits) {
    SegmentDelta delta;
    indices.clear();
    bits.clear();
    if (kind < 70) {
      if (kind < 45) {
        indices = places(kSparse);
      } else {
        indices.resize(50);
        std::iota(indices.begin(), indices.end(), below(kDims - 50));
      }
      for (const auto i : indices) bits.push_back(row[i] = fresh());
      delta.op = Operation::sparse;
    } else {
      for (auto& value : row) {
        const float x = std::bit_cast<float>(value);
        value =
            kind < 85 ? fresh() : std::bit_cast<std::uint32_t>(kind < 95 ? x + 1e-3f * normal_(random_) : x * 1.01f);
      }
      bits = row;
      delta.op = Operation::dense;
    }
    delta.indices = indices;
    delta.bits = bits;
    return delta;
  }

 private:
  std::mt19937_64 random_{7};
  std::normal_distribution<float> normal_{0.0f, 1.0f};
};

enum class Kind { creates, sparse, mixed };

// One block of a log. Packed: each vector's history lies together.
SegmentBatch block_of(Kind kind, codec::Layout layout, std::size_t deltas = ~std::size_t{0}) {
  Vectors vectors;
  SegmentBatch batch;
  std::vector<std::uint32_t> row, indices, bits;
  for (std::uint32_t i = 0; batch.size() < deltas && batch.row_bytes() < kBlockBytes; ++i) {
    const bool packed = layout == codec::Layout::packed;
    const std::uint32_t vector = packed ? i / 8 : i, place = packed ? i % 8 : 1;
    if (kind == Kind::creates || (packed && place == 0)) {
      row = vectors.row();
      batch.add({.vector = SegmentVector{vector}, .op = Operation::create, .bits = row});
    } else {
      if (!packed) row = vectors.row();
      SegmentDelta delta = vectors.step(row, kind == Kind::sparse ? 0 : vectors.below(100), indices, bits);
      delta.vector = SegmentVector{vector};
      batch.add(delta);
    }
    if (packed) {
      batch.commits.back() = RowNo{place};
      batch.seqs.back() = vector;
    } else {
      batch.times.back() = Timestamp::of(kStart);
    }
  }
  return batch;
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
    model::LeafHasher hasher;
    for (std::size_t i = 0; i < batch.size(); ++i) hasher.add(names, batch[i]);
    std::move(hasher).finish(leaves);
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

/// One question about one vector of a log that is open, another vector each time.
void point(benchmark::State& state, const std::string& path, bool who) {
  const std::string paths[] = {path};
  const Log log = must(Log::open(paths, {.threads = 1}));
  const auto vectors = static_cast<std::uint32_t>(log.catalog().vectors());
  VectorNo vector = VectorNo{0};
  for (auto _ : state) {
    vector = nth<VectorNo>((index(vector) + 7919) % vectors);
    if (who) {
      benchmark::DoNotOptimize(must(blame(log, vector)));
    } else if (must(snapshot(log, {}, {vector})).size() != 1) {
      fail("the vector is not there");
    }
  }
  count(state, 1, 32 * sizeof(float));
}

void add_all(const std::string& directory) {
  const std::size_t block = kBlockBytes, matrix = std::size_t{kRows} * kDims * 4;
  const auto add = [](const std::string& name, auto run) { benchmark::RegisterBenchmark(name.c_str(), run); };
  add("limit/copy block", [=](benchmark::State& s) { copy(s, block); });
  add("limit/copy matrix", [=](benchmark::State& s) { copy(s, matrix); });
  add("limit/read matrices", read_pair);
  add("limit/blake2b", blake2b);
  add("limit/simdjson", parse_limit);
  add("compare", [=](benchmark::State& s) { compare(s, directory); });
  const std::pair<std::string, Preset> presets[] = {
      {"fastest", Preset::fastest}, {"balanced", Preset::balanced}, {"maximum", Preset::maximum}};
  const std::pair<std::string, Kind> kinds[] = {
      {"creates", Kind::creates}, {"sparse", Kind::sparse}, {"mixed", Kind::mixed}};
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
    add("point/snapshot/" + std::to_string(vectors), [=](benchmark::State& s) { point(s, matrix_log, false); });
    add("point/blame/" + std::to_string(vectors), [=](benchmark::State& s) { point(s, matrix_log, true); });
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
