// POSTINGS: which DATA frames hold deltas of a vector.
#include <algorithm>

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

}  // namespace delta::format
