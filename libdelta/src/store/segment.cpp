#include "store/segment.hpp"

#include <algorithm>
#include <numeric>

#include "delta/limits.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "model/metadata.hpp"
#include "store/footered.hpp"
#include "store/segment_frames.hpp"
#include "store/tail_window.hpp"

namespace delta::store {

using format::FrameType, format::kFrameBytes, format::kHeaderBytes, format::kTrailerBytes;

namespace {

struct Footered {
  Segment segment;
  bool good = false;
};

/// Do the frames that the footer names fill the segment, and hold as many deltas as the trailer says?
bool adds_up(const Segment& segment) {
  std::uint64_t at = kHeaderBytes, deltas = 0;
  for (const format::FrameEntry& entry : segment.footer.frames) {
    if (!format::is_known(entry.type) && !format::is_ignored(entry.type)) return false;
    if (entry.type == FrameType::data) deltas += entry.count;
    at += kFrameBytes + format::padded(entry.stored);
  }
  return at == segment.trailer.footer_offset && deltas == segment.trailer.deltas;
}

bool has_room(const format::Trailer& trailer, std::uint64_t end) {
  return trailer.length <= end && trailer.length >= kHeaderBytes + kFrameBytes + kTrailerBytes && trailer.frames != 0 &&
         trailer.footer_offset >= kHeaderBytes && trailer.footer_offset <= trailer.length - kTrailerBytes - kFrameBytes;
}

bool leads_to(const format::FrameHeader& footer, const format::Trailer& trailer) {
  return footer.type == FrameType::footer &&
         trailer.footer_offset + footer.extent() + kTrailerBytes == trailer.length &&
         footer.count == trailer.frames - 1 && footer.count < kMaxFrames &&
         footer.count <= (trailer.footer_offset - kHeaderBytes) / kFrameBytes &&
         footer.checksum == trailer.footer_checksum;
}

/// The segment that ends at `end`, by its trailer and footer; not good if anything about it is odd.
Result<Footered> by_footer(const std::shared_ptr<const ByteSource>& file, TailWindow& tail, std::uint64_t end) {
  Footered out;
  if (end < kHeaderBytes + kFrameBytes + kTrailerBytes) return out;
  format::Trailer trailer;
  DELTA_TRY(ByteView bytes, tail.read(end - kTrailerBytes, kTrailerBytes));
  if (format::read_trailer(bytes.data(), trailer) != format::Parse::ok || !has_room(trailer, end)) return out;
  Segment& segment = out.segment;
  segment.file = file;
  segment.offset = end - trailer.length;
  segment.length = trailer.length;
  segment.sealed = true;
  std::string why;
  const std::uint64_t footer_at = segment.offset + trailer.footer_offset;
  DELTA_TRY(bytes, tail.read(footer_at, kFrameBytes));
  format::FrameHeader footer;
  if (format::read_frame_header(bytes.data(), footer, why) != format::Parse::ok || !leads_to(footer, trailer)) {
    return out;
  }
  DELTA_TRY(bytes, tail.read(footer_at, footer.extent()));
  Buffer frame(bytes.begin(), bytes.end());
  DELTA_TRY(bytes, tail.read(segment.offset, kHeaderBytes));
  if (format::read_header(bytes.data(), segment.header, why) != format::Parse::ok) return out;
  if (trailer.salt != segment.header.salt()) return out;
  // The footer is itself a frame; give the directory this one entry to read it by.
  const format::FrameEntry self = format::entry_of(footer, trailer.footer_offset);
  segment.footer.frames = {self};
  segment.frame_numbers = {trailer.frames - 1};
  Buffer room;
  const auto payload = unpack(segment, 0, frame, room, footer);
  segment.footer = {};
  segment.frame_numbers.clear();
  if (!payload || !format::read_footer(*payload, footer.count, segment.footer, footer.stored)) return out;
  segment.frame_numbers.resize(footer.count);
  std::iota(segment.frame_numbers.begin(), segment.frame_numbers.end(), 0u);
  segment.trailer = trailer;
  segment.own_frame = self;
  out.good = adds_up(segment);
  return out;
}

bool tolerable(Verdict verdict) {
  return verdict == Verdict::unsealed || verdict == Verdict::torn || verdict == Verdict::trailer;
}

}  // namespace

Segment from_scan(std::shared_ptr<const ByteSource> file, std::size_t number, const ScannedSegment& scanned) {
  Segment segment;
  segment.file = std::move(file);
  segment.number = number;
  segment.offset = scanned.offset;
  segment.length = scanned.end - scanned.offset;
  if (scanned.header) segment.header = *scanned.header;
  segment.sealed = scanned.trailer.has_value();
  for (const auto& frame : scanned.frames) {
    const auto& h = frame.header;
    if (h.type == FrameType::footer) continue;
    format::FrameEntry& entry = segment.footer.frames.emplace_back(format::entry_of(h, frame.offset - scanned.offset));
    if (h.type == FrameType::data) entry.max_vector = SegmentVector{0xffffffff};  // only the footer knows better
    segment.frame_numbers.push_back(h.number);
  }
  return segment;
}

Result<std::optional<Segment>> footered_segment(const std::shared_ptr<const ByteSource>& file, std::uint64_t offset,
                                                std::uint64_t length) {
  constexpr std::uint64_t kMost = 64 << 10;
  TailWindow tail(*file, std::min(length, kMost));
  DELTA_TRY(Footered found, by_footer(file, tail, offset + length));
  return found.good ? std::optional(std::move(found.segment)) : std::nullopt;
}

Result<std::optional<std::vector<Segment>>> footered_segments_after(const std::shared_ptr<const ByteSource>& file,
                                                                    std::uint64_t from) {
  std::vector<Segment> segments;
  TailWindow tail(*file);
  for (std::uint64_t end = file->size(); end > from; end = segments.back().offset) {
    DELTA_TRY(Footered found, by_footer(file, tail, end));
    if (!found.good || found.segment.offset < from) return std::optional<std::vector<Segment>>();
    segments.push_back(std::move(found.segment));
  }
  std::ranges::reverse(segments);
  for (std::size_t i = 0; i < segments.size(); ++i) segments[i].number = i;
  return std::optional(std::move(segments));
}

std::optional<std::vector<Segment>> footered_segments(const std::shared_ptr<const ByteSource>& file) {
  auto found = footered_segments_after(file, 0);
  return found ? *std::move(found) : std::nullopt;
}

Result<std::vector<Segment>> open_segments(std::shared_ptr<const ByteSource> file, std::vector<Finding>& notices) {
  DELTA_TRY(auto in_order, footered_segments_after(file, 0));
  if (in_order && !in_order->empty()) return *std::move(in_order);
  std::vector<Segment> segments;
  DELTA_TRY(const ScannedFile scanned, scan_file(*file, Payloads::checked));
  for (const auto& finding : scanned.findings) {
    if (!tolerable(finding.verdict)) {
      if (finding.verdict == Verdict::unsupported) {
        return Error{ErrorCode::unsupported, finding.what, finding.file, finding.where, finding.hint};
      }
      return Error{ErrorCode::corrupt, finding.what, finding.file, finding.where,
                   finding.hint.empty() ? "`deltalog verify` says what is lost" : finding.hint};
    }
    notices.push_back(finding);
  }
  TailWindow tail(*file);
  for (std::size_t i = 0; i < scanned.segments.size(); ++i) {
    DELTA_TRY(Footered found, by_footer(file, tail, scanned.segments[i].end));
    const bool sealed = found.good && found.segment.offset == scanned.segments[i].offset;
    segments.push_back(sealed ? std::move(found.segment) : from_scan(file, i, scanned.segments[i]));
    segments.back().number = i;
  }
  return segments;
}

namespace {

/// Which names of an IDS frame are read.
struct IdChoice {
  const format::IdSet* wanted = nullptr;      // these; null: all, or
  const std::vector<SegmentVector>* of = {};  // of these vectors, ascending; null: of any
};

/// The places in a frame of those vectors that it names.
std::vector<std::uint32_t> places_in(const format::FrameHeader& frame, const std::vector<SegmentVector>& vectors) {
  std::vector<std::uint32_t> places;
  const auto before = [](SegmentVector vector, std::uint64_t number) { return index(vector) < number; };
  auto at = std::lower_bound(vectors.begin(), vectors.end(), frame.first, before);
  for (; at != vectors.end() && index(*at) - frame.first < frame.count; ++at) {
    places.push_back(static_cast<std::uint32_t>(index(*at) - frame.first));
  }
  return places;
}

Status load_ids(Segment& segment, const format::FrameHeader& frame, ByteView payload, const IdChoice& choice) {
  if (frame.first != segment.vectors()) return error(ErrorCode::corrupt, "ids are missing before this frame");
  if (frame.count > kMaxVectors - segment.vectors()) return error(ErrorCode::corrupt, "more vectors than have numbers");
  format::Ids ids;
  const auto namespaces = static_cast<std::uint32_t>(segment.names.namespaces.size());
  DELTA_OK(choice.of != nullptr
               ? format::read_ids_at(payload, frame.count, namespaces, places_in(frame, *choice.of), ids, frame.stored)
               : format::read_ids(payload, frame.count, namespaces, choice.wanted, ids, frame.stored));
  for (const std::uint32_t place : ids.places)
    segment.id_vectors.push_back(nth<SegmentVector>(segment.vectors() + place));
  segment.owners.append(ids.owners);
  if (segment.ids.empty()) {  // mostly: one frame has them all
    segment.ids = std::move(ids.ids);
  } else {
    segment.ids.insert(segment.ids.end(), ids.ids.begin(), ids.ids.end());
  }
  if (!ids.text.empty()) segment.id_text.push_back(std::move(ids.text));
  return {};
}

/// They are printed as they stand. Mostly neighbours have the same.
Status check_properties(const format::CommitRows& rows, std::size_t before) {
  std::string_view last;
  for (const RowNo row : numbers<RowNo>(rows.size(), before)) {
    const std::string_view properties = rows.commits().properties(row);
    if (properties == last) continue;
    last = properties;
    if (!model::is_canonical_metadata(last)) {
      return error(ErrorCode::corrupt, "properties of a commit that are not in their canonical form");
    }
  }
  return {};
}

Status load_commits(Segment& segment, const format::FrameHeader& frame, ByteView payload) {
  std::uint64_t end = segment.row_ends.empty() ? segment.ordinals_before : segment.row_ends.back();
  const std::size_t before = segment.rows().size();
  if (frame.first != (segment.packed() ? segment.rows_before + before : end)) {
    return error(ErrorCode::corrupt, "commits are missing before this frame");
  }
  DELTA_OK(format::read_commits(payload, segment.header.kind, frame.count,
                                static_cast<std::uint32_t>(segment.names.origins.size()), segment.commits,
                                frame.stored));
  DELTA_OK(check_properties(segment.rows(), before));
  if (segment.packed()) return {};
  for (const RowNo row : numbers<RowNo>(segment.rows().size(), before)) {
    segment.row_ends.push_back(end += segment.rows().commits().deltas(row));
  }
  return {};
}

/// A packed segment is there whole or not at all: its commits stand behind all its deltas, and SYNC behind them.
bool closed(const Segment& segment) {
  return !segment.packed() || std::ranges::find(segment.footer.frames, FrameType::sync, &format::FrameEntry::type) !=
                                  segment.footer.frames.end();
}

}  // namespace

std::uint64_t Segment::committed() const {
  if (!packed()) return row_ends.empty() ? 0 : row_ends.back();
  std::uint64_t deltas = 0;
  for (const auto& frame : footer.frames) deltas += frame.type == FrameType::data ? frame.count : 0;
  return rows().empty() ? 0 : deltas;
}

Numbers add_names(const Segment& segment, Catalog& catalog) {
  Numbers numbers;
  Indexed<SegmentNamespace, NamespaceNo> namespaces;
  std::vector<NamespaceNo> owners(segment.ids.size());
  for (const auto& ns : segment.names.namespaces) namespaces.push_back(catalog.add_namespace(ns.name, ns.dims));
  for (const auto& name : segment.names.origins) numbers.origins.push_back(catalog.add_origin(name));
  for (std::size_t i = 0; i < segment.ids.size(); ++i) {
    owners[i] = namespaces[segment.owners[segment.vector_of(i)]];
  }
  if (catalog.vectors() == 0) catalog.reserve_vectors(segment.ids.size());  // what more segments add is mostly there
  catalog.add_vectors(owners, segment.ids, numbers.vectors);
  return numbers;
}

void unload_tables(Segment& segment) {
  segment.names = {};
  segment.owners = {};
  segment.ids = {};
  segment.id_text = {};
  segment.id_vectors = {};
  segment.some_ids = false;
  segment.commits = {};
  segment.row_ends = {};
  segment.rows_before = segment.ordinals_before = 0;
  segment.some_rows = false;
}

namespace {

/// Reads the frames of some types, and says where one cannot be read.
Status load_frames(Segment& segment, const IdChoice& choice, std::span<const std::size_t> entries) {
  return read_frames(segment, entries, [&](std::size_t entry, const auto& frame, ByteView payload) -> Status {
    const FrameType type = segment.footer.frames[entry].type;
    Status loaded = type == FrameType::props ? format::read_props(payload, frame.count, segment.names, frame.stored)
                    : type == FrameType::ids ? load_ids(segment, frame, payload, choice)
                                             : load_commits(segment, frame, payload);
    if (loaded) return {};
    Error error = std::move(loaded).error();
    if (error.code == ErrorCode::unsupported) error.message += ", written by " + escape(segment.header.writer);
    return std::move(error).in(segment.file->name()).at(frame_place(segment, entry));
  });
}

template <class Wanted>
Status load_frames_of(Segment& segment, const IdChoice& choice, const Wanted& wanted) {
  std::vector<std::size_t> entries;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    if (wanted(segment.footer.frames[i].type)) entries.push_back(i);
  }
  return load_frames(segment, choice, entries);
}

}  // namespace

