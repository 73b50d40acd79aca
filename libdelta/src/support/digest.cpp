#include "support/digest.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "delta/error.hpp"

namespace delta {

Hash digest(std::string_view domain, ByteView bytes) {
  static const bool ready = sodium_init() >= 0;
  DELTA_CHECK(ready && domain.size() <= crypto_generichash_blake2b_PERSONALBYTES);
  std::array<unsigned char, crypto_generichash_blake2b_PERSONALBYTES> personal{};
  std::ranges::copy(domain, personal.begin());
  Hash hash;
  const int failed = crypto_generichash_blake2b_salt_personal(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0,
                                                              nullptr, personal.data());
  DELTA_CHECK(failed == 0);
  return hash;
}

std::string digest_library_version() { return sodium_version_string(); }

}  // namespace delta
