// What searches cost and find, as lines of JSON. Times are of the processor, and of the calls alone.
//
//     bench_search repair ROWS FILE|latent:INNER:DIMS  after a fifth of the rows moved by 10, 30 and 100 % of their
//     length bench_search single ROWS FILE|latent:INNER:DIMS  one query after the other bench_search exact ROWS DIMS
//     all rows compared, beside a sum of their values; one thread and two bench_search rounds N N rounds of change,
//     repair and search
//
// FILE: raw float32 rows behind two 32-bit numbers, their count and their dimensions (.fbin).
#include "delta/search.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "delta/ann.hpp"

using namespace delta;

namespace {

constexpr NamespaceNo kOnly{0};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_search: %s\n", what.c_str());
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

/// Seconds of the processor, of all threads.
template <class Work>
double seconds(const Work& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

double wall(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

using Values = std::vector<float>;

/// Rows one after the other: those of a file, or any number of made ones.
class Source {
 public:
  explicit Source(const std::string& name) {
    if (name.starts_with("latent:")) {
      const auto colon = name.find(':', 7);
      inner_ = std::stoul(name.substr(7, colon - 7));
      dims_ = std::stoul(name.substr(colon + 1));
      for (std::size_t i = 0; i < inner_ * dims_; ++i) matrix_.push_back(normal_(random_));
      return;
    }
    file_.open(name, std::ios::binary);
    std::uint32_t head[2] = {};
    if (!file_.read(reinterpret_cast<char*>(head), sizeof head)) fail("cannot read " + name);
    dims_ = head[1];
  }
  std::size_t dims() const { return dims_; }
  Values next() {
    Values row(dims_, 0);
    if (inner_ == 0) {
      if (!file_.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(4 * dims_)))
        fail("too few rows");
      return row;
    }
    for (std::size_t k = 0; k < inner_; ++k) {
      const float by = normal_(random_);
      for (std::size_t d = 0; d < dims_; ++d) row[d] += by * matrix_[k * dims_ + d];
    }
    return row;
  }

 private:
  std::mt19937_64 random_{20261201};
  std::normal_distribution<float> normal_;
  std::size_t inner_ = 0, dims_ = 0;
  Values matrix_;
  std::ifstream file_;
};

double length(const Values& row) {
  double sum = 0;
  for (const float value : row) sum += double{value} * value;
  return std::sqrt(sum);
}

/// Moved by a part of its length, in the direction of another row.
Values moved(const Values& row, const Values& other, double part) {
  const auto by = static_cast<float>(part * length(row) / length(other));
  Values to = row;
  for (std::size_t d = 0; d < to.size(); ++d) to[d] += by * other[d];
  return to;
}

struct Rows {
  Catalog catalog;
  State state;
  std::vector<Values> values, others;  // where each row is, and the directions in which rows move

  Rows(Source& source, std::size_t rows) : state(catalog, rows) {
    catalog.add_namespace("", static_cast<std::uint32_t>(source.dims()));
    for (std::size_t i = 0; i < rows; ++i) values.push_back(source.next());
    for (std::size_t i = 0; i < rows / 5; ++i) others.push_back(source.next());
    for (std::size_t i = 0; i < rows; ++i) put(i, values[i]);
  }
  void put(std::size_t i, const Values& row) {
    const VectorNo vector = catalog.add_vector(kOnly, std::to_string(i));
    state.set_exists(vector, true);
    std::memcpy(state.put(vector).data(), row.data(), row.size() * sizeof(float));
  }
};

struct Recall {
  double share = 0, exact = 0;  // found; queries that compared all
};

/// Of 400 rows that ask for their ten nearest: each `step`-th from `first` on.
Recall recall_of(const AnnIndex& index, const State& state, std::size_t first, std::size_t step) {
  const auto rows = must(state.rows(kOnly));
  std::vector<SearchQuery> queries;
  for (std::size_t i = first; i < rows.size() && queries.size() < 400; i += step) {
    queries.push_back({state.bits(rows[i]), rows[i]});
  }
  const auto found = must(index.search(state, rows, queries));
  const auto wanted = must(search_exact(state, rows, queries, {.metric = index.options().metric}));
  Recall recall;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    std::set<VectorNo> there;
    for (const auto& neighbour : found[q].neighbours) there.insert(neighbour.vector);
    for (const auto& neighbour : wanted[q]) recall.share += there.contains(neighbour.vector);
    recall.exact += found[q].exact;
  }
  const auto count = static_cast<double>(queries.size());
  return {recall.share / (10 * count), recall.exact / count};
}

void repair(std::size_t rows, const std::string& name) {
  for (const double part : {0.1, 0.3, 1.0}) {
    Source source(name);
    Rows all(source, rows);
    auto index = must(AnnIndex::build(all.state, kOnly));
    must(index.measure(all.state, kOnly));
    for (std::size_t i = 0; i < rows; i += 5) all.put(i, moved(all.values[i], all.others[i / 5], part));
    AnnRepair done;
    const double repair_time = seconds([&] { done = must(index.repair(all.state, kOnly)); });
    const AnnQuality quality = must(index.measure(all.state, kOnly));
    const double recall = recall_of(index, all.state, 1, rows / 400).share;
    const double of_moved = recall_of(index, all.state, 0, 5).share;
    std::unique_ptr<AnnIndex> anew;
    const double rebuild = seconds([&] { anew = std::make_unique<AnnIndex>(must(AnnIndex::build(all.state, kOnly))); });
    must(anew->measure(all.state, kOnly));
    std::printf(
        "{\"moved\":%g,\"rows\":%zu,\"dims\":%zu,\"overwritten\":%llu,\"relinked\":%llu,\"repair\":%.6f,\"rebuild\":%."
        "6f,"
        "\"ef\":%u,\"recall\":%.4f,\"recall_of_moved\":%.4f,\"measured\":%.4f,\"low\":%.4f,\"anew\":%.4f,\"anew_ef\":%"
        "u}\n",
        part, rows, source.dims(), static_cast<unsigned long long>(done.overwritten),
        static_cast<unsigned long long>(done.relinked), repair_time, rebuild, quality.breadth, recall, of_moved,
        static_cast<double>(quality.recall), static_cast<double>(quality.low),
        recall_of(*anew, all.state, 1, rows / 400).share, anew->quality().breadth);
    std::fflush(stdout);
  }
}

void single(std::size_t rows, const std::string& name) {
  Source source(name);
  const Rows all(source, rows);
  auto index = must(AnnIndex::build(all.state, kOnly));
  const AnnQuality quality = must(index.measure(all.state, kOnly));
  const auto numbers = must(all.state.rows(kOnly));
  const auto search = must(AnnSearch::make(index, all.state, numbers));
  std::vector<double> times;
  for (int round = 0; round < 7; ++round) {
    constexpr std::size_t kCount = 2000;
    times.push_back(seconds([&] {
                      for (std::size_t i = 0; i < kCount; ++i) {
                        const VectorNo row = numbers[i * 7919 % rows];
                        const SearchQuery query{all.state.bits(row), row};
                        if (must(search.run({&query, 1}))[0].exact) fail("the index was not used");
                      }
                    }) /
                    kCount);
  }
  std::ranges::sort(times);
  std::printf("{\"rows\":%zu,\"dims\":%zu,\"ef\":%u,\"recall\":%.4f,\"seconds\":%.9f,\"low\":%.9f,\"high\":%.9f}\n",
              rows, source.dims(), quality.breadth, recall_of(index, all.state, 1, rows / 400).share,
              times[times.size() / 2], times.front(), times.back());
}

/// As fast as the memory gives them: several sums at once, so that no addition waits for another.
float sum_of(const State& state, std::span<const VectorNo> rows) {
  typedef float Four __attribute__((vector_size(16)));
  Four sums[8] = {};
  for (const VectorNo row : rows) {
    const auto bits = state.bits(row);
    for (std::size_t at = 0; at + 32 <= bits.size(); at += 32) {
      for (std::size_t i = 0; i < 8; ++i) {
        Four four;
        std::memcpy(&four, bits.data() + at + 4 * i, sizeof four);
        sums[i] += four;
      }
    }
  }
  float sum = 0;
  for (const Four& four : sums) sum += four[0] + four[1] + four[2] + four[3];
  return sum;
}

void exact(std::size_t rows, std::size_t dims) {
  Source source("latent:1:" + std::to_string(dims));
  const Values row = source.next();
  Catalog catalog;
  State state(catalog, rows);
  catalog.add_namespace("", static_cast<std::uint32_t>(dims));
  for (std::size_t i = 0; i < rows; ++i) {
    const VectorNo vector = catalog.add_vector(kOnly, std::to_string(i));
    state.set_exists(vector, true);
    const auto bits = state.put(vector);
    for (std::size_t d = 0; d < dims; ++d) bits[d] = std::bit_cast<std::uint32_t>(row[(d + i) % dims]);
  }
  const auto numbers = must(state.rows(kOnly));
  const SearchQuery query{state.bits(numbers[3])};
  for (int round = 0; round < 9; ++round) {
    volatile float sink = 0;
    const double read = seconds([&] { sink = sum_of(state, numbers); });
    std::printf("{\"bytes\":%zu,\"read\":%.6f", 4 * rows * dims, read);
    for (const Metric metric : {Metric::l2, Metric::cosine, Metric::ip}) {
      for (const unsigned threads : {1u, 2u}) {
        double cpu = 0, own = -thread_seconds();
        const double passed = wall([&] {
          cpu = seconds([&] { must(search_exact(state, numbers, {&query, 1}, {10, metric, threads})); });
        });
        own += thread_seconds();
        std::printf(",\"%s/%u\":{\"cpu\":%.6f,\"own\":%.6f,\"wall\":%.6f}", std::string(metric_name(metric)).c_str(),
                    threads, cpu, own, passed);
      }
    }
    std::printf("}\n");
  }
}

std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void rounds(std::size_t count) {
  constexpr std::size_t kRows = 2000;
  Source source("latent:12:48");
  Rows all(source, kRows);
  auto index = must(AnnIndex::build(all.state, kOnly));
  std::mt19937_64 random(1);
  std::size_t rebuilt = 0;
  for (std::size_t round = 0; round <= count; ++round) {
    if (round % std::max<std::size_t>(1, count / 10) == 0) {
      BufferSink sink;
      must(write_ann({&index, 1}, sink));
      index = std::move(must(read_ann(*memory_source("index", sink.bytes)))[0]);
      std::printf("{\"round\":%zu,\"nodes\":%zu,\"file\":%zu,\"resident\":%zu,\"rebuilt\":%zu}\n", round, index.nodes(),
                  sink.bytes.size(), resident(), rebuilt);
      std::fflush(stdout);
    }
    for (int i = 0; i < 100; ++i) {  // 5 %: most move, some go, some come
      const std::size_t at = random() % kRows;
      const auto vector = all.catalog.find_vector(kOnly, std::to_string(at));
      if (random() % 10 == 0) {
        all.state.set_exists(*vector, false);
      } else {
        all.values[at] = random() % 2 == 0 ? source.next() : moved(all.values[at], all.others[at / 5], 0.05);
        all.put(at, all.values[at]);
      }
    }
    rebuilt += must(index.repair(all.state, kOnly)).rebuilt;
    const auto rows = must(all.state.rows(kOnly));
    for (int i = 0; i < 10; ++i) {
      const VectorNo row = rows[random() % rows.size()];
      const SearchQuery query{all.state.bits(row), row};
      if (must(index.search(all.state, rows, {&query, 1}))[0].neighbours.size() != 10) fail("too few neighbours");
    }
  }
}

}  // namespace

int main(int count, char** words) {
  const std::string what = count > 1 ? words[1] : "";
  if (what == "repair" && count == 4) {
    repair(std::stoul(words[2]), words[3]);
  } else if (what == "single" && count == 4) {
    single(std::stoul(words[2]), words[3]);
  } else if (what == "exact" && count == 4) {
    exact(std::stoul(words[2]), std::stoul(words[3]));
  } else if (what == "rounds" && count == 3) {
    rounds(std::stoul(words[2]));
  } else {
    fail("repair, single, exact or rounds, and its words");
  }
  return 0;
}
