// How files begin that the lowest layers must recognise.
#pragma once

#include <array>

#include "base/bytes.hpp"

namespace delta {

inline constexpr std::array<Byte, 8> kIndexMagic = {0x89, 'D', 'L', 'X', 0x0d, 0x0a, 0x1a, 0x0a};

}  // namespace delta
