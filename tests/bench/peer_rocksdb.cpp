// The peer that is hardest to beat: RocksDB, a value a changed row, under the row number and the version. The versions
// of a row lie side by side, so that zstd finds what they have in common.
//
//   bench_rocksdb write DIRECTORY MATRIX.npy...  bench_rocksdb read DIRECTORY VERSION OUT.npy
//   bench_rocksdb history DIRECTORY ROW          bench_rocksdb warm DIRECTORY
//
// A version is one batch, whose write-ahead log is synced: on disk before the next one begins. In the end everything is
// compacted, so that size and reads are as good as they get. Keys: row and version, four bytes each, big-endian.
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "matrix_file.hpp"

using namespace bench;

namespace {

void must(const rocksdb::Status& status) {
  if (!status.ok()) fail_with("RocksDB: " + status.ToString());
}

std::string key_of(std::uint32_t row, std::uint32_t version) {
  std::string key(8, '\0');
  for (int i = 0; i < 4; ++i) {
    key[static_cast<std::size_t>(i)] = static_cast<char>(row >> (24 - 8 * i));
    key[static_cast<std::size_t>(4 + i)] = static_cast<char>(version >> (24 - 8 * i));
  }
  return key;
}

std::uint32_t number_at(const rocksdb::Slice& key, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(key[at + i]);
  return number;
}

rocksdb::Options options() {
  rocksdb::Options chosen;
  chosen.create_if_missing = true;
  chosen.compression = rocksdb::kZSTD;
  chosen.IncreaseParallelism(2);
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 << 10;  // smaller finds less in common, larger makes a single history slower
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  chosen.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return chosen;
}

void write_all(const std::string& path, const std::vector<std::string>& inputs) {
  rocksdb::DB* opened = nullptr;
  must(rocksdb::DB::Open(options(), path, &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions synced;
  synced.sync = true;
  Matrix before, now;
  for (std::uint32_t version = 0; version < inputs.size(); ++version) {
    load(inputs[version], now);
    rocksdb::WriteBatch batch;
    for (const std::uint32_t row : changed_rows(before, now)) {
      must(batch.Put(key_of(row, version),
                     rocksdb::Slice(reinterpret_cast<const char*>(now.row(row)), now.row_bytes())));
    }
    // What a reader could not know: how large the matrix is. Under a key that no row has.
    const std::uint32_t shape[2] = {now.rows, now.dims};
    must(batch.Put(key_of(~std::uint32_t{0}, version),
                   rocksdb::Slice(reinterpret_cast<const char*>(shape), sizeof shape)));
    must(db->Write(synced, &batch));
    std::swap(before, now);
  }
  must(db->Flush({}));
  rocksdb::CompactRangeOptions all;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  must(db->CompactRange(all, nullptr, nullptr));
  must(db->Close());
}

std::unique_ptr<rocksdb::DB> open_to_read(const std::string& path) {
  rocksdb::DB* opened = nullptr;
  must(rocksdb::DB::OpenForReadOnly(options(), path, &opened));
  return std::unique_ptr<rocksdb::DB>(opened);
}

void read_version(const std::string& path, std::uint32_t version, const std::string& output) {
  const auto db = open_to_read(path);
  std::string shape;
  must(db->Get({}, key_of(~std::uint32_t{0}, version), &shape));
  Matrix matrix;
  std::memcpy(&matrix.rows, shape.data(), 4);
  std::memcpy(&matrix.dims, shape.data() + 4, 4);
  matrix.values.resize(std::size_t{matrix.rows} * matrix.dims);
  rocksdb::ReadOptions reading;
  reading.readahead_size = 2 << 20;
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(reading));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const std::uint32_t row = number_at(at->key(), 0);
    if (row >= matrix.rows || number_at(at->key(), 4) > version) continue;
    if (at->value().size() != matrix.row_bytes()) fail_with("a row of another size");
    std::memcpy(matrix.row(row), at->value().data(), matrix.row_bytes());
  }
  must(at->status());
  store(output, matrix);
}

std::size_t changes_of(rocksdb::DB& db, std::uint32_t row) {
  std::size_t changes = 0;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}));
  for (at->Seek(key_of(row, 0)); at->Valid() && number_at(at->key(), 0) == row; at->Next()) ++changes;
  must(at->status());
  return changes;
}

void history_of(const std::string& path, std::uint32_t row) {
  std::printf("%zu\n", changes_of(*open_to_read(path), row));
}

void warm(const std::string& path) {
  const auto db = open_to_read(path);
  std::string shape;
  must(db->Get({}, key_of(~std::uint32_t{0}, 0), &shape));
  std::uint32_t rows = 0;
  std::memcpy(&rows, shape.data(), 4);
  const auto present = [&](std::uint32_t row) {
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}));
    at->SeekForPrev(key_of(row, ~std::uint32_t{0}));
    if (!at->Valid() || number_at(at->key(), 0) != row) fail_with("no such row");
    float value = 0;
    std::memcpy(&value, at->value().data(), sizeof value);
    return value;
  };
  print_warm(
      rows, [&](std::uint32_t row) { return changes_of(*db, row); }, present);
}

}  // namespace

int main(int count, char** arguments) { return run_peer(count, arguments, write_all, read_version, history_of, warm); }
