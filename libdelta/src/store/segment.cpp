#include "store/segment.hpp"

#include <algorithm>

#include "codec/block.hpp"
#include "codec/payload.hpp"
#include "format/wire.hpp"
#include "model/metadata.hpp"
#include "support/limits.hpp"

namespace delta::store {
namespace {

using format::FrameType, format::kFrameBytes, format::kHeaderBytes, format::kTrailerBytes;

Error damaged(const Segment& segment, const std::string& where, const std::string& what) {
  return error(ErrorCode::corrupt, what).in(segment.file->name()).at(where).with_hint("`deltalog verify` says what is lost");
}

std::string frame_place(const Segment& segment, std::size_t entry) {
  format::FrameHeader header;
  header.type = segment.footer.frames[entry].type;
  header.number = segment.frame_numbers[entry];
  return place_name(segment.number, &header);
}

struct Footered {
  Segment segment;
  bool good = false;
};

/// The segment that ends at `end`, by its trailer and footer; not good if anything about it is odd.
Result<Footered> by_footer(const std::shared_ptr<const InputFile>& file, std::uint64_t end) {
  Footered out;
  if (end < kHeaderBytes + kFrameBytes + kTrailerBytes) return out;
  Byte bytes[kHeaderBytes];
  DELTA_OK(file->read(end - kTrailerBytes, {bytes, kTrailerBytes}));
  format::Trailer trailer;
  if (format::read_trailer(bytes, trailer) != format::Parse::ok) return out;
  if (trailer.length > end || trailer.length < kHeaderBytes + kFrameBytes + kTrailerBytes || trailer.frames == 0 ||
      trailer.footer_offset < kHeaderBytes || trailer.footer_offset > trailer.length - kTrailerBytes - kFrameBytes) {
    return out;
  }
  Segment& segment = out.segment;
  segment.file = file;
  segment.offset = end - trailer.length;
  segment.length = trailer.length;
  segment.sealed = true;
  std::string why;
  DELTA_OK(file->read(segment.offset, bytes));
  if (format::read_header(bytes, segment.header, why) != format::Parse::ok) return out;
  // The footer is itself a frame; give the directory this one entry to read it by.
  DELTA_OK(file->read(segment.offset + trailer.footer_offset, {bytes, kFrameBytes}));
  format::FrameHeader footer;
  if (format::read_frame_header(bytes, footer, why) != format::Parse::ok || footer.type != FrameType::footer) return out;
  if (trailer.footer_offset + footer.extent() + kTrailerBytes != trailer.length || footer.count != trailer.frames - 1) return out;
  format::FrameEntry self;
  self.type = footer.type, self.stored = footer.stored, self.count = footer.count, self.offset = trailer.footer_offset;
  segment.footer.frames = {self};
  segment.frame_numbers = {trailer.frames - 1};
  auto payload = read_frame(segment, 0);
  if (!payload) return out;
  segment.footer = {};
  segment.frame_numbers.clear();
  if (!format::read_footer(*payload, footer.count, segment.footer)) return out;
  segment.frame_numbers.resize(footer.count);
  std::uint64_t at = kHeaderBytes;
  for (std::uint32_t i = 0; i < footer.count; ++i) {
    segment.frame_numbers[i] = i;
    at += kFrameBytes + format::padded(segment.footer.frames[i].stored);
  }
  out.good = at == trailer.footer_offset;
  return out;
}

bool tolerable(Verdict verdict) {
  return verdict == Verdict::unsealed || verdict == Verdict::torn || verdict == Verdict::trailer;
}

}  // namespace

Result<Buffer> read_frame(const Segment& segment, std::size_t entry, format::FrameHeader* header) {
  const format::FrameEntry& e = segment.footer.frames[entry];
  const std::string where = frame_place(segment, entry);
  const std::uint64_t at = segment.offset + e.offset;
  Buffer bytes(kFrameBytes + format::padded(e.stored));
  if (auto read = segment.file->read(at, bytes); !read) return std::move(read).error();
  format::FrameHeader frame;
  std::string why;
  const auto parsed = format::read_frame_header(bytes.data(), frame, why);
  if (parsed == format::Parse::unsupported) return error(ErrorCode::unsupported, why).in(segment.file->name()).at(where);
  if (parsed == format::Parse::damaged) return damaged(segment, where, "the frame header is damaged");
  if (frame.type != e.type || frame.stored != e.stored || frame.count != e.count || frame.salt != segment.header.salt() ||
      frame.number != segment.frame_numbers[entry] || (e.type == FrameType::data && frame.first != e.first)) {
    return damaged(segment, where, "another frame stands here");
  }
  const ByteView body = ByteView(bytes).subspan(kFrameBytes);
  if (format::payload_checksum(body, frame.salt, frame.number) != frame.payload_checksum) {
    return damaged(segment, where, "the payload does not match its checksum");
  }
  if (std::ranges::any_of(body.subspan(frame.stored), [](Byte b) { return b != 0; })) {
    return damaged(segment, where, "the padding is not zero");
  }
  if (header) *header = frame;
  Buffer raw;
  if (frame.codec == format::PayloadCodec::zstd) {
    auto unpacked = codec::decompress_payload(body.first(frame.stored), frame.raw, raw);
    if (!unpacked) return damaged(segment, where, unpacked.error().message);
    return raw;
  }
  if (frame.raw != frame.stored) return damaged(segment, where, "a plain payload with another raw length");
  bytes.erase(bytes.begin(), bytes.begin() + kFrameBytes);
  bytes.resize(frame.stored);
  return bytes;
}

Segment from_scan(std::shared_ptr<const InputFile> file, std::size_t number, const ScannedSegment& scanned) {
  Segment segment;
  segment.file = std::move(file);
  segment.number = number;
  segment.offset = scanned.offset;
  segment.length = scanned.end - scanned.offset;
  if (scanned.header) segment.header = *scanned.header;
  segment.sealed = scanned.trailer.has_value();
  for (const auto& frame : scanned.frames) {
    const auto& h = frame.header;
    if (h.type == FrameType::footer || (static_cast<Byte>(h.type) & format::kIgnorable)) continue;
    const std::uint32_t any_vector = h.type == FrameType::data ? 0xffffffff : 0;  // only the footer knows better
    segment.footer.frames.push_back({h.type, h.stored, h.count, h.first, h.min_time, h.max_time, 0, any_vector, frame.offset - scanned.offset});
    segment.frame_numbers.push_back(h.number);
  }
  return segment;
}

Result<std::vector<Segment>> open_segments(std::shared_ptr<const InputFile> file, std::vector<Finding>& notices) {
  std::vector<Segment> segments;
  std::uint64_t end = file->size();
  while (end > 0) {
    DELTA_TRY(Footered found, by_footer(file, end));
    if (!found.good) break;
    end = found.segment.offset;
    segments.push_back(std::move(found.segment));
  }
  if (end == 0 && !segments.empty()) {
    std::ranges::reverse(segments);
    for (std::size_t i = 0; i < segments.size(); ++i) segments[i].number = i;
    return segments;
  }
  segments.clear();
  DELTA_TRY(const ScannedFile scanned, scan_file(*file, true));
  for (const auto& finding : scanned.findings) {
    if (!tolerable(finding.verdict)) {
      const auto code = finding.verdict == Verdict::unsupported ? ErrorCode::unsupported : ErrorCode::corrupt;
      return Error{code, finding.what, finding.file, finding.where, finding.hint.empty() ? "`deltalog verify` says what is lost" : finding.hint};
    }
    notices.push_back(finding);
  }
  for (std::size_t i = 0; i < scanned.segments.size(); ++i) segments.push_back(from_scan(file, i, scanned.segments[i]));
  return segments;
}

namespace {

Status load_ids(Segment& segment, const format::FrameHeader& frame, ByteView payload) {
  if (frame.first != segment.ids.size()) return error(ErrorCode::corrupt, "ids are missing before this frame");
  format::Ids ids;
  DELTA_OK(format::read_ids(payload, frame.count, static_cast<std::uint32_t>(segment.names.namespaces.size()), ids));
  segment.owners.insert(segment.owners.end(), ids.namespaces.begin(), ids.namespaces.end());
  segment.ids.insert(segment.ids.end(), ids.ids.begin(), ids.ids.end());
  segment.id_text.push_back(std::move(ids.text));
  return {};
}

Status load_commits(Segment& segment, const format::FrameHeader& frame, ByteView payload) {
  if (frame.first != segment.committed()) return error(ErrorCode::corrupt, "commits are missing before this frame");
  std::vector<format::CommitRow> rows;
  DELTA_OK(format::read_commits(payload, frame.count, static_cast<std::uint32_t>(segment.names.origins.size()), rows));
  for (auto& row : rows) {
    segment.row_ends.push_back(segment.committed() + row.commit.deltas());
    segment.rows.push_back(std::move(row));
  }
  return {};
}

}  // namespace

Status load_tables(Segment& segment) {
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    const FrameType type = segment.footer.frames[i].type;
    if (type != FrameType::props && type != FrameType::ids && type != FrameType::commits) continue;
    format::FrameHeader frame;
    DELTA_TRY(const Buffer payload, read_frame(segment, i, &frame));
    Status loaded = type == FrameType::props ? format::read_props(payload, frame.count, segment.names)
                    : type == FrameType::ids ? load_ids(segment, frame, payload)
                                             : load_commits(segment, frame, payload);
    if (!loaded) return std::move(std::move(loaded).error().in(segment.file->name()).at(frame_place(segment, i)));
  }
  return {};
}