Status count_vectors(Segment& segment) {
  segment.some_ids = true;
  for (const auto& frame : segment.footer.frames) {
    if (frame.type != FrameType::ids) continue;
    if (frame.count > kMaxVectors - segment.vectors()) {
      return damaged(segment, place_name(segment.number, nullptr), "more vectors than have numbers");
    }
    segment.owners.add(SegmentNamespace{0}, frame.count);
  }
  return {};
}

Status name_vectors(Segment& segment, std::span<const SegmentVector> vectors) {
  const std::vector<SegmentVector> of(vectors.begin(), vectors.end());
  segment.owners = {};
  segment.ids = {};
  segment.id_text = {};
  segment.id_vectors = {};
  return load_frames_of(segment, {nullptr, &of}, [](FrameType type) { return type == FrameType::ids; });
}

Status load_tables(Segment& segment, Tables tables, const format::IdSet* wanted) {
  segment.some_ids = wanted != nullptr;
  DELTA_OK(load_frames_of(segment, {wanted, nullptr}, [tables](FrameType type) {
    const bool ids = type == FrameType::ids && tables != Tables::without_ids;
    return type == FrameType::props || type == FrameType::commits || ids;
  }));
  const bool by_footer =
      segment.own_frame.type == FrameType::footer;  // which may pass over a frame by calling it another
  if (by_footer && segment.rows().size() != segment.trailer.commits) {
    return damaged(segment, place_name(segment.number, nullptr),
                   "the footer does not name the frames that hold its commits");
  }
  if (!closed(segment)) segment.commits = {};
  return {};
}

