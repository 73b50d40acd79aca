// A segment of which only some vectors are wanted, as the index of its log leads to them: the frames that hold them,
// and of its commits those that the deltas which were decoded belong to. A segment without a table in the index is
// small, and is opened as always.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "format/index_segment.hpp"
#include "store/lookup_index.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// Tables of an index, several of them read at once where they stand near each other.
class TableBytes {
 public:
  explicit TableBytes(const LookupIndex& index) : index_(index) {}  ///< keeps the reference
  /// They will be asked about.
  Status expect(std::span<const format::IndexedSegment> segments);
  Result<Buffer> read(std::uint64_t offset, std::uint64_t size) const;

 private:
  const LookupIndex& index_;
  Buffer window_;
  std::uint64_t window_at_ = 0;
};

class IndexedPart {
 public:
  /// The segment, without what the wanted vectors are called: `segment().id_vectors` and `owners` are the caller's
  /// business. Keeps the references. corrupt: it is not what the index says.
  static Result<IndexedPart> open(const std::shared_ptr<const ByteSource>& log, const TableBytes& tables,
                                  const format::IndexedSegment& place, std::uint64_t number);

  Segment& segment() { return segment_; }
  const Segment& segment() const { return segment_; }

  /// Finds the DATA frames that may hold deltas of some vectors (ascending), or at least their creates and deletes.
  Status find_frames(SomeVectors vectors, bool lifecycles_only);
  const std::vector<std::size_t>& frames() const { return frames_; }  ///< entries of the directory
  std::uint64_t stored() const;                                       ///< their bytes

  /// Gives the deltas that read_unnumbered() gave of frames()[i] their commits and seqs. What no commit has is dropped.
  Status number(std::size_t i, SegmentBatch& batch);

  struct Row {
    RowNo row{};
    format::SegmentCommit commit;  // without its parents
  };
  /// The rows that number() has named, and all that are settings, ascending.
  Result<std::vector<Row>> rows();

 private:
  using Groups = std::map<std::uint32_t, std::vector<format::IndexedRow>>;

  Status open_table(const TableBytes& tables, const format::IndexedSegment& place);
  Status open_whole();
  Result<format::IndexedFrame> frame(std::uint32_t place) const;
  Result<std::vector<format::IndexedFrame>> some_frames(std::uint32_t first, std::uint32_t count) const;
  std::size_t add_entry(const format::IndexedFrame& frame);
  Status find_by_postings(SomeVectors vectors, bool lifecycles_only, std::vector<std::uint32_t>& data) const;
  Status find_by_range(SomeVectors vectors);
  Result<std::span<const format::IndexedRow>> group(std::uint32_t number);
  Result<const format::IndexedRow*> row_of(RowNo row);
  const char* number_fresh(std::span<const format::IndexedRow> rows, SegmentBatch& batch);
  Result<const char*> number_packed(SegmentBatch& batch);
  Status read_commits(std::vector<Row>& rows) const;
  static Error no_match();

  Segment segment_;
  const TableBytes* tables_ = nullptr;  // null: the segment was opened whole
  format::IndexedSegment place_;
  format::SegmentTableHead head_;
  std::vector<std::size_t> frames_;
  std::vector<std::uint32_t> data_;  // of frames_: their numbers among the DATA frames
  Groups groups_;                    // that were read; of a whole segment one with all rows
  std::map<RowNo, format::IndexedRow> named_;
};

}  // namespace delta::store
