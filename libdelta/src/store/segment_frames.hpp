// Frames of a segment as they are read: checked, decompressed, and blamed by name.
#pragma once

#include <functional>
#include <string>

#include "store/segment.hpp"

namespace delta::store {

/// "segment 0, frame 3 (DATA)", of an entry of the directory.
std::string frame_place(const Segment& segment, std::size_t entry);
/// Names who knows the feature.
Error unsupported(const Segment& segment, std::string what);

/// The payload of a frame as it stands in the file (header, payload and padding), checked and decompressed: a view of
/// `bytes`, or of `room`.
Result<ByteView> unpack(const Segment& segment, std::size_t entry, ByteView bytes, Buffer& room,
                        format::FrameHeader& header);

/// Memory of one frame after the other. A thread keeps it, unless it is large: pages that are touched anew cost more
/// than what is done with a block of usual size.
struct FrameRoom {
  static constexpr std::size_t kKept = 1 << 20;  // bytes

  Buffer bytes, raw;

  void shrink() {
    if (bytes.capacity() + raw.capacity() > kKept) *this = {};
  }
};
FrameRoom& frame_room();  ///< of this thread
/// A view of the room.
Result<ByteView> read_into(FrameRoom& room, const Segment& segment, std::size_t entry, format::FrameHeader& header);

/// Whether a DATA frame of a packed segment has deltas of a row for which `wanted` is true, by its rows alone.
Result<bool> has_row(const Segment& segment, std::size_t entry, const std::function<bool(RowNo)>& wanted);

/// Appends the deltas of some vectors (ascending) in a DATA frame of a segment whose commits are not loaded. Of each
/// delta, `seqs` and, packed, `commits` and `times` are what the frame has: fresh: its ordinal; packed: its place, its
/// row, and how much earlier than its commit it is. Whoever gives them their numbers calls check_fit() then. `room` is
/// written over.
Status read_unnumbered(const Segment& segment, std::size_t entry, SomeVectors vectors, SegmentBatch& room,
                       SegmentBatch& out);
/// What the fold relies on, and the codec cannot know: values fit the vector's dimensions, metadata is in its form.
Status check_fit(const Segment& segment, std::size_t entry, const SegmentBatch& batch);

}  // namespace delta::store
