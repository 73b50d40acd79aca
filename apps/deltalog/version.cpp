// What `--version` says: all that may change the bytes of an output file.
#include "delta/version.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/preset.hpp"
#include "formats/format.hpp"

namespace deltalog {

std::string version_text() {
  std::string out = fmt::format("deltalog {}\n", DELTA_VERSION);
  out +=
      fmt::format("{:<10} {}\n{:<10} {}\n", "libdelta", delta::version(), "formats", delta::formats::known_formats());
  for (const auto& [name, version] : delta::or_bad_alloc(delta::components()))
    out += fmt::format("{:<10} {}\n", name, version);
  return out + fmt::format("{:<10} {}\n", "presets", fmt::join(delta::kPresetNames, ", "));
}

}  // namespace deltalog
