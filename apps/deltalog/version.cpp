// What `--version` says: all that may change the bytes of an output file.
#include <fmt/format.h>

#include "command.hpp"

namespace deltalog {

std::string version_text() {
  return fmt::format(
      "deltalog {}\n"
      "formats: dlog 1; npy 1.0 to 3.0, ndjson\n"
      "presets: fastest, balanced, maximum\n",
      DELTA_VERSION);
}

}  // namespace deltalog