std::vector<std::string> lost_dots(const Segment& segment) {
  Segment copy = segment;
  copy.names = {};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;  // ordinals without a DATA frame
  std::uint64_t next = 0;
  for (const auto& frame : segment.footer.frames) {
    if (frame.type != FrameType::data) continue;
    if (frame.first > next) gaps.push_back({next, frame.first});
    next = std::max(next, frame.first + frame.count);
  }
  gaps.push_back({next, ~std::uint64_t{0}});
  std::vector<std::string> lost;
  for (std::size_t i = 0; i < copy.footer.frames.size(); ++i) {
    const auto& entry = copy.footer.frames[i];
    if (entry.type != FrameType::props && entry.type != FrameType::commits) continue;
    format::FrameHeader frame;
    const auto payload = read_frame(copy, i, &frame);
    std::vector<format::CommitRow> rows;
    if (!payload) continue;
    if (entry.type == FrameType::props) {
      if (!format::read_props(*payload, frame.count, copy.names)) return lost;
      continue;
    }
    if (!format::read_commits(*payload, frame.count, static_cast<std::uint32_t>(copy.names.origins.size()), rows)) continue;
    std::uint64_t begin = frame.first;
    for (const auto& [commit, previous] : rows) {
      for (const auto& [from, to] : gaps) {
        const std::uint64_t first = std::max(from, begin), last = std::min(to, begin + commit.deltas());
        if (first >= last) continue;
        lost.push_back(copy.names.origins[commit.origin] + ":" + std::to_string(commit.first + first - begin) + "-" +
                       std::to_string(commit.first + last - 1 - begin));
      }
      begin += commit.deltas();
    }
  }
  return lost;
}

