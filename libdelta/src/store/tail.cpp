#include "store/tail.hpp"

#include <algorithm>

#include "format/wire.hpp"
#include "store/frames.hpp"
#include "store/log_impl.hpp"
#include "support/checksum.hpp"

namespace delta::store {
namespace {

using format::FrameType;

/// Where the last segment may be cut so that only closed commits stay: after its last COMMITS or SYNC frame (packed: SYNC, behind all of
/// its commits); its start if there is none.
std::uint64_t last_commit_end(const ScannedSegment& segment) {
  std::uint64_t end = segment.offset;
  for (const auto& frame : segment.frames) {
    const bool closes = frame.header.type == FrameType::commits && segment.header->kind == format::Kind::fresh;
    if (closes || frame.header.type == FrameType::sync) end = frame.offset + frame.header.extent();
  }
  return end;
}

Status save_and_cut(const std::string& path, io::AppendFile& file, std::uint64_t from, std::vector<Finding>& notices) {
  const std::string saved = path + ".torn-" + std::to_string(from);
  Buffer bytes(file.size() - from);
  DELTA_OK(file.read(from, bytes));
  DELTA_TRY(OutputFile out, OutputFile::create(saved, {.force = true}));
  DELTA_OK(out.write(bytes));
  DELTA_OK(out.commit());
  DELTA_OK(file.truncate(from));
  notices.push_back({Verdict::torn, path, from, "", std::to_string(bytes.size()) + " bytes of an unfinished write were set aside as " + saved, ""});
  return {};
}

/// The footer that the writer of this segment would have written.
Result<format::Footer> rebuild_footer(const Log& log, const Log::Impl::Part& part) {
  format::Footer footer;
  const Segment& segment = part.segment;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    format::FrameEntry entry = segment.footer.frames[i];
    if (entry.type == FrameType::data) {
      ChangeBatch batch;
      DELTA_OK(read_data(segment, i, false, batch));
      const auto [lo, hi] = std::ranges::minmax(batch.vectors);
      entry.min_vector = lo, entry.max_vector = hi;
    }
    footer.frames.push_back(entry);
  }
  DELTA_TRY(const auto hashes, log.hashes());
  for (std::size_t r = 0; r < segment.rows().size(); ++r) format::note_head(footer, segment.rows()[r], hashes[part.commits[r]]);
  footer.vectors = static_cast<std::uint32_t>(segment.ids.size());
  footer.namespaces = static_cast<std::uint32_t>(segment.names.namespaces.size());
  footer.origins = static_cast<std::uint32_t>(segment.names.origins.size());
  return footer;
}

Status seal(const std::string& path, io::AppendFile& file, const ScannedSegment& scanned) {
  const std::string paths[] = {path};
  DELTA_TRY(const Log log, Log::open(paths));
  const auto& parts = log.impl().parts;
  const auto part = std::ranges::find(parts, scanned.offset, [](const Log::Impl::Part& p) { return p.segment.offset; });
  DELTA_CHECK(part != parts.end());
  DELTA_TRY(const format::Footer footer, rebuild_footer(log, *part));
  Checksum digest;
  Buffer bytes(format::kHeaderBytes);
  DELTA_OK(file.read(scanned.offset, bytes));
  digest.add(bytes);
  bytes.resize(format::kFrameBytes);
  for (const auto& entry : footer.frames) {
    DELTA_OK(file.read(scanned.offset + entry.offset, bytes));
    digest.add(bytes);
  }
  Buffer raw, out;
  format::write_footer(footer, raw);
  format::FrameHeader frame;
  frame.type = FrameType::footer;
  frame.salt = scanned.header->salt();
  frame.number = static_cast<std::uint32_t>(footer.frames.size());
  frame.count = frame.number;
  append_table(frame, raw, Preset::balanced, out);
  digest.add(ByteView(out).first(format::kFrameBytes));
  format::Trailer trailer;
  trailer.footer_offset = file.size() - scanned.offset;
  trailer.length = trailer.footer_offset + out.size() + format::kTrailerBytes;
  trailer.deltas = part->segment.committed();
  trailer.commits = static_cast<std::uint32_t>(part->segment.rows().size());
  trailer.frames = frame.number + 1;
  trailer.digest = digest.value();
  trailer.salt = frame.salt;
  out.resize(out.size() + format::kTrailerBytes);
  format::write_trailer(trailer, out.data() + out.size() - format::kTrailerBytes);
  DELTA_OK(file.write(out));
  return file.sync();
}

}  // namespace

Status mend_tail(const std::string& path, io::AppendFile& file, std::vector<Finding>& notices) {
  DELTA_TRY(InputFile opened, InputFile::open(path));
  const auto input = std::make_shared<const InputFile>(std::move(opened));
  if (input->size() == 0) {
    return error(ErrorCode::corrupt, "empty file (0 bytes)").in(path).with_hint("write a new log with -o PATH -f");
  }
  std::vector<Finding> odd;
  DELTA_TRY(const auto segments, open_segments(input, odd));
  if (odd.empty()) return {};
  DELTA_TRY(const ScannedFile scanned, scan_file(*input, true));
  if (scanned.segments.empty()) return save_and_cut(path, file, 0, notices);  // torn inside its first header
  const ScannedSegment& last = scanned.segments.back();
  if (last.trailer) return save_and_cut(path, file, last.end, notices);
  const std::uint64_t end = last_commit_end(last);
  if (end < file.size()) DELTA_OK(save_and_cut(path, file, end, notices));
  if (end == last.offset) return file.sync();
  DELTA_OK(seal(path, file, last));
  notices.push_back({Verdict::unsealed, path, last.offset, "", "the last segment was sealed", ""});
  return {};
}

}  // namespace delta::store
