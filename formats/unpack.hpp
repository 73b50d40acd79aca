// What gzip, zstd and deflate have packed, as it was. Memory: a window (of zstd at most 128 MiB); files go to a
// temporary file, where they can be read at any place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "delta/bytes.hpp"
#include "delta/result.hpp"

namespace delta::formats {

enum class Packing : std::uint8_t { gzip, zstd, deflate };

/// By the first bytes (4 are enough); none: not packed, as far as these say. Never deflate, which has no magic.
std::optional<Packing> packing_of(std::span<const std::uint8_t> head);
/// The name of the file that was packed: without ".gz" or ".zst".
std::string_view unpacked_name(std::string_view path);

/// The same bytes, unpacked as they come. Several packed parts, one after the other, are one (not of deflate). Errors
/// of reading: bad_input for bytes that are damaged, cut off or followed by others; limit without memory.
std::unique_ptr<ByteStream> unpacked(std::unique_ptr<ByteStream> packed, Packing packing);

/// The same where the first bytes say that they are packed, and as they are where not.
std::unique_ptr<ByteStream> unpacked_if_packed(std::unique_ptr<ByteStream> stream);

/// How many bytes so many packed ones may become, before they are taken for a trap: a GiB, and a hundred times as many.
constexpr std::uint64_t most_unpacked(std::uint64_t packed) { return (std::uint64_t{1} << 30) + 100 * packed; }

/// All of them: small ones in memory, others in a temporary file. Errors as above, with the name of the source; limit:
/// more than `most`; io.
Result<std::unique_ptr<ByteSource>> unpack_all(std::unique_ptr<ByteSource> packed, Packing packing, std::uint64_t most);

}  // namespace delta::formats
