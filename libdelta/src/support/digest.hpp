// BLAKE2b-256 with a domain name: two kinds of thing never share a hash.
#pragma once

#include <string>
#include <string_view>

#include "delta/commit.hpp"
#include "support/bytes.hpp"

namespace delta {

/// BLAKE2b-256 of `bytes`, personalised by `domain` (at most 16 ASCII characters, zero-padded).
Hash digest(std::string_view domain, ByteView bytes);

/// Of libsodium, as it is loaded.
std::string digest_library_version();

}  // namespace delta
