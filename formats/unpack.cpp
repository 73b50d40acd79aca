#include "formats/unpack.hpp"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "delta/file.hpp"
#include "delta/text.hpp"

namespace delta::formats {
namespace {

constexpr std::size_t kBuffer = 64 << 10;   // bytes, packed
constexpr std::size_t kInMemory = 4 << 20;  // bytes, unpacked: more go to a file
constexpr std::size_t kMagic = 4;
constexpr std::uint8_t kGzipByte = 0x1f, kZstdByte = 0x28;  // the first ones
constexpr int kWindowLog = 27;                              // what zstd itself takes unasked

Error damaged(std::string_view how) { return error(ErrorCode::bad_input, "the packed data " + std::string(how)); }
Error no_memory() { return error(ErrorCode::no_memory, "out of memory for unpacking"); }

/// One library's part: from `in` into `out`, both of which shrink by what was used.
class Codec {
 public:
  virtual ~Codec() = default;
  virtual Status step(std::span<const std::uint8_t>& in, std::span<std::uint8_t>& out) = 0;
  virtual bool at_end() const = 0;      ///< of a part; true before the first byte of the next one, too
  virtual bool may_repeat() const = 0;  ///< whether another part may follow
};

class ZlibCodec final : public Codec {
 public:
  explicit ZlibCodec(bool gzip) : gzip_(gzip) {
    ready_ = inflateInit2(&stream_, gzip ? 16 + MAX_WBITS : -MAX_WBITS) == Z_OK;
  }
  ZlibCodec(const ZlibCodec&) = delete;
  ZlibCodec& operator=(const ZlibCodec&) = delete;
  ~ZlibCodec() override {
    if (ready_) inflateEnd(&stream_);
  }

  Status step(std::span<const std::uint8_t>& in, std::span<std::uint8_t>& out) override {
    if (!ready_) return no_memory();
    if (std::exchange(end_, false)) inflateReset(&stream_);
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1 << 30));
    const uInt room = stream_.avail_out;
    const int done = inflate(&stream_, Z_NO_FLUSH);
    in = in.last(stream_.avail_in);
    out = out.subspan(room - stream_.avail_out);
    if (done == Z_MEM_ERROR) return no_memory();
    if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) return damaged("is damaged");
    end_ = done == Z_STREAM_END;
    return {};
  }
  bool at_end() const override { return end_; }
  bool may_repeat() const override { return gzip_; }

 private:
  z_stream stream_{};
  bool gzip_, ready_ = false, end_ = false;
};

/// The first four bytes of each frame are looked at here: the library also takes what its drafts wrote, by code that
/// nobody needs.
class ZstdCodec final : public Codec {
 public:
  ZstdCodec() : stream_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  Status step(std::span<const std::uint8_t>& in, std::span<std::uint8_t>& out) override {
    if (!stream_) return no_memory();
    if (have_ == kMagic) return decompress(in, out);
    while (have_ < kMagic && !in.empty()) {
      magic_[have_++] = in[0];
      in = in.subspan(1);
    }
    end_ = false;
    if (have_ < kMagic) return {};
    const bool skipped = (magic_[0] & 0xf0) == 0x50 && magic_[1] == 0x2a && magic_[2] == 0x4d && magic_[3] == 0x18;
    if (!skipped && packing_of(magic_) != Packing::zstd) return damaged("is damaged, or followed by something else");
    std::span<const std::uint8_t> magic(magic_);
    return decompress(magic, out);
  }
  bool at_end() const override { return end_; }
  bool may_repeat() const override { return true; }

 private:
  Status decompress(std::span<const std::uint8_t>& in, std::span<std::uint8_t>& out) {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream_.get(), &to, &from);
    in = in.subspan(from.pos);
    out = out.subspan(to.pos);
    if (ZSTD_isError(left)) {
      const bool memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
      return memory ? no_memory() : damaged(std::string("is damaged: ") + ZSTD_getErrorName(left));
    }
    end_ = left == 0;
    if (end_) have_ = 0;
    return {};
  }

  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> stream_;
  std::array<std::uint8_t, kMagic> magic_{};
  std::size_t have_ = 0;  // of it
  bool end_ = false;
};

std::unique_ptr<Codec> codec_of(Packing packing) {
  if (packing == Packing::zstd) return std::make_unique<ZstdCodec>();
  return std::make_unique<ZlibCodec>(packing == Packing::gzip);
}

class UnpackedStream final : public ByteStream {
 public:
  UnpackedStream(std::unique_ptr<ByteStream> packed, Packing packing)
      : packed_(std::move(packed)), codec_(codec_of(packing)), buffer_(kBuffer) {}
  const std::string& name() const override { return packed_->name(); }

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::span<std::uint8_t> out = into;
    while (out.size() == into.size() && !into.empty()) {
      if (in_.empty()) {
        DELTA_TRY(const std::size_t n, packed_->read(buffer_));
        in_ = std::span<const std::uint8_t>(buffer_).first(n);
        ended_ = n == 0;
      }
      if (ended_ && codec_->at_end()) return std::size_t{0};
      if (codec_->at_end() && !codec_->may_repeat()) return damaged("goes on behind its end");
      const std::size_t before = in_.size();
      DELTA_OK(codec_->step(in_, out));
      const bool idle = out.size() == into.size() && before == in_.size();
      if (ended_ && idle && !codec_->at_end()) return damaged("is cut off");
    }
    return into.size() - out.size();
  }

 private:
  std::unique_ptr<ByteStream> packed_;
  std::unique_ptr<Codec> codec_;
  std::vector<std::uint8_t> buffer_;
  std::span<const std::uint8_t> in_;  // of the buffer, not used yet
  bool ended_ = false;
};

