// Frames as bytes, ready to be written except for their numbers, which depend on how many frames come before.
#pragma once

#include <functional>
#include <vector>

#include "codec/block.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"
#include "format/tables.hpp"

namespace delta::store {

/// Appends header, payload and padding to `out`. Fills in what depends on the payload; `raw`, `salt`, `number` and
/// counts are set before.
void append_frame(format::FrameHeader& frame, ByteView payload, Buffer& out);

/// append_frame() of a table's payload, compressed where that makes it smaller, and where what it holds (`load`) may
/// stand in so few bytes.
void append_table(format::FrameHeader& frame, const Buffer& raw, Preset preset, Buffer& out,
                  const format::Load& load = {});

/// Gives a frame that stands at `at` its place: salt, number and checksums.
void place_frame(format::FrameHeader& frame, std::uint32_t salt, std::uint32_t number, Byte* at);

/// Frames one behind the other, not yet placed.
struct FrameList {
  std::vector<format::FrameHeader> frames;
  Buffer bytes;
  void clear() { frames.clear(), bytes.clear(); }
};

/// Tables in as few frames as may hold them; nothing of an empty one. `first`: number of the first vector.
void append_props(const format::Props& props, Preset preset, FrameList& out);
void append_ids(const format::Ids& ids, std::uint64_t first, Preset preset, FrameList& out);
/// limit: a single commit is larger than a frame may be. Cuts `table`: it is used up. `first`: what the header of a
/// frame with these rows says, asked for the frames in order. `link`: fills in each row's `previous`, of a table whose
/// first row is row `place` of the whole one; called where a part of a table that is cut lacks some. Null: all have
/// theirs.
using FirstOf = std::function<std::uint64_t(const format::CommitTable& part)>;
using Link = std::function<Status(format::CommitTable& table, std::size_t place)>;
Status append_commits(format::CommitTable table, format::Kind kind, Preset preset, const FirstOf& first,
                      const Link& link, FrameList& out);
/// limit: larger than a frame may be.
Status append_footer(const format::Footer& footer, Preset preset, FrameList& out);

/// Deltas as payloads: of all of them, or where that would hold more than its bytes may, of parts. visit(part, begin,
/// payload).
using VisitBlock = std::function<void(const SegmentBatch& part, std::size_t begin, const Buffer& payload)>;
void encode_blocks(const SegmentBatch& batch, codec::Layout layout, Preset preset, const VisitBlock& visit);

}  // namespace delta::store
