// Commits that damage took: what is known of them is which dots they had. Nobody waits for them.
#include <algorithm>
#include <utility>

#include "model/history.hpp"

namespace delta::model {

void History::admit_lost(const DotRanges& dots) {
  if (dots.empty()) return;
  lost_.resize(catalog_->origins());
  Indexed<OriginNo, std::vector<SeqRange>> held(catalog_->origins());
  for (const CommitNo number : numbers<CommitNo>(size())) {
    add_range(held[origin(number)], {commits_.first(number), commits_.last(number)});
  }
  for (const auto& [name, ranges] : dots) {
    if (const auto origin = catalog_->find_origin(name)) lost_[*origin] = without(ranges, held[*origin]);
  }
  for (const auto& [cause, number] : std::exchange(waiting_, {})) join(number);
}

bool History::incomplete(CommitNo number) const {
  const auto& of = records(number);
  return !of.empty() && std::ranges::all_of(of, [this](RecordNo record) { return records_[record].lost; });
}

std::span<const SeqRange> History::lost(OriginNo origin) const {
  return lost_.contains(origin) ? std::span<const SeqRange>(lost_[origin]) : std::span<const SeqRange>();
}

std::uint64_t History::last_given(OriginNo origin) const {
  const auto gone = lost(origin);
  return gone.empty() ? head(origin) : std::max(head(origin), gone.back().last);
}

/// A dot that is not lost: itself. Else the last one before it that is not, of seq 0 if there is none.
Dot History::before_loss(Dot dot) const {
  const auto gone = lost(dot.origin);
  const auto at = std::ranges::lower_bound(gone, dot.seq, {}, &SeqRange::last);
  return at == gone.end() || at->first > dot.seq ? dot : Dot{dot.origin, at->first - 1};
}

}  // namespace delta::model
