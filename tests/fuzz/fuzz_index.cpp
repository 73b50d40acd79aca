// Any bytes as a level of a lookup index, with its checksums put right so that what they guard is reached, and as the
// end of one: refused, or read within the bytes, and written as they were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/checksum.hpp"
#include "format/index_order.hpp"
#include "format/index_table.hpp"
#include "format/wire.hpp"

using namespace delta;

namespace {

/// The header's own checksum, which is the first that a reader looks at.
void fix_header(Buffer& bytes) {
  constexpr std::uint64_t kLevelSeed = 0x4c31584c44;
  if (bytes.size() < format::kLevelHeaderBytes) return;
  const ByteView body = ByteView(bytes).last(format::kLevelHeaderBytes).first(format::kLevelHeaderBytes - 8);
  format::store(bytes.data() + bytes.size() - 8, checksum(body, kLevelSeed));
}

/// Those of the ids in order.
void fix_order(Buffer& bytes, const format::LevelHeader& level) {
  Byte* const at = bytes.data() + level.order_at();
  const auto list = format::order_list_bytes({at, level.order_bytes}, level.order_bytes);
  if (!list) return;
  constexpr std::uint64_t kListSeed = std::uint64_t{1} << 41;
  format::store(at, static_cast<std::uint32_t>(checksum({at + 4, *list - 4}, level.salt + kListSeed)));
  const auto chunks = format::read_order_list({at, *list}, level.salt, level.order_bytes);
  for (std::size_t i = 0; chunks && i < chunks->size(); ++i) {
    const auto& [offset, size, ids, first] = (*chunks)[i];
    const auto sum = checksum({at + offset + 4, size - 4}, level.salt + kListSeed + 1 + i);
    format::store(at + offset, static_cast<std::uint32_t>(sum));
  }
}

/// The names' and the buckets', where the header and the directory say that they are.
void fix_parts(Buffer& bytes) {
  const auto level = format::read_level_header(bytes, bytes.size());
  if (!level) return;
  Byte* const names = bytes.data() + level->names_at();
  format::store(names + level->names_bytes - 8, checksum({names, level->names_bytes - 8}, level->salt + 1));
  for (std::uint64_t bucket = 0; bucket < std::uint64_t{1} << level->bucket_bits; ++bucket) {
    const ByteView entry = ByteView(bytes).subspan(level->directory_at() + 8 * bucket, 16);
    const auto place = format::read_bucket_place(entry, *level);
    if (!place || place->size < 4) continue;
    Byte* const at = bytes.data() + place->offset;
    const auto sum = checksum({at + 4, place->size - 4}, level->salt + (std::uint64_t{1} << 40) + bucket);
    format::store(at, static_cast<std::uint32_t>(sum));
  }
  fix_order(bytes, *level);
  for (std::uint32_t i = 0; i < level->segments; ++i) {
    Byte* const at = bytes.data() + level->segments_at() + format::kIndexedSegmentBytes * std::uint64_t{i};
    format::store(at + 48, static_cast<std::uint32_t>(checksum({at, 48}, level->salt + 2 + i)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Buffer bytes(data, data + size);
  fix_header(bytes);
  fix_parts(bytes);
  if (auto level = format::read_level(bytes)) {
    Buffer again;
    format::write_level(*level, again);
    if (again != bytes) std::abort();
  }
  static_cast<void>(format::read_seal(bytes, bytes.size()));
  return 0;
}
