// What the peers answer in a warm process, asked of a log: see print_warm().
//
//   bench_warm LOG
//
// Ids are row numbers, as in the logs of the reference workloads. Everything is asked through the public API. One
// log is opened for each question, so neither finds what the other one has decoded.
#include <cstdio>
#include <optional>
#include <string>

#include "delta/log.hpp"
#include "delta/snapshot.hpp"
#include "matrix_file.hpp"

namespace {

using namespace delta;

template <class T>
T must(Result<T> result) {
  if (!result) bench::fail_with(result.error().text());
  return std::move(result).value();
}

Log open(const std::string& path) {
  const std::string paths[] = {path};
  return must(Log::open(paths, {.threads = 1}));
}

VectorNo vector_of(const Log& log, std::uint32_t row) {
  return must(log.catalog().find({.name_space = "", .id = std::to_string(row)}));
}

std::size_t changes_of(const Log& log, std::uint32_t row) {
  const VectorNo vector = vector_of(log, row);
  std::size_t changes = 0;
  const auto count = [&](const DeltaBatch& batch) -> Status {
    for (const VectorNo one : batch.vectors) changes += one == vector;
    return {};
  };
  if (const Status read = log.each({vector}, count); !read) bench::fail_with(read.error().text());
  return changes;
}

float value_of(const Log& log, std::uint32_t row) {
  const VectorNo vector = vector_of(log, row);
  const State state = must(snapshot(log, {}, {vector}));
  float value = 0;
  std::memcpy(&value, state.bits(vector).data(), sizeof value);
  return value;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s LOG\n", arguments[0]);
    return 2;
  }
  const Log for_history = open(arguments[1]), for_value = open(arguments[1]);
  const auto rows = static_cast<std::uint32_t>(for_history.catalog().vectors());
  bench::print_warm(
      rows, [&](std::uint32_t row) { return changes_of(for_history, row); },
      [&](std::uint32_t row) { return value_of(for_value, row); });
}
