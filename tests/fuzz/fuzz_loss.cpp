// Any bytes as the payload of a LOSS frame: refused, or read within the bytes, and written as they were.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "format/loss.hpp"

using namespace delta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView payload(data, size);
  const auto read = format::read_loss(payload);
  if (!read) return 0;
  Buffer again;
  format::write_loss(*read, again);
  if (!std::equal(again.begin(), again.end(), payload.begin(), payload.end())) std::abort();
  return 0;
}
