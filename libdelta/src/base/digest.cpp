#include "base/digest.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/digest_lanes.hpp"
#include "delta/error.hpp"

namespace delta {
namespace {

using Personal = std::array<Byte, 16>;
static_assert(std::tuple_size_v<Personal> == crypto_generichash_blake2b_PERSONALBYTES);

Personal personal_of(std::string_view domain) {
  Personal personal{};
  DELTA_CHECK(domain.size() <= personal.size());
  std::ranges::copy(domain, personal.begin());
  return personal;
}

}  // namespace

Hash digest(std::string_view domain, ByteView bytes) {
  static const bool ready = sodium_init() >= 0;
  DELTA_CHECK(ready);
  const Personal personal = personal_of(domain);
  Hash hash;
  const int failed = crypto_generichash_blake2b_salt_personal(hash.data(), hash.size(), bytes.data(), bytes.size(),
                                                              nullptr, 0, nullptr, personal.data());
  DELTA_CHECK(failed == 0);
  return hash;
}

void digests(std::string_view domain, std::span<const ByteView> messages, std::span<Hash> hashes, Behind behind) {
  digest_in_lanes(widest_lanes(), personal_of(domain), messages, hashes, behind);
}

std::string digest_library_version() { return sodium_version_string(); }

}  // namespace delta
