// Which DATA frames of a fresh segment hold deltas of which vectors: what a point read needs, so that it costs by the
// deltas of its vector and not by those of the log. A packed segment stands in order of vectors, and its directory says
// as much.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "delta/result.hpp"
#include "format/tables.hpp"
#include "os/spool.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// A vector of a DATA frame.
struct BlockVector {
  SegmentVector vector{};
  bool lifecycle = false;  // a create or delete of it is there
};
/// Each once, ascending.
std::vector<BlockVector> vectors_of(const SegmentBatch& batch);

/// Turns lists by frame into lists by vector. They take about a byte for each vector of each frame: more than kKept of
/// it goes to a temporary file. Keeps 4 bytes for each vector, and 8 for each frame.
class PostingsBuilder {
 public:
  /// A segment of fewer DATA frames has no POSTINGS: they would be read as soon as looked up.
  static constexpr std::size_t kFewest = 17;

  /// `vectors`: vectors_of() the next DATA frame. io: the temporary file cannot be written.
  Status add(std::span<const BlockVector> vectors);

  /// Payloads of the POSTINGS frames that the segment is to have, in order: visit(first, count, payload). To be called
  /// once.
  using Visit = std::function<Status(SegmentVector first, std::uint32_t count, const Buffer& payload)>;
  Status each(const Visit& visit);

  static constexpr std::size_t kKept = 4 << 20;  ///< bytes of the lists
  std::uint64_t spilled() const { return spool_ ? spool_->size() : 0; }

 private:
  class List;
  Status spill();
  std::size_t end_of_range(std::size_t first) const;
  Result<std::vector<List>> lists(const ByteSource& source) const;

  Buffer lists_;  // of frame after frame: varints, each twice the difference from the one before, and 1 for a lifecycle
  std::optional<os::Spool> spool_;                // those that came before
  std::vector<std::uint64_t> ends_;               // of the lists by frame, among all
  Indexed<SegmentVector, std::uint32_t> counts_;  // frames that hold it
};

/// The POSTINGS of a segment as they are asked about, kept for the next question as far as they are not large. May be
/// asked on several threads at once.
class PostingsReader {
 public:
  PostingsReader() = default;
  explicit PostingsReader(const Segment& segment);  ///< its directory; keeps no reference

  /// By DATA frame of the segment: does it hold deltas, or creates and deletes, of any of these vectors (ascending)?
  /// None where the segment has no POSTINGS, or none that can be read: they are a cache.
  std::optional<std::vector<bool>> frames_of(const Segment& segment, std::span<const SegmentVector> vectors,
                                             bool lifecycles_only) const;

 private:
  struct Frame {
    ~Frame() { delete kept.load(); }
    std::size_t entry = 0;  // in the footer
    std::atomic<const format::Postings*> kept = nullptr;
  };
  struct Kept;  // of one look: the frame's own, or what only this look has
  Kept look(const Segment& segment, Frame& frame) const;

  static constexpr std::uint64_t kMostKept = 4 << 20;  // pairs of a vector and a frame, 12 bytes each
  std::uint32_t data_frames_ = 0;
  std::size_t count_ = 0;
  std::unique_ptr<Frame[]> frames_;
  std::unique_ptr<std::atomic<std::uint64_t>> pairs_;  // that are kept
};

}  // namespace delta::store
