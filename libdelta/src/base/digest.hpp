// BLAKE2b-256 with a domain name: two kinds of thing never share a hash.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "delta/commit.hpp"

namespace delta {

/// BLAKE2b-256 of `bytes`, personalised by `domain` (at most 16 ASCII characters, zero-padded).
Hash digest(std::string_view domain, ByteView bytes);

/// The same of many messages together, which is several times as fast. REQUIRES: as many hashes as messages.
void digests(std::string_view domain, std::span<const ByteView> messages, std::span<Hash> hashes);

/// Of libsodium, as it is loaded.
std::string digest_library_version();

}  // namespace delta
