#include "store/scan.hpp"

#include <algorithm>

#include "base/checksum.hpp"
#include "codec/payload.hpp"
#include "delta/limits.hpp"
#include "format/tables.hpp"
#include "format/wire.hpp"
#include "store/check_ahead.hpp"

namespace delta::store {

using format::kFrameBytes, format::kHeaderBytes, format::kTrailerBytes;

std::string place_name(std::size_t segment, const format::FrameHeader* frame) {
  std::string name = "segment " + std::to_string(segment);
  if (frame) name += ", frame " + std::to_string(frame->number) + " (" + format::type_name(frame->type) + ")";
  return name;
}

namespace {

constexpr std::size_t kChunk = 1 << 20;

/// The FOOTER that a frame holds, given whole.
std::optional<format::Footer> footer_of(const format::FrameHeader& frame, ByteView bytes) {
  const ByteView body = bytes.subspan(kFrameBytes);
  if (format::payload_checksum(body, frame.salt, frame.number) != frame.payload_checksum) return {};
  ByteView payload = body.first(frame.stored);
  Buffer raw;
  if (frame.codec != PayloadCodec::plain) {
    if (!codec::decompress_payload(frame.codec, payload, frame.raw, raw)) return {};
    payload = raw;
  }
  format::Footer footer;
  if (!format::read_footer(payload, frame.count, footer)) return {};
  return footer;
}

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](Byte b) { return b == 0; });
}

class Scanner {
 public:
  Scanner(const ByteSource& file, Payloads payloads, const ChecksummedFrames* good, Torn torn)
      : file_(file), payloads_(payloads), good_(good), torn_(torn), size_(file.size()) {
    buffer_.reserve(kChunk + kFrameBytes);  // it grows with the frames, and is then not copied
  }

  Result<ScannedFile> run() {
    if (size_ == 0) {
      find(Verdict::empty, 0, "", "empty file (0 bytes)", "often a producer that failed before it wrote anything");
      return std::move(out_);
    }
    while (at_ < size_ && !stop_) {
      DELTA_OK(open_ ? step_frame() : step_header());
    }
    if (open_ && !stop_) close_unsealed();
    return std::move(out_);
  }

 private:
  std::uint64_t left() const { return size_ - at_; }
  ScannedSegment& segment() { return out_.segments.back(); }
  std::size_t segment_number() const { return out_.segments.empty() ? 0 : out_.segments.size() - (open_ ? 1 : 0); }

  void find(Verdict verdict, std::uint64_t offset, std::string where, std::string what, std::string hint = {}) {
    out_.findings.push_back({verdict, file_.name(), offset, std::move(where), std::move(what), std::move(hint)});
    if (open_) segment().whole = false;
  }

  void open_segment(std::optional<format::Header> header, std::uint32_t salt) {
    if (open_) close_unsealed();
    open_ = true;
    salt_ = salt;
    next_number_ = 0;
    footer_.reset();
    digest_ = Checksum();
    ScannedSegment fresh;
    fresh.offset = fresh.end = at_;
    fresh.header = std::move(header);
    fresh.whole = fresh.header.has_value();
    out_.segments.push_back(std::move(fresh));
  }

  /// The good part ends here unless something before was bad.
  void accept(std::uint64_t bytes) {
    at_ += bytes;
    segment().end = at_;
    if (out_.findings.empty()) out_.good_end = at_;
  }

  void close_unsealed() {
    if (footer_ && out_.findings.empty()) {
      find(Verdict::trailer, at_, place_name(segment_number(), nullptr), "the trailer is missing; no data is lost");
    } else if (segment().whole) {
      find(Verdict::unsealed, at_, place_name(segment_number(), nullptr), "ends at a frame boundary without a footer",
           "a writer was stopped, or the file was cut; `encode --append` goes on from the last whole commit");
    }
    open_ = false;
  }

