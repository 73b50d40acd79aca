#include "model/fold_two.hpp"

#include <algorithm>
#include <optional>

#include "model/folding.hpp"

namespace delta::model {
namespace {

/// Two foldings of one source. As long as they take the same deltas of a vector, the one goes for both. The other goes
/// on from there when they part, and at the end.
class TwoFoldings {
 public:
  TwoFoldings(Folding& one, Folding& other) : one_(one), other_(other) {
    one_.share(common_);
    other_.share(common_);
  }

  /// Both start from a base that lies inside both cuts.
  Status start(const FoldBase& base, const VectorSet& vectors) { return one_.start(base, vectors, common_); }

  Status take(const DeltaBatch& batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Delta c = batch[i];
      const bool of_one = one_.contest().counts(c), of_other = other_.contest().counts(c);
      if ((!of_one && !of_other) || one_.contest().is_based(c)) continue;
      if (!parted_.contains(c.vector)) {
        if (of_one && of_other) {
          DELTA_OK(one_.take(c, common_));
          continue;
        }
        part(c.vector);
      }
      if (of_one) DELTA_OK(one_.take(c));
      if (of_other) DELTA_OK(other_.take(c));
    }
    return {};
  }

  /// After the last delta.
  void part_all(const Catalog& catalog, const VectorSet& vectors) {
    const auto part_one = [&](VectorNo vector) {
      if (!parted_.contains(vector)) part(vector);
    };
    if (!vectors.is_all()) return vectors.each(part_one);
    for (const VectorNo vector : numbers<VectorNo>(catalog.vectors())) part_one(vector);
  }

 private:
  void part(VectorNo vector) {
    parted_.insert(vector);
    if (one_.contest().has_taken(vector)) other_.go_on(one_, vector);
  }

  Folding &one_, &other_;
  Folding::Notes common_;
  VectorSet parted_;
};

}  // namespace

Result<std::pair<State, State>> fold_two(const Catalog& catalog, const History& history, DeltaSource& source,
                                         const PolicyCut& first, const PolicyCut& second, const VectorSet& vectors,
                                         const FoldBase* base) {
  DELTA_TRY(const CutTest first_test, CutTest::make(catalog, history, first.cut));
  DELTA_TRY(const CutTest second_test, CutTest::make(catalog, history, second.cut));
  Folding one(catalog, history, first_test, vectors), other(catalog, history, second_test, vectors);
  const auto inside = [&](const CutTest& test) { return test.contains(base->seen(), base->latest()); };
  if (base != nullptr && !(inside(first_test) && inside(second_test))) base = nullptr;
  std::optional<Micros> until;
  if (first.cut.at && second.cut.at) until = std::max(*first.cut.at, *second.cut.at);
  TwoFoldings two(one, other);
  if (base != nullptr) DELTA_OK(two.start(*base, vectors));
  DELTA_OK((base != nullptr ? base->rest() : source).each(vectors, until, [&](const DeltaBatch& batch) {
    return two.take(batch);
  }));
  two.part_all(catalog, vectors);
  VectorSet contested;
  for (Folding* folding : {&one, &other}) {
    folding->doubt();
    folding->contest().contested().each([&](VectorNo vector) { contested.insert(vector); });
  }
  if (!contested.empty()) {
    DELTA_OK(source.each(contested, until, [&](const DeltaBatch& batch) -> Status {
      DELTA_OK(one.contest().gather(batch));
      return other.contest().gather(batch);
    }));
  }
  DELTA_OK(settle(catalog, history, one, first.cut, first.policy, nullptr));
  DELTA_OK(settle(catalog, history, other, second.cut, second.policy, nullptr));
  return std::pair(one.finish(), other.finish());
}

}  // namespace delta::model
