// BLAKE2b of many messages at a time: each in a lane of the vector registers.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "delta/commit.hpp"

namespace delta {

/// How many lanes there are: 8 with AVX-512, 4 with AVX2, 2 with what every x86-64 and ARM64 has.
enum class LaneSet { two, four, eight };

/// The widest that this processor has.
LaneSet widest_lanes();

/// BLAKE2b-256 (RFC 7693) of each message, personalised by 16 bytes. Lanes take the next message when theirs has ended,
/// so lengths may differ; of a message much longer than the rest most lanes see nothing. REQUIRES: the processor has
/// `lanes`; as many hashes as messages.
void digest_in_lanes(LaneSet lanes, std::span<const Byte, 16> personal, std::span<const ByteView> messages,
                     std::span<Hash> hashes, Behind behind = Behind::anything);

}  // namespace delta
