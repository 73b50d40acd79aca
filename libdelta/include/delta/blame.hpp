// Who is to thank for each value: blame by the definition of the model, not by guessing which delta could be left out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "delta/commit.hpp"
#include "delta/delta.hpp"
#include "delta/snapshot.hpp"
#include "delta/state.hpp"

namespace delta {

/// A delta, named.
struct DeltaRef {
  Dot dot;
  Timestamp time;
  Operation op = Operation::create;
  CommitNo commit{};
  friend bool operator==(const DeltaRef&, const DeltaRef&) = default;
};

/// Neighbouring dimensions with one answer.
struct BlameRun {
  std::uint32_t first = 0;          ///< its first dimension
  std::vector<std::uint32_t> bits;  ///< raw float32 bits of its dimensions: as many as it has
  /// The assignments that the values come from: one (of equal bits the one of greatest key), or under a strategy that
  /// mixes (average, weighted) all candidates, in key order.
  std::vector<DeltaRef> chosen;
  std::vector<DeltaRef>
      transforms;                ///< those that `chosen` went through, in key order: all of greater key than its first
  std::vector<DeltaRef> losers;  ///< the other candidates, in key order: concurrent assignments that did not win
  friend bool operator==(const BlameRun&, const BlameRun&) = default;
};

/// A top-level member of the metadata.
struct BlameMember {
  std::string name;   ///< as text, not escaped
  std::string value;  ///< canonical JSON
  DeltaRef set_by;    ///< the last delta whose patch has the member
  friend bool operator==(const BlameMember&, const BlameMember&) = default;
};

struct Blame {
  VectorNo vector{};
  DeltaRef created;                   ///< its last create: why it exists, and where its row stands
  std::vector<BlameRun> runs;         ///< in order of dimension, covering all
  std::vector<BlameMember> metadata;  ///< in order of name (by bytes)
  friend bool operator==(const Blame&, const Blame&) = default;
};

/// Blames every dimension and metadata member of one vector of the log at a cut. Keeping only a run's chosen deltas,
/// its transforms, and the creates and deletes of the vector gives the same bits there. Errors: not_found: the vector
/// does not exist at the cut; those of snapshot().
DELTA_EXPORT Result<Blame> blame(const Log& log, VectorNo vector, const CutOptions& cut = {});
/// The same of the vector of a name. Errors: also those of Catalog::find().
DELTA_EXPORT Result<Blame> blame(const Log& log, const VectorName& name, const CutOptions& cut = {});

/// Blames several vectors in one pass over the log: visits those that exist at the cut, in rising number. Memory: the
/// deltas of these vectors, up to about 128 MiB; where they have more, it takes several passes. Errors: those of
/// snapshot(), and of `visit`.
DELTA_EXPORT Status blame_each(const Log& log, const VectorSet& vectors, const CutOptions& cut,
                               const std::function<Status(const Blame&)>& visit);

}  // namespace delta
