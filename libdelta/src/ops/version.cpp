// Each third-party library is asked for its version in the one place that may name it.
#include "delta/version.hpp"

#include "base/checksum.hpp"
#include "base/digest.hpp"
#include "codec/versions.hpp"

namespace delta {

std::string version() { return DELTA_VERSION; }

std::vector<Component> components() {
  return {{"dlog", "1"},
          {"coders", codec::coders_text()},
          {"zstd", codec::zstd_version()},
          {"libsodium", digest_library_version()},
          {"xxhash", checksum_library_version()}};
}

}  // namespace delta
