// The payload of a LOSS frame: dots that damage took, and that a repair could not find in any copy of the log. Its
// names are texts, not numbers of a segment, so it may stand in any segment.
#pragma once

#include "base/bytes.hpp"
#include "delta/dot_ranges.hpp"
#include "delta/result.hpp"

namespace delta::format {

/// REQUIRES: not empty.
void write_loss(const DotRanges& dots, Buffer& out);
/// corrupt: it breaks a rule of the format's page.
Result<DotRanges> read_loss(ByteView payload);

}  // namespace delta::format
