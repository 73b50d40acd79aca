// How hard the codec tries. Presets change speed and size, never meaning.
#pragma once

#include <cstdint>

namespace delta {

enum class Preset : std::uint8_t { fastest = 0, balanced = 1, maximum = 2 };

}  // namespace delta
