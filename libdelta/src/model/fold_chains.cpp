#include "model/fold_chains.hpp"

#include <algorithm>

#include "model/folding.hpp"

namespace delta::model {
namespace {

/// How far a fold has come with each origin.
class Progress {
 public:
  Progress(const Catalog& catalog, const History& history, const CutTest& cut, const FoldBase* base)
      : history_(history), cut_(cut), seen_(catalog.origins()), left_(catalog.origins(), ~std::uint64_t{0}) {
    if (!base) return;
    for (const OriginNo origin : base->seen().numbers()) seen_[origin] = base->seen()[origin];
    latest_ = base->latest();
  }

  void take(const DeltaBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta c = batch[i];
      if (!history_.folded(c.commit)) continue;
      const OriginNo origin = history_.origin(c.commit);
      if (cut_.contains(c)) {
        seen_[origin] = std::max(seen_[origin], c.seq);
        latest_ = std::max(latest_, c.time);
      } else {
        left_[origin] = std::min(left_[origin], c.seq);
      }
    }
  }
  /// Everything that was left out comes after everything that was folded.
  bool divides() const {
    return std::ranges::all_of(seen_.numbers(), [&](OriginNo origin) { return seen_[origin] < left_[origin]; });
  }
  const SeenSeqs& seen() const { return seen_; }
  Timestamp latest() const { return latest_; }

 private:
  const History& history_;
  const CutTest& cut_;
  SeenSeqs seen_;
  Indexed<OriginNo, std::uint64_t> left_;  // the first seq that was left out
  Timestamp latest_{};
};

}  // namespace

Status FoldedChains::each(const VectorSet& vectors, const Visit& visit) const {
  for (const auto& [vector, last] : last_) {
    if (!vectors.contains(vector)) continue;
    const bool exists = state_.exists(vector);
    const auto overflows = overflows_.find(vector);
    DELTA_OK(visit({vector, last, exists, exists ? state_.created(vector) : Key{}, state_.bits(vector),
                    state_.stored_metadata(vector), overflows == overflows_.end() ? 0 : overflows->second}));
  }
  return {};
}

Result<std::unique_ptr<FoldedChains>> fold_chains(const Catalog& catalog, const History& history, DeltaSource& source,
                                                  std::optional<Micros> at, const FoldBase* base) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, {.at = at}));
  Folding folding(catalog, history, test, VectorSet::all());
  if (base && !test.contains(base->seen(), base->latest())) base = nullptr;
  if (base) DELTA_OK(folding.start(*base, VectorSet::all()));
  Progress progress(catalog, history, test, base);
  DELTA_OK((base ? base->rest() : source).each(VectorSet::all(), at, [&](const DeltaBatch& batch) {
    progress.take(batch);
    return folding.take(batch);
  }));
  if (!progress.divides()) {
    return error(ErrorCode::unsupported, "the timestamps of an origin fall, so there is no state to keep for a time");
  }
  folding.doubt();
  ConcurrentVectors& contest = folding.contest();
  if (!contest.contested().empty()) {
    DELTA_OK(source.each(contest.contested(), at, [&](const DeltaBatch& batch) { return contest.gather(batch); }));
    folding.settle_chains();
  }
  std::unique_ptr<FoldedChains> chains(new FoldedChains(folding.take_state()));
  for (const VectorNo vector : numbers<VectorNo>(catalog.vectors())) {
    const auto& last = contest.last(vector);
    if (last.count == 0 || contest.contested().contains(vector)) continue;
    chains->last_.emplace_back(vector, Key{last.time, history.origin(last.commit), last.seq});
  }
  for (const auto& [vector, count] : folding.overflows()) chains->overflows_[vector] += count;
  chains->seen_ = progress.seen();
  chains->latest_ = progress.latest();
  chains->unresolved_ = contest.contested();
  return chains;
}

}  // namespace delta::model
