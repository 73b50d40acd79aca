// Payloads judged by several threads before a scan comes to them, which goes from frame to frame and can only use one.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "delta/file.hpp"
#include "format/layout.hpp"

namespace delta::store {

/// Size of a file where it begins to pay: starting a thread takes as long as one needs for some tens of megabytes.
constexpr std::uint64_t kWorthLookingAhead = 96 << 20;

/// Frames whose payload matches the checksum in their header. One that is not here is not known to be bad.
class ChecksummedFrames {
 public:
  /// Of the segments that are found by their footers; none with one thread, and none for a file that is unsealed or
  /// damaged where it says what it holds.
  static ChecksummedFrames of(const std::shared_ptr<const ByteSource>& file, unsigned threads);

  /// Was this very header found at this offset of the file, and its payload good?
  bool contains(std::uint64_t offset, const format::FrameHeader& frame) const;

 private:
  std::vector<std::pair<std::uint64_t, format::FrameHeader>> frames_;  // by offset in the file, ascending
};

}  // namespace delta::store