std::size_t commits_frames(const Segment& segment) {
  return static_cast<std::size_t>(
      std::ranges::count(segment.footer.frames, FrameType::commits, &format::FrameEntry::type));
}

void keep_rows(Segment& segment, std::size_t first, std::size_t end) {
  const format::CommitsRead all = std::exchange(segment.commits, {});
  const auto ends = std::exchange(segment.row_ends, {});
  segment.commits.records = all.records;
  segment.commits.unknown = all.unknown;
  for (const RowNo number : numbers<RowNo>(end, first)) {
    const auto row = all.rows[number];
    segment.commits.rows.push_back(row.commit, row.previous, {row.records.begin(), row.records.end()},
                                   {row.nodes.begin(), row.nodes.end()});
    if (!segment.packed()) segment.row_ends.push_back(ends[number]);
  }
  segment.some_rows = true;
  segment.rows_before += first;
  if (!segment.packed() && first > 0) segment.ordinals_before = ends[nth<RowNo>(first - 1)];
}

Status load_last_commits(Segment& segment, std::size_t frames) {
  std::vector<std::size_t> entries;
  std::size_t before = commits_frames(segment);
  segment.some_rows = true;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    const format::FrameEntry& entry = segment.footer.frames[i];
    if (entry.type != FrameType::commits) {
      if (entry.type == FrameType::props) entries.push_back(i);
      continue;
    }
    if (before > frames) segment.rows_before += entry.count;
    if (before <= frames) entries.push_back(i);
    if (before == frames && !segment.packed()) segment.ordinals_before = entry.first;
    --before;
  }
  DELTA_OK(load_frames(segment, {}, entries));
  if (segment.rows_before + segment.rows().size() != segment.trailer.commits) {
    return damaged(segment, place_name(segment.number, nullptr),
                   "the footer does not name the frames that hold its commits");
  }
  if (!closed(segment)) segment.commits = {};
  return {};
}

}  // namespace delta::store
