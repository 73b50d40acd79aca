#include "store/frames.hpp"

#include <algorithm>
#include <utility>

#include "codec/payload.hpp"
#include "format/wire.hpp"

namespace delta::store {

using format::FrameHeader, format::FrameType;

void append_frame(FrameHeader& frame, ByteView payload, Buffer& out) {
  const std::size_t start = out.size();
  frame.stored = static_cast<std::uint32_t>(payload.size());
  out.resize(start + frame.extent());  // zeros where the padding is
  std::ranges::copy(payload, out.data() + start + format::kFrameBytes);
  place_frame(frame, frame.salt, frame.number, out.data() + start);
}

void place_frame(FrameHeader& frame, std::uint32_t salt, std::uint32_t number, Byte* at) {
  frame.salt = salt;
  frame.number = number;
  frame.payload_checksum =
      format::payload_checksum({at + format::kFrameBytes, format::padded(frame.stored)}, salt, number);
  format::write_frame_header(frame, at);
}

void append_table(FrameHeader& frame, const Buffer& raw, Preset preset, Buffer& out, const format::Load& load) {
  frame.raw = static_cast<std::uint32_t>(raw.size());
  Buffer packed;
  const bool smaller = codec::compress_payload(raw, preset, packed) && format::fits(frame.type, load, packed.size());
  frame.codec = smaller ? PayloadCodec::zstd : PayloadCodec::plain;
  append_frame(frame, smaller ? packed : raw, out);
}

namespace {

/// A table that is one frame if it may be, compressed or, with one entry that cannot be cut, plain. False: it is to be
/// cut.
bool append_whole(FrameHeader frame, const Buffer& raw, const format::Load& load, bool can_cut, Preset preset,
                  FrameList& out) {
  if (can_cut && raw.size() > kMaxFrameBytes) return false;
  Buffer packed;
  const bool smaller = codec::compress_payload(raw, preset, packed);
  const bool holds = format::fits(frame.type, load, smaller ? packed.size() : raw.size());
  if (can_cut && !holds) return false;
  frame.raw = static_cast<std::uint32_t>(raw.size());
  frame.count = static_cast<std::uint32_t>(load.count);
  frame.codec = smaller && holds ? PayloadCodec::zstd : PayloadCodec::plain;
  append_frame(frame, smaller && holds ? packed : raw, out.bytes);
  out.frames.push_back(frame);
  return true;
}

FrameHeader header_of(FrameType type, std::uint64_t first = 0) {
  FrameHeader frame;
  frame.type = type;
  frame.first = first;
  return frame;
}

/// The names [begin, end), namespaces before origins.
format::Props some_of(const format::Props& props, std::size_t begin, std::size_t end) {
  const std::size_t namespaces = props.namespaces.size();
  const auto cut = [&](const auto& list, std::size_t from, auto& to) {
    const auto place = [&](std::size_t n) {
      return list.begin() + static_cast<std::ptrdiff_t>(std::clamp(n, from, from + list.size()) - from);
    };
    to.append(place(begin), place(end));
  };
  format::Props some;
  cut(props.namespaces, 0, some.namespaces);
  cut(props.origins, namespaces, some.origins);
  return some;
}

format::Ids some_of(const format::Ids& ids, std::size_t begin, std::size_t end) {
  format::Ids some;
  some.ids.assign(ids.ids.begin() + static_cast<std::ptrdiff_t>(begin),
                  ids.ids.begin() + static_cast<std::ptrdiff_t>(end));
  std::size_t from = 0;
  for (const auto& run : ids.owners.runs()) {
    const std::size_t first = std::max(from, begin), last = std::min<std::size_t>(run.end, end);
    if (first < last) some.owners.add(run.ns, static_cast<std::uint32_t>(last - first));
    from = run.end;
  }
  return some;
}

/// Rows [begin, end), moved, with the records that they use.
format::CommitTable some_of(format::CommitTable& table, std::size_t begin, std::size_t end) {
  format::CommitTable some;
  Indexed<RecordNo, std::optional<RecordNo>> in_some(table.records.size());
  for (const RowNo row : numbers<RowNo>(end, begin)) {
    for (const RecordNo record : table.rows[row].records) in_some[record] = RecordNo{};
  }
  for (const RecordNo record : in_some.numbers()) {
    if (in_some[record]) in_some[record] = some.records.push_back(table.records[record]);
  }
  for (const RowNo row : numbers<RowNo>(end, begin)) {
    some.rows.push_back(std::move(table.rows[row]));
    for (RecordNo& record : some.rows.back().records) record = *in_some[record];
  }
  return some;
}

/// Whether smaller tables would hold less for each byte. Records go with every row that names them: where they are most
/// of a table it is stored plain, if it may be.
bool cut_helps(const format::CommitTable& table, const format::Load& load, std::size_t raw) {
  if (table.rows.size() == 1) return false;
  std::uint64_t shared = table.records.size();
  for (const auto& record : table.records) shared += record.items();
  return raw > kMaxFrameBytes || 2 * shared <= load.items || !format::fits(FrameType::commits, load, raw);
}

/// `place`: of its first row in the table that was cut; none: it is that table.
Status append_cut(format::CommitTable table, format::Kind kind, Preset preset, const FirstOf& first, const Link& link,
                  std::optional<std::size_t> place, FrameList& out) {
  if (place && link && !format::is_linked(table)) DELTA_OK(link(table, *place));
  Buffer raw;
  format::write_commits(table, kind, raw);
  const std::size_t rows = table.rows.size();
  if (rows == 1 && raw.size() > kMaxFrameBytes) {
    return error(ErrorCode::limit, "a commit is larger than a frame may be: cut it into smaller ones");
  }
  const std::size_t frames = out.frames.size();
  const format::Load load = format::load_of(table);
  if (append_whole(header_of(FrameType::commits), raw, load, cut_helps(table, load, raw.size()), preset, out)) {
    FrameHeader& frame = out.frames[frames];
    frame.first = first(table);
    format::write_frame_header(frame, out.bytes.data() + out.bytes.size() - frame.extent());
    return {};
  }
  const std::size_t begin = place.value_or(0), half = rows / 2;
  DELTA_OK(append_cut(some_of(table, 0, half), kind, preset, first, link, begin, out));
  return append_cut(some_of(table, half, rows), kind, preset, first, link, begin + half, out);
}

/// As plain rows, without its metadata.
std::uint64_t row_bytes(const SegmentDelta& c) { return 16 + c.indices.size_bytes() + c.bits.size_bytes(); }

}  // namespace

void append_props(const format::Props& props, Preset preset, FrameList& out) {
  const format::Load load = format::load_of(props);
  if (load.count == 0) return;
  Buffer raw;
  format::write_props(props, raw);
  if (append_whole(header_of(FrameType::props), raw, load, load.count > 1, preset, out)) return;
  append_props(some_of(props, 0, load.count / 2), preset, out);
  append_props(some_of(props, load.count / 2, load.count), preset, out);
}

void append_ids(const format::Ids& ids, std::uint64_t first, Preset preset, FrameList& out) {
  const format::Load load = format::load_of(ids);
  if (load.count == 0) return;
  Buffer raw;
  format::write_ids(ids, raw);
  if (append_whole(header_of(FrameType::ids, first), raw, load, load.count > 1, preset, out)) return;
  append_ids(some_of(ids, 0, load.count / 2), first, preset, out);
  append_ids(some_of(ids, load.count / 2, load.count), first + load.count / 2, preset, out);
}

Status append_commits(format::CommitTable table, format::Kind kind, Preset preset, const FirstOf& first,
                      const Link& link, FrameList& out) {
  return append_cut(std::move(table), kind, preset, first, link, {}, out);
}

Status append_footer(const format::Footer& footer, Preset preset, FrameList& out) {
  Buffer raw;
  format::write_footer(footer, raw);
  if (raw.size() > kMaxFrameBytes || footer.frames.size() >= kMaxFrames) {
    return error(ErrorCode::limit, "a segment of more frames than one may have");
  }
  append_whole(header_of(FrameType::footer), raw, format::load_of(footer), false, preset, out);
  return {};
}

void encode_blocks(const SegmentBatch& batch, codec::Layout layout, Preset preset, const VisitBlock& visit) {
  const std::function<void(const SegmentBatch&, std::size_t)> encode = [&](const SegmentBatch& part,
                                                                           std::size_t begin) {
    Buffer payload;
    codec::encode_block(part, layout, preset, payload);
    std::uint64_t largest = 0;
    for (std::size_t i = 0; i < part.size(); ++i) largest = std::max(largest, row_bytes(part[i]));
    const codec::BlockBounds most = codec::bounds_of_block(payload.size());
    if (part.size() == 1 || (part.size() <= most.count && part.row_bytes() - largest <= most.rows)) {
      return visit(part, begin, payload);
    }
    const std::size_t half = part.size() / 2;
    for (const auto& [from, to] : {std::pair(std::size_t{0}, half), std::pair(half, part.size())}) {
      SegmentBatch some;
      for (std::size_t i = from; i < to; ++i) some.add(part[i]);
      encode(some, begin + from);
    }
  };
  encode(batch, 0);
}

}  // namespace delta::store
