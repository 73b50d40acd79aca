// The names of byte things.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace delta {

using Byte = std::uint8_t;
using ByteView = std::span<const Byte>;
using Buffer = std::vector<Byte>;

inline ByteView bytes_of(std::string_view text) { return {reinterpret_cast<const Byte*>(text.data()), text.size()}; }
inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace delta
