// The peer that anyone would write in an afternoon: the rows that changed, a zstd -3 frame a version, synced.
// It has no index, no checksums, no clocks and no ids; it says what those may cost, and how small and quick plain is.
//
//   bench_rows_zstd write FILE MATRIX.npy...     bench_rows_zstd read FILE VERSION OUT.npy
//   bench_rows_zstd history FILE ROW
//
// Frame: u32 rows, dims and count, then count row numbers and count rows, compressed; before it two u32: packed, raw.
#include <zstd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "matrix_file.hpp"

using namespace bench;

namespace {

void write_all(const std::string& path, const std::vector<std::string>& inputs) {
  File out(path, O_WRONLY | O_CREAT | O_TRUNC);
  ZSTD_CCtx* context = ZSTD_createCCtx();
  Matrix before, now;
  std::vector<char> raw, packed;
  for (const std::string& input : inputs) {
    load(input, now);
    const auto changed = changed_rows(before, now);
    const std::uint32_t head[3] = {now.rows, now.dims, static_cast<std::uint32_t>(changed.size())};
    raw.resize(sizeof head + changed.size() * (4 + now.row_bytes()));
    std::memcpy(raw.data(), head, sizeof head);
    std::memcpy(raw.data() + sizeof head, changed.data(), changed.size() * 4);
    char* place = raw.data() + sizeof head + changed.size() * 4;
    for (const std::uint32_t row : changed) {
      std::memcpy(place, now.row(row), now.row_bytes());
      place += now.row_bytes();
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

void read_version(const std::string& path, std::uint32_t version, const std::string& output) {
  Matrix matrix;
  scan(path, version, [&](const std::vector<std::uint32_t>& rows, const char* values, const std::uint32_t* head) {
    matrix.rows = head[0];
    matrix.dims = head[1];
    matrix.values.resize(std::size_t{matrix.rows} * matrix.dims);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] >= matrix.rows) fail_with("a row number beyond the matrix");
      std::memcpy(matrix.row(rows[i]), values + i * matrix.row_bytes(), matrix.row_bytes());
    }
  });
  store(output, matrix);
}

void history_of(const std::string& path, std::uint32_t row) {
  std::size_t deltas = 0;
  scan(path, ~std::uint64_t{0} - 1, [&](const std::vector<std::uint32_t>& rows, const char*, const std::uint32_t*) {
    for (const std::uint32_t changed : rows) deltas += changed == row;
  });
  std::printf("%zu\n", deltas);
}

}  // namespace

int main(int count, char** arguments) { return run_peer(count, arguments, write_all, read_version, history_of); }
