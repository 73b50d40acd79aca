#include "codec/payload.hpp"

#include <zstd.h>

#include <memory>

namespace delta::codec {
namespace {

struct FreeCompressor { void operator()(ZSTD_CCtx* p) const { ZSTD_freeCCtx(p); } };
struct FreeDecompressor { void operator()(ZSTD_DCtx* p) const { ZSTD_freeDCtx(p); } };

int level_of(Preset preset) {
  switch (preset) {
    case Preset::fastest: return 1;
    case Preset::balanced: return 6;
    case Preset::maximum: return 19;
  }
  return 6;
}

}  // namespace

bool compress_payload(ByteView raw, Preset preset, Buffer& out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  DELTA_CHECK(context != nullptr);
  out.resize(ZSTD_compressBound(raw.size()));
  const std::size_t n = ZSTD_compressCCtx(context.get(), out.data(), out.size(), raw.data(), raw.size(), level_of(preset));
  const bool smaller = !ZSTD_isError(n) && n < raw.size();
  out.resize(smaller ? n : 0);
  return smaller;
}

Status decompress_payload(ByteView stored, std::size_t raw_size, Buffer& out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  DELTA_CHECK(context != nullptr);
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_size) return error(ErrorCode::corrupt, "zstd: another size than the frame header says");
  out.resize(raw_size);
  const std::size_t n = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(n) || n != raw_size) return error(ErrorCode::corrupt, "zstd: the payload does not decompress");
  return {};
}

}  // namespace delta::codec
