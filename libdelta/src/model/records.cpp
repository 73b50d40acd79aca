#include "model/records.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace delta::model {
namespace {

template <class Combine>
KeptTimes by_halves(std::vector<KeptTimes> sets, KeptTimes none, const Combine& combine) {
  if (sets.empty()) return none;
  while (sets.size() > 1) {
    const std::size_t half = sets.size() / 2;
    for (std::size_t i = 0; i < half; ++i) sets[i] = combine(std::move(sets[2 * i]), sets[2 * i + 1]);
    if (sets.size() % 2 != 0) sets[half] = std::move(sets.back());
    sets.resize(half + sets.size() % 2);
  }
  return std::move(sets.front());
}

}  // namespace

bool RecordTable::Less::operator()(const PruneRecord* a, const PruneRecord* b) const {
  if (a->closed != b->closed) return b->closed;
  if (a->lost != b->lost) return b->lost;
  if (a->kept != b->kept) {
    const auto ends = [](const KeptTimes::Range& r) { return std::pair(r.first, r.last); };
    return std::ranges::lexicographical_compare(a->kept.ranges(), b->kept.ranges(), {}, ends, ends);
  }
  return std::tie(a->seen, a->releases) < std::tie(b->seen, b->releases);
}

RecordNo RecordTable::add(PruneRecord record) {
  const auto next = nth<RecordNo>(records_.size());
  if (const auto known = numbers_.find(&record); known != numbers_.end()) return known->second;
  numbers_.emplace(&records_.emplace_back(std::move(record)), next);
  return next;
}

KeptTimes in_all(std::vector<KeptTimes> sets) {
  return by_halves(std::move(sets), KeptTimes::all(),
                   [](const KeptTimes& a, const KeptTimes& b) { return a.intersect(b); });
}

KeptTimes in_any(std::vector<KeptTimes> sets) {
  return by_halves(std::move(sets), {}, [](KeptTimes a, const KeptTimes& b) { return a.add(b), a; });
}

}  // namespace delta::model
