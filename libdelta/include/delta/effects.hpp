// What each delta did: how far it moved its vector, and whether it met another.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "delta/delta.hpp"
#include "delta/log.hpp"
#include "delta/state.hpp"
#include "delta/vector_set.hpp"

namespace delta {

/// A delta without its values, judged against the deltas of the same vector that have smaller keys: the state after the
/// fold of those and itself, compared with the state after those alone. Conflicts as last-writer-wins decides them.
struct DeltaEffect {
  Key key;
  CommitNo commit{};
  VectorNo vector{};
  std::uint32_t bytes = 0;  ///< as a plain row (DeltaBatch::row_bytes())
  Operation op = Operation::create;
  /// It assigns a dimension that an earlier assignment assigns, which it had not seen and which no delete between them
  /// made void.
  bool conflict = false;
  /// How many values have other bits than before; all, if it made the vector exist or not exist. Absent if the
  /// values before were pruned.
  std::optional<std::uint32_t> changed;
  /// Euclidean distance in float64 of the values before and after; those of a vector that does not exist count as
  /// zeros. None: pruned as above, or a value that changed is not finite.
  std::optional<double> distance;
};

struct EffectOptions {
  VectorSet vectors = VectorSet::all();
  /// Null, or a context as of Log::context(): nothing else counts, as if it were all there is.
  const SeenSeqs* seen = nullptr;
};

/// The effects of all deltas that are not pending, in key order. Memory: the state of the chosen vectors, 64 bytes a
/// delta, and of vectors with a delta that has not seen the one before it, all deltas. Errors: those of
/// reading.
DELTA_EXPORT Result<std::vector<DeltaEffect>> effects(const Log& log, const EffectOptions& options = {});

}  // namespace delta
