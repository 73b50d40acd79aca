// A fold from which others go on, in memory: what a checkpoint is written from.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/fold.hpp"
#include "model/fold_base.hpp"

namespace delta::model {

/// A base in memory: see fold_chains(). Each vector takes the memory of a state and 32 bytes.
class FoldedChains final : public FoldBase {
 public:
  const SeenSeqs& seen() const override { return seen_; }
  Timestamp latest() const override { return latest_; }
  const VectorSet& unresolved() const override { return unresolved_; }
  Status each(const VectorSet& vectors, const Visit& visit) const override;
  DeltaSource& rest() const override { return *rest_; }
  /// Where rest() comes from. Keeps the reference. REQUIRES: before a fold goes on from here
  void set_rest(DeltaSource& rest) { rest_ = &rest; }

 private:
  friend Result<std::unique_ptr<FoldedChains>> fold_chains(const Catalog&, const History&, DeltaSource&,
                                                           std::optional<Micros>, const FoldBase*);
  explicit FoldedChains(State state) : state_(std::move(state)) {}

  State state_;
  std::vector<std::pair<VectorNo, Key>> last_;  // of each vector that it holds, by number
  std::unordered_map<VectorNo, std::uint64_t> overflows_;
  SeenSeqs seen_;
  Timestamp latest_{};
  VectorSet unresolved_;
  DeltaSource* rest_ = nullptr;
};
/// Folds all vectors up to a time (none: all that is not pending). `base`: null, or where to start. Errors: those of
/// fold(); unsupported: an origin's timestamps fall, so seqs do not tell what is before the time.
Result<std::unique_ptr<FoldedChains>> fold_chains(const Catalog& catalog, const History& history, DeltaSource& source,
                                                  std::optional<Micros> at, const FoldBase* base);

}  // namespace delta::model
