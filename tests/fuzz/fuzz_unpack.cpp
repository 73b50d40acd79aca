// Any bytes as packed data: refused, or unpacked to the same whatever the pieces are in which they come.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "formats/unpack.hpp"

using namespace delta;
using namespace delta::formats;

namespace {

constexpr std::size_t kMost = 1 << 20;

struct Unpacked {
  std::string bytes;
  bool good = true;
};

Unpacked unpack(std::string_view text, Packing packing, std::size_t piece, std::size_t room) {
  const auto stream = unpacked(memory_stream("fuzz", text, piece), packing);
  std::vector<std::uint8_t> buffer(room);
  Unpacked out;
  while (out.bytes.size() < kMost) {
    auto n = stream->read(buffer);
    out.good = static_cast<bool>(n);
    if (!n || *n == 0) break;
    out.bytes.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto packing = static_cast<Packing>(data[0] % 3);
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const Unpacked whole = unpack(text, packing, 0, 65536), pieces = unpack(text, packing, 3, 100);
  if (whole.good != pieces.good) std::abort();
  const std::size_t common = std::min(whole.bytes.size(), pieces.bytes.size());
  if (whole.bytes.compare(0, common, pieces.bytes, 0, common) != 0) std::abort();
  if (whole.good && whole.bytes.size() < kMost && whole.bytes != pieces.bytes) std::abort();
  return 0;
}
