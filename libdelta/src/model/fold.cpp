// Two passes over the source at most. The first folds each delta into its vector's row at once, as long as each next
// delta of a vector has seen the last one (then, by induction, all earlier ones) and has a greater key. A vector where
// that fails is *contested*: the second pass gathers all its deltas, and they are resolved as a set. Whether the answer
// comes from here or there depends on the order of the source, so both must count and compute the same things: a
// gathered vector whose deltas turn out to be a chain is replayed as the first pass would have done it.
//
// Bits, not floats, are what moves: a float exists only inside one operation of a transform.
#include "model/fold.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "base/transform.hpp"
#include "delta/text.hpp"
#include "model/folding.hpp"
#include "model/metadata.hpp"
#include "model/pieces.hpp"

namespace delta::model {
namespace {

void assign_row(std::span<std::uint32_t> row, const Delta& c) {
  if (!has_indices(c)) {
    std::copy(c.bits.begin(), c.bits.end(), row.begin());
    return;
  }
  scatter(c.indices, c.bits, row.data());
}

}  // namespace

void apply_any(State& state, OriginNo origin, const Delta& c, std::uint64_t& overflows) {
  if (c.op == Operation::create && (c.lost & pruned::mark) == 0) {
    // A dimension without a value until a later assignment must not keep what an earlier fold left there.
    if (has_indices(c) && !state.exists(c.vector)) std::ranges::fill(state.put(c.vector), kNan);
    state.set_exists(c.vector, true);
    state.set_created(c.vector, {c.time, origin, c.seq});
  } else if (c.op == Operation::remove) {
    state.set_exists(c.vector, false);
    state.set_metadata(c.vector, {});
  }
  if (is_assignment(c.op) && state.exists(c.vector)) assign_row(state.put(c.vector), c);
  if (is_transform(c.op) && state.exists(c.vector)) transform_row(state.put(c.vector), c.op, c.bits, overflows);
  if (!c.metadata.empty()) state.patch_metadata(c.vector, c.metadata);
}

Result<State> fold(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                   const VectorSet& vectors, const Policy* policy, std::vector<VectorNo>* conflicted,
                   const FoldBase* base) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  Folding folding(catalog, history, test, vectors);
  if (base && !test.contains(base->seen(), base->latest())) base = nullptr;
  if (base) DELTA_OK(folding.start(*base, vectors));
  DELTA_OK((base ? base->rest() : source).each(vectors, cut.at, [&](const DeltaBatch& batch) {
    return folding.take(batch);
  }));
  folding.doubt();
  if (!folding.contest().contested().empty()) {
    DELTA_OK(source.each(folding.contest().contested(), cut.at,
                         [&](const DeltaBatch& batch) { return folding.contest().gather(batch); }));
  }
  DELTA_OK(settle(catalog, history, folding, cut, policy, conflicted));
  return folding.finish();
}

Result<DeltaBatch> gather(const Catalog& catalog, const History& history, DeltaSource& source, const Cut& cut,
                          VectorNo vector) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  DeltaBatch gathered;
  DELTA_OK(source.each({vector}, cut.at, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch.vectors[i] != vector || !test.contains(batch[i])) continue;
      DELTA_OK(check_fit(catalog, history, batch[i]));
      gathered.add(batch[i]);
    }
    return {};
  }));
  return gathered;
}

Status check_missing_value(const Catalog& catalog, VectorNo vector, const VectorFold& fold) {
  const auto dim = fold.missing_value();
  if (!dim) return {};
  return error(ErrorCode::corrupt, "pruning has left no value in dimension " + std::to_string(*dim) + " of vector " +
                                       quote(catalog.id(vector)));
}

VectorFold::VectorFold(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta> deltas)
    : history_(&history), united_(std::make_unique<DeltaBatch>()), deltas_(std::move(deltas)), standing_(history) {
  put_in_key_order(history, ranks, dims, deltas_, *united_);
  for (std::size_t i = 1; i < deltas_.size() && chain_; ++i) chain_ = before(i - 1, i);
  find_lifecycle();
  if (!exists_) return;
  standing_.reset(dims, deltas_.size() - live_);
  for (std::size_t i = live_; i < deltas_.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    if (is_assignment(deltas_[i].op)) standing_.assign(deltas_, number);
    if (is_transform(deltas_[i].op)) transforms_.push_back(number);
  }
  standing_.finish();
}

/// Law 3. The last delete is not itself before the last delete: its own metadata patch stands.
void VectorFold::find_lifecycle() {
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    if (deltas_[i].op == Operation::create && (deltas_[i].lost & pruned::mark) == 0) {
      exists_ = true;
      created_ = i;
    }
    if (deltas_[i].op == Operation::remove) {
      exists_ = false;
      live_ = i;
    }
  }
}

std::optional<std::uint32_t> VectorFold::missing_value() const {
  for (std::uint32_t dim = 0; dim < standing_.dims(); ++dim) {
    if (standing(dim).empty()) return dim;
  }
  return std::nullopt;
}

std::span<const std::uint32_t> VectorFold::transforms_after(std::size_t delta) const {
  const auto first = std::upper_bound(transforms_.begin(), transforms_.end(), delta);
  return {first, transforms_.end()};
}

std::uint32_t VectorFold::branch(std::uint32_t dim, std::size_t delta, std::uint64_t& overflows) const {
  const Delta& c = deltas_[delta];
  std::size_t place = dim;
  if (has_indices(c)) {
    place = static_cast<std::size_t>(std::lower_bound(c.indices.begin(), c.indices.end(), dim) - c.indices.begin());
  }
  std::uint32_t x = c.bits[place];
  for (const std::uint32_t t : transforms_after(delta)) {
    x = transform_bits(deltas_[t].op, deltas_[t].bits, x, overflows);
  }
  return x;
}

void VectorFold::candidates(std::uint32_t dim, std::vector<Candidate>& out, std::uint64_t& overflows) const {
  out.clear();
  for (const std::uint32_t delta : standing(dim)) {
    out.push_back({deltas_[delta].commit, deltas_[delta].seq, key(delta), branch(dim, delta, overflows)});
  }
}

Resolution VectorFold::resolve(std::uint32_t dim, const Policy::Rule* rule, const Catalog& catalog,
                               std::vector<Candidate>& scratch, std::uint64_t& overflows) const {
  const auto all = standing(dim);
  if (all.size() == 1 || !rule || !rule->strategy) return {branch(dim, all.back(), overflows), all.size() - 1};
  candidates(dim, scratch, overflows);
  const Resolution answer = rule->strategy->resolve(scratch, catalog);
  DELTA_CHECK(!answer.chosen || *answer.chosen < scratch.size());
  const auto infinite = [](std::uint32_t bits) { return magnitude(bits) >= kInfinity; };
  const bool finite =
      std::none_of(scratch.begin(), scratch.end(), [&](const Candidate& c) { return infinite(c.bits); });
  overflows += finite && magnitude(answer.bits) == kInfinity;
  return answer;
}

std::string VectorFold::metadata() const {
  std::vector<std::string_view> patches;
  for (std::size_t i = live_; i < deltas_.size(); ++i) {
    if (!deltas_[i].metadata.empty()) patches.push_back(deltas_[i].metadata);
  }
  return merge_metadata({}, patches);
}

}  // namespace delta::model
