// Writes the reference workloads as .npy files: a base matrix and versions that each change 5 % of its rows.
//
// Sizes and times are compared across machines and years, so the same arguments must give the same bits everywhere.
// Hence an own generator, and an own logarithm: the library's may differ in the last bit. Arithmetic, sqrt and the
// conversion to float32 are exact by IEEE 754 (the build forbids contraction).
//
//   bench_workload mixed|sparse OUTDIR [--rows N] [--dims D] [--versions V] [--seed S]
//
// "mixed", of the changed rows: 45 % get fresh values in 5 % of the dims, 25 % in a cluster of 50 neighbouring dims,
// 15 % everywhere; 10 % get noise of 1e-3 on every dim, 5 % are scaled by 1.01. "sparse": all of them 5 % of the dims.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

// xoshiro256++ (Blackman, Vigna), seeded by splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 to n - 1; n is far below 2^32, so that the bias of the multiplication does not matter.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((next() >> 32) * n >> 32); }

  double gaussian();

 private:
  double between_minus_one_and_one() { return static_cast<double>(next() >> 11) * 0x1p-52 - 1.0; }

  std::uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

// ln x for 0 < x <= 1 by 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)): the terms fall by 34 each.
double logarithm(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  double sum = 0;
  double power = s;
  for (int k = 1; k <= 23; k += 2) {
    sum += power / k;
    power *= s * s;
  }
  return 2 * sum + exponent * 0.69314718055994531;
}

// Marsaglia's polar method: two values from a point in the unit circle.
double Random::gaussian() {
  if (std::exchange(has_spare_, false)) return spare_;
  double x = 0, y = 0, square = 0;
  do {
    x = between_minus_one_and_one();
    y = between_minus_one_and_one();
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double factor = std::sqrt(-2 * logarithm(square) / square);
  spare_ = y * factor;
  has_spare_ = true;
  return x * factor;
}

struct Shape {
  std::size_t rows = 20000, dims = 384, versions = 50, changed = 5;  // changed: percent of the rows, a version
};

class Workload {
 public:
  Workload(Shape shape, bool mixed, std::uint64_t seed) : shape_(shape), mixed_(mixed), random_(seed) {
    values_.resize(shape.rows * shape.dims);
    order_.resize(shape.rows);
    dims_order_.resize(shape.dims);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::iota(dims_order_.begin(), dims_order_.end(), std::size_t{0});
    for (std::size_t row = 0; row < shape.rows; ++row) refresh(row);
  }

  const std::vector<float>& values() const { return values_; }

  // The next version. Shares are exact: the kinds are dealt to the changed rows in turn, and these are drawn at random.
  void step() {
    const std::size_t changed = shape_.rows * shape_.changed / 100;
    draw(order_, changed);
    for (std::size_t i = 0; i < changed; ++i) {
      const std::size_t row = order_[i];
      const std::size_t place = i * 100 / changed;
      if (!mixed_ || place < 45) {
        sparse(row);
      } else if (place < 70) {
        cluster(row);
      } else if (place < 85) {
        refresh(row);
      } else if (place < 95) {
        noise(row);
      } else {
        scale(row);
      }
    }
  }

 private:
  float* at(std::size_t row) { return values_.data() + row * shape_.dims; }

  // A value as a normalised row has it.
  float fresh() { return static_cast<float>(random_.gaussian() / std::sqrt(static_cast<double>(shape_.dims))); }

  // Moves `count` distinct random members to the front.
  void draw(std::vector<std::size_t>& members, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) std::swap(members[i], members[i + random_.below(members.size() - i)]);
  }

  void sparse(std::size_t row) {
    const std::size_t count = std::max<std::size_t>(1, shape_.dims / 20);
    draw(dims_order_, count);
    for (std::size_t i = 0; i < count; ++i) at(row)[dims_order_[i]] = fresh();
  }

  void cluster(std::size_t row) {
    const std::size_t width = std::min<std::size_t>(50, shape_.dims);
    const std::size_t first = random_.below(shape_.dims - width + 1);
    for (std::size_t i = 0; i < width; ++i) at(row)[first + i] = fresh();
  }

  void refresh(std::size_t row) {
    std::vector<double> fresh_row(shape_.dims);
    double square = 0;
    for (double& value : fresh_row) {
      value = random_.gaussian();
      square += value * value;
    }
    const double norm = std::sqrt(square);
    for (std::size_t i = 0; i < shape_.dims; ++i) at(row)[i] = static_cast<float>(fresh_row[i] / norm);
  }

  void noise(std::size_t row) {
    for (std::size_t i = 0; i < shape_.dims; ++i) at(row)[i] += static_cast<float>(1e-3 * random_.gaussian());
  }

  void scale(std::size_t row) {
    for (std::size_t i = 0; i < shape_.dims; ++i) at(row)[i] *= 1.01f;
  }

  Shape shape_;
  bool mixed_;
  Random random_;
  std::vector<float> values_;
  std::vector<std::size_t> order_, dims_order_;
};

// .npy version 1.0 as numpy writes it: the header padded to a multiple of 64 bytes.
std::string npy_header(Shape shape) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(shape.rows) + ", " +
                     std::to_string(shape.dims) + "), }";
  dict.resize((dict.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  dict += '\n';
  std::string header = "\x93NUMPY";
  header += '\x01';
  header += '\0';
  header += static_cast<char>(dict.size() & 0xff);
  header += static_cast<char>(dict.size() >> 8);
  return header + dict;
}

bool write_matrix(const std::string& path, Shape shape, const std::vector<float>& values) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return false;
  const std::string header = npy_header(shape);
  const bool written = std::fwrite(header.data(), 1, header.size(), file) == header.size() &&
                       std::fwrite(values.data(), sizeof(float), values.size(), file) == values.size();
  return (std::fclose(file) == 0) && written;
}

std::string matrix_name(const std::string& directory, std::size_t version) {
  char name[32];
  std::snprintf(name, sizeof name, "/v%03zu.npy", version);
  return directory + name;
}

int usage() {
  std::fputs(
      "usage: bench_workload mixed|sparse OUTDIR [--rows N] [--dims D] [--versions V] [--changed PERCENT] [--seed S]\n",
      stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  static_assert(std::endian::native == std::endian::little, "values are written as they stand in memory");
  if (count < 3 || count % 2 == 0) return usage();
  const std::string_view kind = arguments[1];
  const std::string directory = arguments[2];
  if (kind != "mixed" && kind != "sparse") return usage();
  Shape shape;
  std::uint64_t seed = 1;
  for (int i = 3; i < count; i += 2) {
    const std::string_view name = arguments[i];
    const std::uint64_t value = std::strtoull(arguments[i + 1], nullptr, 10);
    if (name == "--rows") {
      shape.rows = value;
    } else if (name == "--dims") {
      shape.dims = value;
    } else if (name == "--versions") {
      shape.versions = value;
    } else if (name == "--changed") {
      shape.changed = value;
    } else if (name == "--seed") {
      seed = value;
    } else
      return usage();
  }
  if (shape.rows == 0 || shape.dims == 0 || shape.changed > 100) return usage();

  Workload workload(shape, kind == "mixed", seed);
  for (std::size_t version = 0; version <= shape.versions; ++version) {
    if (version > 0) workload.step();
    const std::string path = matrix_name(directory, version);
    if (!write_matrix(path, shape, workload.values())) {
      std::perror(path.c_str());
      return 1;
    }
  }
  return 0;
}
