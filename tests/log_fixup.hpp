// Makes the checksums of damaged bytes right again, so that what is behind them is reached: as a malicious writer would.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "format/layout.hpp"
#include "format/wire.hpp"
#include "support/checksum.hpp"

namespace fixup {

/// Walks `bytes` as one segment: header, frames by their lengths (cut to what is there), and at the end the trailer. Everything
/// keeps its content but for magic, sync, salt, frame numbers and checksums.
inline void seal(std::vector<std::uint8_t>& bytes) {
  using namespace delta;
  using namespace delta::format;
  if (bytes.size() < kHeaderBytes) return;
  bytes.resize(bytes.size() / 64 * 64);
  Byte* at = bytes.data();
  std::copy(kMagic.begin(), kMagic.end(), at);
  store(at + 120, checksum({at, 120}, 0x31474f4c44));
  const auto salt = load<std::uint32_t>(at + 48);
  Checksum digest;
  digest.add({at, kHeaderBytes});
  std::uint32_t number = 0;
  std::size_t offset = kHeaderBytes;
  std::size_t footer = 0;
  while (bytes.size() - offset >= kFrameBytes + kTrailerBytes) {
    Byte* frame = at + offset;
    store(frame, std::uint32_t{0x4d524644});
    store(frame + 8, salt);
    store(frame + 12, number);
    const std::size_t room = bytes.size() - offset - kFrameBytes - (bytes.size() - offset > kFrameBytes + kTrailerBytes ? kTrailerBytes : 0);
    const auto stored = static_cast<std::uint32_t>(std::min<std::size_t>(load<std::uint32_t>(frame + 16), room));
    store(frame + 16, stored);
    store(frame + 52, payload_checksum({frame + kFrameBytes, padded(stored)}, salt, number));
    store(frame + 60, static_cast<std::uint32_t>(checksum({frame, 60}, 0x31454d415246)));
    digest.add({frame, kFrameBytes});
    ++number;
    const bool last = frame[4] == static_cast<Byte>(FrameType::footer);
    if (last) footer = offset;
    offset += kFrameBytes + padded(stored);
    if (last) break;
  }
  if (footer == 0 || bytes.size() - offset < kTrailerBytes) return;
  bytes.resize(offset + kTrailerBytes);
  Byte* trailer = bytes.data() + offset;
  store(trailer, std::uint64_t{bytes.size()});
  store(trailer + 8, std::uint64_t{footer});
  store(trailer + 28, number);
  store(trailer + 32, digest.value());
  store(trailer + 40, salt);
  store(trailer + 44, std::uint32_t{0});
  store(trailer + 48, checksum({trailer, 48}, 0x314c494154));
  std::copy(kEndMagic.begin(), kEndMagic.end(), trailer + 56);
}

}  // namespace fixup
