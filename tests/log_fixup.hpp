// Makes the checksums of damaged bytes right again, so that what is behind them is reached: as a malicious writer
// would.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/checksum.hpp"
#include "codec/payload.hpp"
#include "format/layout.hpp"
#include "format/wire.hpp"

namespace fixup {

/// Magic, salt, number and both checksums of the frame at `at`, whose payload is there.
inline void mend_frame(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t number) {
  using namespace delta;
  using namespace delta::format;
  Byte* frame = bytes.data() + at;
  const auto salt = load<std::uint32_t>(bytes.data() + 48);
  format::store(frame, std::uint32_t{0x4d524644});
  format::store(frame + 8, salt);
  format::store(frame + 12, number);
  format::store(frame + 52,
                payload_checksum({frame + kFrameBytes, padded(load<std::uint32_t>(frame + 16))}, salt, number));
  format::store(frame + 60, static_cast<std::uint32_t>(checksum({frame, 60}, 0x31454d415246)));
}

/// Makes the FOOTER frame at `at` name the frames before it, if it says that it names as many: plain, where it was
/// compressed and is another now.
inline void mend_footer(std::vector<std::uint8_t>& bytes, std::size_t at, const std::vector<std::uint32_t>& checksums) {
  using namespace delta;
  using namespace delta::format;
  const auto stored = load<std::uint32_t>(bytes.data() + at + 16), raw = load<std::uint32_t>(bytes.data() + at + 20);
  const auto body = bytes.begin() + static_cast<std::ptrdiff_t>(at + kFrameBytes);
  Buffer payload(body, body + stored);
  const auto codec = static_cast<PayloadCodec>(bytes[at + 5]);
  if (codec > PayloadCodec::lz4) return;
  if (codec != PayloadCodec::plain &&
      (raw > 1 << 20 || !codec::decompress_payload(codec, Buffer(payload), raw, payload))) {
    return;
  }
  if (payload.size() < 4 * checksums.size() || load<std::uint32_t>(bytes.data() + at + 32) != checksums.size()) return;
  Buffer right = payload;
  for (std::size_t i = 0; i < checksums.size(); ++i) delta::format::store(right.data() + 4 * i, checksums[i]);
  if (right == payload) return;
  right.resize(padded(right.size()));
  bytes.erase(body, body + static_cast<std::ptrdiff_t>(padded(stored)));
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at + kFrameBytes), right.begin(), right.end());
  bytes[at + 5] = 0;
  delta::format::store(bytes.data() + at + 16, static_cast<std::uint32_t>(payload.size()));
  delta::format::store(bytes.data() + at + 20, static_cast<std::uint32_t>(payload.size()));
}

/// Walks `bytes` as one segment: header, frames by their lengths (cut to what is there), and at the end the trailer.
/// Everything keeps its content except magic, sync, salt, frame numbers, and all that binds a frame to its place.
inline void seal(std::vector<std::uint8_t>& bytes) {
  using namespace delta;
  using namespace delta::format;
  if (bytes.size() < kHeaderBytes) return;
  bytes.resize(bytes.size() / 64 * 64);
  std::copy(kMagic.begin(), kMagic.end(), bytes.data());
  format::store(bytes.data() + 120, checksum({bytes.data(), 120}, 0x31474f4c44));
  Checksum digest;
  digest.add({bytes.data(), kHeaderBytes});
  std::vector<std::uint32_t> checksums;
  std::size_t offset = kHeaderBytes;
  std::size_t footer = 0;
  while (footer == 0 && bytes.size() - offset >= kFrameBytes + kTrailerBytes) {
    const std::size_t room =
        bytes.size() - offset - kFrameBytes - (bytes.size() - offset > kFrameBytes + kTrailerBytes ? kTrailerBytes : 0);
    const auto stored =
        static_cast<std::uint32_t>(std::min<std::size_t>(load<std::uint32_t>(bytes.data() + offset + 16), room));
    format::store(bytes.data() + offset + 16, stored);
    if (bytes[offset + 4] == static_cast<Byte>(FrameType::footer)) {
      footer = offset;
      mend_footer(bytes, offset, checksums);
    }
    mend_frame(bytes, offset, static_cast<std::uint32_t>(checksums.size()));
    digest.add({bytes.data() + offset, kFrameBytes});
    checksums.push_back(load<std::uint32_t>(bytes.data() + offset + 60));
    offset += kFrameBytes + padded(load<std::uint32_t>(bytes.data() + offset + 16));
  }
  if (footer == 0 || bytes.size() - offset < kTrailerBytes) return;
  bytes.resize(offset + kTrailerBytes);
  Byte* trailer = bytes.data() + offset;
  format::store(trailer, std::uint64_t{bytes.size()});
  format::store(trailer + 8, std::uint64_t{footer});
  format::store(trailer + 28, static_cast<std::uint32_t>(checksums.size()));
  format::store(trailer + 32, digest.value());
  format::store(trailer + 40, load<std::uint32_t>(bytes.data() + 48));
  format::store(trailer + 44, checksums.back());
  format::store(trailer + 48, checksum({trailer, 48}, 0x314c494154));
  std::copy(kEndMagic.begin(), kEndMagic.end(), trailer + 56);
}

}  // namespace fixup
