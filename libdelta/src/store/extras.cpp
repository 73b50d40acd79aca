#include "store/extras.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/digest.hpp"
#include "codec/block.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "store/segment_file.hpp"

namespace delta::store {
namespace {

using format::FrameHeader, format::FrameType;

template <class Visit>
Status each_extra(const Segment& segment, const Visit& visit) {
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    if (format::is_extra(segment.footer.frames[i].type)) DELTA_OK(visit(i));
  }
  return {};
}

/// What the header says beside place and checksums.
void write_fields(const FrameHeader& frame, Buffer& out) {
  format::Writer to(out);
  to.u8(static_cast<Byte>(frame.type));
  to.u8(static_cast<Byte>(frame.codec));
  to.fixed(frame.flags);
  to.fixed(frame.stored);
  to.fixed(frame.raw);
  to.fixed(frame.first);
  to.fixed(frame.count);
  to.fixed(frame.min_time.hlc);
  to.fixed(frame.max_time.hlc);
}

struct Read {
  FrameHeader header;
  Buffer payload;  // as it is stored
};
Result<Read> read_extra(const Segment& segment, std::size_t entry) {
  Read out;
  DELTA_TRY(out.payload, read_stored(segment, entry, out.header));
  return out;
}

Hash digest_of(const Read& frame) {
  Buffer bytes;
  write_fields(frame.header, bytes);
  const Hash payload = digest("dlog1 extra", frame.payload);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return digest("dlog1 extra", bytes);
}

/// A frame among others, in the order in which they are written.
struct Candidate {
  static constexpr std::size_t kBegin = 32;
  Extra extra;
  FrameType type = FrameType::attestation;
  Buffer begin;  // of its payload: mostly enough to tell its place
  Hash hash{};
};

class Order {
 public:
  bool operator()(const Candidate& a, const Candidate& b) {
    if (!status || a.hash == b.hash) return false;  // once a read failed nothing stands before anything
    if (a.type != b.type) return a.type < b.type;
    if (a.begin != b.begin) return a.begin < b.begin;
    const auto left = whole(a), right = whole(b);
    return status && left < right;
  }
  Status status;

 private:
  /// The payload, and what else the frame says.
  std::pair<Buffer, Buffer> whole(const Candidate& candidate) {
    auto read = read_extra(*candidate.extra.segment, candidate.extra.entry);
    if (!read) {
      status = std::move(read).error();
      return {};
    }
    Buffer fields;
    write_fields(read->header, fields);
    return {std::move(read->payload), std::move(fields)};
  }
};

Finding left_out(const Segment& segment, std::string what) {
  what += ", which this version does not know and cannot put into a segment that is written anew: left out";
  return {Verdict::ok, segment.file->name(), segment.offset, place_name(segment.number, nullptr), std::move(what), ""};
}

/// How many DATA frames have each column that is not known. What this version has written itself has none, and is not
/// asked.
Result<std::map<std::uint8_t, std::uint64_t>> unknown_columns(const Segment& segment) {
  constexpr std::string_view kUnknown = "unknown";
  std::map<std::uint8_t, std::uint64_t> frames;
  if (segment.header.writer == own_name()) return frames;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    if (segment.footer.frames[i].type != FrameType::data) continue;
    DELTA_TRY(const Buffer payload, read_frame(segment, i));
    const auto columns = codec::block_columns(payload);
    if (!columns) continue;  // whoever reads the deltas says why
    for (const auto& column : *columns) frames[column.column] += codec::column_name(column.column) == kUnknown ? 1 : 0;
  }
  std::erase_if(frames, [](const auto& column) { return column.second == 0; });
  return frames;
}

}  // namespace

Status check_rewritable(const Segment& segment) {
  const std::uint64_t unknown = format::unknown_of(segment.header.features).ro_compat;
  if (unknown == 0) return {};
  return error(ErrorCode::unsupported, "ro_compat features " + format::mask_text(unknown) + " (written by " +
                                           segment.header.writer +
                                           "): this version may read and copy the segment, and not rewrite it")
      .in(segment.file->name())
      .at(place_name(segment.number, nullptr));
}

Result<std::vector<Hash>> extra_digests(const Segment& segment) {
  std::vector<Hash> digests;
  DELTA_OK(each_extra(segment, [&](std::size_t i) -> Status {
    DELTA_TRY(const Read frame, read_extra(segment, i));
    digests.push_back(digest_of(frame));
    return {};
  }));
  std::ranges::sort(digests);
  return digests;
}

Result<Extras> extras_of(std::span<const Segment* const> segments) {
  Extras out;
  std::vector<Candidate> candidates;
  for (const Segment* segment : segments) {
    std::map<FrameType, std::uint64_t> left;
    DELTA_OK(each_extra(*segment, [&](std::size_t i) -> Status {
      const FrameType type = segment->footer.frames[i].type;
      if (!format::is_safe_to_copy(type)) return ++left[type], Status();
      DELTA_TRY(const Read frame, read_extra(*segment, i));
      const auto n = static_cast<std::ptrdiff_t>(std::min(frame.payload.size(), Candidate::kBegin));
      candidates.push_back(
          {{segment, i}, type, Buffer(frame.payload.begin(), frame.payload.begin() + n), digest_of(frame)});
      return {};
    }));
    for (const auto& [type, count] : left) {
      out.left_out.push_back(left_out(*segment, plural(count, "frame") + " of " + format::type_name(type)));
    }
    DELTA_TRY(const auto columns, unknown_columns(*segment));
    for (const auto& [column, count] : columns) {
      out.left_out.push_back(
          left_out(*segment, "column " + format::mask_text(column) + " of " + plural(count, "DATA frame")));
    }
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::hash);
  const auto same = [](const Candidate& a, const Candidate& b) { return a.hash == b.hash; };
  candidates.erase(std::unique(candidates.begin(), candidates.end(), same), candidates.end());
  Order order;
  std::sort(candidates.begin(), candidates.end(), std::ref(order));
  DELTA_OK(std::move(order.status));
  for (const Candidate& candidate : candidates) out.kept.push_back(candidate.extra);
  return out;
}

Status append_extra(const Extra& extra, FrameList& out) {
  DELTA_TRY(Read frame, read_extra(*extra.segment, extra.entry));
  append_frame(frame.header, frame.payload, out.bytes);
  out.frames.push_back(frame.header);
  return {};
}

}  // namespace delta::store
