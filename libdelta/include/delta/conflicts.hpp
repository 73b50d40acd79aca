// Where concurrent assignments meet, and what the policy makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/blame.hpp"
#include "delta/snapshot.hpp"
#include "delta/vector_set.hpp"

namespace delta {

/// Neighbouring dimensions of one vector that have the same candidates, several of them, decided by the same rule in
/// favour of the same one. What it views is valid until the visit returns.
struct Conflict {
  VectorNo vector{};
  std::uint32_t first = 0;               ///< its first dimension
  std::span<const DeltaRef> candidates;  ///< in key order, at least two
  std::span<const std::uint32_t>
      values;  ///< raw float32 bits: a row of dims() for each candidate, its transforms applied
  std::span<const std::uint32_t> bits;  ///< and what the vector has there: as many as it has dimensions
  std::optional<std::size_t> chosen;    ///< place of the candidate that it is; none: made from all of them
  std::string_view rule;                ///< "max@images/0-15"; "lww" where no rule says otherwise

  std::size_t dims() const { return bits.size(); }
  std::span<const std::uint32_t> values_of(std::size_t candidate) const {
    return values.subspan(candidate * dims(), dims());
  }
};

struct ConflictCount {
  std::uint64_t cells = 0;  ///< dimensions of vectors that exist, with several candidates
  std::uint64_t runs = 0, vectors = 0;
};

/// Visits every conflict at a cut, in order of namespace name, its dimension count, id (by bytes) and dimension. Reads
/// the log once, and the contested vectors again if there are any. `visit` may be empty: then nothing is resolved
/// beyond what counting needs. Memory: the deltas of contested vectors. Errors: those of snapshot() and of `visit`.
DELTA_EXPORT Result<ConflictCount> conflicts(const Log& log, const CutOptions& cut, const VectorSet& vectors,
                                             const std::function<Status(const Conflict&)>& visit);

/// Only how many.
inline Result<ConflictCount> count_conflicts(const Log& log, const CutOptions& cut = {},
                                             const VectorSet& vectors = VectorSet::all()) {
  return conflicts(log, cut, vectors, {});
}

/// A namespace of which vectors with several dimension counts exist: writers that had not seen each other created it.
struct NamespaceConflict {
  std::string name;
  std::vector<std::uint32_t> dims;  ///< increasing

  /// "vectors of namespace 'a' have 2 and 3 dimensions: ..."
  DELTA_EXPORT std::string text() const;
};

/// Those of now, in order of name. Reads creates and deletes of such namespaces alone, and nothing where there is none.
DELTA_EXPORT Result<std::vector<NamespaceConflict>> namespace_conflicts(const Log& log);

/// The policy that the log sets for itself at a cut. Errors: as snapshot(); unsupported, or corrupt for a malformed
/// one.
DELTA_EXPORT Result<Policy> policy_of(const Log& log, const CutOptions& cut = {});

}  // namespace delta
