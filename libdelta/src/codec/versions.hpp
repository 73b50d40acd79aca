// What the codec is made of, for `--version`.
#pragma once

#include <string>

namespace delta::codec {

std::string coders_text();   ///< "raw, constant, ..."
std::string zstd_version();  ///< of the library that is loaded

}  // namespace delta::codec
