// How the payload of a frame is stored as a whole. Here, because the layer that writes frames and the one that
// compresses do not know each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace delta {

/// The numbers are those of the file format. DATA payloads code their columns themselves and are `plain`.
enum class PayloadCodec : std::uint8_t { plain = 0, zstd = 1, lz4 = 2 };

constexpr std::string_view payload_codec_name(PayloadCodec codec) {
  constexpr std::string_view names[] = {"plain", "zstd", "lz4"};
  return names[static_cast<std::size_t>(codec)];
}

}  // namespace delta
