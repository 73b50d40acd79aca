#include "store/segment_file.hpp"

#include "format/wire.hpp"
#include "store/frames.hpp"
#include "support/digest.hpp"

namespace delta::store {

using format::FrameType;

Hash segment_id(format::Kind kind, Preset preset, std::string_view origin, std::uint64_t first, Timestamp time, const Hash& previous,
                ByteView options) {
  Buffer bytes;
  format::Writer out(bytes);
  out.u8(static_cast<Byte>(kind)), out.u8(static_cast<Byte>(preset));
  out.text(origin), out.fixed(first), out.fixed(time.hlc), out.raw(previous), out.raw(options);
  return digest("dlog1 segment", bytes);
}

void SegmentFile::start(format::Kind kind, const Hash& id) {
  DELTA_CHECK(!started_);
  started_ = true;
  header_.kind = kind;
  header_.writer = "deltalog/" DELTA_VERSION;
  header_.segment_id = id;
}

format::FrameHeader SegmentFile::frame(FrameType type) {
  DELTA_CHECK(started_);
  format::FrameHeader frame;
  frame.type = type;
  frame.salt = header_.salt();
  frame.number = frames_++;
  return frame;
}

Status SegmentFile::write(std::span<const format::FrameHeader> frames, ByteView bytes, std::span<const VectorRange> vectors) {
  DELTA_OK(write_out(bytes));
  std::size_t at = 0;
  for (const auto& frame : frames) {
    digest_.add(bytes.subspan(at, format::kFrameBytes));
    at += frame.extent();
    format::FrameEntry entry = format::entry_of(frame, 0);
    if (frame.type == FrameType::data) {
      entry.min_vector = vectors.front().least, entry.max_vector = vectors.front().greatest;
      vectors = vectors.subspan(1);
    }
    if (frame.type == FrameType::footer) {
      footer_checksum_ = entry.checksum;
    } else {
      footer_.frames.push_back(entry);
    }
  }
  return {};
}

Status SegmentFile::write_table(format::FrameHeader frame, const Buffer& raw) {
  Buffer bytes;
  append_table(frame, raw, preset_, bytes);
  return write({&frame, 1}, bytes, {});
}

Status SegmentFile::write_header() {
  Buffer bytes(format::kHeaderBytes);
  format::write_header(header_, bytes.data());
  digest_.add(bytes);
  bytes_ += bytes.size();
  return sink_(bytes);
}

Status SegmentFile::write_out(ByteView bytes) {
  if (bytes_ == 0) DELTA_OK(write_header());
  bytes_ += bytes.size();
  return sink_(bytes);
}

Status SegmentFile::finish(const Counts& counts, const std::function<Status()>& barrier) {
  footer_.vectors = counts.vectors, footer_.namespaces = counts.namespaces, footer_.origins = counts.origins;
  Buffer raw;
  format::write_footer(footer_, raw);
  format::Trailer trailer;
  trailer.footer_offset = bytes_;
  format::FrameHeader last = frame(FrameType::footer);
  last.count = static_cast<std::uint32_t>(footer_.frames.size());
  DELTA_OK(write_table(last, raw));
  if (barrier) DELTA_OK(barrier());
  trailer.length = bytes_ + format::kTrailerBytes;
  trailer.deltas = counts.deltas;
  trailer.commits = counts.commits;
  trailer.frames = frames_;
  trailer.digest = digest_.value();
  trailer.salt = header_.salt();
  trailer.footer_checksum = footer_checksum_;
  Buffer bytes(format::kTrailerBytes);
  format::write_trailer(trailer, bytes.data());
  return write_out(bytes);
}

}  // namespace delta::store
