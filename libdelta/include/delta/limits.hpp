// Bounds that writers keep and readers check before a size is believed, and what may be a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "delta/result.hpp"

namespace delta {

inline constexpr std::size_t kMaxIdBytes = 1024;
inline constexpr std::size_t kMaxNameBytes = 1024;        // origins and namespaces
inline constexpr std::uint32_t kMaxDims = 65536;          // of what is written, unless more is asked for
inline constexpr std::uint32_t kMostDims = 1 << 20;       // of anything
inline constexpr std::uint32_t kMaxVectors = 0xfffffffe;  // of a segment: two numbers stand for none
inline constexpr std::size_t kMaxMetadataBytes = 64 << 10;
inline constexpr std::size_t kMaxDeltaBytes =
    16 + 4 * std::size_t{kMostDims} + kMaxMetadataBytes;  // of what is written: every dim and all metadata
inline constexpr std::size_t kMaxMessageBytes = 64 << 10;
inline constexpr std::size_t kMaxFrameBytes =
    16 << 20;  // of a frame's payload, stored or raw, and of deltas of one as plain rows
inline constexpr std::size_t kMaxAttestationBytes = 64 << 10;
inline constexpr std::size_t kMaxParents = 1 << 20;
inline constexpr std::uint32_t kMaxFrames = 1 << 18;  // of a segment

// Names: UTF-8 without control characters, within the bounds above. bad_input names what is wrong.
DELTA_EXPORT Status check_id(std::string_view id);        ///< not empty
DELTA_EXPORT Status check_origin(std::string_view name);  ///< not empty
DELTA_EXPORT Status check_namespace(std::string_view name);

}  // namespace delta
