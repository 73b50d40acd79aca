// LZ4 blocks are read, and never written. Preset `fastest` was to take one that has at most 1.25 times the bytes of the
// zstd frame, where that makes it 1.5 times as quick as `balanced`. No column of a block is both: without an entropy
// stage metadata takes 1.4 times the bytes or more, values that come again 1.9 times, counts 3.7 times; only columns of
// some dozen bytes are small enough. So are tables of ids that count up, at a fifth of what `fastest` makes of them.
// But to know that it has to write both, and `balanced` needs a third of that time, and fewer bytes than either.
//
// The decoder is our own: the rules must be checked anyway (liblz4 1.9.4 accepts an offset of 0, and does not say what
// comes out), and a library more would be loaded at every start.
#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.hpp"

namespace delta::codec {

inline constexpr std::size_t kMostOfLz4 = 255;  ///< bytes that one byte of a block can stand for

/// Fills `raw` from the block that is all of `stored`. False, and anything in `raw`: `stored` is no block of exactly so
/// many bytes. Thread-safe.
bool read_lz4(ByteView stored, std::span<Byte> raw);

}  // namespace delta::codec
