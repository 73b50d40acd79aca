// The coders of plain bytes. zstd does both jobs: with its lowest level it finds no matches and leaves a Huffman coder
// of literals (1 GB/s in, 2.5 GB/s out); with a usual level it finds repetitions. Which of the two is tried in full is
// decided on a sample, since a trial costs more than all the rest of a block.
#define ZSTD_STATIC_LINKING_ONLY  // magicless frames and the literal mode: exported, but not promised for ever
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/thread_scratch.hpp"
#include "base/varint.hpp"
#include "codec/coder.hpp"
#include "codec/lz4.hpp"
#include "codec/zstd_check.hpp"

namespace delta::codec {
namespace {

constexpr std::size_t kWorthTrying = 16;  // a frame costs 5 bytes before its first symbol
constexpr std::size_t kSampleBytes = 8 << 10;
constexpr int kShortMatches = 3;  // the level that finds matches of one word; the next ones look for longer ones only
constexpr int kLiteralsOnly = -(1 << 17);  // the lowest level that zstd has: hardly a match

struct Contexts {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> c{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> d{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  Buffer trial;
  Contexts() {
    if (!c || !d) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(c.get(), ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(c.get(), ZSTD_c_format, ZSTD_f_zstd1_magicless);
    ZSTD_DCtx_setParameter(d.get(), ZSTD_d_format, ZSTD_f_zstd1_magicless);
  }
};

DELTA_THREAD_SCRATCH Contexts& contexts() { return thread_scratch<Contexts>(); }

/// Compresses onto the end of `out`; returns the size.
std::size_t compress(ByteView raw, int level, Buffer& out) {
  ZSTD_CCtx* context = contexts().c.get();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_literalCompressionMode, level < 0 ? ZSTD_ps_enable : ZSTD_ps_auto);
  const std::size_t base = out.size(), room = ZSTD_compressBound(raw.size());
  out.resize(base + room);
  const std::size_t size = ZSTD_compress2(context, out.data() + base, room, raw.data(), raw.size());
  DELTA_CHECK(!zstd_failed(size));  // room is enough by definition
  out.resize(base + size);
  return size;
}

/// Bits a byte of a spread sample, by its frequencies: what Huffman can hope for.
double sampled_entropy(ByteView raw) {
  std::array<std::uint32_t, 256> seen{};
  constexpr std::size_t pieces = 16, piece = 256;
  std::size_t total = 0;
  if (raw.size() <= pieces * piece) {
    for (const Byte b : raw) ++seen[b];
    total = raw.size();
  } else {
    for (std::size_t p = 0; p < pieces; ++p) {
      const std::size_t at = (raw.size() - piece) / (pieces - 1) * p;
      for (const Byte b : raw.subspan(at, piece)) ++seen[b];
    }
    total = pieces * piece;
  }
  double bits = 0;
  for (const std::uint32_t n : seen) {
    if (n != 0) bits -= n * std::log2(static_cast<double>(n) / static_cast<double>(total));
  }
  return bits / static_cast<double>(total);
}

enum class Search { nothing, huffman, matches, both };

/// What to try in full, by trying both ways on the middle of `raw`.
Search search_for(ByteView raw, Effort effort) {
  const bool skewed = sampled_entropy(raw) < 7.8;
  if (raw.size() <= kSampleBytes) return skewed ? Search::both : Search::matches;
  const std::size_t most = effort.exhaustive ? 8 * kSampleBytes : kSampleBytes, size = std::min(most, raw.size());
  const ByteView sample = raw.subspan((raw.size() - size) / 2, size);
  Buffer& trial = contexts().trial;
  trial.clear();
  const std::size_t huffman = skewed ? std::min(compress(sample, kLiteralsOnly, trial), size) : size;
  trial.clear();
  const std::size_t matched = compress(sample, effort.exhaustive ? 3 : 1, trial);
  if (matched * 100 < huffman * 80) return Search::matches;
  if (matched * 100 < huffman * 97) return skewed ? Search::both : Search::matches;
  return !skewed ? Search::nothing : effort.exhaustive ? Search::both : Search::huffman;
}

bool all_equal(ByteView raw) { return std::memcmp(raw.data(), raw.data() + 1, raw.size() - 1) == 0; }

Coder append_searched(ByteView raw, Search search, Effort effort, Buffer& out) {
  if (raw.size() >= 2 && all_equal(raw)) return out.push_back(raw[0]), Coder::constant;
  const std::size_t base = out.size();
  std::size_t best = raw.size();
  if (search == Search::huffman || search == Search::both) {
    best = std::min(best, compress(raw, kLiteralsOnly, out));
    if (best == raw.size()) out.resize(base);
  }
  if (search == Search::matches || search == Search::both) {
    Buffer& trial = contexts().trial;
    trial.clear();
    const std::size_t matched = compress(raw, effort.level, trial);
    if (matched < best) {
      best = matched;
      out.resize(base);
      out.insert(out.end(), trial.begin(), trial.end());
    }
  }
  if (best < raw.size()) return Coder::zstd;
  out.insert(out.end(), raw.begin(), raw.end());
  return Coder::raw;
}

/// Walks the frame's block headers: one frame, no options, nothing behind it.
bool is_plain_frame(ByteView stored) {
  if (stored.size() < 5 || stored[0] != 0) return false;  // descriptor: no size, checksum, dictionary, reserved bits
  std::size_t at = 2;
  while (stored.size() - at >= 3) {
    const std::uint32_t head = stored[at] | std::uint32_t{stored[at + 1]} << 8 | std::uint32_t{stored[at + 2]} << 16;
    const std::uint32_t type = head >> 1 & 3, size = type == 1 ? 1 : head >> 3;
    at += 3;
    if (type == 3 || size > stored.size() - at) return false;
    at += size;
    if ((head & 1) != 0) return at == stored.size();
  }
  return false;
}

}  // namespace

Error column_error(ErrorCode code, std::string_view what, std::string message) {
  return error(code, std::move(message)).at("block column " + std::string(what));
}

bool append_frame(ByteView raw, Effort effort, Buffer& out) {
  const std::size_t base = out.size();
  std::size_t least = compress(raw, effort.level, out);
  if (effort.level > kShortMatches && !effort.exhaustive) {
    Buffer& trial = contexts().trial;
    trial.clear();
    if (const std::size_t other = compress(raw, kShortMatches, trial); other < least) {
      least = other;
      out.resize(base);
      out.insert(out.end(), trial.begin(), trial.end());
    }
  }
  if (least < raw.size()) return true;
  out.resize(base);
  return false;
}

Coder append_bytes(ByteView raw, Effort effort, Buffer& out) {
  if (effort == kStored) return out.insert(out.end(), raw.begin(), raw.end()), Coder::raw;
  return append_searched(raw, raw.size() < kWorthTrying ? Search::nothing : search_for(raw, effort), effort, out);
}

Coder append_text(ByteView raw, Effort effort, Buffer& out) {
  if (effort == kStored || raw.size() <= kSampleBytes) return append_bytes(raw, effort, out);
  return append_searched(raw, Search::both, effort, out);
}

Status read_bytes(std::uint8_t coder, ByteView stored, std::span<Byte> raw, std::string_view what) {
  switch (static_cast<Coder>(coder)) {
    case Coder::raw:
      if (stored.size() != raw.size()) return column_error(ErrorCode::corrupt, what, "raw bytes of another length");
      if (!raw.empty()) std::memcpy(raw.data(), stored.data(), raw.size());
      return {};
    case Coder::constant:
      if (stored.size() != 1 || raw.size() < 2) return column_error(ErrorCode::corrupt, what, "bad constant");
      std::memset(raw.data(), stored[0], raw.size());
      return {};
    case Coder::zstd: {
      if (!is_plain_frame(stored)) return column_error(ErrorCode::corrupt, what, "not a plain zstd frame");
      const std::size_t size =
          ZSTD_decompressDCtx(contexts().d.get(), raw.data(), raw.size(), stored.data(), stored.size());
      if (zstd_failed(size)) {
        return column_error(ErrorCode::corrupt, what, std::string("zstd: ") + ZSTD_getErrorName(size));
      }
      if (size != raw.size()) return column_error(ErrorCode::corrupt, what, "zstd frame of another length");
      return {};
    }
    case Coder::lz4:
      if (!read_lz4(stored, raw)) return column_error(ErrorCode::corrupt, what, "not an LZ4 block of this length");
      return {};
    default:
      return column_error(ErrorCode::unsupported, what, "unknown coder " + std::to_string(coder));
  }
}

void append_part(ByteView raw, Effort effort, Buffer& out) {
  const std::size_t base = out.size();
  out.push_back(0);
  const Coder coder = append_bytes(raw, effort, out);
  out[base] = static_cast<Byte>(coder);
  if (coder != Coder::zstd) return;
  std::array<Byte, kMaxVarint> length;
  const Byte* const end = write_varint(length.data(), out.size() - base - 1);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(base) + 1, static_cast<const Byte*>(length.data()), end);
}

Result<ByteView> read_part(ByteView& stored, std::span<Byte> room, std::string_view what) {
  const Byte *at = stored.data(), *end = at + stored.size();
  if (at == end) return column_error(ErrorCode::corrupt, what, "a part is missing");
  const Byte coder = *at++;
  if (coder > static_cast<Byte>(Coder::zstd)) {
    return column_error(ErrorCode::unsupported, what, "unknown coder " + std::to_string(coder) + " of a part");
  }
  std::uint64_t length = coder == static_cast<Byte>(Coder::constant) ? 1 : room.size();
  if (coder == static_cast<Byte>(Coder::zstd) && !get_varint(at, end, length)) {
    return column_error(ErrorCode::corrupt, what, "bad length of a part");
  }
  if (length > static_cast<std::size_t>(end - at)) return column_error(ErrorCode::corrupt, what, "a part is cut off");
  const ByteView part(at, static_cast<std::size_t>(length));
  stored = {at + length, end};
  if (coder == static_cast<Byte>(Coder::raw)) return part;
  DELTA_OK(read_bytes(coder, part, room, what));
  return ByteView(room);
}

}  // namespace delta::codec
