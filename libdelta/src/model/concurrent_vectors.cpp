#include "model/concurrent_vectors.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "delta/text.hpp"
#include "model/pieces.hpp"

namespace delta::model {
namespace {

bool fits(const Delta& c, std::uint32_t dims) {
  const int parameters = parameter_count(c.op);
  if (parameters >= 0) return c.bits.size() == static_cast<std::size_t>(parameters) && c.indices.empty();
  if (!has_indices(c)) return c.bits.size() == dims && c.indices.empty();
  return c.bits.size() == c.indices.size() && (c.indices.empty() || c.indices.back() < dims);
}

}  // namespace

Status check_fit(const Catalog& catalog, const History& history, const Delta& c) {
  if (fits(c, catalog.dims(c.vector))) return {};
  const Dot dot{history.origin(c.commit), c.seq};
  return error(ErrorCode::corrupt, "delta " + dot_text(catalog, dot) + " (" + std::string(operation_name(c.op)) +
                                       ") does not fit the " + std::to_string(catalog.dims(c.vector)) +
                                       " dimensions of vector " + quote(catalog.id(c.vector)));
}

ConcurrentVectors::ConcurrentVectors(const Catalog& catalog, const History& history, const CutTest& cut,
                                     const VectorSet& vectors)
    : catalog_(catalog),
      history_(history),
      cut_(cut),
      wanted_(vectors),
      ranks_(origin_ranks(catalog)),
      last_(!vectors.is_all() && vectors.size() <= LastDeltas::kFew ? LastDeltas::for_few(catalog.vectors())
                                                                    : LastDeltas(catalog.vectors())) {}

bool ConcurrentVectors::start(const FoldedVector& vector) {
  if (!wanted_.contains(vector.vector)) return false;
  const auto commit = history_.find({vector.last.origin, vector.last.seq});
  DELTA_CHECK(commit);  // the cut contains the base
  last_[vector.vector] = {vector.last.time, vector.last.seq, *commit, 1};
  return true;
}

void ConcurrentVectors::make_room() {
  std::size_t count = 0;
  contested_.each([&](VectorNo vector) { count += last_[vector].count; });
  gathered_.reserve(count);
  room_made_ = true;
}

Status ConcurrentVectors::gather(const DeltaBatch& batch) {
  if (!room_made_) make_room();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Delta c = batch[i];
    if (!counts(c) || !contested_.contains(c.vector)) continue;
    DELTA_OK(check_fit(catalog_, history_, c));
    gathered_.add(c);
  }
  return {};
}

bool ConcurrentVectors::give_up_half() {
  auto numbers = gathered_.vectors;
  if (numbers.empty()) return false;
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  const VectorNo least = *std::min_element(numbers.begin(), middle + 1);
  const VectorNo border = *middle == least ? nth<VectorNo>(index(least) + 1) : *middle;
  VectorSet kept;
  contested_.each([&](VectorNo vector) {
    if (vector < border) kept.insert(vector);
  });
  if (kept.size() == contested_.size()) return false;
  contested_ = std::move(kept);
  DeltaBatch left;
  for (std::size_t i = 0; i < gathered_.size(); ++i) {
    if (gathered_.vectors[i] < border) left.add(gathered_[i]);
  }
  gathered_ = std::move(left);
  return true;
}

/// Sorts what was gathered by vector, by counting.
std::vector<VectorNo> ConcurrentVectors::vectors() {
  VectorSet gathered;
  for (const VectorNo vector : gathered_.vectors) gathered.insert(vector);
  vectors_ = gathered.numbers();
  ends_.assign(vectors_.size(), 0);
  std::vector<std::size_t> places;  // in vectors_, of each delta
  places.reserve(gathered_.size());
  for (const VectorNo vector : gathered_.vectors) ++ends_[places.emplace_back(place_of(vector))];
  std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
  order_.resize(gathered_.size());
  auto next = ends_;
  for (std::size_t i = gathered_.size(); i-- > 0;) order_[--next[places[i]]] = i;
  return vectors_;
}

std::size_t ConcurrentVectors::place_of(VectorNo vector) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(vectors_, vector) - vectors_.begin());
}

VectorFold ConcurrentVectors::fold(VectorNo vector) const {
  struct Place {
    RankedKey key;
    std::size_t number;  // in gathered_
    auto operator<=>(const Place&) const = default;
  };
  const std::size_t at = place_of(vector), end = ends_[at], begin = at == 0 ? 0 : ends_[at - 1], count = end - begin;
  std::vector<Place> places;
  places.reserve(count);
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t number = order_[i];
    const OriginNo origin = history_.origin(gathered_.commits[number]);
    places.push_back({{ranks_, {gathered_.times[number], origin, gathered_.seqs[number]}}, number});
  }
  // Mostly what two replicas wrote, each in order.
  const auto second = std::is_sorted_until(places.begin(), places.end());
  if (std::is_sorted(second, places.end())) {
    std::inplace_merge(places.begin(), second, places.end());
  } else {
    std::sort(places.begin(), places.end());
  }
  std::vector<Delta> deltas;
  deltas.reserve(count);
  for (const Place& place : places) deltas.push_back(gathered_[place.number]);
  return VectorFold(history_, ranks_, catalog_.dims(vector), std::move(deltas));
}

}  // namespace delta::model
