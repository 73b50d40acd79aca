// Payloads of the frames that are tables: PROPS, IDS, COMMITS, POSTINGS, FOOTER. Numbers of origins, namespaces and
// vectors are the segment's own, in order of appearance. Each payload can be read alone, except for the names that
// PROPS and IDS gave before.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/numbers.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/limits.hpp"
#include "delta/result.hpp"
#include "format/bounds.hpp"
#include "format/commit_rows.hpp"
#include "format/layout.hpp"

namespace delta::format {

using SegmentDot = DotOf<SegmentOrigin>;
using SegmentCommit = CommitOf<SegmentOrigin>;
using SegmentCommitView = CommitViewOf<SegmentOrigin>;
using SegmentRecord = PruneRecordOf<SegmentOrigin>;

/// PROPS: names that follow those of earlier PROPS frames.
struct Props {
  Indexed<SegmentNamespace, Namespace> namespaces;
  Indexed<SegmentOrigin, std::string> origins;
};
Load load_of(const Props& props);
void write_props(const Props& props, Buffer& out);
/// Here and below: what is more than a frame of `stored` bytes may hold is corrupt; 0: the payload stands as it is.
Status read_props(ByteView payload, std::uint32_t count, Props& props, std::uint64_t stored = 0);

/// Namespaces of vectors in a row, as runs: mostly there is one.
class Owners {
 public:
  struct Run {
    std::uint32_t end;
    SegmentNamespace ns;
  };
  std::uint32_t size() const { return runs_.empty() ? 0 : runs_.back().end; }
  SegmentNamespace operator[](SegmentVector vector) const {
    return std::ranges::upper_bound(runs_, index(vector), {}, &Run::end)->ns;
  }
  const std::vector<Run>& runs() const { return runs_; }

  void add(SegmentNamespace ns, std::uint32_t count) {
    if (runs_.empty() || runs_.back().ns != ns) runs_.push_back({size(), ns});
    runs_.back().end += count;
  }
  void append(const Owners& more) {
    std::uint32_t before = 0;
    for (const Run& run : more.runs_) add(run.ns, run.end - std::exchange(before, run.end));
  }

