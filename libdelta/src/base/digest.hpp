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

inline constexpr std::size_t kDigestBlock = 128;  ///< bytes that are hashed at a time

/// What stands in memory behind each message. Zeros: up to a whole number of blocks, so that none need be copied.
enum class Behind : std::uint8_t { anything, zeros };

/// The same of many messages together, which is several times as fast. REQUIRES: as many hashes as messages.
void digests(std::string_view domain, std::span<const ByteView> messages, std::span<Hash> hashes,
             Behind behind = Behind::anything);

/// Of libsodium, as it is loaded.
std::string digest_library_version();

}  // namespace delta
