// How much one frame makes a reader hold, by the bytes that it takes in the file: zstd makes a gigabyte out of nothing,
// so a count that a checksum vouches for is still no reason to believe it. Writers cut frames so that theirs keep
// within these.
#pragma once

#include <algorithm>
#include <cstdint>

#include "delta/limits.hpp"
#include "format/layout.hpp"

namespace delta::format {

/// What a frame holds.
struct Load {
  std::uint64_t count = 0;  ///< the header's: names, vectors, commits
  std::uint64_t items = 0;  ///< elements of all lists in it: parents, records, kept ranges, dots seen, hashes; heads
  std::uint64_t text = 0;   ///< bytes of its texts, each as often as it is used
};

/// The most of each that a frame may hold which takes so many bytes, stored. For DATA see codec/block.hpp.
constexpr Load most_of(FrameType type, std::uint64_t stored) {
  constexpr std::uint64_t kFree = 1024, kFreeText = 256 << 10;
  const std::uint64_t items = kFree + 16 * stored, text = kFreeText + 64 * stored;
  switch (type) {
    case FrameType::props:
      return {512 + 8 * stored, 0, text};
    case FrameType::ids:
      return {items, 0, text};
    case FrameType::commits:
      return {256 + 2 * stored, items, 2 * kFreeText + 64 * stored};
    case FrameType::footer:
      return {kMaxFrames, items, 0};
    default:
      return {kMaxFrameBytes, kMaxFrameBytes, 0};
  }
}

constexpr bool fits(FrameType type, const Load& load, std::uint64_t stored) {
  const Load most = most_of(type, stored);
  return load.count <= most.count && load.items <= most.items && load.text <= most.text;
}

}  // namespace delta::format
