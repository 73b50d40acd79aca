// The result of a fold, from which later folds can start (law 7). For each vector it holds the values and the metadata
// that its deltas gave, if each of these deltas had seen the one before it. Later deltas can then be applied to that,
// and the earlier ones need not be read again.
//
// For a vector whose deltas do not form such a chain it holds nothing. What counts there depends on the policy of the
// cut and on what later deltas have seen. Such a vector is folded from its first delta.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "delta/commit.hpp"
#include "delta/state.hpp"
#include "delta/vector_set.hpp"

namespace delta::model {

class DeltaSource;

/// One vector of a base. What it views is valid until the visit returns.
struct FoldedVector {
  VectorNo vector{};
  Key last;  ///< of its last delta, which has seen all the others
  bool exists = false;
  Key created;                          ///< of its last create, if it exists
  std::span<const std::uint32_t> bits;  ///< if it exists
  std::string_view metadata;            ///< canonical; that of a vector that does not exist waits for its next create
  std::uint64_t overflows = 0;          ///< what its deltas add to State::overflows
};

class FoldBase {
 public:
  virtual ~FoldBase() = default;

  /// How far it has folded each origin: every delta of a vector up to there, and none after it. Origins that it does
  /// not know are beyond the end.
  virtual const SeenSeqs& seen() const = 0;
  /// The greatest timestamp of these deltas.
  virtual Timestamp latest() const = 0;
  /// The vectors with deltas among these that it does not hold.
  virtual const VectorSet& unresolved() const = 0;
  /// Each of some vectors that it holds, once.
  using Visit = std::function<Status(const FoldedVector&)>;
  virtual Status each(const VectorSet& vectors, const Visit& visit) const = 0;
  /// The deltas after it; some before it may be among them.
  virtual DeltaSource& rest() const = 0;

  /// True when it has folded a delta of an origin.
  bool covers(OriginNo origin, std::uint64_t seq) const { return seen().contains(origin) && seq <= seen()[origin]; }
};

}  // namespace delta::model
