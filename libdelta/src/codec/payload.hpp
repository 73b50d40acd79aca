// Whole payloads of table frames: stored plain, or as one zstd frame where that is smaller. LZ4 blocks of other
// writers are read.
#pragma once

#include "base/bytes.hpp"
#include "base/payload_codec.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// Compresses `raw` to `out` (cleared) if that makes it smaller; else leaves `out` empty and returns false.
bool compress_payload(ByteView raw, Preset preset, Buffer& out);

/// Of a payload that is not plain; anything but exactly `raw_size` bytes is ErrorCode::corrupt. `raw_size` has been
/// bounded.
Status decompress_payload(PayloadCodec codec, ByteView stored, std::size_t raw_size, Buffer& out);

}  // namespace delta::codec
