#include "store/seal.hpp"

#include <algorithm>

#include "base/checksum.hpp"
#include "delta/limits.hpp"
#include "format/wire.hpp"
#include "store/extras.hpp"
#include "store/frames.hpp"
#include "store/postings.hpp"
#include "store/union.hpp"

namespace delta::store {
namespace {

using format::FrameType;

/// The footer that the writer of this segment would have written, without the POSTINGS in it.
Result<format::Footer> rebuild_footer(const Segment& segment, unsigned threads, PostingsBuilder& postings) {
  format::Footer footer;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    format::FrameEntry entry = segment.footer.frames[i];
    if (entry.type == FrameType::data) {
      SegmentBatch batch;
      DELTA_OK(read_data(segment, i, {Values::skipped}, batch));
      if (batch.size() != entry.count) {
        return damaged(segment, frame_place(segment, entry.type, segment.frame_numbers[i]),
                       "holds deltas that no commit closes");
      }
      const auto held = vectors_of(batch);
      entry.min_vector = held.front().vector;
      entry.max_vector = held.back().vector;
      if (!segment.packed()) DELTA_OK(postings.add(held));
    }
    footer.frames.push_back(entry);
  }
  DELTA_TRY(const auto hashes, row_hashes(segment, threads));
  for (const RowNo number : hashes.numbers()) {
    const auto row = segment.rows()[number];
    format::note_head(footer, row.commit, row.previous, hashes[number]);
  }
  footer.vectors = segment.vectors();
  footer.namespaces = static_cast<std::uint32_t>(segment.names.namespaces.size());
  footer.origins = static_cast<std::uint32_t>(segment.names.origins.size());
  return footer;
}

/// Of the header and all frame headers, which are those that the directory names.
Result<Checksum> digest_of(const Segment& segment) {
  Checksum digest;
  Buffer bytes(format::kHeaderBytes);
  DELTA_OK(segment.file->read(segment.offset, bytes));
  digest.add(bytes);
  bytes.resize(format::kFrameBytes);
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    const auto& entry = segment.footer.frames[i];
    format::FrameHeader frame;
    DELTA_OK(segment.file->read(segment.offset + entry.offset, bytes));
    DELTA_OK(check_frame_header(segment, entry, segment.frame_numbers[i], bytes, frame));
    digest.add(bytes);
  }
  return digest;
}

}  // namespace

Result<Indexed<RowNo, Hash>> row_hashes(const Segment& segment, unsigned threads) {
  DELTA_TRY(const Log log, store::Union::of_segment(segment, threads));
  DELTA_TRY(const auto hashes, log.hashes());
  Indexed<RowNo, Hash> out;
  for (const CommitNo number : log.impl().parts.front().commits) out.push_back(hashes[number]);
  return out;
}

void cut_to_commits(Segment& segment) {
  auto& frames = segment.footer.frames;
  const auto closes = [&](const format::FrameEntry& frame) {
    return frame.type == FrameType::sync ||
           (frame.type == FrameType::commits && segment.header.kind == format::Kind::fresh);
  };
  while (!frames.empty() && !closes(frames.back())) frames.pop_back();
  segment.frame_numbers.resize(frames.size());
  segment.length =
      frames.empty() ? 0 : frames.back().offset + format::kFrameBytes + format::padded(frames.back().stored);
}

Result<Seal> make_seal(const Segment& segment, unsigned threads) {
  DELTA_OK(check_rewritable(segment));
  for (std::size_t i = 0; i < segment.frame_numbers.size(); ++i) {
    if (segment.frame_numbers[i] == i) continue;
    return damaged(segment, place_name(segment.number, nullptr), "not sealed, and frames are missing");
  }
  Seal seal;
  PostingsBuilder postings;
  DELTA_TRY(seal.footer, rebuild_footer(segment, threads, postings));
  DELTA_TRY(Checksum digest, digest_of(segment));
  const auto append = [&](FrameType type, std::uint64_t first, std::size_t count, const Buffer& payload,
                          const format::Load& load = {}) {
    format::FrameHeader& frame = seal.frames.emplace_back();
    frame.type = type;
    frame.first = first;
    frame.count = static_cast<std::uint32_t>(count);
    frame.salt = segment.header.salt();
    frame.number = static_cast<std::uint32_t>(seal.footer.frames.size());
    const std::size_t at = seal.bytes.size();
    append_table(frame, payload, Preset::balanced, seal.bytes, load);
    digest.add(ByteView(seal.bytes).subspan(at, format::kFrameBytes));
    return segment.length + at;
  };
  DELTA_OK(postings.each([&](SegmentVector first, std::uint32_t count, const Buffer& payload) -> Status {
    const std::uint64_t at = append(FrameType::postings, index(first), count, payload);
    seal.footer.frames.push_back(format::entry_of(seal.frames.back(), at));
    return {};
  }));
  Buffer raw;
  format::fit_heads(seal.footer);
  format::write_footer(seal.footer, raw);
  if (raw.size() > kMaxFrameBytes) {
    return error(ErrorCode::limit, "a segment of more frames than one may have").in(segment.file->name());
  }
  format::Trailer& trailer = seal.trailer;
  trailer.footer_offset = append(FrameType::footer, 0, seal.footer.frames.size(), raw, format::load_of(seal.footer));
  trailer.length = segment.length + seal.bytes.size() + format::kTrailerBytes;
  trailer.deltas = segment.committed();
  trailer.commits = static_cast<std::uint32_t>(segment.rows().size());
  trailer.frames = seal.frames.back().number + 1;
  trailer.digest = digest.value();
  trailer.salt = segment.header.salt();
  trailer.footer_checksum = seal.frames.back().checksum;
  seal.bytes.resize(seal.bytes.size() + format::kTrailerBytes);
  format::write_trailer(trailer, seal.bytes.data() + seal.bytes.size() - format::kTrailerBytes);
  return seal;
}

}  // namespace delta::store
