// Any bytes as an LZ4 block: refused, or what liblz4 reads out of them.
#include <lz4.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "codec/lz4.hpp"

/// Input: the length of the output (2 bytes), the block.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace delta;
  if (size < 2) return 0;
  const std::size_t length = data[0] | std::size_t{data[1]} << 8;
  const ByteView block(data + 2, size - 2);
  Buffer ours(length), theirs(length + 1);
  if (!codec::read_lz4(block, ours)) return 0;
  const int read =
      LZ4_decompress_safe(reinterpret_cast<const char*>(block.data()), reinterpret_cast<char*>(theirs.data()),
                          static_cast<int>(block.size()), static_cast<int>(length));
  if (read != static_cast<int>(length)) std::abort();
  theirs.resize(length);
  if (ours != theirs) std::abort();
  return 0;
}
