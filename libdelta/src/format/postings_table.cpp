// POSTINGS: which DATA frames hold deltas of a vector.
#include <algorithm>

#include "format/index_segment.hpp"
#include "format/table_parts.hpp"
#include "format/tables.hpp"

namespace delta::format {

void write_postings(const Postings& postings, Buffer& buffer) {
  Writer out(buffer);
  std::uint32_t begin = 0;
  for (const std::uint32_t end : postings.ends) {
    out.varint(end - begin);
    begin = end;
  }
  begin = 0;
  for (const std::uint32_t end : postings.ends) {
    for (std::uint32_t least = 0; begin < end; ++begin) {
      const auto& [frame, lifecycle] = postings.list[begin];
      out.varint(std::uint64_t{2} * (frame - least) + (lifecycle ? 1 : 0));
      least = frame + 1;
    }
  }
}

Status read_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames, Postings& postings) {
  Reader in(payload);
  if (!believable(std::uint64_t{2} * count, in)) return bad("POSTINGS: more vectors than bytes");
  std::uint64_t pairs = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto frames = in.bounded(data_frames);
    if (frames == 0) in.fail();
    postings.ends.push_back(static_cast<std::uint32_t>(pairs += frames));
  }
  if (!in.ok() || !believable(pairs, in)) return bad("POSTINGS: more frames than bytes");
  for (const std::uint32_t end : postings.ends) {
    std::uint64_t least = 0;
    while (postings.list.size() < end && in.ok()) {
      const auto step = in.bounded(std::uint64_t{2} * data_frames);
      least += step / 2;
      if (least >= data_frames) return bad("POSTINGS: a frame that is not there");
      postings.list.push_back({static_cast<std::uint32_t>(least++), step % 2 != 0});
    }
  }
  if (!in.done()) return bad("POSTINGS: malformed");
  return {};
}

namespace {

/// Passes over varints, which end at bytes below 0x80. false: there are not so many.
bool skip_varints(Reader& in, std::uint64_t count) {
  while (count > 0 && in.ok()) {
    const ByteView some = in.raw(static_cast<std::size_t>(std::min<std::uint64_t>(count, in.left())));
    const auto ends = static_cast<std::uint64_t>(std::ranges::count_if(some, [](Byte b) { return b < 0x80; }));
    if (some.empty()) in.fail();
    count -= ends;
  }
  return in.ok();
}

}  // namespace

Status find_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames,
                     std::span<const std::uint32_t> places, std::vector<Posting>& out) {
  Reader counts(payload), lists(payload);
  if (!believable(std::uint64_t{2} * count, counts) || !skip_varints(lists, count)) return bad("POSTINGS: malformed");
  std::uint32_t next = 0;
  for (const std::uint32_t place : places) {
    DELTA_CHECK(place >= next && place < count);
    std::uint64_t before = 0;
    for (; next < place; ++next) before += counts.bounded(data_frames);
    const auto frames = counts.bounded(data_frames);
    ++next;
    if (!counts.ok() || frames == 0 || !believable(before + frames, lists) || !skip_varints(lists, before)) {
      return bad("POSTINGS: malformed");
    }
    std::uint64_t least = 0;
    for (std::uint64_t i = 0; i < frames; ++i) {
      const auto step = lists.bounded(std::uint64_t{2} * data_frames);
      least += step / 2;
      if (!lists.ok() || least >= data_frames) return bad("POSTINGS: a frame that is not there");
      out.push_back({static_cast<std::uint32_t>(least++), step % 2 != 0});
    }
  }
  return {};
}

}  // namespace delta::format
