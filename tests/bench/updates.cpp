// Writes updates as NDJSON for the workload `questions`: creates of the first vectors, then sparse changes of any.
//
// The same arguments must give the same bytes everywhere. Hence an own generator, and values of three digits.
//
//   bench_updates VECTORS DIMS FIRST LAST RATE
//
// Prints updates FIRST to LAST - 1. Those below VECTORS create vector i; the others set 3 to 8 dims of a vector. RATE
// of them stand in each second, from 2026-01-01 on.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

// splitmix64: a number for each place, so that a run may begin anywhere.
std::uint64_t mix(std::uint64_t place) {
  std::uint64_t z = (place + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void print_value(std::uint64_t bits) {
  const int value = static_cast<int>(bits % 2001) - 1000;
  std::printf("%s0.%03d", value < 0 ? "-" : "", std::abs(value) % 1000);
}

void print_time(std::uint64_t us) {
  const std::time_t second = 1767225600 + static_cast<std::time_t>(us / 1000000);
  std::tm tm{};
  gmtime_r(&second, &tm);
  std::printf("\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
              tm.tm_hour, tm.tm_min, tm.tm_sec, static_cast<int>(us % 1000000));
}

void print_create(std::uint64_t number, std::uint64_t dims) {
  std::printf("{\"id\":\"v%07" PRIu64 "\",", number);
  std::fputs("\"vector\":[", stdout);
  for (std::uint64_t dim = 0; dim < dims; ++dim) {
    if (dim > 0) std::putchar(',');
    print_value(mix(number << 24 | dim));
  }
  std::fputs("],", stdout);
}

void print_change(std::uint64_t number, std::uint64_t vectors, std::uint64_t dims) {
  const std::uint64_t chosen = mix(number);
  const std::uint64_t most = dims < 8 ? dims : 8;
  const std::uint64_t least = most < 3 ? most : 3;
  const std::uint64_t count = least + chosen % (most - least + 1);
  const std::uint64_t step = dims / count;
  std::printf("{\"id\":\"v%07" PRIu64 "\",\"op\":\"sparse\",\"indices\":[", (chosen >> 16) % vectors);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::printf("%s%" PRIu64, i > 0 ? "," : "", i * step + mix(number ^ i << 40) % step);
  }
  std::fputs("],\"values\":[", stdout);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) std::putchar(',');
    print_value(mix(number ^ i << 48));
  }
  std::fputs("],", stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: bench_updates VECTORS DIMS FIRST LAST RATE\n", stderr);
    return 2;
  }
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  const std::uint64_t vectors = number(1), dims = number(2), last = number(4), rate = number(5);
  for (std::uint64_t i = number(3); i < last; ++i) {
    i < vectors ? print_create(i, dims) : print_change(i, vectors, dims);
    print_time(i * 1000000 / rate);
    std::fputs("}\n", stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
