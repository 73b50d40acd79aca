// One segment of a file, opened for reading: its directory, names and commit rows. Deltas are read frame by frame on
// demand.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/delta.hpp"
#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "format/tables.hpp"
#include "store/scan.hpp"

namespace delta::store {

/// How the rows of a segment that lacks frames were numbered in it: see store/salvage.hpp. A vector without a name is
/// one whose name is lost.
struct Gaps {
  Indexed<RowNo, std::uint64_t>
      begins;  // of each row that is here, fresh: the ordinal of its first delta; packed: its number
};

struct Segment {
  std::shared_ptr<const ByteSource> file;
  std::size_t number = 0;  // in its file
  std::uint64_t offset = 0, length = 0;
  format::Header header;
  bool sealed = false;
  format::Trailer trailer;                   // zeros when unsealed
  format::Footer footer;                     // frames with offsets; heads are empty when unsealed
  std::vector<std::uint32_t> frame_numbers;  // of footer.frames
  format::FrameEntry own_frame;              // of the FOOTER itself; of another type if the directory is a scan's

  format::Props names;
  format::Owners owners;                   // of each vector
  std::vector<std::vector<char>> id_text;  // one an IDS frame; `ids` looks into it
  std::vector<std::string_view> ids;       // of each vector, or
  std::vector<SegmentVector> id_vectors;   // of these, ascending,
  bool some_ids = false;                   // if only some were wanted
  std::uint32_t vectors() const { return owners.size(); }
  SegmentVector vector_of(std::size_t id) const { return some_ids ? id_vectors[id] : nth<SegmentVector>(id); }
  format::CommitsRead commits;             // in order
  Indexed<RowNo, std::uint64_t> row_ends;  // fresh: ordinal after the last delta of each
  std::uint64_t rows_before = 0;           // those of the segment before the ones that are here, and
  std::uint64_t ordinals_before = 0;       // fresh: how many deltas they have:
  bool some_rows = false;                  // if only some were wanted; row numbers count from the first that is here
  std::shared_ptr<const Gaps> gaps;        // null: no frame is missing
  const format::CommitRows& rows() const { return commits.rows; }
  bool packed() const { return header.kind == format::Kind::packed; }
  /// Of a DATA frame: no commit that is here has a delta in it, as its ordinals say.
  bool passes_over(const format::FrameEntry& frame) const {
    return some_rows && !packed() &&
           (frame.first + frame.count <= ordinals_before || row_ends.empty() || frame.first >= row_ends.back());
  }
  std::uint64_t committed() const;  // deltas of its commits that are here
};

/// Checks the header of a frame against the directory, and that it is intact. `expected` is an entry of the directory,
/// or own_frame.
Status check_frame_header(const Segment& segment, const format::FrameEntry& expected, std::uint32_t number,
                          ByteView bytes, format::FrameHeader& frame);
/// The same for a whole frame as it stands in the file: header, payload, padding.
Status check_frame(const Segment& segment, const format::FrameEntry& expected, std::uint32_t number, ByteView bytes,
                   format::FrameHeader& frame);

/// "segment 0, frame 3 (DATA)"
std::string frame_place(const Segment& segment, format::FrameType type, std::uint32_t number);
Error damaged(const Segment& segment, const std::string& where, const std::string& what);

/// Reads a frame's payload, checked against its header and the directory; decompressed. `entry` is one of
/// segment.footer.frames. `header`: if not null, receives the frame's own header.
Result<Buffer> read_frame(const Segment& segment, std::size_t entry, format::FrameHeader* header = nullptr);
/// The same of several, in order: read together, as far as they are not large.
using FrameVisit = std::function<Status(std::size_t entry, const format::FrameHeader& header, ByteView payload)>;
Status read_frames(const Segment& segment, std::span<const std::size_t> entries, const FrameVisit& visit);

/// The payload as it is stored, of a frame of any type.
Result<Buffer> read_stored(const Segment& segment, std::size_t entry, format::FrameHeader& header);

/// All segments of a file by their footers, from the end; none where these are not in order.
std::optional<std::vector<Segment>> footered_segments(const std::shared_ptr<const ByteSource>& file);

/// All segments of a file: by footers from the end where these are in order, else by a scan. What the scan found that
/// is no reason to refuse (unsealed, torn, trailer) goes to `notices`; anything worse is the Error.
Result<std::vector<Segment>> open_segments(std::shared_ptr<const ByteSource> file, std::vector<Finding>& notices);

/// The segment that a scan found, with its directory; not yet its tables.
Segment from_scan(std::shared_ptr<const ByteSource> file, std::size_t number, const ScannedSegment& scanned);

enum class Tables : std::uint8_t {
  all,
  without_ids,  ///< names of vectors stay on disk: no deltas can be decoded
};
/// Reads PROPS, IDS and COMMITS. Where a frame is missing or malformed, stops with an error. `wanted`: null, or the ids
/// to keep.
Status load_tables(Segment& segment, Tables tables = Tables::all, const format::IdSet* wanted = nullptr);
/// Reads PROPS and the last so many frames of COMMITS: the segment is then as if it had no commits before these, and no
/// deltas of them.
Status load_last_commits(Segment& segment, std::size_t frames);
/// The same of the rows [first, end) of those that are loaded.
void keep_rows(Segment& segment, std::size_t first, std::size_t end);
/// How many frames of COMMITS there are.
std::size_t commits_frames(const Segment& segment);
/// Counts the vectors of a segment whose tables were loaded without ids: none of them has a name or a namespace yet.
Status count_vectors(Segment& segment);
/// Reads the names of some vectors, ascending, of such a segment: it has these and no others.
Status name_vectors(Segment& segment, std::span<const SegmentVector> vectors);
/// What a catalog calls the names of a segment: of each of its origins, and of its ids.
struct Numbers {
  Indexed<SegmentOrigin, OriginNo> origins;
  std::vector<VectorNo> vectors;
};
/// Adds the names of a segment whose tables are loaded to a catalog.
Numbers add_names(const Segment& segment, Catalog& catalog);
/// Forgets them: what stays is what opening found.
void unload_tables(Segment& segment);
/// The dots of commits that no DATA frame of the segment holds, from what tables can be read, as a report says them.
std::string lost_dots(const Segment& segment);

enum class Values : std::uint8_t {
  read,
  skipped,  ///< where and when alone, no values and no metadata
};
using SomeVectors = std::span<const SegmentVector>;
/// What of the deltas of a DATA frame.
struct Reading {
  Values values = Values::read;
  SomeVectors vectors = {};  ///< the deltas of these alone, ascending; empty: of all
};
/// Decodes a DATA frame onto `batch`, seqs filled in. Deltas past the last commit row are dropped. Packed: what a
/// pruned copy has left, `lost` says of what.
Status read_data(const Segment& segment, std::size_t entry, const Reading& reading, SegmentBatch& batch);

}  // namespace delta::store
