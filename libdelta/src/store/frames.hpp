// Frames as bytes, ready to be written.
#pragma once

#include "delta/preset.hpp"
#include "format/layout.hpp"

namespace delta::store {

/// Appends header, payload and padding to `out`. Fills in what depends on the payload; `raw`, `salt`, `number` and counts are set before.
void append_frame(format::FrameHeader& frame, ByteView payload, Buffer& out);

/// append_frame() of a table's payload, compressed where that makes it smaller.
void append_table(format::FrameHeader& frame, const Buffer& raw, Preset preset, Buffer& out);

}  // namespace delta::store
