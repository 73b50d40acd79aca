// Any bytes as the table that a lookup index has of a segment, with its checksums put right so that what they guard is
// reached: refused, or read within the bytes, and written as they were. And as a POSTINGS frame that is read in part.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/checksum.hpp"
#include "format/index_segment.hpp"
#include "format/wire.hpp"

using namespace delta;

namespace {

constexpr std::uint64_t kDigest = 77;

void fix(Byte* at, ByteView bytes, std::uint64_t seed) {
  format::store(at, static_cast<std::uint32_t>(checksum(bytes, seed)));
}

void fix_parts(Buffer& bytes) {
  const auto size = format::table_head_bytes(bytes, bytes.size());
  if (!size) return;
  fix(bytes.data(), {bytes.data() + 4, *size - 4}, kDigest);
  const auto head = format::read_table_head(ByteView(bytes).first(*size), kDigest, bytes.size());
  if (!head) return;
  for (std::uint32_t i = 0; i < head->frames(); ++i) {
    Byte* const at = bytes.data() + head->frames_at() + format::kIndexedFrameBytes * std::uint64_t{i};
    fix(at + 60, {at, 60}, kDigest + 1 + i);
  }
  for (std::uint32_t i = 0; i < head->groups; ++i) {
    const ByteView directory = ByteView(bytes).subspan(head->directory_at() + 4 * std::uint64_t{i}, 8);
    const auto place = format::read_group_place(directory, *head, bytes.size());
    if (!place || place->second < 4) continue;
    Byte* const at = bytes.data() + place->first;
    fix(at, {at + 4, place->second - 4}, kDigest + (std::uint64_t{1} << 32) + i);
  }
}

void read_postings(ByteView bytes) {
  if (bytes.size() < 2) return;
  const std::uint32_t count = bytes[0] + 1u, frames = bytes[1] + 1u;
  const std::uint32_t places[] = {count / 2, count};
  std::vector<format::Posting> some;
  const auto found = format::find_postings(bytes.subspan(2), count + 1, frames, places, some);
  format::Postings all;
  if (!format::read_postings(bytes.subspan(2), count + 1, frames, all)) return;
  if (!found) std::abort();
  std::vector<format::Posting> should;
  for (const std::uint32_t place : places) {
    for (std::uint32_t i = place == 0 ? 0 : all.ends[place - 1]; i < all.ends[place]; ++i)
      should.push_back(all.list[i]);
  }
  if (some != should) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Buffer bytes(data, data + size);
  read_postings(bytes);
  fix_parts(bytes);
  if (auto table = format::read_segment_table(bytes, kDigest)) {
    Buffer again;
    if (!format::write_segment_table(*table, kDigest, bytes.size(), again) || again != bytes) std::abort();
  }
  return 0;
}
