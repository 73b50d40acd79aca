#include "store/frames.hpp"

#include <algorithm>

#include "codec/payload.hpp"
#include "format/wire.hpp"

namespace delta::store {

void append_frame(format::FrameHeader& frame, ByteView payload, Buffer& out) {
  const std::size_t start = out.size();
  frame.stored = static_cast<std::uint32_t>(payload.size());
  out.resize(start + frame.extent());  // zeros where the padding is
  Byte* body = out.data() + start + format::kFrameBytes;
  std::ranges::copy(payload, body);
  frame.payload_checksum = format::payload_checksum({body, format::padded(payload.size())}, frame.salt, frame.number);
  format::write_frame_header(frame, out.data() + start);
}

void append_table(format::FrameHeader& frame, const Buffer& raw, Preset preset, Buffer& out) {
  frame.raw = static_cast<std::uint32_t>(raw.size());
  Buffer packed;
  const bool smaller = codec::compress_payload(raw, preset, packed);
  frame.codec = smaller ? format::PayloadCodec::zstd : format::PayloadCodec::plain;
  append_frame(frame, smaller ? packed : raw, out);
}

}  // namespace delta::store
