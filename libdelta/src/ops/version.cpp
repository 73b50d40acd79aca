// Each third-party library is asked for its version in the one place that may name it.
#include "delta/version.hpp"

#include "base/boundary.hpp"
#include "base/checksum.hpp"
#include "base/digest.hpp"
#include "codec/versions.hpp"

namespace delta {

std::string_view version() noexcept { return DELTA_VERSION; }

Result<std::vector<Component>> components() try {
  const Boundary boundary;
  return std::vector<Component>{{"dlog", "1"},
                                {"coders", codec::coders_text()},
                                {"zstd", codec::zstd_version()},
                                {"libsodium", digest_library_version()},
                                {"xxhash", checksum_library_version()}};
} catch (...) {
  return caught();
}

}  // namespace delta