namespace {

/// What the fold relies on and the codec cannot know: values fit the vector's dimensions, and metadata is what it claims.
const char* misfit(const Segment& segment, const Change& change) {
  const std::uint32_t dims = segment.names.namespaces[segment.owners[change.vector]].dims;
  const bool whole = change.op == Operation::create || change.op == Operation::dense;
  if (whole && change.bits.size() != dims) return "a whole vector of another number of dimensions";
  if (!change.indices.empty() && change.indices.back() >= dims) return "an index beyond the dimensions";
  if (!change.metadata.empty() && !model::is_canonical_metadata(change.metadata)) return "metadata is not in its canonical form";
  return nullptr;
}

}  // namespace

Status read_data(const Segment& segment, std::size_t entry, bool values, ChangeBatch& batch) {
  format::FrameHeader frame;
  DELTA_TRY(const Buffer payload, read_frame(segment, entry, &frame));
  codec::Wanted wanted;
  wanted.values = wanted.metadata = values;
  if (auto ok = codec::decode_block(payload, frame.count, static_cast<std::uint32_t>(segment.ids.size()), wanted, batch); !ok) {
    return std::move(std::move(ok).error().in(segment.file->name()).at(frame_place(segment, entry)));
  }
  for (std::size_t i = 0; values && i < batch.size(); ++i) {
    if (const char* what = misfit(segment, batch[i])) return damaged(segment, frame_place(segment, entry), what);
  }
  auto row = static_cast<std::size_t>(std::ranges::upper_bound(segment.row_ends, frame.first) - segment.row_ends.begin());
  std::size_t i = 0;
  for (; i < batch.size() && row < segment.rows.size(); ++i) {
    const std::uint64_t ordinal = frame.first + i;
    while (row < segment.rows.size() && ordinal >= segment.row_ends[row]) ++row;
    if (row == segment.rows.size()) break;
    const Commit& commit = segment.rows[row].commit;
    batch.commits[i] = static_cast<std::uint32_t>(row);
    batch.seqs[i] = commit.last() - (segment.row_ends[row] - 1 - ordinal);
  }
  batch.truncate(i);
  return {};
}

}  // namespace delta::store
