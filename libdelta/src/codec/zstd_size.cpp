#include "codec/zstd_size.hpp"

#include <zstd.h>

#include <string>

#include "codec/zstd_check.hpp"

namespace delta::codec {
namespace {

constexpr std::size_t kMuch = 1 << 20;

}  // namespace

struct ZstdSize::Context {
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> zstd{ZSTD_createCCtx(), ZSTD_freeCCtx};
};

ZstdSize::ZstdSize() : context_(std::make_unique<Context>()) {}
ZstdSize::~ZstdSize() = default;

Status ZstdSize::advance() { return bytes_.size() < kMuch ? Status() : compress(false); }

Result<std::uint64_t> ZstdSize::finish() {
  DELTA_OK(compress(true));
  return stored_;
}

Status ZstdSize::compress(bool last) {
  ZSTD_CCtx* zstd = context_->zstd.get();
  if (zstd == nullptr) throw std::bad_alloc();
  if (!begun_) {
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 3);
    if (last) {
      ZSTD_CCtx_setPledgedSrcSize(zstd,
                                  bytes_.size());  // a short frame is coded for its size; others as long ones anyway
    }
  }
  begun_ = true;
  out_.resize(ZSTD_CStreamOutSize());
  ZSTD_inBuffer in{bytes_.data(), bytes_.size(), 0};
  std::size_t left = 1;
  while (last ? left != 0 : in.pos != in.size) {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    left = ZSTD_compressStream2(zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (zstd_failed(left)) return error(ErrorCode::limit, std::string("zstd: ") + ZSTD_getErrorName(left));
    stored_ += out.pos;
  }
  bytes_.clear();
  return {};
}

}  // namespace delta::codec