/// What was read of a stream, and the rest of it.
class Rejoined final : public ByteStream {
 public:
  Rejoined(std::vector<std::uint8_t> head, std::unique_ptr<ByteStream> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}
  const std::string& name() const override { return rest_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (at_ == head_.size()) return rest_->read(into);
    const std::size_t n = std::min(into.size(), head_.size() - at_);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }

 private:
  std::vector<std::uint8_t> head_;
  std::unique_ptr<ByteStream> rest_;
  std::size_t at_ = 0;
};

/// Looks at the first bytes when it is first read, and waits for no more than it has to see.
class MaybePacked final : public ByteStream {
 public:
  explicit MaybePacked(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
  const std::string& name() const override { return stream_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (!looked_) DELTA_OK(look());
    return stream_->read(into);
  }

 private:
  Status look() {
    std::vector<std::uint8_t> head;
    while (head.size() < kMagic && (head.empty() || head[0] == kGzipByte || head[0] == kZstdByte)) {
      std::array<std::uint8_t, kMagic> more{};
      DELTA_TRY(const std::size_t n, stream_->read(std::span(more).first(kMagic - head.size())));
      if (n == 0) break;
      head.insert(head.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(n));
    }
    const auto packing = packing_of(head);
    stream_ = std::make_unique<Rejoined>(std::move(head), std::move(stream_));
    if (packing) stream_ = unpacked(std::move(stream_), *packing);
    looked_ = true;
    return {};
  }

  std::unique_ptr<ByteStream> stream_;
  bool looked_ = false;
};

/// Bytes that it owns, or shares.
class HeldSource final : public ByteSource {
 public:
  HeldSource(std::string name, std::vector<std::uint8_t> bytes)
      : own_(std::move(bytes)), bytes_(memory_source(std::move(name), own_)) {}
  explicit HeldSource(std::shared_ptr<const ByteSource> bytes) : bytes_(std::move(bytes)) {}
  const std::string& name() const override { return bytes_->name(); }
  std::uint64_t size() const override { return bytes_->size(); }
  Status read(std::span<const ByteRange> ranges) const override { return bytes_->read(ranges); }

 private:
  std::vector<std::uint8_t> own_;
  std::shared_ptr<const ByteSource> bytes_;
};

/// Keeps what it is given in memory, as long as that is little.
class Spill {
 public:
  Status write(std::span<const std::uint8_t> bytes) {
    if (!file_ && memory_.size() + bytes.size() > kInMemory) {
      DELTA_TRY(file_, TemporaryFile::create());
      DELTA_OK(file_->write(memory_));
      memory_ = {};
    }
    if (file_) return file_->write(bytes);
    memory_.insert(memory_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<std::unique_ptr<ByteSource>> finish(const std::string& name) && {
    if (!file_) return std::unique_ptr<ByteSource>(std::make_unique<HeldSource>(name, std::move(memory_)));
    DELTA_TRY(auto bytes, (*std::move(file_)).finish(name));
    return std::unique_ptr<ByteSource>(std::make_unique<HeldSource>(std::move(bytes)));
  }

 private:
  std::vector<std::uint8_t> memory_;
  std::optional<TemporaryFile> file_;
};

Result<std::unique_ptr<ByteSource>> spill(ByteStream& stream, std::uint64_t most) {
  Spill kept;
  std::vector<std::uint8_t> buffer(4 * kBuffer);
  for (std::uint64_t size = 0;;) {
    DELTA_TRY(const std::size_t n, stream.read(buffer));
    if (n == 0) return std::move(kept).finish(stream.name());
    size += n;
    if (size > most) {
      return error(ErrorCode::limit, "the packed data becomes more than " + human_size(most))
          .with_hint("unpack it first, if it is what it seems");
    }
    DELTA_OK(kept.write(std::span(buffer).first(n)));
  }
}

}  // namespace

std::optional<Packing> packing_of(std::span<const std::uint8_t> head) {
  const auto begins = [&](std::initializer_list<std::uint8_t> magic) {
    return head.size() >= magic.size() && std::equal(magic.begin(), magic.end(), head.begin());
  };
  if (begins({0x1f, 0x8b, 0x08})) return Packing::gzip;
  if (begins({0x28, 0xb5, 0x2f, 0xfd})) return Packing::zstd;
  return {};
}

std::string_view unpacked_name(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".zst"}) {
    if (path.size() > suffix.size() && path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

std::unique_ptr<ByteStream> unpacked(std::unique_ptr<ByteStream> packed, Packing packing) {
  return std::make_unique<UnpackedStream>(std::move(packed), packing);
}

std::unique_ptr<ByteStream> unpacked_if_packed(std::unique_ptr<ByteStream> stream) {
  return std::make_unique<MaybePacked>(std::move(stream));
}

Result<std::unique_ptr<ByteSource>> unpack_all(std::unique_ptr<ByteSource> packed, Packing packing,
                                               std::uint64_t most) {
  const std::string name = packed->name();
  const auto stream = unpacked(byte_stream(std::move(packed)), packing);
  auto all = spill(*stream, most);
  if (!all) return std::move(all).error().in(name);
  return all;
}

}  // namespace delta::formats
