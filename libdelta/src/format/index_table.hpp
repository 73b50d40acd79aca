// The lookup index of a log: the layout of its bytes, as formats/spec/index-1.md has it. It says of each id in which
// segments it stands, and under which number there; and of each segment that is not small what a reader needs of its
// directory (format/index_segment.hpp). Names and deltas stay in the log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/numbers.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"

namespace delta::format {

inline constexpr std::size_t kIndexHeaderBytes = 64, kLevelHeaderBytes = 64, kIndexedSegmentBytes = 64;
inline constexpr std::size_t kMaxLevels = 64;

void write_index_header(Buffer& out);
/// corrupt, or unsupported: another version. REQUIRES: kIndexHeaderBytes.
Status read_index_header(ByteView bytes);

/// What stands for an id in the index.
struct IdHash {
  std::uint64_t high = 0;
  std::uint32_t low = 0;
  friend auto operator<=>(const IdHash&, const IdHash&) = default;
};
IdHash id_hash(std::string_view id);
/// The same of many, which is several times as fast. REQUIRES: as many hashes as ids.
void id_hashes(std::span<const std::string_view> ids, std::span<IdHash> hashes);

struct IndexedSegment {
  std::uint64_t offset = 0, length = 0, digest = 0;  // as its trailer states the latter two
  std::uint64_t before = 0;                          // commits of all segments before it
  std::uint64_t table = 0;                           // where its table begins, among those of the level
  std::uint32_t table_bytes = 0;                     // 0: it has none
  std::uint32_t commits = 0;
  friend bool operator==(const IndexedSegment&, const IndexedSegment&) = default;
};

/// Where an origin stands after the segments of a level.
struct IndexedHead {
  std::string origin;
  std::uint64_t seq = 0;
  Timestamp time;
  Hash hash{};  // of its last commit; zeros: not known
  friend bool operator==(const IndexedHead&, const IndexedHead&) = default;
};

struct LevelNames {
  std::vector<Namespace> namespaces;         // in order of first use, each once
  std::vector<IndexedHead> heads;            // likewise
  std::uint32_t last = 0;                    // in heads: whose commit is the last of the level
  std::vector<std::uint32_t> with_settings;  // segments of the level that hold settings, ascending
  friend bool operator==(const LevelNames&, const LevelNames&) = default;
};

/// A vector of a segment.
struct IndexEntry {
  IdHash hash;                // of its id
  std::uint32_t segment = 0;  // in the level
  SegmentVector vector{};
  SegmentNamespace ns{};
  bool lifecycle = false;  // the segment may hold a create or delete of it
  friend auto operator<=>(const IndexEntry&, const IndexEntry&) = default;
};

/// The fixed part of a level, which stands at its end, and where its other parts stand.
struct LevelHeader {
  bool linear = false;  ///< each commit has seen all before it in the file, and is whole
  std::uint32_t segments = 0, bucket_bits = 0, names_bytes = 0, order_bytes = 0;
  std::uint64_t first_segment = 0;  ///< segments in the levels before it
  std::uint64_t ids = 0, bucket_bytes = 0, table_bytes = 0;
  std::uint64_t salt = 0;  ///< its checksum, which the checksums of its parts take in

  static std::uint64_t buckets_at() { return 0; }
  std::uint64_t tables_at() const { return (bucket_bytes + 7) / 8 * 8; }
  std::uint64_t order_at() const { return tables_at() + table_bytes; }
  std::uint64_t directory_at() const { return (order_at() + order_bytes + 7) / 8 * 8; }
  std::uint64_t segments_at() const { return directory_at() + 8 * ((std::uint64_t{1} << bucket_bits) + 1); }
  std::uint64_t names_at() const { return segments_at() + kIndexedSegmentBytes * std::uint64_t{segments}; }
  std::uint64_t header_at() const;
  std::uint64_t length() const { return header_at() + kLevelHeaderBytes; }
  std::uint64_t bucket_of(const IdHash& hash) const { return bucket_bits == 0 ? 0 : hash.high >> (64 - bucket_bits); }
};

/// A whole level, in memory.
struct IndexLevel {
  bool linear = true;
  std::uint64_t first_segment = 0;
  std::vector<IndexedSegment> segments;
  std::vector<Buffer> tables;  // one a segment; empty: it has none. Where they stand is settled by writing.
  LevelNames names;
  std::vector<IndexEntry> entries;  // ascending, each once
  /// Ascending, each once. None: they are not known, or would take much room: see kOrderBytes. Settled by writing.
  std::optional<std::vector<std::string>> ids;
  friend bool operator==(const IndexLevel&, const IndexLevel&) = default;
};
/// An id of a level takes so many bytes at most among those that are in order, and the order this many beside.
inline constexpr std::uint64_t kOrderBytes = 6, kOrderRoom = 256;
/// Appends its bytes, which are a multiple of 64. Settles `table` and `table_bytes` of its segments, and `ids`.
/// REQUIRES: at least one segment, and a table for each.
void write_level(IndexLevel& level, Buffer& out);
/// Of the last kLevelHeaderBytes of a level that has `length` bytes. corrupt.
Result<LevelHeader> read_level_header(ByteView bytes, std::uint64_t length);
Result<LevelNames> read_level_names(ByteView bytes, const LevelHeader& level);
Result<IndexedSegment> read_indexed_segment(ByteView bytes, const LevelHeader& level, std::uint32_t number);
/// Where a bucket begins and ends in the level: `bytes` are its 16 of the directory.
struct BucketPlace {
  std::uint64_t offset = 0, size = 0;
};
Result<BucketPlace> read_bucket_place(ByteView bytes, const LevelHeader& level);
/// Appends the entries of a bucket.
Status read_bucket(ByteView bytes, const LevelHeader& level, std::uint64_t bucket, std::vector<IndexEntry>& out);
/// All of the above, with what they must say of each other. corrupt.
Result<IndexLevel> read_level(ByteView bytes);

/// The end of an index: which levels count, and of which log they are.
struct IndexSeal {
  struct Level {
    std::uint64_t offset = 0, length = 0, checksum = 0;
    friend bool operator==(const Level&, const Level&) = default;
  };
  std::uint64_t log_length = 0, digest = 0;  // of the log: its bytes, and what its last trailer states
  std::uint64_t segments = 0, commits = 0;
  std::vector<Level> levels;  // in order of their segments
  friend bool operator==(const IndexSeal&, const IndexSeal&) = default;
};
/// Appends its bytes, which are a multiple of 64. `at`: where in the index they come to stand, another multiple.
void write_seal(const IndexSeal& seal, std::uint64_t at, Buffer& out);
/// Of the last bytes of an index, as far as it has any. `end`: the size of the index up to there. corrupt: the index is
/// damaged, or was not written to its end.
Result<IndexSeal> read_seal(ByteView tail, std::uint64_t end);
/// Whether it may be worth to call that: `tail` ends like a seal. At least 64 bytes.
bool may_be_seal(ByteView tail);
/// The most that a seal takes.
inline constexpr std::size_t kMaxSealBytes = 48 + 24 * kMaxLevels + 64;

}  // namespace delta::format
