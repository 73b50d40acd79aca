// The deltas of a DATA frame.
#include <algorithm>

#include "codec/block.hpp"
#include "codec/block_rows.hpp"
#include "model/metadata.hpp"
#include "store/keep_only.hpp"
#include "store/segment_frames.hpp"

namespace delta::store {
namespace {

/// What the fold relies on and the codec cannot know: values fit the vector's dimensions, and metadata is what it
/// claims.
const char* misfit(const Segment& segment, const SegmentDelta& delta) {
  const std::uint32_t dims = segment.names.namespaces[segment.owners[delta.vector]].dims;
  const bool whole =
      (delta.op == Operation::create || delta.op == Operation::dense) && (delta.lost & pruned::values) == 0;
  if (whole && delta.bits.size() != dims) return "a whole vector of another number of dimensions";
  if (!delta.indices.empty() && delta.indices.back() >= dims) return "an index beyond the dimensions";
  if (!delta.metadata.empty() && !model::is_canonical_metadata(delta.metadata)) {
    return "metadata is not in its canonical form";
  }
  return nullptr;
}

/// Fresh: commit and seq follow from the ordinal.
void number_fresh(const Segment& segment, std::uint64_t first, SegmentBatch& batch) {
  auto next = static_cast<std::size_t>(std::ranges::upper_bound(segment.row_ends, first) - segment.row_ends.begin());
  const std::uint64_t before = segment.ordinals_before > first ? segment.ordinals_before - first : 0;
  std::size_t i = std::min<std::size_t>(batch.size(), before);
  for (; i < batch.size() && next < segment.rows().size(); ++i) {
    const std::uint64_t ordinal = first + i;
    while (next < segment.rows().size() && ordinal >= segment.row_ends[nth<RowNo>(next)]) ++next;
    if (next == segment.rows().size()) break;
    const RowNo row = nth<RowNo>(next);
    batch.commits[i] = row;
    batch.seqs[i] = segment.rows().commits().last(row) - (segment.row_ends[row] - 1 - ordinal);
  }
  batch.truncate(i);
  if (before > 0) {
    keep_only(batch, [before](std::size_t k) { return k >= before; });
  }
}

/// Packed: rows, places and lags to commits, seqs and times. What is impossible is said.
const char* number_packed(const Segment& segment, SegmentBatch& batch) {
  if (segment.rows().empty()) return batch.clear(), nullptr;  // not closed
  const auto& commits = segment.rows().commits();
  if (segment.some_rows) {
    const std::uint64_t first = segment.rows_before, end = first + commits.size();
    if (std::ranges::any_of(batch.commits, [&](RowNo row) { return index(row) >= segment.trailer.commits; })) {
      return "a delta of no commit";
    }
    keep_only(batch, [&](std::size_t i) { return index(batch.commits[i]) >= first && index(batch.commits[i]) < end; });
    for (RowNo& row : batch.commits) row = nth<RowNo>(index(row) - first);
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const RowNo row = batch.commits[i];
    if (!commits.contains(row)) return "a delta of no commit";
    if (batch.seqs[i] >= commits.deltas(row)) return "a delta beyond its commit";
    const Timestamp time = commits.time(row);
    if (batch.times[i] > time) return "a delta before all time";
    if (batch.lost[i] != 0 && segment.rows().records(row).empty()) return "a pruned delta of a whole commit";
    batch.seqs[i] += commits.first(row);
    batch.times[i] = Timestamp{time.hlc - batch.times[i].hlc};
  }
  return nullptr;
}

/// Of a segment that lacks frames: drops the deltas whose row or whose name is lost, and numbers the others.
void number_salvaged(const Segment& segment, std::uint64_t first, SegmentBatch& batch) {
  const auto& begins = segment.gaps->begins;
  const auto& commits = segment.rows().commits();
  const auto has_row = [&](std::size_t i) {
    const std::uint64_t sought = segment.packed() ? index(batch.commits[i]) : first + i;
    const auto after = static_cast<std::size_t>(std::ranges::upper_bound(begins, sought) - begins.begin());
    if (after == 0) return false;
    // A setting before has no delta, and the same begin as the row that has.
    const RowNo row = nth<RowNo>(after - 1);
    batch.commits[i] = row;
    if (!segment.packed()) {
      batch.seqs[i] = commits.first(row) + (sought - begins[row]);
      return sought < segment.row_ends[row];
    }
    const Timestamp time = commits.time(row);
    if (begins[row] != sought || batch.seqs[i] >= commits.deltas(row) || batch.times[i] > time) return false;
    if (batch.lost[i] != 0 && segment.rows().records(row).empty()) return false;
    batch.seqs[i] += commits.first(row);
    batch.times[i] = Timestamp{time.hlc - batch.times[i].hlc};
    return true;
  };
  std::vector<bool> kept(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::size_t vector = index(batch.vectors[i]);
    kept[i] = vector < segment.ids.size() && !segment.ids[vector].empty() && has_row(i);
  }
  keep_only(batch, [&](std::size_t i) { return kept[i]; });
}

/// Decodes a frame. `first`: the ordinal of its first delta.
Status decode(const Segment& segment, std::size_t entry, const Reading& reading, SegmentBatch& batch,
              std::uint64_t& first) {
  format::FrameHeader frame;
  FrameRoom& room = frame_room();
  DELTA_TRY(const ByteView payload, read_into(room, segment, entry, frame));
  const bool values = reading.values == Values::read;
  const codec::Wanted wanted{values, values, reading.vectors};
  const auto layout = segment.packed() ? codec::Layout::packed : codec::Layout::fresh;
  const std::uint32_t vectors = segment.gaps ? ~std::uint32_t{0} : segment.vectors();
  auto ok = codec::decode_block(payload, layout, frame.count, vectors, wanted, batch);
  room.shrink();
  first = frame.first;
  if (ok) return {};
  if (ok.error().code == ErrorCode::unsupported) ok = unsupported(segment, std::move(ok.error().message));
  return std::move(std::move(ok).error().in(segment.file->name()).at(frame_place(segment, entry)));
}

}  // namespace

Status read_data(const Segment& segment, std::size_t entry, const Reading& reading, SegmentBatch& batch) {
  std::uint64_t first = 0;
  DELTA_OK(decode(segment, entry, reading, batch, first));
  const char* wrong = nullptr;
  segment.gaps       ? number_salvaged(segment, first, batch)
  : segment.packed() ? void(wrong = number_packed(segment, batch))
                     : number_fresh(segment, first, batch);
  if (!reading.vectors.empty()) {
    keep_only(batch, [&](std::size_t i) { return std::ranges::binary_search(reading.vectors, batch.vectors[i]); });
  }
  if (wrong) return damaged(segment, frame_place(segment, entry), wrong);
  return reading.values == Values::read ? check_fit(segment, entry, batch) : Status();
}

Result<bool> has_row(const Segment& segment, std::size_t entry, const std::function<bool(RowNo)>& wanted) {
  format::FrameHeader frame;
  FrameRoom& room = frame_room();
  DELTA_TRY(const ByteView payload, read_into(room, segment, entry, frame));
  const auto rows = codec::decode_rows(payload, frame.count, segment.vectors());
  room.shrink();
  if (!rows) return true;  // whoever reads more of it says what is wrong
  return std::ranges::any_of(*rows, [&](RowNo row) {
    const std::uint64_t place = index(row) - segment.rows_before;  // wraps where it is before them
    return place < segment.rows().size() && wanted(nth<RowNo>(place));
  });
}

Status read_unnumbered(const Segment& segment, std::size_t entry, SomeVectors vectors, SegmentBatch& room,
                       SegmentBatch& out) {
  std::uint64_t first = 0;
  DELTA_OK(decode(segment, entry, {Values::read, vectors}, room, first));
  const bool one = vectors.size() == 1;  // mostly; and that is quicker
  for (std::size_t i = 0; i < room.size(); ++i) {
    const SegmentVector vector = room.vectors[i];
    if (!(one ? vector == vectors.front() : std::ranges::binary_search(vectors, vector))) continue;
    if (!segment.packed()) room.seqs[i] = first + i;
    out.add(room[i]);
  }
  return {};
}

Status check_fit(const Segment& segment, std::size_t entry, const SegmentBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (segment.some_ids && !std::ranges::binary_search(segment.id_vectors, batch.vectors[i])) continue;
    if (const char* wrong = misfit(segment, batch[i])) return damaged(segment, frame_place(segment, entry), wrong);
  }
  return {};
}

}  // namespace delta::store
