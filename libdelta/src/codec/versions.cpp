#include "codec/versions.hpp"

#include <zstd.h>

#include <array>

#include "codec/block.hpp"
#include "codec/coder.hpp"

namespace delta::codec {

std::string coders_text() {
  std::string out;
  for (const auto coder :
       std::array{Coder::raw, Coder::constant, Coder::zstd, Coder::planes, Coder::table, Coder::lattice, Coder::lz4}) {
    if (!out.empty()) out += ", ";
    out += coder_name(static_cast<std::uint8_t>(coder));
  }
  return out;
}

std::string zstd_version() { return ZSTD_versionString(); }

}  // namespace delta::codec
