// The end of a lookup index: which of its levels count. See format/index_table.hpp.
#include <algorithm>
#include <string>

#include "base/checksum.hpp"
#include "format/index_table.hpp"
#include "format/table_parts.hpp"

namespace delta::format {
namespace {

constexpr std::uint32_t kSealSync = 0x53584c44;      // "DLXS"
constexpr std::uint64_t kSealSeed = 0x345331584c44;  // with the draft
constexpr std::size_t kSealFixed = 48;               // without the levels: 32 bytes before them,
constexpr std::size_t kSealEnd = 16;                 // and these behind them

Error damaged_seal(const char* what) { return bad(std::string("index: ") + what); }

std::size_t seal_bytes(std::size_t levels) { return kSealFixed + 24 * levels; }

}  // namespace

void write_seal(const IndexSeal& seal, std::uint64_t at, Buffer& out) {
  DELTA_CHECK(seal.levels.size() <= kMaxLevels && at % kAlign == 0);
  const std::size_t size = seal_bytes(seal.levels.size()), room = padded(size) - size;
  out.resize(out.size() + room);
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(seal.log_length);
  to.fixed(seal.digest);
  to.fixed(seal.segments);
  to.fixed(seal.commits);
  for (const auto& level : seal.levels) {
    to.fixed(level.offset);
    to.fixed(level.length);
    to.fixed(level.checksum);
  }
  to.fixed(static_cast<std::uint32_t>(seal.levels.size()));
  to.fixed(kSealSync);
  to.fixed(checksum(ByteView(out).subspan(begin), kSealSeed + at + room));
}

bool may_be_seal(ByteView tail) {
  return tail.size() >= kSealFixed && load<std::uint32_t>(tail.data() + tail.size() - kSealEnd + 4) == kSealSync;
}

Result<IndexSeal> read_seal(ByteView tail, std::uint64_t end) {
  const auto unfinished = [] { return damaged_seal("the end is damaged, or was not written"); };
  if (tail.size() < kSealFixed || end % kAlign != 0) return unfinished();
  const Byte* last = tail.data() + tail.size() - kSealEnd;
  const auto levels = load<std::uint32_t>(last);
  const std::size_t size = seal_bytes(std::min<std::size_t>(levels, kMaxLevels));
  if (!may_be_seal(tail) || levels > kMaxLevels || levels == 0 || size > tail.size()) {
    return unfinished();
  }
  const ByteView bytes = tail.last(size);
  if (load<std::uint64_t>(last + 8) != checksum(bytes.first(size - 8), kSealSeed + (end - size))) return unfinished();
  const std::size_t room = std::min(padded(size), tail.size()) - size;
  const ByteView before = tail.last(size + room).first(room);
  if (std::ranges::any_of(before, [](Byte b) { return b != 0; })) return damaged_seal("reserved bytes are not zero");
  Reader in(bytes);
  IndexSeal seal;
  seal.log_length = in.fixed<std::uint64_t>();
  seal.digest = in.fixed<std::uint64_t>();
  seal.segments = in.fixed<std::uint64_t>();
  seal.commits = in.fixed<std::uint64_t>();
  for (std::uint32_t i = 0; i < levels; ++i) {
    auto& level = seal.levels.emplace_back();
    level.offset = in.fixed<std::uint64_t>();
    level.length = in.fixed<std::uint64_t>();
    level.checksum = in.fixed<std::uint64_t>();
    const std::uint64_t least = i == 0 ? kIndexHeaderBytes : seal.levels[i - 1].offset + seal.levels[i - 1].length;
    const bool inside = level.offset >= least && level.offset <= end && level.length <= end - level.offset;
    if (!inside || level.length < kLevelHeaderBytes) return damaged_seal("the end names levels that are not there");
  }
  return seal;
}

}  // namespace delta::format
