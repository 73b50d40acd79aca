// The payload of an ATTESTATION frame: what somebody states of one commit, such as a signature. Its names are texts,
// not numbers of a segment, so it may stand in any segment, also in one that lacks the commit.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "delta/commit.hpp"
#include "delta/result.hpp"

namespace delta::format {

struct Attestation {
  std::string_view origin;     ///< of the commit
  std::uint64_t seq = 0;       ///< its last
  Hash commit{};               ///< its hash
  std::string_view algorithm;  ///< what `bytes` are; printable ASCII without spaces
  std::string_view key;        ///< which key made them; may be empty
  ByteView bytes;
};
void write_attestation(const Attestation& attestation, Buffer& out);
/// Views into the payload. corrupt: it breaks a rule of the format's page.
Result<Attestation> read_attestation(ByteView payload);

}  // namespace delta::format
