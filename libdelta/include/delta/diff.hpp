// What differs between two states: of two logs, or of one log at two moments.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "delta/result.hpp"
#include "delta/state.hpp"

namespace delta {

enum class Difference : std::uint8_t {
  created,  ///< exists only in the new state
  deleted,  ///< exists only in the old one
  changed,  ///< exists in both, with other bits or other metadata
};

/// "created", "deleted", "changed".
DELTA_EXPORT std::string_view difference_name(Difference kind) noexcept;

/// One vector that differs. What it views is valid until the visit returns.
struct VectorDiff {
  Difference kind = Difference::changed;
  std::string_view name_space, id;
  std::span<const std::uint32_t> old_bits, new_bits;  ///< raw float32 bits of all dims; empty where it does not exist
  std::span<const std::uint32_t> dims;                ///< changed: those whose bits differ, increasing
  std::string_view old_metadata, new_metadata;        ///< canonical JSON objects; empty: none
  /// changed: sqrt(sum (new - old)^2) over `dims`. None where one of these values is not finite.
  std::optional<double> distance;
  /// changed: (old . new) / sqrt(|old|^2 |new|^2) over all dims. None where a value is not finite or a length is 0.
  std::optional<double> cosine;

  bool metadata_differs() const { return old_metadata != new_metadata; }
};

struct DiffSummary {
  std::uint64_t created = 0, deleted = 0, changed = 0;  ///< vectors
  std::uint64_t values = 0;                             ///< dimensions whose bits differ, of changed vectors
  std::uint64_t metadata = 0;                           ///< changed vectors whose metadata differs
  std::uint64_t undefined = 0;                          ///< changed vectors without a distance
  // Of the changed vectors that have some `dims`; none: no such vector, or none that has the number.
  std::optional<double> max_distance, mean_distance, min_cosine;

  bool same() const { return created == 0 && deleted == 0 && changed == 0; }
};

/// Visits every vector that differs, in order of namespace name, its dimension count, and id (by bytes): the order
/// depends on neither files nor time. A vector is the same in both states by namespace name, dimension count and id.
/// Values are compared as bits, so that 0.0 and -0.0 differ; distances are summed in float64 in order of dimension, so
/// that every machine gives the same. Memory: 32 bytes a vector that differs. Errors: those of `visit`.
DELTA_EXPORT Result<DiffSummary> diff(const State& old_state, const State& new_state,
                                      const std::function<Status(const VectorDiff&)>& visit);

}  // namespace delta
