// Which commits the deltas of a packed DATA payload belong to, and nothing else of it: to skip the blocks of others.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/numbers.hpp"
#include "delta/result.hpp"

namespace delta::codec {

/// Of each delta the row of its commit, in order; valid until this thread decodes again. `vectors`: of the segment.
/// What else the payload says is not looked at. corrupt, or unsupported.
Result<std::span<const RowNo>> decode_rows(ByteView payload, std::uint32_t count, std::uint32_t vectors);

}  // namespace delta::codec
