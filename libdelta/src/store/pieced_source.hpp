// Bytes that stand in several places, as one source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "delta/bytes.hpp"

namespace delta::store {

class PiecedSource final : public ByteSource {
 public:
  explicit PiecedSource(std::string name) : name_(std::move(name)) {}

  /// Behind what is there already. Returns where it begins.
  std::uint64_t add(std::shared_ptr<const ByteSource> file, std::uint64_t offset, std::uint64_t size);
  std::uint64_t add(Buffer bytes);

  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  using ByteSource::read;
  Status read(std::span<const ByteRange> ranges) const override;

 private:
  struct Piece {
    std::uint64_t at = 0, size = 0;
    std::shared_ptr<const ByteSource> file;  // null: `bytes`
    std::uint64_t offset = 0;
    Buffer bytes = {};
  };
  Status read_one(std::uint64_t at, std::span<std::uint8_t> into) const;

  std::string name_;
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

}  // namespace delta::store
