// Two replicas of 100 vectors x 384 dimensions, each with 10,000 edits of one dimension that the other has not seen:
// what uniting them takes in the library, from files to the folded state, and how large the united log is. (The same
// workload that sequence and map CRDTs are measured on.) Prints one line: bytes, cells in conflict, milliseconds,
// median and best of N.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "delta/log.hpp"
#include "delta/snapshot.hpp"

using namespace delta;

namespace {

constexpr std::uint32_t kVectors = 100, kDims = 384, kEdits = 10'000;

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "bench_concurrent: %s\n", error.text().c_str());
  std::exit(3);
}

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(result).value();
}

void must(Status status) {
  if (!status) fail(status.error());
}

std::uint32_t gaussian(std::mt19937& random) {
  static std::normal_distribution<float> normal(0.0f, 0.05f);
  return std::bit_cast<std::uint32_t>(normal(random));
}

void write_base(const std::string& path, std::mt19937& random) {
  auto encoder = must(Encoder::create(path, {}, {.force = true, .origin = "base", .now = 1'000'000}));
  std::vector<std::uint32_t> bits(kDims);
  for (std::uint32_t v = 0; v < kVectors; ++v) {
    for (auto& b : bits) b = gaussian(random);
    const std::string id = std::to_string(v);
    DeltaInput input;
    input.id = id;
    input.op = Operation::create;
    input.bits = bits;
    must(encoder.delta(input));
  }
  must(encoder.finish());
}

std::set<std::uint32_t> write_edits(const std::string& path, const std::string& origin, std::mt19937& random) {
  auto encoder = must(Encoder::append(path, {.origin = origin, .now = 2'000'000}));
  std::set<std::uint32_t> cells;
  for (std::uint32_t i = 0; i < kEdits; ++i) {
    const auto cell = static_cast<std::uint32_t>(random() % (kVectors * kDims));
    const std::uint32_t index = cell % kDims, bits = gaussian(random);
    const std::string id = std::to_string(cell / kDims);
    cells.insert(cell);
    DeltaInput input;
    input.id = id;
    input.op = Operation::sparse;
    input.indices = {&index, 1};
    input.bits = {&bits, 1};
    must(encoder.delta(input));
  }
  must(encoder.finish());
  return cells;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_concurrent DIRECTORY RUNS\n");
    return 2;
  }
  const std::filesystem::path directory(argv[1]);
  const std::vector<std::string> replicas = {(directory / "a.dlog").string(), (directory / "b.dlog").string()};
  std::mt19937 random(7);
  write_base(replicas[0], random);
  const auto base = std::filesystem::file_size(replicas[0]);
  std::filesystem::copy_file(replicas[0], replicas[1], std::filesystem::copy_options::overwrite_existing);
  const auto a = write_edits(replicas[0], "alice", random), b = write_edits(replicas[1], "bob", random);
  const auto bytes = std::filesystem::file_size(replicas[0]) + std::filesystem::file_size(replicas[1]) - base;
  const auto conflicts = std::count_if(a.begin(), a.end(), [&](std::uint32_t cell) { return b.count(cell) != 0; });
  std::vector<double> times;
  for (int run = 0; run < std::max(1, std::atoi(argv[2])); ++run) {
    const auto started = std::chrono::steady_clock::now();
    const Log log = must(Log::open(replicas));
    const State state = must(snapshot(log));
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count());
    if (state.size() != kVectors) return 1;
  }
  std::sort(times.begin(), times.end());
  const std::string packed = (directory / "packed.dlog").string();
  const auto report = must(compact(replicas, packed, {.force = true}));
  std::printf("%llu %llu %lld %.3f %.3f\n", static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(report.bytes_after), static_cast<long long>(conflicts),
              times[times.size() / 2], times.front());
}
