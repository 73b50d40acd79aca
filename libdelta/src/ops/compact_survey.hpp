// Where the deltas of each vector are: what compaction knows of a log before it moves any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "delta/log.hpp"
#include "delta/result.hpp"
#include "model/key_order.hpp"

namespace delta::ops {

/// What the survey knows of a vector.
struct Place {
  static constexpr std::uint64_t kBytes = 64;  // of a delta, about, beside its indices and values
  Key first;                                   // least key of its deltas
  std::uint64_t bytes = 0;                     // of its deltas as plain rows, about
  std::uint64_t pieces = 0;                    // copies that were pruned apart may each have one of a delta
  std::uint64_t deltas = 0;
};

/// About as many bytes as the delta takes as a plain row.
std::uint64_t plain_bytes(const DeltaBatch& batch, std::size_t i);

class Survey {
 public:
  /// `last`: also the time of each vector's last `last`-th delta. `moments`: also those at which something happened.
  static Result<Survey> make(const Log& log, std::uint64_t last, bool moments);

  std::uint64_t bytes() const;

  Indexed<VectorNo, Place> places;
  std::vector<VectorNo> order;           // those that have deltas, as a packed segment holds them: by their first key
  Indexed<VectorNo, Micros> kept_since;  // if asked
  std::vector<Micros> moments;           // rising, each once; of what is not pending

 private:
  void note_commits(const Log& log);
  void note(Micros moment);
  void take(const Log& log, const DeltaBatch& batch, std::size_t i);
  void sort(const Catalog& catalog);

  static constexpr std::size_t kSettleAt = 1 << 16;
  model::OriginRanks ranks_;
  bool wants_moments_ = false;
  std::size_t settle_at_ = kSettleAt;
};

}  // namespace delta::ops
