// A source that more than one reader holds.
#pragma once

#include <memory>
#include <utility>

#include "delta/bytes.hpp"

namespace delta::formats {

class SharedSource final : public ByteSource {
 public:
  explicit SharedSource(std::shared_ptr<const ByteSource> bytes) : bytes_(std::move(bytes)) {}
  const std::string& name() const override { return bytes_->name(); }
  std::uint64_t size() const override { return bytes_->size(); }
  Status read(std::span<const ByteRange> ranges) const override { return bytes_->read(ranges); }

 private:
  std::shared_ptr<const ByteSource> bytes_;
};

/// The same bytes from front to back.
inline std::unique_ptr<ByteStream> shared_stream(std::shared_ptr<const ByteSource> bytes) {
  return byte_stream(std::make_unique<SharedSource>(std::move(bytes)));
}

}  // namespace delta::formats
