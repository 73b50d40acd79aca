#include "store/segment_file.hpp"

#include "base/digest.hpp"
#include "format/wire.hpp"
#include "store/frames.hpp"

namespace delta::store {

using format::FrameType;

Hash segment_id(format::Kind kind, Preset preset, std::string_view origin, std::uint64_t first, Timestamp time,
                const Hash& previous, ByteView options) {
  Buffer bytes;
  format::Writer out(bytes);
  out.u8(static_cast<Byte>(kind));
  out.u8(static_cast<Byte>(preset));
  out.text(origin);
  out.fixed(first);
  out.fixed(time.hlc);
  out.raw(previous);
  out.raw(options);
  return digest("dlog1 segment", bytes);
}

std::string_view own_name() { return "deltalog/" DELTA_VERSION; }

void SegmentFile::start(format::Kind kind, const Hash& id) {
  DELTA_CHECK(!started_);
  started_ = true;
  header_.kind = kind;
  header_.writer = own_name();
  header_.segment_id = id;
}

format::FrameHeader SegmentFile::frame(FrameType type) {
  format::FrameHeader frame;
  frame.type = type;
  return frame;
}

Status SegmentFile::write(FrameList& list, std::span<const VectorRange> vectors) {
  DELTA_CHECK(started_);
  std::size_t at = 0;
  for (auto& frame : list.frames) {
    place_frame(frame, header_.salt(), frames_++, list.bytes.data() + at);
    at += frame.extent();
  }
  DELTA_OK(write_out(list.bytes));
  at = 0;
  for (const auto& frame : list.frames) {
    digest_.add(ByteView(list.bytes).subspan(at, format::kFrameBytes));
    at += frame.extent();
    format::FrameEntry entry = format::entry_of(frame, 0);
    if (frame.type == FrameType::data) {
      entry.min_vector = vectors.front().least;
      entry.max_vector = vectors.front().greatest;
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
  FrameList list;
  append_table(frame, raw, preset_, list.bytes);
  list.frames.push_back(frame);
  return write(list, {});
}

Status SegmentFile::write_header() {
  Buffer bytes(format::kHeaderBytes);
  format::write_header(header_, bytes.data());
  digest_.add(bytes);
  bytes_ += bytes.size();
  return sink_.write(bytes);
}

Status SegmentFile::write_out(ByteView bytes) {
  if (bytes_ == 0) DELTA_OK(write_header());
  bytes_ += bytes.size();
  return sink_.write(bytes);
}

Status SegmentFile::finish(const Counts& counts, const std::function<Status()>& barrier) {
  footer_.vectors = counts.vectors;
  footer_.namespaces = counts.namespaces;
  footer_.origins = counts.origins;
  format::fit_heads(footer_);
  format::Trailer trailer;
  trailer.footer_offset = bytes_;
  FrameList last;
  DELTA_OK(append_footer(footer_, preset_, last));
  DELTA_OK(write(last, {}));
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