 private:
  std::vector<Run> runs_;
};

/// IDS: vectors that follow those of earlier IDS frames.
struct Ids {
  Owners owners;
  std::vector<std::string_view> ids;  // into `text`, or whatever the writer holds
  std::vector<std::uint32_t> places;  // of `ids` among the vectors; empty: all are there
  std::vector<char> text;             // filled by read_ids; a vector, since moving one leaves the views valid
};
/// Some ids, in any namespace.
class IdSet {
 public:
  explicit IdSet(std::span<const std::string> ids) : ids_(ids.begin(), ids.end()) {
    for (const auto& id : ids) sizes_.set(std::min(id.size(), kMaxIdBytes + 1));
  }
  bool empty() const { return ids_.empty(); }
  /// REQUIRES: no longer than an id may be.
  bool contains(std::string_view id) const { return sizes_[id.size()] && ids_.contains(id); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  std::bitset<kMaxIdBytes + 2> sizes_;  // of the ids: many others are told apart by that
  std::unordered_set<std::string, Hash, std::equal_to<>> ids_;
};
Load load_of(const Ids& ids);
void write_ids(const Ids& ids, Buffer& out);
/// `wanted`: null, or keeps these alone, and their places.
Status read_ids(ByteView payload, std::uint32_t count, std::uint32_t namespaces, const IdSet* wanted, Ids& ids,
                std::uint64_t stored = 0);
/// The same, of the vectors at these places of the frame alone. `places`: rising.
Status read_ids_at(ByteView payload, std::uint32_t count, std::uint32_t namespaces,
                   std::span<const std::uint32_t> places, Ids& ids, std::uint64_t stored = 0);

/// COMMITS: fresh: rows in order of their deltas; row i closes the deltas after those of row i-1. Packed: rows that
/// DATA frames name.
template <class Origin>
struct CommitRowOf {
  CommitOf<Origin> commit = {};
  Hash previous{};  // of the origin's previous commit, where that is not the origin's row before in the payload
  std::vector<RecordNo> records;  // of a pruned copy, ascending; empty: whole
  std::vector<Hash> nodes;        // of a pruned copy: roots of the subtrees without a whole delta, in order
};
using CommitRow = CommitRowOf<SegmentOrigin>;
/// Optional columns that this version does not know: which they are, and a digest of what they hold.
struct UnknownColumns {
  std::bitset<128> numbers;
  Hash digest{};
  bool any() const { return numbers.any(); }
};
/// "COMMITS: columns 5 and 7 are not known to this version". REQUIRES: there are any.
std::string unknown_text(const UnknownColumns& unknown);
template <class Origin>
struct CommitTableOf {
  Indexed<RowNo, CommitRowOf<Origin>> rows;
  Indexed<RecordNo, PruneRecordOf<Origin>> records;  // packed: what rows were pruned under
};
using CommitTable = CommitTableOf<SegmentOrigin>;
/// What COMMITS frames say, as it is kept.
struct CommitsRead {
  CommitRows rows;
  Indexed<RecordNo, SegmentRecord> records;  // packed: what rows were pruned under
  UnknownColumns unknown;
};
Load load_of(const CommitTable& table);
void write_commits(const CommitTable& table, Kind kind, Buffer& out);
/// Whether each `previous` that write_commits() would write is known.
bool is_linked(const CommitTable& table);
/// Appends to `read`; rows' records are numbered on from those that it has. unsupported: a critical column that is not
/// known.
Status read_commits(ByteView payload, Kind kind, std::uint32_t count, std::uint32_t origins, CommitsRead& read,
                    std::uint64_t stored = 0);

/// POSTINGS: which DATA frames of the segment, numbered from 0, hold deltas of each of some vectors in a row.
struct Posting {
  std::uint32_t frame = 0;
  bool lifecycle = false;  // a create or delete is among them
  friend bool operator==(const Posting&, const Posting&) = default;
};
struct Postings {
  std::vector<std::uint32_t> ends;  // of each vector, in `list`
  std::vector<Posting> list;        // at least one for each vector, ascending
};
void write_postings(const Postings& postings, Buffer& out);
/// `data_frames`: how many there are.
Status read_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames, Postings& postings);

/// FOOTER: where everything is, and where each origin stands. An entry has the same fields for each type, known or not.
struct FrameEntry {
  FrameType type = FrameType::data;
  std::uint32_t stored = 0, count = 0;
  std::uint64_t first = 0;
  Timestamp min_time, max_time;
  SegmentVector min_vector{}, max_vector{};  // DATA: of its deltas; else 0
  std::uint32_t checksum =
      0;  // of the frame's header, which states that of the payload: no other frame can stand in its place
  std::uint64_t offset = 0;  // in the segment; derived, not stored
  friend bool operator==(const FrameEntry&, const FrameEntry&) = default;
};
/// Of a frame whose header starts at `offset` of its segment, without the vectors, which no header states.
FrameEntry entry_of(const FrameHeader& frame, std::uint64_t offset);
/// Is this the header of that frame?
bool is_of(const FrameHeader& frame, const FrameEntry& entry);
struct HeadEntry {
  SegmentOrigin origin{};
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
/// Notes a commit, in order of seq within its origin: `previous` counts for the first one of its origin.
void note_head(Footer& footer, const CommitViewOf<SegmentOrigin>& commit, const Hash& previous, const Hash& hash);
/// Forgets the heads where the footer would be larger with them than a frame may be.
void fit_heads(Footer& footer);
Load load_of(const Footer& footer);
void write_footer(const Footer& footer, Buffer& out);
Status read_footer(ByteView payload, std::uint32_t count, Footer& footer, std::uint64_t stored = 0);

}  // namespace delta::format
