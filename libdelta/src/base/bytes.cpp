#include "delta/bytes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace delta {
namespace {

class SourceStream final : public ByteStream {
 public:
  explicit SourceStream(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  const std::string& name() const override { return source_->name(); }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), source_->size() - at_));
    DELTA_OK(source_->read(at_, into.first(n)));
    at_ += n;
    return n;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::uint64_t at_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::span<const std::uint8_t> bytes) : name_(std::move(name)), bytes_(bytes) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return bytes_.size(); }
  Status read(std::span<const ByteRange> ranges) const override {
    for (const auto& [offset, into] : ranges) {
      if (offset > bytes_.size() || into.size() > bytes_.size() - offset) {
        return error(ErrorCode::io, "unexpected end of file").in(name_);
      }
      if (!into.empty()) std::memcpy(into.data(), bytes_.data() + offset, into.size());
    }
    return {};
  }

 private:
  std::string name_;
  std::span<const std::uint8_t> bytes_;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::string name, std::string_view bytes, std::size_t piece)
      : name_(std::move(name)), rest_(bytes), piece_(piece != 0 ? piece : bytes.size()) {}
  const std::string& name() const override { return name_; }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t n = std::min({into.size(), rest_.size(), piece_});
    if (n != 0) std::memcpy(into.data(), rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string name_;
  std::string_view rest_;
  std::size_t piece_;
};

class NullSink final : public ByteSink {
 public:
  Status write(std::span<const std::uint8_t>) override { return {}; }
};

}  // namespace

ByteSink& null_sink() noexcept {
  static NullSink sink;
  return sink;
}

std::unique_ptr<ByteStream> byte_stream(std::unique_ptr<ByteSource> source) {
  return std::make_unique<SourceStream>(std::move(source));
}

std::unique_ptr<ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes) {
  return std::make_unique<MemorySource>(std::move(name), bytes);
}

std::unique_ptr<ByteStream> memory_stream(std::string name, std::string_view bytes, std::size_t piece) {
  return std::make_unique<MemoryStream>(std::move(name), bytes, piece);
}

}  // namespace delta
