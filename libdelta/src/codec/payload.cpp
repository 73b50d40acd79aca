#include "codec/payload.hpp"

#include <zstd.h>

#include <memory>

#include "base/thread_scratch.hpp"
#include "codec/lz4.hpp"
#include "codec/zstd_check.hpp"

namespace delta::codec {
namespace {

struct Compressor {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  Compressor() {
    if (!context) throw std::bad_alloc();
  }
};

struct Decompressor {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  Decompressor() {
    if (!context) throw std::bad_alloc();
  }
};

int level_of(Preset preset) {
  switch (preset) {
    case Preset::fastest:
      return 1;
    case Preset::balanced:
      return 6;
    case Preset::maximum:
      return 19;
  }
  return 6;
}

Status decompress_lz4(ByteView stored, std::size_t raw_size, Buffer& out) {
  if (raw_size / kMostOfLz4 > stored.size()) return error(ErrorCode::corrupt, "lz4: too few bytes for this length");
  out.resize(raw_size);
  if (!read_lz4(stored, out)) return error(ErrorCode::corrupt, "lz4: the payload is no block of this length");
  return {};
}

}  // namespace

bool compress_payload(ByteView raw, Preset preset, Buffer& out) {
  const auto& context = thread_scratch<Compressor>().context;
  out.resize(ZSTD_compressBound(raw.size()));
  const std::size_t n =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), raw.data(), raw.size(), level_of(preset));
  const bool smaller = !zstd_failed(n) && n < raw.size();
  out.resize(smaller ? n : 0);
  return smaller;
}

Status decompress_payload(PayloadCodec codec, ByteView stored, std::size_t raw_size, Buffer& out) {
  DELTA_CHECK(codec != PayloadCodec::plain);
  if (codec == PayloadCodec::lz4) return decompress_lz4(stored, raw_size, out);
  const auto& context = thread_scratch<Decompressor>().context;
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_size) {
    return error(ErrorCode::corrupt, "zstd: another size than the frame header says");
  }
  out.resize(raw_size);
  const std::size_t n = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), stored.data(), stored.size());
  if (zstd_failed(n) || n != raw_size) return error(ErrorCode::corrupt, "zstd: the payload does not decompress");
  return {};
}

}  // namespace delta::codec
