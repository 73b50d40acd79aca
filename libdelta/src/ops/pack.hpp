// A log as one packed segment, with all that is in it.
#pragma once

#include <cstdint>

#include "delta/bytes.hpp"
#include "delta/log.hpp"

namespace delta::ops {

struct PackOptions {
  unsigned threads = 0;
  std::uint64_t memory = 256 << 20;
};
/// `lost`: what its LOSS frames say. Returns the number of deltas.
Result<std::uint64_t> pack(const Log& log, const DotRanges& lost, const PackOptions& options, ByteSink& sink);

}  // namespace delta::ops
