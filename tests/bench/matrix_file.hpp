// What the peers share: matrices as bench_workload writes them, and files that are synced. Nothing of the library, so
// that a peer's answer does not depend on what it is compared with.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

[[noreturn]] inline void fail_with(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

class File {
 public:
  File(const std::string& path, int flags) : path_(path), descriptor_(::open(path.c_str(), flags, 0666)) {
    if (descriptor_ < 0) fail(path);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(descriptor_); }

  // Fewer bytes than asked for only at the end of the file.
  std::size_t read(void* into, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::read(descriptor_, static_cast<char*>(into) + done, size - done);
      if (got < 0) fail(path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  void write(const void* from, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t put = ::write(descriptor_, static_cast<const char*>(from) + done, size - done);
      if (put < 0) fail(path_);
      done += static_cast<std::size_t>(put);
    }
  }

  void sync() {
    if (::fsync(descriptor_) != 0) fail(path_);
  }

 private:
  std::string path_;
  int descriptor_;
};

struct Matrix {
  std::uint32_t rows = 0, dims = 0;
  std::vector<float> values;

  float* row(std::size_t number) { return values.data() + number * dims; }
  const float* row(std::size_t number) const { return values.data() + number * dims; }
  std::size_t row_bytes() const { return std::size_t{dims} * sizeof(float); }
};

// As bench_workload writes them: version 1.0, float32, C order.
inline void load(const std::string& path, Matrix& into) {
  File file(path, O_RDONLY);
  unsigned char fixed[10];
  if (file.read(fixed, sizeof fixed) != sizeof fixed) fail(path);
  std::string dict(fixed[8] + fixed[9] * std::size_t{256}, ' ');
  if (file.read(dict.data(), dict.size()) != dict.size()) fail(path);
  const std::size_t shape = dict.find("'shape': (");
  if (shape == std::string::npos ||
      std::sscanf(dict.c_str() + shape, "'shape': (%u, %u)", &into.rows, &into.dims) != 2) {
    fail(path);
  }
  into.values.resize(std::size_t{into.rows} * into.dims);
  const std::size_t size = into.values.size() * sizeof(float);
  if (file.read(into.values.data(), size) != size) fail(path);
}

inline void store(const std::string& path, const Matrix& matrix) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(matrix.rows) + ", " +
                     std::to_string(matrix.dims) + "), }";
  dict.resize((dict.size() + 11 + 63) / 64 * 64 - 11, ' ');
  dict += '\n';
  const unsigned char fixed[10] = {0x93,
                                   'N',
                                   'U',
                                   'M',
                                   'P',
                                   'Y',
                                   1,
                                   0,
                                   static_cast<unsigned char>(dict.size() & 0xff),
                                   static_cast<unsigned char>(dict.size() >> 8)};
  File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  file.write(fixed, sizeof fixed);
  file.write(dict.data(), dict.size());
  file.write(matrix.values.data(), matrix.values.size() * sizeof(float));
  file.sync();
}

// The rows of `now` that `before` lacks or has other bits in; all of them when `before` is empty.
inline std::vector<std::uint32_t> changed_rows(const Matrix& before, const Matrix& now) {
  std::vector<std::uint32_t> changed;
  for (std::uint32_t row = 0; row < now.rows; ++row) {
    const bool same = row < before.rows && std::memcmp(now.row(row), before.row(row), now.row_bytes()) == 0;
    if (!same) changed.push_back(row);
  }
  return changed;
}

// Asks about 10,000 rows, the same ones and in the same order for every holder, twice, in one process: history(row)
// says how often a row changed, present(row) gives its first value now. Prints the sum of the changes, and microseconds
// a question: history when it is asked first and again, then present value in the same way.
template <class History, class Present>
void print_warm(std::uint32_t rows, History history, Present present) {
  constexpr int kAsked = 10000;
  std::vector<std::uint32_t> asked;
  std::uint64_t state = 88172645463325252;  // xorshift64 (Marsaglia)
  for (int i = 0; i < kAsked; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    asked.push_back(static_cast<std::uint32_t>(state % rows));
  }
  const auto microseconds = [&](auto ask) {
    const auto started = std::chrono::steady_clock::now();
    for (const std::uint32_t row : asked) ask(row);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - started;
    return took.count() / kAsked;
  };
  std::size_t changes = 0;
  volatile float value = 0;  // so that it is read
  const auto count = [&](std::uint32_t row) { changes += history(row); };
  const auto look = [&](std::uint32_t row) { value = present(row); };
  const double first = microseconds(count), again = microseconds(count);
  const double value_first = microseconds(look), value_again = microseconds(look);
  std::printf("%zu %.3f %.3f %.3f %.3f\n", changes / 2, first, again, value_first, value_again);
}

// What every peer can do: write(path, matrices), read(path, version, out), history(path, row); and some of them:
// warm(path).
template <class Write, class Read, class History, class Warm = std::nullptr_t>
int run_peer(int count, char** arguments, Write write, Read read, History history, Warm warm = nullptr) {
  const std::vector<std::string> args(arguments + 1, arguments + count);
  if (args.size() > 2 && args[0] == "write") {
    write(args[1], std::vector<std::string>(args.begin() + 2, args.end()));
  } else if (args.size() == 4 && args[0] == "read") {
    read(args[1], static_cast<std::uint32_t>(std::stoul(args[2])), args[3]);
  } else if (args.size() == 3 && args[0] == "history") {
    history(args[1], static_cast<std::uint32_t>(std::stoul(args[2])));
  } else if (args.size() == 2 && args[0] == "warm" && !std::is_null_pointer_v<Warm>) {
    if constexpr (!std::is_null_pointer_v<Warm>) warm(args[1]);
  } else {
    std::fprintf(stderr, "usage: %s write STORE NPY... | read STORE VERSION OUT | history STORE ROW%s\n", arguments[0],
                 std::is_null_pointer_v<Warm> ? "" : " | warm STORE");
    return 2;
  }
  return 0;
}

}  // namespace bench