  Status step_header() {
    Byte bytes[kHeaderBytes];
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left(), kHeaderBytes));
    DELTA_OK(file_.read(at_, {bytes, n}));
    const bool looks_right =
        std::equal(bytes, bytes + std::min<std::size_t>(n, format::kMagic.size()), format::kMagic.begin());
    if (n < kHeaderBytes) {
      if (at_ == 0 && !looks_right) return foreign();
      return tail(Verdict::torn, "ends inside a segment header");
    }
    format::Header header;
    std::string why;
    switch (format::read_header(bytes, header, why)) {
      case format::Parse::ok:
        open_segment(header, header.salt());
        digest_.add({bytes, kHeaderBytes});
        accept(kHeaderBytes);
        return {};
      case format::Parse::unsupported:
        find(Verdict::unsupported, at_, place_name(segment_number(), nullptr), why);
        stop_ = true;
        return {};
      case format::Parse::damaged:
        break;
    }
    return damage("the segment header is damaged", 64, !looks_right);
  }

  Status step_frame() {
    Byte bytes[kFrameBytes];
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left(), kFrameBytes));
    DELTA_TRY(const ByteView here, bytes_at(at_, n));
    std::ranges::copy(here, bytes);
    if (footer_) return step_trailer({bytes, n});
    if (n < kFrameBytes) {
      return tail(Verdict::torn, "ends inside a frame header");
    }
    format::FrameHeader frame;
    std::string why;
    const auto parsed = format::read_frame_header(bytes, frame, why);
    if (parsed == format::Parse::damaged) return after_frames({bytes, n});
    if (parsed == format::Parse::unsupported) {
      if (segment().header) why += " (written by " + segment().header->writer + ")";
      find(Verdict::unsupported, at_, place_name(segment_number(), &frame), why);
      segment().known = false;
      stop_ = true;
      return {};
    }
    if (frame.salt != salt_ || frame.number < next_number_ || (frame.number > next_number_ && segment().whole)) {
      DELTA_TRY(const bool acknowledged, acknowledged_behind(at_));
      if (!acknowledged && torn_ == Torn::ends_it) {
        return tail(Verdict::torn, "a frame of an unfinished write stands here", &frame);
      }
      find(Verdict::corrupt, at_, place_name(segment_number(), &frame),
           frame.salt != salt_
               ? "a frame of another segment stands here"
               : "expected frame " + std::to_string(next_number_) + ", found frame " + std::to_string(frame.number));
      return adopt(frame);
    }
    return take_frame(frame, bytes);
  }

  /// A frame header that is intact and in the wrong place: skipped, or, with another salt, the start of a segment whose
  /// header is gone.
  Status adopt(const format::FrameHeader& frame) {
    if (frame.salt != salt_) {
      open_segment(std::nullopt, frame.salt);
      next_number_ = frame.number;
    } else if (frame.number > next_number_) {
      next_number_ = frame.number;  // frames are missing
    } else if (torn_ == Torn::goes_on) {
      open_segment(std::nullopt, frame.salt);  // another one like it
      next_number_ = frame.number;
    } else {
      at_ += std::min(frame.extent(), left());
    }
    return {};
  }

  Status take_frame(const format::FrameHeader& frame, const Byte* header_bytes) {
    if (frame.extent() > left()) {
      return tail(Verdict::torn, "ends inside a frame", &frame);
    }
    if (payloads_ == Payloads::checked && !(good_ != nullptr && good_->contains(at_, frame))) {
      DELTA_TRY(const bool good, check_payload(frame));
      if (!good) return bad_payload(frame);
    }
    if (const char* what = format::misuse(frame)) {  // nothing is damaged: it was written so
      out_.findings.push_back({Verdict::invalid, file_.name(), at_, place_name(segment_number(), &frame), what, {}});
    }
    if (segment().frames.size() >= kMaxFrames) {
      out_.findings.push_back({Verdict::invalid,
                               file_.name(),
                               at_,
                               place_name(segment_number(), &frame),
                               "more frames than a segment may have",
                               {}});
      stop_ = true;
      return {};
    }
    next_number_ = frame.number + 1;
    digest_.add({header_bytes, kFrameBytes});
    segment().frames.push_back({frame, at_});
    if (frame.type == format::FrameType::footer) {
      footer_ = at_;
      footer_checksum_ = frame.checksum;
    }
    accept(frame.extent());
    return {};
  }

  Result<bool> check_payload(const format::FrameHeader& frame) {
    Checksum sum(static_cast<std::uint64_t>(frame.salt) << 32 | frame.number);
    DELTA_OK(each_chunk(frame.extent() - kFrameBytes, [&](ByteView bytes) { sum.add(bytes); }));
    return sum.value() == frame.payload_checksum;
  }

  /// visit(bytes) over the payload of the frame here, padding included.
  template <class Visit>
  Status each_chunk(std::uint64_t total, const Visit& visit) {
    for (std::uint64_t done = 0; done < total;) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(total - done, kChunk));
      const std::uint64_t start = at_ + kFrameBytes + done;
      DELTA_TRY(const ByteView bytes, bytes_at(start, n));
      visit(bytes);
      done += n;
    }
    return {};
  }

  /// `n` bytes of the file, valid until the next call. With them the header that stands behind is read, which is wanted
  /// next.
  Result<ByteView> bytes_at(std::uint64_t from, std::size_t n) {
    if (from < buffer_at_ || from + n > buffer_at_ + buffered_) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(n + kFrameBytes, size_ - from));
      buffer_.resize(std::max(buffer_.size(), size));  // one that shrank would be filled with zeros as it grows again
      DELTA_OK(file_.read(from, std::span(buffer_).first(size)));
      buffer_at_ = from;
      buffered_ = size;
    }
    return ByteView(buffer_).subspan(static_cast<std::size_t>(from - buffer_at_), n);
  }

  Status bad_payload(const format::FrameHeader& frame) {
    const std::string where = place_name(segment_number(), &frame);
    DELTA_TRY(const bool acknowledged, acknowledged_behind(at_ + frame.extent()));
    if (torn_ == Torn::goes_on) {  // its length may be that of a frame which does not belong here
      find(Verdict::corrupt, at_, where, "the payload does not match its checksum");
      segment().damaged.push_back({frame, at_});
      return go_on();
    }
    if (acknowledged) {
      find(Verdict::corrupt, at_, where, "the payload does not match its checksum");
      next_number_ = frame.number + 1;
      at_ += frame.extent();
      if (frame.type == format::FrameType::footer) footer_ = at_ - frame.extent();
      return {};
    }
    return tail(Verdict::torn,
                "the payload does not match its checksum, and no later part shows that it was ever complete", &frame);
  }

  /// No frame header here: a trailer out of place, a new segment instead of a footer, zeros, or damage.
  Status after_frames(ByteView bytes) {
    Byte header_bytes[kHeaderBytes];
    if (left() >= kHeaderBytes) {
      DELTA_OK(file_.read(at_, header_bytes));
      format::Header header;
      std::string why;
      if (format::read_header(header_bytes, header, why) != format::Parse::damaged) {
        find(Verdict::corrupt, at_, place_name(segment_number(), nullptr), "not sealed, and another segment follows");
        open_ = false;
        return {};
      }
    }
    format::Trailer trailer;
    if (format::read_trailer(bytes.data(), trailer) != format::Parse::damaged) {
      find(Verdict::corrupt, at_, place_name(segment_number(), nullptr), "a trailer is where the footer was expected");
      at_ += kTrailerBytes;
      open_ = false;
      return {};
    }
    return damage("a frame header is damaged", 64, false);
  }

  Status step_trailer(ByteView bytes) {
    const std::string where = place_name(segment_number(), nullptr);
    format::Trailer trailer;
    if (bytes.size() < kTrailerBytes) {
      find(Verdict::trailer, at_, where, "the file ends inside the trailer; no data is lost");
      stop_ = true;
      return {};
    }
    const auto parsed = format::read_trailer(bytes.data(), trailer);
    if (parsed == format::Parse::damaged && torn_ == Torn::goes_on) {
      DELTA_TRY(const std::uint64_t next, next_valid(at_));
      if (next == at_) return open_ = false, Status();  // it is gone, and another segment begins
    }
    const bool agrees = parsed == format::Parse::ok && trailer.length == at_ + kTrailerBytes - segment().offset &&
                        trailer.footer_offset == *footer_ - segment().offset && trailer.salt == salt_;
    if (agrees && segment().whole) {
      if (trailer.digest != digest_.value() || trailer.frames != next_number_ ||
          trailer.footer_checksum != footer_checksum_) {
        find(Verdict::corrupt, at_, where, "the trailer is that of other frames");
      } else {
        segment().trailer = trailer;
      }
    } else if (parsed == format::Parse::damaged || (parsed == format::Parse::ok && segment().whole)) {
      find(Verdict::trailer, at_, where,
           parsed == format::Parse::ok ? "the trailer belongs to another segment; no data is lost"
                                       : "the trailer is damaged; no data is lost");
    }
    accept(kTrailerBytes);
    open_ = false;
    return {};
  }

  Status foreign() {
    find(Verdict::foreign, 0, "", "not a delta log");
    stop_ = true;
    return {};
  }

  /// The bytes at at_ are not valid: go on at the next thing that is valid, or judge the tail.
  Status damage(std::string what, std::uint64_t skip, bool maybe_foreign) {
    const std::uint64_t from = at_;
    DELTA_TRY(const bool acknowledged, acknowledged_behind(at_ + skip));
    if (acknowledged) {
      DELTA_TRY(const std::uint64_t next, next_valid(at_ + skip));
      find(Verdict::corrupt, from, place_name(segment_number(), nullptr),
           what + "; " + std::to_string(next - from) + " bytes up to byte " + std::to_string(next) + " cannot be read");
      at_ = next;
      return at_valid();
    }
    if (from == 0 && maybe_foreign) return foreign();
    DELTA_TRY(const bool written, written_otherwise(maybe_foreign));
    return tail(written ? Verdict::damaged_tail : Verdict::torn, written ? what : "an unfinished write begins here");
  }

  /// Behind a sealed segment: what neither begins as a segment does nor was left unwritten is of another program.
  Result<bool> written_otherwise(bool maybe_foreign) {
    if (open_ || !maybe_foreign) return false;
    DELTA_TRY(const ByteView bytes,
              bytes_at(at_, static_cast<std::size_t>(std::min<std::uint64_t>(left(), kFrameBytes))));
    return !all_zero(bytes);
  }

  /// After a resynchronisation: a trailer ends the segment, a header opens one, a frame continues or adopts.
  Status at_valid() {
    Byte bytes[kFrameBytes];
    DELTA_OK(file_.read(at_, bytes));
    format::Trailer trailer;
    if (format::read_trailer(bytes, trailer) != format::Parse::damaged) {
      at_ += kTrailerBytes;
      open_ = false;
      return {};
    }
    format::FrameHeader frame;
    std::string why;
    if (format::read_frame_header(bytes, frame, why) == format::Parse::damaged) {
      open_ = false;  // a segment header
      return {};
    }
    if (!open_ || frame.salt != salt_) open_segment(std::nullopt, frame.salt);
    segment().whole = false;
    next_number_ = std::max(next_number_, frame.number);
    return {};
  }

  /// What is wrong goes to the end of the file; nothing that follows was acknowledged.
  Status tail(Verdict verdict, std::string what, const format::FrameHeader* frame = nullptr) {
    find(verdict, at_, place_name(segment_number(), frame), std::move(what),
         verdict == Verdict::torn ? "a writer was stopped, or the file was cut; what is before is intact" : "");
    stop_ = torn_ == Torn::ends_it;
    return stop_ ? Status() : go_on();
  }

  /// At the next thing that is valid.
  Status go_on() {
    DELTA_TRY(at_, next_valid(at_ + 64));
    return at_ < size_ ? at_valid() : Status();
  }

  /// Whether something at or after `from` shows that what is before it was durable: then damage there is damage, and
  /// else it is what a write left that was never acknowledged. A writer makes its data durable before SYNC and FOOTER,
  /// these before the trailer, and that before another segment.
  Result<bool> acknowledged_behind(std::uint64_t from) {
    if (from <= shown_at_) return true;
    for (std::uint64_t at = from;; at += 64) {
      DELTA_TRY(at, next_valid(at));
      if (at >= size_) return false;
      DELTA_TRY(const bool shown, shows_acknowledged(at));
      if (!shown) continue;
      shown_at_ = at;
      return true;
    }
  }

  /// Does what stands at `at`, which is intact, do so?
  Result<bool> shows_acknowledged(std::uint64_t at) {
    Byte bytes[kFrameBytes];
    DELTA_OK(file_.read(at, bytes));
    format::FrameHeader frame;
    std::string why;
    if (format::read_frame_header(bytes, frame, why) == format::Parse::damaged) {
      return true;  // a segment header, or a trailer
    }
    if (frame.type == format::FrameType::sync) return true;
    if (frame.type != format::FrameType::footer) return false;
    DELTA_TRY(const bool caches, only_caches_missing(frame, at));
    return !caches;
  }

  /// By its FOOTER, which stands at `at`: all frames that hold data are here already.
  Result<bool> only_caches_missing(const format::FrameHeader& frame, std::uint64_t at) {
    if (!open_ || !segment().whole || frame.salt != salt_ || frame.extent() > size_ - at ||
        frame.count < segment().frames.size()) {
      return false;
    }
    Buffer bytes(static_cast<std::size_t>(frame.extent()));
    DELTA_OK(file_.read(at, bytes));
    const auto footer = footer_of(frame, bytes);
    if (!footer) return false;
    const auto missing = std::span(footer->frames).subspan(segment().frames.size());
    return std::ranges::all_of(missing, [](const format::FrameEntry& entry) {
      return entry.type == format::FrameType::sync || entry.type == format::FrameType::postings;
    });
  }

  /// The first place at or after `from` (in steps of 64) where a header, frame header or trailer is intact; else size_.
  Result<std::uint64_t> next_valid(std::uint64_t from) {
    constexpr std::size_t kFirst = 4096;  // mostly it is near
    Buffer bytes;
    std::size_t window = kFirst;
    for (std::uint64_t base = from; base + kFrameBytes <= size_; window = std::min(2 * window, kChunk)) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size_ - base, window));
      bytes.resize(n);
      DELTA_OK(file_.read(base, bytes));
      const bool last = base + n == size_;
      std::size_t i = 0;
      for (; i + kFrameBytes <= n && (last || i + kHeaderBytes <= n); i += 64) {
        if (valid_at(ByteView(bytes).subspan(i))) return base + i;
      }
      if (last) break;
      base += i;
    }
    return size_;
  }

  static bool valid_at(ByteView bytes) {
    format::Header header;
    format::FrameHeader frame;
    format::Trailer trailer;
    std::string why;
    return format::read_frame_header(bytes.data(), frame, why) != format::Parse::damaged ||
           format::read_trailer(bytes.data(), trailer) != format::Parse::damaged ||
           (bytes.size() >= kHeaderBytes && format::read_header(bytes.data(), header, why) != format::Parse::damaged);
  }

  const ByteSource& file_;
  const Payloads payloads_;
  const ChecksummedFrames* good_;
  const Torn torn_;
  const std::uint64_t size_;
  std::uint64_t at_ = 0;
  bool open_ = false, stop_ = false;
  std::uint32_t salt_ = 0, next_number_ = 0;
  std::uint64_t shown_at_ = 0;           // what acknowledged_behind() found last
  std::optional<std::uint64_t> footer_;  // offset of the open segment's footer, once passed
  std::uint32_t footer_checksum_ = 0;    // of its header
  Checksum digest_;
  Buffer buffer_;
  std::uint64_t buffer_at_ = 0;  // where in the file its first `buffered_` bytes stand
  std::size_t buffered_ = 0;
  ScannedFile out_;
};

}  // namespace

Result<ScannedFile> scan_file(const ByteSource& file, Payloads payloads, const ChecksummedFrames* good, Torn torn) {
  return Scanner(file, payloads, good, torn).run();
}

}  // namespace delta::store
