#include "store/segment_frames.hpp"

#include <algorithm>

#include "base/thread_scratch.hpp"
#include "codec/payload.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"

namespace delta::store {

using format::FrameType, format::kFrameBytes;

Error damaged(const Segment& segment, const std::string& where, const std::string& what) {
  return error(ErrorCode::corrupt, what)
      .in(segment.file->name())
      .at(where)
      .with_hint("`deltalog verify` says what is lost");
}

Error unsupported(const Segment& segment, std::string what) {
  return error(ErrorCode::unsupported, std::move(what) + " (written by " + segment.header.writer + ")");
}

std::string frame_place(const Segment& segment, FrameType type, std::uint32_t number) {
  format::FrameHeader header;
  header.type = type;
  header.number = number;
  return place_name(segment.number, &header);
}

std::string frame_place(const Segment& segment, std::size_t entry) {
  return frame_place(segment, segment.footer.frames[entry].type, segment.frame_numbers[entry]);
}

Status check_frame_header(const Segment& segment, const format::FrameEntry& expected, std::uint32_t number,
                          ByteView bytes, format::FrameHeader& frame) {
  const auto bad = [&](const std::string& what) {
    return damaged(segment, frame_place(segment, expected.type, number), what);
  };
  std::string why;
  const auto parsed = format::read_frame_header(bytes.data(), frame, why);
  if (parsed == format::Parse::unsupported) {
    return unsupported(segment, std::move(why))
        .in(segment.file->name())
        .at(frame_place(segment, expected.type, number));
  }
  if (parsed == format::Parse::damaged) return bad("the frame header is damaged");
  if (!format::is_of(frame, expected) || frame.salt != segment.header.salt() || frame.number != number) {
    return bad("another frame stands here");
  }
  if (const char* what = format::misuse(frame)) return bad(what);
  return {};
}

Status check_frame(const Segment& segment, const format::FrameEntry& expected, std::uint32_t number, ByteView bytes,
                   format::FrameHeader& frame) {
  DELTA_OK(check_frame_header(segment, expected, number, bytes, frame));
  const auto bad = [&](const std::string& what) {
    return damaged(segment, frame_place(segment, expected.type, number), what);
  };
  const ByteView body = bytes.subspan(kFrameBytes);
  if (format::payload_checksum(body, frame.salt, frame.number) != frame.payload_checksum) {
    return bad("the payload does not match its checksum");
  }
  if (std::ranges::any_of(body.subspan(frame.stored), [](Byte b) { return b != 0; })) {
    return bad("the padding is not zero");
  }
  return {};
}

namespace {

std::uint64_t extent_of(const format::FrameEntry& entry) { return kFrameBytes + format::padded(entry.stored); }

Buffer payload_of(Buffer bytes, const format::FrameHeader& frame) {
  bytes.erase(bytes.begin(), bytes.begin() + kFrameBytes);
  bytes.resize(frame.stored);
  return bytes;
}

}  // namespace

Result<ByteView> unpack(const Segment& segment, std::size_t entry, ByteView bytes, Buffer& room,
                        format::FrameHeader& header) {
  DELTA_OK(check_frame(segment, segment.footer.frames[entry], segment.frame_numbers[entry], bytes, header));
  const ByteView payload = bytes.subspan(kFrameBytes, header.stored);
  if (header.codec == PayloadCodec::plain) return payload;
  auto unpacked = codec::decompress_payload(header.codec, payload, header.raw, room);
  if (!unpacked) return damaged(segment, frame_place(segment, entry), unpacked.error().message);
  return ByteView(room);
}

DELTA_THREAD_SCRATCH FrameRoom& frame_room() { return thread_scratch<FrameRoom>(); }

Result<ByteView> read_into(FrameRoom& room, const Segment& segment, std::size_t entry, format::FrameHeader& header) {
  const format::FrameEntry& e = segment.footer.frames[entry];
  room.bytes.resize(extent_of(e));
  DELTA_OK(segment.file->read(segment.offset + e.offset, room.bytes));
  return unpack(segment, entry, room.bytes, room.raw, header);
}

Result<Buffer> read_stored(const Segment& segment, std::size_t entry, format::FrameHeader& header) {
  const format::FrameEntry& e = segment.footer.frames[entry];
  Buffer bytes(extent_of(e));
  DELTA_OK(segment.file->read(segment.offset + e.offset, bytes));
  DELTA_OK(check_frame(segment, e, segment.frame_numbers[entry], bytes, header));
  return payload_of(std::move(bytes), header);
}

Result<Buffer> read_frame(const Segment& segment, std::size_t entry, format::FrameHeader* header) {
  format::FrameHeader own;
  FrameRoom room;
  DELTA_TRY(const ByteView payload, read_into(room, segment, entry, header != nullptr ? *header : own));
  return Buffer(payload.begin(), payload.end());
}

Status read_frames(const Segment& segment, std::span<const std::size_t> entries, const FrameVisit& visit) {
  constexpr std::uint64_t kAtOnce = 1 << 20;  // bytes, unless one frame has more
  for (std::size_t first = 0; first < entries.size();) {
    std::vector<Buffer> frames;
    std::vector<ByteRange> ranges;
    std::uint64_t bytes = 0;
    std::size_t end = first;
    for (; end < entries.size(); ++end) {
      const std::uint64_t extent = extent_of(segment.footer.frames[entries[end]]);
      if (end > first && bytes + extent > kAtOnce) break;
      bytes += extent;
      frames.emplace_back(extent);
    }
    for (std::size_t i = first; i < end; ++i) {
      ranges.push_back({segment.offset + segment.footer.frames[entries[i]].offset, frames[i - first]});
    }
    DELTA_OK(segment.file->read(ranges));
    for (; first < end; ++first) {
      format::FrameHeader header;
      Buffer room;
      DELTA_TRY(const ByteView payload,
                unpack(segment, entries[first], frames[frames.size() - (end - first)], room, header));
      DELTA_OK(visit(entries[first], header, payload));
    }
  }
  return {};
}

}  // namespace delta::store
