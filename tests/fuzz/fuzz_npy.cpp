// Any bytes as an .npy file: refused, or read the same as a whole and row by row.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "formats/npy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace delta::formats;
  for (const bool lossy : {false, true}) {
    auto source = open_npy(delta::memory_source("fuzz", {data, size}), {.lossy = lossy});
    if (!source) continue;
    const std::uint64_t rows = (*source)->rows(), dims = (*source)->dims();
    if (rows * dims > size) std::abort();  // at least a byte a value
    std::vector<std::uint32_t> whole(rows * dims), row(dims);
    const bool good = static_cast<bool>((*source)->read(0, whole));
    bool every = true;
    for (std::uint64_t r = 0; r < std::min<std::uint64_t>(rows, 64); ++r) {
      if (!(*source)->read(r, row)) {
        every = false;
      } else if (good && !std::equal(row.begin(), row.end(), whole.begin() + static_cast<std::ptrdiff_t>(r * dims))) {
        std::abort();
      }
    }
    if (good && !every) std::abort();
  }
  return 0;
}
