// Bytes that are written once and then read, in a temporary file without a name: the system removes it however the
// process ends.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "delta/bytes.hpp"
#include "os/fd.hpp"

namespace delta::os {

class Spool final : public ByteSink {
 public:
  /// In $TMPDIR, else /tmp.
  static Result<Spool> create();
  Status write(std::span<const std::uint8_t> bytes) override;
  std::uint64_t size() const { return size_; }
  /// The file, from its beginning.
  Fd release() && { return std::move(file_); }
  /// What was written.
  std::shared_ptr<const ByteSource> finish(std::string name) &&;

 private:
  explicit Spool(Fd file) : file_(std::move(file)) {}

  Fd file_;
  std::uint64_t size_ = 0;
};

}  // namespace delta::os
