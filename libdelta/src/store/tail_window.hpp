// What stands at the end of a file, for whoever reads its segments from the last one on.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.hpp"
#include "delta/bytes.hpp"

namespace delta::store {

/// Reads a file from its end towards its beginning. Each look takes what stands before it along, for the next ones: a
/// trailer, a footer and a segment's header are mostly one read.
class TailWindow {
 public:
  /// `ahead`: bytes that one read takes at least.
  explicit TailWindow(const ByteSource& file, std::uint64_t ahead = 64 << 10) : file_(file), ahead_(ahead) {}
  /// Valid until the next call. REQUIRES: inside the file.
  Result<ByteView> read(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t end = offset + size;
    if (offset < begin_ || end > begin_ + bytes_.size()) {
      begin_ = std::min(offset, end - std::min(end, ahead_));
      bytes_.resize(static_cast<std::size_t>(end - begin_));
      DELTA_OK(file_.read(begin_, bytes_));
    }
    return ByteView(bytes_).subspan(static_cast<std::size_t>(offset - begin_), static_cast<std::size_t>(size));
  }

 private:
  const ByteSource& file_;
  std::uint64_t ahead_;
  std::uint64_t begin_ = 0;
  Buffer bytes_;
};

}  // namespace delta::store
