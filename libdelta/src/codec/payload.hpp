// Whole payloads of table frames: stored plain, or as one zstd frame where that is smaller.
#pragma once

#include "base/bytes.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// Compresses `raw` to `out` (cleared) if that makes it smaller; else leaves `out` empty and returns false.
bool compress_payload(ByteView raw, Preset preset, Buffer& out);

/// The exact inverse; anything but exactly `raw_size` bytes is ErrorCode::corrupt. `raw_size` has been bounded.
Status decompress_payload(ByteView stored, std::size_t raw_size, Buffer& out);

}  // namespace delta::codec
