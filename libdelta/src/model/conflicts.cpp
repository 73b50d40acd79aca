#include "model/conflicts.hpp"

#include <algorithm>
#include <tuple>

#include "model/concurrent_vectors.hpp"
#include "model/policy.hpp"

namespace delta::model {
namespace {

class Reporter {
 public:
  Reporter(const Catalog& catalog, RuleTable& rules, const std::function<Status(const Conflict&)>& visit)
      : catalog_(catalog), rules_(rules), visit_(visit) {}

  Status take(VectorNo vector, const VectorFold& fold) {
    if (fold.chain() || !fold.exists()) return {};
    const auto& rules = rules_.of(catalog_.namespace_of(vector));
    const std::uint64_t before = count_.cells;
    for (std::uint32_t dim = 0; dim < rules.size(); ++dim) {
      if (fold.standing(dim).size() < 2) {
        DELTA_OK(flush(vector, fold));
        continue;
      }
      const Resolution answer = fold.resolve(dim, rules[dim], catalog_, scratch_, overflows_);
      const bool joins = !bits_.empty() && rules[dim] == rule_ && answer.chosen == chosen_ &&
                         std::ranges::equal(fold.standing(dim), fold.standing(dim - 1));
      if (!joins) {
        DELTA_OK(flush(vector, fold));
        first_ = dim;
        rule_ = rules[dim];
        chosen_ = answer.chosen;
      }
      bits_.push_back(answer.bits);
      ++count_.cells;
    }
    DELTA_OK(flush(vector, fold));
    count_.vectors += count_.cells != before;
    return {};
  }

  ConflictCount count() const { return count_; }

 private:
  Status flush(VectorNo vector, const VectorFold& fold) {
    if (bits_.empty()) return {};
    ++count_.runs;
    if (visit_) {
      candidates_.clear();
      values_.clear();
      for (const std::uint32_t delta : fold.standing(first_)) {
        const Delta& c = fold.deltas()[delta];
        candidates_.push_back({{fold.origin(delta), c.seq}, c.time, c.op, c.commit});
        for (std::uint32_t i = 0; i < bits_.size(); ++i) values_.push_back(fold.branch(first_ + i, delta, overflows_));
      }
      DELTA_OK(visit_({vector, first_, candidates_, values_, bits_, chosen_, rules_.name(rule_)}));
    }
    bits_.clear();
    return {};
  }

  const Catalog& catalog_;
  RuleTable& rules_;
  const std::function<Status(const Conflict&)>& visit_;
  ConflictCount count_;
  std::uint64_t overflows_ = 0;
  std::vector<Candidate> scratch_;
  // The run at hand; no bits: none.
  std::uint32_t first_ = 0;
  const Policy::Rule* rule_ = nullptr;
  std::optional<std::size_t> chosen_;
  std::vector<std::uint32_t> bits_, values_;
  std::vector<DeltaRef> candidates_;
};

}  // namespace

Result<ConflictCount> conflicts(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                                const VectorSet& vectors, const Policy* policy,
                                const std::function<Status(const Conflict&)>& visit) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  ConcurrentVectors contest(catalog, history, test, vectors);
  DELTA_OK(
      source.each(vectors, cut.at, [&](const DeltaBatch& batch) { return contest.take(batch, [](const Delta&) {}); }));
  if (contest.contested().empty()) return ConflictCount();
  Policy own;
  if (!policy) {
    DELTA_TRY(own, policy_at(catalog, history, cut));
  }
  DELTA_OK(source.each(contest.contested(), cut.at, [&](const DeltaBatch& batch) { return contest.gather(batch); }));
  auto contested = contest.vectors();
  std::ranges::sort(contested, [&](VectorNo a, VectorNo b) {
    const Namespace &x = catalog.name_space(catalog.namespace_of(a)), &y = catalog.name_space(catalog.namespace_of(b));
    return std::tie(x.name, x.dims) != std::tie(y.name, y.dims) ? std::tie(x.name, x.dims) < std::tie(y.name, y.dims)
                                                                : catalog.id(a) < catalog.id(b);
  });
  RuleTable rules(policy ? *policy : own, catalog);
  Reporter reporter(catalog, rules, visit);
  for (const VectorNo vector : contested) DELTA_OK(reporter.take(vector, contest.fold(vector)));
  return reporter.count();
}

}  // namespace delta::model
