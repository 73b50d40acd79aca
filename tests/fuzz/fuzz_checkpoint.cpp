// Any bytes as a file of checkpoints, with its checksums made right so that the parser is reached: refused, or read to
// the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/checksum.hpp"
#include "format/wire.hpp"
#include "index/checkpoint_file.hpp"

namespace {

using namespace delta;

constexpr std::size_t kFixed = 64;

void put(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint64_t value) { format::store(&bytes[at], value); }

/// Header and trailer of the directory that is at the end.
void fix(std::vector<std::uint8_t>& bytes, std::size_t directory) {
  static constexpr std::uint8_t kMagic[] = {0x89, 'D', 'L', 'C', 0x0d, 0x0a, 0x1a, 0x0a, 1, 0};
  static constexpr std::uint8_t kEnd[] = {0x89, 'D', 'L', 'C', 'E', 'N', 'D', 0x0a};
  std::copy(std::begin(kMagic), std::end(kMagic), bytes.begin());
  put(bytes, kFixed - 8, checksum(ByteView(bytes).first(kFixed - 8)));
  const std::size_t trailer = bytes.size() - kFixed;
  put(bytes, trailer, directory);
  put(bytes, trailer + 8, trailer - directory);
  put(bytes, trailer + 16, checksum(ByteView(bytes).subspan(directory, trailer - directory)));
  put(bytes, trailer + 24, bytes.size());
  put(bytes, trailer + 48, checksum(ByteView(bytes).subspan(trailer, 48)));
  std::copy(std::begin(kEnd), std::end(kEnd), bytes.end() - 8);
}

}  // namespace

/// Input: the length of the chunks (2 bytes), the chunks, the directory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t chunks = std::min(size - 2, data[0] | std::size_t{data[1]} << 8);
  std::vector<std::uint8_t> bytes(kFixed);
  bytes.insert(bytes.end(), data + 2, data + size);
  bytes.resize(bytes.size() + kFixed);
  fix(bytes, kFixed + chunks);
  const auto file = memory_source("fuzz", bytes);
  auto directory = checkpoint::read_checkpoint_directory(*file);
  if (!directory) return 0;
  for (auto& entry : directory->checkpoints) {
    for (auto& chunk : entry.chunks) {
      chunk.checksum = checksum(ByteView(bytes).subspan(chunk.offset, chunk.length));
      std::size_t vectors = 0;
      const auto read = checkpoint::read_checkpoint_chunk(*file, *directory, chunk, [&](const auto& vector) -> Status {
        ++vectors;
        if (vector.id.empty()) std::abort();
        if (vector.exists && vector.bits.size() != directory->namespaces[chunk.name_space].dims) std::abort();
        return {};
      });
      if (read && vectors != chunk.count) std::abort();
    }
  }
  return 0;
}
