// The peer that anyone would write in an afternoon: the rows that changed, a zstd -3 frame a version, synced.
// It has no index, no checksums, no clocks and no ids; it says what those may cost, and how small and quick plain is.
//
//   bench_rows_zstd write FILE MATRIX.npy...      bench_rows_zstd read FILE VERSION OUT.npy
//   bench_rows_zstd history FILE ROW              (prints how often the row changed)
//
// Frame: u32 rows, dims and count, then count row numbers and count rows, compressed; before it two u32: packed, raw.
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::perror(what.c_str());
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
};

// As bench_workload writes them: version 1.0, float32, C order.
void load(const std::string& path, Matrix& into) {
  File file(path, O_RDONLY);
  unsigned char fixed[10];
  if (file.read(fixed, sizeof fixed) != sizeof fixed) fail(path);
  std::string dict(fixed[8] + fixed[9] * std::size_t{256}, ' ');
  if (file.read(dict.data(), dict.size()) != dict.size()) fail(path);
  const std::size_t shape = dict.find("'shape': (");
  if (shape == std::string::npos || std::sscanf(dict.c_str() + shape, "'shape': (%u, %u)", &into.rows, &into.dims) != 2)
    fail(path);
  into.values.resize(std::size_t{into.rows} * into.dims);
  const std::size_t size = into.values.size() * sizeof(float);
  if (file.read(into.values.data(), size) != size) fail(path);
}

void store(const std::string& path, const Matrix& matrix) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(matrix.rows) + ", " +
                     std::to_string(matrix.dims) + "), }";
  dict.resize((dict.size() + 11 + 63) / 64 * 64 - 11, ' ');
  dict += '\n';
  const unsigned char fixed[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<unsigned char>(dict.size() & 0xff),
                                   static_cast<unsigned char>(dict.size() >> 8)};
  File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  file.write(fixed, sizeof fixed);
  file.write(dict.data(), dict.size());
  file.write(matrix.values.data(), matrix.values.size() * sizeof(float));
  file.sync();
}

int write(const std::string& path, const std::vector<std::string>& inputs) {
  File out(path, O_WRONLY | O_CREAT | O_TRUNC);
  ZSTD_CCtx* context = ZSTD_createCCtx();
  Matrix before, now;
  std::vector<char> raw, packed;
  for (const std::string& input : inputs) {
    load(input, now);
    std::vector<std::uint32_t> changed;
    for (std::uint32_t row = 0; row < now.rows; ++row) {
      const std::size_t at = std::size_t{row} * now.dims;
      const bool same = row < before.rows &&
                        std::memcmp(&now.values[at], &before.values[at], now.dims * sizeof(float)) == 0;
      if (!same) changed.push_back(row);
    }
    const std::uint32_t head[3] = {now.rows, now.dims, static_cast<std::uint32_t>(changed.size())};
    raw.resize(sizeof head + changed.size() * (4 + std::size_t{now.dims} * 4));
    std::memcpy(raw.data(), head, sizeof head);
    std::memcpy(raw.data() + sizeof head, changed.data(), changed.size() * 4);
    char* place = raw.data() + sizeof head + changed.size() * 4;
    for (const std::uint32_t row : changed) {
      std::memcpy(place, &now.values[std::size_t{row} * now.dims], now.dims * sizeof(float));
      place += now.dims * sizeof(float);
    }
    packed.resize(ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compressCCtx(context, packed.data(), packed.size(), raw.data(), raw.size(), 3);
    if (ZSTD_isError(size)) fail("zstd");
    const std::uint32_t lengths[2] = {static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(raw.size())};
    out.write(lengths, sizeof lengths);
    out.write(packed.data(), size);
    std::swap(before, now);
  }
  out.sync();
  ZSTD_freeCCtx(context);
  return 0;
}

// Calls visit(row numbers, rows' values, head) for the frames 0 to `last`.
template <class Visit>
void scan(const std::string& path, std::uint64_t last, Visit visit) {
  File in(path, O_RDONLY);
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::vector<char> packed, raw;
  for (std::uint64_t version = 0; version <= last; ++version) {
    std::uint32_t lengths[2], head[3];
    if (in.read(lengths, sizeof lengths) != sizeof lengths) break;
    packed.resize(lengths[0]);
    raw.resize(lengths[1]);
    if (in.read(packed.data(), packed.size()) != packed.size()) fail(path);
    if (ZSTD_decompressDCtx(context, raw.data(), raw.size(), packed.data(), packed.size()) != raw.size()) fail(path);
    std::memcpy(head, raw.data(), sizeof head);
    std::vector<std::uint32_t> rows(head[2]);
    std::memcpy(rows.data(), raw.data() + sizeof head, rows.size() * 4);
    visit(rows, raw.data() + sizeof head + rows.size() * 4, head);
  }
  ZSTD_freeDCtx(context);
}

int read(const std::string& path, std::uint64_t version, const std::string& output) {
  Matrix matrix;
  scan(path, version, [&](const std::vector<std::uint32_t>& rows, const char* values, const std::uint32_t* head) {
    matrix.rows = head[0];
    matrix.dims = head[1];
    const std::size_t size = std::size_t{matrix.dims} * sizeof(float);
    matrix.values.resize(std::size_t{matrix.rows} * matrix.dims);
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(&matrix.values[std::size_t{rows[i]} * matrix.dims], values + i * size, size);
  });
  store(output, matrix);
  return 0;
}

int history(const std::string& path, std::uint64_t row) {
  int changes = 0;
  scan(path, ~std::uint64_t{0} - 1, [&](const std::vector<std::uint32_t>& rows, const char*, const std::uint32_t*) {
    for (const std::uint32_t changed : rows) changes += changed == row;
  });
  std::printf("%d\n", changes);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> args(arguments + 1, arguments + count);
  if (args.size() > 2 && args[0] == "write") return write(args[1], {args.begin() + 2, args.end()});
  if (args.size() == 4 && args[0] == "read") return read(args[1], std::strtoull(args[2].c_str(), nullptr, 10), args[3]);
  if (args.size() == 3 && args[0] == "history") return history(args[1], std::strtoull(args[2].c_str(), nullptr, 10));
  std::fputs("usage: bench_rows_zstd write FILE NPY... | read FILE VERSION OUT | history FILE ROW\n", stderr);
  return 2;
}
