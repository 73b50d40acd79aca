// Small logs for tests that damage them: all operations, several origins and commits, metadata.
#pragma once

#include <bit>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "delta/compact.hpp"
#include "delta/encode.hpp"
#include "must.hpp"
#include "scratch.hpp"

namespace sample {

inline std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }

struct Line {
  std::string id;
  std::optional<delta::Operation> op;
  std::vector<float> values;
  std::vector<std::uint32_t> indices = {};
  std::string origin = "main";
  std::string metadata = {};
};

/// One second a line, from `start` seconds after the epoch.
inline void add(delta::Encoder& encoder, const std::vector<Line>& lines, delta::Micros start) {
  for (const auto& line : lines) {
    std::vector<std::uint32_t> raw;
    for (const float v : line.values) raw.push_back(bits(v));
    delta::DeltaInput input;
    input.id = line.id;
    input.op = line.op;
    input.bits = raw;
    input.indices = line.indices;
    input.metadata = line.metadata;
    input.origin = line.origin;
    input.at = start++ * 1'000'000;
    must(encoder.delta(input));
  }
}

inline const std::vector<Line>& first_lines() {
  using delta::Operation;
  static const std::vector<Line> lines = {
      {"apple", Operation::create, {1, -2, 0.5f, 3}},
      {"pear", Operation::create, {0, 0, 0, 1e-40f}, {}, "main", R"({"kind":"fruit"})"},
      {"apple", Operation::sparse, {7, 8}, {1, 3}, "beta"},
      {"pear", Operation::scale, {1.5f}, {}, "beta"},
      {"apple", Operation::offset, {-0.25f}, {}, "main"},
      {"pear", Operation::dense, {4, 3, 2, 1}, {}, "gamma"},
      {"apple", Operation::negate, {}, {}, "gamma", R"({"seen":{"by":"gamma"}})"},
      {"apple", Operation::clamp, {-1, 1}, {}, "main"},
      {"plum", Operation::create, {9, 9, 9, 9}, {}, "main"},
      {"pear", Operation::remove, {}, {}, "beta"},
  };
  return lines;
}

/// A sealed log of one segment.
inline void write_log(const std::string& path) {
  auto encoder = must(delta::Encoder::create(path, {}, {.force = true, .message = "sample"}));
  add(encoder, first_lines(), 1'000'000);
  must(encoder.finish());
}

/// The same, repacked and pruned to now: deltas whole, in part and gone.
inline void write_pruned(const std::string& path) {
  const std::string whole[] = {path + ".whole"};
  write_log(whole[0]);
  must(delta::compact(whole, path, {.threads = 1, .force = true, .keep = {{.kind = delta::KeepRule::Kind::now}}}));
  std::filesystem::remove(whole[0]);
}

/// One more segment at its end.
inline void append_log(const std::string& path, delta::Micros start = 2'000'000) {
  auto encoder = must(delta::Encoder::append(path, {}));
  add(encoder, {{"plum", delta::Operation::abs, {}}, {"quince", delta::Operation::create, {1, 2, 3, 4}}}, start);
  must(encoder.finish());
}

/// One whose payloads are stored as they are.
inline void write_stored(const std::string& path) {
  auto encoder = must(delta::Encoder::create(path, {}, {.preset = delta::Preset::fastest, .force = true}));
  add(encoder, first_lines(), 1'000'000);
  must(encoder.finish());
}

/// Of two segments.
inline void write_two(const std::string& path) {
  write_log(path);
  append_log(path);
}

/// Both in one packed segment.
inline void write_packed(const std::string& path) {
  const std::string whole[] = {path + ".whole"};
  write_two(whole[0]);
  must(delta::compact(whole, path, {.threads = 1, .force = true}));
  std::filesystem::remove(whole[0]);
}

}  // namespace sample
