#include "formats/dataset.hpp"

#include <fmt/format.h>

namespace delta::formats {

Status check_dims(std::uint64_t dims, std::uint32_t most) {
  if (dims >= 1 && dims <= most) return {};
  auto e = error(ErrorCode::bad_input, fmt::format("{} dimensions: a vector has 1 to {}", dims, most));
  if (dims > most && dims <= kMostDims) e.hint = fmt::format("--max-dims allows up to {}", kMostDims);
  return e;
}

}  // namespace delta::formats
