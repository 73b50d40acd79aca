#include "store/copy.hpp"

#include <algorithm>

#include "format/wire.hpp"

namespace delta::store {
namespace {

using format::kFrameBytes, format::kHeaderBytes, format::kTrailerBytes;

constexpr std::uint64_t kPieceBytes = 1 << 20;  // as large as an OutputFile writes without a copy
constexpr std::uint64_t kLargeFrame = 4 << 20;  // beyond this a frame goes through piecemeal, alone
constexpr std::size_t kDepth = 4;

std::uint64_t extent(const format::FrameEntry& entry) { return kFrameBytes + format::padded(entry.stored); }

/// The directory, and behind it the FOOTER of a sealed segment.
const format::FrameEntry& frame_of(const Segment& segment, std::size_t i) {
  return i < segment.footer.frames.size() ? segment.footer.frames[i] : segment.own_frame;
}

}  // namespace

/// Neighbouring frames, with the segment header or the trailer where these are next to them.
struct SegmentCopier::Piece {
  const Segment* segment = nullptr;
  std::span<const Segment> twins;
  std::uint64_t at = 0;             // in the segment
  std::size_t first = 0, last = 0;  // frames [first, last)
  bool head = false, tail = false;
  Buffer bytes;

  Status read_and_check();
  Status read_from(const Segment& source);
};

Status SegmentCopier::Piece::read_and_check() {
  Status status = read_from(*segment);
  for (std::size_t i = 0; i < twins.size() && !status; ++i) {
    if (read_from(twins[i])) status = {};
  }
  return status;
}

Status SegmentCopier::Piece::read_from(const Segment& source) {
  DELTA_OK(source.file->read(source.offset + at, bytes));
  std::size_t next = 0;
  if (head) {
    format::Header header;
    std::string why;
    if (format::read_header(bytes.data(), header, why) != format::Parse::ok ||
        header.segment_id != source.header.segment_id) {
      return damaged(source, place_name(source.number, nullptr), "the segment header is damaged");
    }
    next = kHeaderBytes;
  }
  format::FrameHeader frame;
  for (std::size_t i = first; i < last; ++i) {
    const auto& entry = frame_of(source, i);
    const auto size = static_cast<std::size_t>(extent(entry));
    DELTA_OK(check_frame(source, entry, static_cast<std::uint32_t>(i), ByteView(bytes).subspan(next, size), frame));
    next += size;
  }
  return {};
}

SegmentCopier::SegmentCopier(unsigned threads, ByteSink& sink) : sink_(sink), work_(threads, kDepth) {}

Status SegmentCopier::copy(const Segment& segment, const Seal* seal, std::span<const Segment> twins) {
  DELTA_CHECK(segment.sealed != (seal != nullptr));
  DELTA_OK(plan(segment, twins));
  if (!seal) return {};
  return work_.submit([]() -> Status { return {}; },
                      [this, &segment, seal]() -> Status {
                        std::size_t at = 0;
                        for (const auto& frame : seal->frames) {
                          digest_.add(ByteView(seal->bytes).subspan(at, kFrameBytes));
                          at += static_cast<std::size_t>(frame.extent());
                          ++frames_;
                        }
                        DELTA_OK(check_end(segment, ByteView(seal->bytes).last(kTrailerBytes)));
                        return sink_.write(seal->bytes);
                      });
}

Status SegmentCopier::finish() { return work_.finish(); }

Status SegmentCopier::plan(const Segment& segment, std::span<const Segment> twins) {
  const std::size_t frames = segment.footer.frames.size() + (segment.sealed ? 1 : 0);
  Piece piece;
  piece.segment = &segment;
  piece.twins = twins;
  piece.head = true;
  std::uint64_t size = kHeaderBytes;
  const auto flush = [&](std::size_t end) -> Status {
    if (size > 0) {
      piece.last = end;
      piece.bytes = spare_.empty() ? Buffer() : std::move(spare_.back());
      if (!spare_.empty()) spare_.pop_back();
      piece.bytes.resize(size);
      const std::uint64_t next = piece.at + size;
      DELTA_OK(submit(std::move(piece)));
      piece = Piece();
      piece.segment = &segment;
      piece.twins = twins;
      piece.at = next;
      size = 0;
    }
    piece.first = end;
    return {};
  };
  for (std::size_t i = 0; i < frames; ++i) {
    const std::uint64_t bytes = extent(frame_of(segment, i));
    if (bytes > kLargeFrame) {
      DELTA_OK(flush(i));
      DELTA_OK(work_.finish());
      DELTA_OK(copy_large(segment, twins, i));
      piece.at += bytes;
      piece.first = i + 1;
      continue;
    }
    size += bytes;
    if (size >= kPieceBytes && i + 1 < frames) DELTA_OK(flush(i + 1));
  }
  piece.tail = segment.sealed;
  size += segment.sealed ? kTrailerBytes : 0;
  return flush(frames);
}

Status SegmentCopier::submit(Piece piece) {
  const auto shared = std::make_shared<Piece>(std::move(piece));
  return work_.submit([shared] { return shared->read_and_check(); },
                      [this, shared]() -> Status {
                        DELTA_OK(absorb(*shared));
                        DELTA_OK(sink_.write(shared->bytes));
                        spare_.push_back(std::move(shared->bytes));
                        return {};
                      });
}

/// The digest over headers runs in order, here.
Status SegmentCopier::absorb(const Piece& piece) {
  const ByteView bytes = piece.bytes;
  std::size_t next = 0;
  if (piece.head) {
    digest_ = Checksum();
    frames_ = 0;
    digest_.add(bytes.first(kHeaderBytes));
    next = kHeaderBytes;
  }
  for (std::size_t i = piece.first; i < piece.last; ++i) {
    digest_.add(bytes.subspan(next, kFrameBytes));
    ++frames_;
    next += static_cast<std::size_t>(extent(frame_of(*piece.segment, i)));
  }
  return piece.tail ? check_end(*piece.segment, bytes.last(kTrailerBytes)) : Status();
}

Status SegmentCopier::check_end(const Segment& segment, ByteView bytes) {
  const std::string where = place_name(segment.number, nullptr);
  format::Trailer trailer;
  if (format::read_trailer(bytes.data(), trailer) != format::Parse::ok) {
    return damaged(segment, where, "the trailer is damaged");
  }
  const bool agrees = trailer.digest == digest_.value() && trailer.frames == frames_;
  if (!agrees) return damaged(segment, where, "the trailer is that of other frames");
  return {};
}

namespace {

/// A frame that is no piece of its own in memory: the last bytes are out before the checksum is known. `digest` takes
/// its header.
Status pass_large(const Segment& segment, std::size_t number, ByteSink& sink, Checksum& digest) {
  const auto& entry = frame_of(segment, number);
  const auto bad = [&](const char* what) {
    return damaged(segment, frame_place(segment, entry.type, static_cast<std::uint32_t>(number)), what);
  };
  Buffer bytes(kFrameBytes);
  DELTA_OK(segment.file->read(segment.offset + entry.offset, bytes));
  format::FrameHeader frame;
  DELTA_OK(check_frame_header(segment, entry, static_cast<std::uint32_t>(number), bytes, frame));
  digest.add(bytes);
  DELTA_OK(sink.write(bytes));
  Checksum sum(static_cast<std::uint64_t>(frame.salt) << 32 | frame.number);
  const std::uint64_t size = format::padded(frame.stored);
  for (std::uint64_t done = 0; done < size; done += bytes.size()) {
    bytes.resize(static_cast<std::size_t>(std::min(kPieceBytes, size - done)));
    DELTA_OK(segment.file->read(segment.offset + entry.offset + kFrameBytes + done, bytes));
    sum.add(bytes);
    const bool last = done + bytes.size() == size;
    if (last && std::ranges::any_of(ByteView(bytes).last(size - frame.stored), [](Byte b) { return b != 0; })) {
      return bad("the padding is not zero");
    }
    DELTA_OK(sink.write(bytes));
  }
  return sum.value() == frame.payload_checksum ? Status() : bad("the payload does not match its checksum");
}

}  // namespace

/// Checked before it is copied if there is another to copy instead; otherwise on its way: the output is whole or
/// absent.
Status SegmentCopier::copy_large(const Segment& segment, std::span<const Segment> twins, std::size_t number) {
  const Segment* source = &segment;
  const auto intact = [&](const Segment& s) {
    Checksum ignored;
    return bool(pass_large(s, number, null_sink(), ignored));
  };
  for (std::size_t i = 0; i < twins.size() && !intact(*source); ++i) source = &twins[i];
  ++frames_;
  return pass_large(*source, number, sink_, digest_);
}

}  // namespace delta::store
