// What the lookup index of a log repeats of one segment, so that a few deltas of it can be read without its FOOTER,
// names and commits: the places of its frames, and its commits by the DATA frames that hold their deltas. See
// formats/spec/index-1.md. A table is bound to its segment by the digest of that, and can be read in part.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/numbers.hpp"
#include "delta/catalog.hpp"
#include "delta/result.hpp"
#include "format/tables.hpp"

namespace delta::format {

/// A frame of the segment, and its number there.
struct IndexedFrame {
  FrameEntry entry;
  std::uint32_t number = 0;
  friend bool operator==(const IndexedFrame&, const IndexedFrame&) = default;
};

/// A commit of the segment, in brief.
struct IndexedRow {
  RowNo row{};
  SegmentOrigin origin{};
  std::uint64_t first = 1, count = 0;  // its dots
  Timestamp time;                      // of its last delta
  std::uint32_t text = 0;              // in the texts of the table, if it has them
  std::uint64_t begin = 0;             // fresh: ordinal of its first delta; packed: 0
  friend bool operator==(const IndexedRow&, const IndexedRow&) = default;
};

/// What several commits of a segment say alike.
struct RowTexts {
  std::string message, tool, source, trace, properties;
  friend auto operator<=>(const RowTexts&, const RowTexts&) = default;
};

/// The fixed part of a table, and where its other parts stand.
struct SegmentTableHead {
  Kind kind = Kind::fresh;
  std::uint32_t salt = 0, vectors = 0, commits = 0;
  std::uint32_t data = 0, postings = 0, tables = 0;  // frames: DATA, POSTINGS, COMMITS
  std::uint32_t groups = 0;                          // of rows
  bool has_texts = false;                            // of all rows; else COMMITS alone has them
  std::vector<Namespace> namespaces;                 // by the numbers of the segment
  std::vector<std::string> origins;                  // likewise
  std::vector<RowNo> settings;                       // rows that are settings, ascending
  std::vector<RowTexts> texts;
  std::uint32_t bytes = 0;  // of the head itself

  std::uint32_t frames() const { return data + postings + tables; }
  std::uint64_t frames_at() const { return (std::uint64_t{bytes} + 7) / 8 * 8; }
  std::uint64_t directory_at() const;
  std::uint64_t groups_at() const { return directory_at() + 4 * (std::uint64_t{groups} + 1); }
  friend bool operator==(const SegmentTableHead&, const SegmentTableHead&) = default;
};
inline constexpr std::size_t kIndexedFrameBytes = 64;
inline constexpr std::size_t kTableStartBytes = 8;  // tell how long the head is
inline constexpr std::uint32_t kRowsOfGroup = 256;  // packed
inline constexpr std::uint64_t kTextBytes = 4096;   // at most, of all texts
inline constexpr std::uint32_t kMaxTableBytes = ~0u;

struct SegmentTable {
  SegmentTableHead head;
  std::vector<IndexedFrame> frames;             // DATA, then POSTINGS, then COMMITS, each in order
  std::vector<std::vector<IndexedRow>> groups;  // fresh: of each DATA frame the rows of its deltas; packed: all rows
  friend bool operator==(const SegmentTable&, const SegmentTable&) = default;
};
/// Appends its bytes. Sets what `head` says of sizes and counts of frames and groups. false, and nothing is appended:
/// it would have more than `most` bytes.
bool write_segment_table(SegmentTable& table, std::uint64_t digest, std::uint64_t most, Buffer& out);

/// How many bytes the head has, by its first kTableStartBytes. corrupt: more than `size`.
Result<std::uint32_t> table_head_bytes(ByteView start, std::uint64_t size);
/// `bytes`: the head; `size`: of the whole table. corrupt.
Result<SegmentTableHead> read_table_head(ByteView bytes, std::uint64_t digest, std::uint64_t size);
/// `bytes`: kIndexedFrameBytes; `place`: among the frames of the table.
Result<IndexedFrame> read_table_frame(ByteView bytes, std::uint64_t digest, std::uint32_t place);
/// Where a group begins and ends in the table: `bytes` are its 8 of the directory. corrupt: beyond `size`.
Result<std::pair<std::uint64_t, std::uint64_t>> read_group_place(ByteView bytes, const SegmentTableHead& head,
                                                                 std::uint64_t size);
/// The rows of a group.
Result<std::vector<IndexedRow>> read_row_group(ByteView bytes, const SegmentTableHead& head, std::uint64_t digest,
                                               std::uint32_t group);
/// Appends the list of each vector at `places` of a POSTINGS frame (among those of the frame, ascending, each once).
/// What it passes over is not looked at. REQUIRES: places below `count`.
Status find_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames,
                     std::span<const std::uint32_t> places, std::vector<Posting>& out);

/// All of a table, with what its parts must say of each other.
Result<SegmentTable> read_segment_table(ByteView bytes, std::uint64_t digest);

}  // namespace delta::format
