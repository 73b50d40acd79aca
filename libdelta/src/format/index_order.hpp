// The ids of a level of a lookup index, in order of their bytes, so that those that begin alike are found together. See
// formats/spec/index-1.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "delta/result.hpp"

namespace delta::format {

/// Some ids in a row.
struct OrderChunk {
  std::uint64_t offset = 0;  // from the beginning of the order
  std::uint32_t bytes = 0, ids = 0;
  std::string first;  // the least of them
};
inline constexpr std::size_t kOrderStartBytes = 8;  // tell how long the list of chunks is
inline constexpr std::uint32_t kIdsOfChunk = 256;

/// Appends them. REQUIRES: ascending, each once.
void write_order(std::span<const std::string> ids, std::uint64_t salt, Buffer& out);
/// Gives what was written with salt 0 another one.
void seal_order(std::uint64_t salt, std::span<Byte> order);
/// How many bytes the list of chunks has, by its first kOrderStartBytes. corrupt: more than `size`, which is that of
/// the whole order.
Result<std::uint32_t> order_list_bytes(ByteView start, std::uint64_t size);
/// `bytes`: the list.
Result<std::vector<OrderChunk>> read_order_list(ByteView bytes, std::uint64_t salt, std::uint64_t size);
/// Appends the ids of a chunk; `number`: of it. corrupt.
Status read_order_chunk(ByteView bytes, std::uint64_t salt, std::size_t number, const OrderChunk& chunk,
                        std::vector<std::string>& out);
/// All of it. corrupt.
Result<std::vector<std::string>> read_order(ByteView bytes, std::uint64_t salt);

}  // namespace delta::format
