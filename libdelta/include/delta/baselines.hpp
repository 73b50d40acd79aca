// What the deltas of a log would take elsewhere: a size means something only beside these.
#pragma once

#include <cstdint>

#include "delta/log.hpp"

namespace delta {

/// In bytes, without ids, hashes, checksums and an index, which the log's own size has in it.
struct Baselines {
  std::uint64_t dense = 0;  ///< each delta as its whole vector, 4 a dim: what rewriting takes
  std::uint64_t pairs = 0;  ///< assigned values with their indices, 8 a value, and the parameters of transforms, 4 each
  std::uint64_t rows_zstd = 0;  ///< rows of ordinal, seq, time, count, indices, values and metadata in one zstd -3
                                ///< frame; this alone measures the codec
};

/// Of all deltas, in the order in which they stand in the log, pruned ones as far as they are left. Reads all of it.
/// Errors: those of reading; limit: zstd has no memory.
DELTA_EXPORT Result<Baselines> baselines(const Log& log);

}  // namespace delta
