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
  explicit TailWindow(const ByteSource& file) : file_(file) {}
  /// Valid until the next call. REQUIRES: inside the file.
  Result<ByteView> read(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t end = offset + size;
    if (offset < begin_ || end > begin_ + bytes_.size()) {
      begin_ = std::min(offset, end - std::min(end, kBytes));
      bytes_.resize(static_cast<std::size_t>(end - begin_));
      DELTA_OK(file_.read(begin_, bytes_));
    }
    return ByteView(bytes_).subspan(static_cast<std::size_t>(offset - begin_), static_cast<std::size_t>(size));
  }

 private:
  static constexpr std::uint64_t kBytes = 64 << 10;

  const ByteSource& file_;
  std::uint64_t begin_ = 0;
  Buffer bytes_;
};

}  // namespace delta::store
