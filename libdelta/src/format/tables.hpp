// Payloads of the frames that are tables: PROPS, IDS, COMMITS, POSTINGS, FOOTER. Numbers of origins, namespaces and vectors are the
// segment's own, in order of appearance. Each payload stands alone, but for the names that PROPS and IDS gave before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"
#include "format/layout.hpp"

namespace delta::format {

/// PROPS: names that follow those of earlier PROPS frames.
struct Props {
  std::vector<Namespace> namespaces;
  std::vector<std::string> origins;
};
void write_props(const Props& props, Buffer& out);
Status read_props(ByteView payload, std::uint32_t count, Props& props);

/// IDS: vectors that follow those of earlier IDS frames.
struct Ids {
  std::vector<std::uint32_t> namespaces;  // of each
  std::vector<std::string_view> ids;      // into `text`, or whatever the writer holds
  std::vector<char> text;                 // filled by read_ids; a vector, since moving one leaves the views valid
};
void write_ids(const Ids& ids, Buffer& out);
Status read_ids(ByteView payload, std::uint32_t count, std::uint32_t namespaces, Ids& ids);

/// COMMITS: fresh: rows in order of their deltas; row i closes the deltas after those of row i-1. Packed: rows that DATA frames name.
struct CommitRow {
  Commit commit;   // origins by the segment's numbers
  Hash previous{};  // of the origin's previous commit, where that is not the origin's row before in the payload
  std::vector<std::uint32_t> records;  // of a pruned copy, ascending; empty: whole
  std::vector<Hash> nodes;             // of a pruned copy: roots of the subtrees without a whole delta, in order
};
struct CommitTable {
  std::vector<CommitRow> rows;
  std::vector<PruneRecord> records;  // packed: what rows were pruned under; origins by the segment's numbers
};
void write_commits(const CommitTable& table, Kind kind, Buffer& out);
/// Appends to `table`; rows' records are numbered on from those that it has.
Status read_commits(ByteView payload, Kind kind, std::uint32_t count, std::uint32_t origins, CommitTable& table);

/// POSTINGS: which DATA frames of the segment, numbered from 0, hold deltas of each of some vectors in a row.
struct Posting {
  std::uint32_t frame = 0;
  bool lifecycle = false;  // a create or delete is among them
  friend bool operator==(const Posting&, const Posting&) = default;
};
struct Postings {
  std::vector<std::uint32_t> ends;  // by vector, in `list`
  std::vector<Posting> list;        // of each vector one at least, ascending
};
void write_postings(const Postings& postings, Buffer& out);
/// `data_frames`: how many there are.
Status read_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames, Postings& postings);

/// FOOTER: where everything is, and where each origin stands.
struct FrameEntry {
  FrameType type = FrameType::data;
  std::uint32_t stored = 0, count = 0;
  std::uint64_t first = 0;
  Timestamp min_time, max_time;
  std::uint32_t min_vector = 0, max_vector = 0;  // DATA: of its deltas
  std::uint64_t offset = 0;  // in the segment; derived, not stored
  friend bool operator==(const FrameEntry&, const FrameEntry&) = default;
};
struct HeadEntry {
  std::uint32_t origin = 0;
  std::uint64_t first = 0, last = 0;  // seqs in this segment
  Timestamp time;                     // of `last`
  Hash previous{}, hash{};            // of the commits before `first` and at `last`
  friend bool operator==(const HeadEntry&, const HeadEntry&) = default;
};
struct Footer {
  std::vector<FrameEntry> frames;  // all before the footer
  std::vector<HeadEntry> heads;    // by origin number; only origins with commits here
  std::uint32_t vectors = 0, namespaces = 0, origins = 0;
  friend bool operator==(const Footer&, const Footer&) = default;
};
/// Notes a commit, in order of seq within its origin: `row.previous` counts for the first one of its origin.
void note_head(Footer& footer, const CommitRow& row, const Hash& hash);
void write_footer(const Footer& footer, Buffer& out);
Status read_footer(ByteView payload, std::uint32_t count, Footer& footer);

}  // namespace delta::format
