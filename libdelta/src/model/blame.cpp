// A vector's deltas are gathered and resolved as the fold would; what it keeps of each dimension is the answer.
#include "model/blame.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "delta/text.hpp"
#include "model/concurrent_vectors.hpp"
#include "model/metadata.hpp"
#include "model/policy.hpp"

namespace delta::model {
namespace {

DeltaRef reference(const VectorFold& fold, std::size_t delta) {
  const Delta& c = fold.deltas()[delta];
  return {{fold.origin(delta), c.seq}, c.time, c.op, c.commit};
}

std::vector<DeltaRef> references(const VectorFold& fold, std::span<const std::uint32_t> deltas) {
  std::vector<DeltaRef> out;
  for (const std::uint32_t delta : deltas) out.push_back(reference(fold, delta));
  return out;
}

/// `chosen`: the place of it in what stands; none: all of it.
BlameRun run_at(const VectorFold& fold, std::uint32_t dim, std::optional<std::size_t> chosen) {
  const auto standing = fold.standing(dim);
  if (!chosen) {
    return {.first = dim,
            .bits = {},
            .chosen = references(fold, standing),
            .transforms = references(fold, fold.transforms_after(standing.front())),
            .losers = {}};
  }
  std::vector<std::uint32_t> losers(standing.begin(), standing.end());
  losers.erase(losers.begin() + static_cast<std::ptrdiff_t>(*chosen));
  return {.first = dim,
          .bits = {},
          .chosen = references(fold, standing.subspan(*chosen, 1)),
          .transforms = references(fold, fold.transforms_after(standing[*chosen])),
          .losers = references(fold, losers)};
}

bool same_standing(const VectorFold& fold, std::uint32_t a, std::uint32_t b) {
  const auto x = fold.standing(a), y = fold.standing(b);
  return fold.set_of(a) == fold.set_of(b) || std::equal(x.begin(), x.end(), y.begin(), y.end());
}

std::vector<BlameRun> runs_of(const VectorFold& fold, std::span<const Policy::Rule* const> rules,
                              const Catalog& catalog) {
  std::vector<BlameRun> runs;
  std::vector<Candidate> scratch;
  std::uint64_t overflows = 0;
  std::optional<std::size_t> last;
  for (std::uint32_t dim = 0; dim < rules.size(); ++dim) {
    const Resolution answer = fold.resolve(dim, rules[dim], catalog, scratch, overflows);
    if (dim == 0 || answer.chosen != last || !same_standing(fold, dim - 1, dim)) {
      runs.push_back(run_at(fold, dim, answer.chosen));
    }
    last = answer.chosen;
    runs.back().bits.push_back(answer.bits);
  }
  return runs;
}

std::vector<BlameMember> members_of(const VectorFold& fold) {
  const std::string json = fold.metadata();
  std::vector<BlameMember> out;
  std::map<std::string_view, std::size_t> places;
  for (const auto& [name, value] : metadata_members(json)) {
    places[name] = out.size();
    out.push_back({metadata_name(name), std::string(value), {}});
  }
  for (std::size_t delta = fold.live(); delta < fold.deltas().size(); ++delta) {
    for (const auto& member : metadata_members(fold.deltas()[delta].metadata)) {
      const auto place = places.find(member.name);
      if (place != places.end()) out[place->second].set_by = reference(fold, delta);
    }
  }
  return out;
}

/// What it takes to answer for one vector after the other.
class Blamer {
 public:
  Blamer(const Catalog& catalog, const History& history, const Cut& cut, const Policy* policy)
      : catalog_(catalog), history_(history), cut_(cut) {
    if (policy != nullptr) rules_.emplace(*policy, catalog);
  }

  /// REQUIRES: the vector exists.
  Result<Blame> of(VectorNo vector, const VectorFold& fold) {
    DELTA_OK(check_missing_value(catalog_, vector, fold));
    if (!rules_ && fold.chain()) {  // nothing to decide
      const std::vector<const Policy::Rule*> none(catalog_.dims(vector));
      return answer(vector, fold, none);
    }
    if (!rules_) {
      DELTA_TRY(own_, policy_at(catalog_, history_, cut_));
      rules_.emplace(own_, catalog_);
    }
    return answer(vector, fold, rules_->of(catalog_.namespace_of(vector)));
  }

 private:
  Blame answer(VectorNo vector, const VectorFold& fold, std::span<const Policy::Rule* const> rules) const {
    return Blame{vector, reference(fold, fold.created()), runs_of(fold, rules, catalog_), members_of(fold)};
  }

  const Catalog& catalog_;
  const History& history_;
  const Cut& cut_;
  Policy own_;
  std::optional<RuleTable> rules_;
};

}  // namespace

Status blame_each(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                  const VectorSet& vectors, const Policy* policy, const BlameVisit& visit, std::uint64_t most) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  Blamer blamer(catalog, history, cut, policy);
  VectorSet left;
  if (vectors.is_all()) {
    for (const VectorNo vector : numbers<VectorNo>(catalog.vectors())) left.insert(vector);
  } else {
    left = vectors;
  }
  while (!left.empty()) {
    ConcurrentVectors gathered(catalog, history, test, left);
    left.each([&](VectorNo vector) { gathered.add(vector); });
    DELTA_OK(source.each(left, cut.at, [&](const DeltaBatch& batch) -> Status {
      DELTA_OK(gathered.gather(batch));
      while (gathered.bytes() > most && gathered.give_up_half()) continue;
      return {};
    }));
    for (const VectorNo vector : gathered.vectors()) {
      const VectorFold fold = gathered.fold(vector);
      if (!fold.exists()) continue;
      DELTA_TRY(const Blame found, blamer.of(vector, fold));
      DELTA_OK(visit(found));
    }
    gathered.contested().each([&](VectorNo vector) { left.erase(vector); });
  }
  return {};
}

Result<Blame> blame(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                    VectorNo vector, const Policy* policy) {
  DELTA_CHECK(index(vector) < catalog.vectors());
  DELTA_TRY(const DeltaBatch batch, gather(catalog, history, source, cut, vector));
  std::vector<Delta> deltas;
  for (std::size_t i = 0; i < batch.size(); ++i) deltas.push_back(batch[i]);
  const VectorFold fold(history, origin_ranks(catalog), catalog.dims(vector), std::move(deltas));
  if (!fold.exists()) {
    return error(ErrorCode::not_found,
                 "vector " + quote(catalog.id(vector)) +
                     (fold.deltas().empty() ? " does not exist" : " is deleted, or not created yet") +
                     (cut.at || !cut.as_seen_by.empty() ? " at the cut asked for" : ""));
  }
  return Blamer(catalog, history, cut, policy).of(vector, fold);
}

}  // namespace delta::model
