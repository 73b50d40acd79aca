// How hard the codec tries. Presets change speed and size, never meaning.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace delta {

enum class Preset : std::uint8_t { fastest = 0, balanced = 1, maximum = 2 };

inline constexpr std::array<std::string_view, 3> kPresetNames = {"fastest", "balanced", "maximum"};

constexpr std::string_view preset_name(Preset preset) { return kPresetNames[static_cast<std::size_t>(preset)]; }
constexpr std::optional<Preset> preset_named(std::string_view name) {
  for (std::size_t i = 0; i < kPresetNames.size(); ++i) {
    if (kPresetNames[i] == name) return static_cast<Preset>(i);
  }
  return std::nullopt;
}

}  // namespace delta
