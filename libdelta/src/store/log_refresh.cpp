// Following a log whose files change: what is there now against what was there, and where a reader stands in it.
#include <algorithm>
#include <queue>

#include "base/boundary.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

using Parts = std::vector<store::LoadedSegment>;

/// The same segment at the same place.
bool same_place(const store::Segment& a, const store::Segment& b) {
  return a.file->name() == b.file->name() && a.offset == b.offset && a.length == b.length && a.sealed == b.sealed &&
         a.header.segment_id == b.header.segment_id && a.trailer.digest == b.trailer.digest;
}

bool all_in(const Parts& some, const Parts& all) {
  return std::ranges::all_of(some, [&](const auto& part) {
    return std::ranges::any_of(all, [&](const auto& other) { return same_place(part.segment, other.segment); });
  });
}

/// What a reader that has come to a cursor cannot read any more: behind it, pruned or not here.
std::vector<std::string> lost_behind(const Log& log, const Cursor& cursor) {
  std::vector<std::string> lost;
  const Catalog& catalog = log.catalog();
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    const CommitView& commit = log.commit(number);
    if (!log.pruned(number) || commit.last() <= cursor.seq(catalog.origin(commit.origin))) continue;
    lost.push_back(dots_text(catalog.origin(commit.origin), commit.first, commit.last()));
  }
  const Cursor here = or_bad_alloc(log.cursor());
  for (const auto& [origin, seq] : cursor.seqs()) {
    if (here.seq(origin) < seq) lost.push_back(dots_text(origin, here.seq(origin) + 1, seq));
  }
  return lost;
}

}  // namespace

Result<Cursor> Log::cursor() const try {
  const Boundary boundary;
  Cursor cursor;
  for (const OriginNo origin : numbers<OriginNo>(catalog().origins())) {
    cursor.advance(catalog().origin(origin), impl_->history.head(origin));
  }
  return cursor;
} catch (...) {
  return caught();
}

Result<Refreshed> Log::refresh(const Cursor& cursor) try {
  const Boundary boundary;
  if (impl_->paths.empty()) return Refreshed();  // the bytes of a source do not change
  DELTA_TRY(Log now, open(impl_->paths, impl_->opened_with));
  Refreshed answer;
  const Parts &before = impl_->parts, &after = now.impl_->parts;
  answer.lost = lost_behind(now, cursor);
  if (!answer.lost.empty()) {
    answer.kind = Refreshed::Kind::gap;
  } else if (!all_in(before, after)) {
    answer.kind = Refreshed::Kind::replaced;
  } else if (before.size() != after.size()) {
    answer.kind = Refreshed::Kind::appended;
  } else {
    return answer;
  }
  *this = std::move(now);
  return answer;
} catch (...) {
  return caught();
}

Result<std::vector<CommitNo>> Log::commits_in_causal_order() const try {
  const Boundary boundary;
  DELTA_TRY(const auto by_key, commits_in_key_order());
  const auto count = by_key.size();
  Indexed<CommitNo, std::uint32_t> rank(count), causes(count);
  Indexed<CommitNo, std::vector<CommitNo>> effects(count);
  for (std::uint32_t i = 0; i < count; ++i) rank[by_key[i]] = i;
  for (const CommitNo number : rank.numbers()) {
    const CommitView& own = commit(number);
    const auto need = [&](const Dot& dot) {
      const auto cause = find_commit(dot);
      if (!cause) return;
      effects[*cause].push_back(number);
      ++causes[number];
    };
    if (own.first > 1) need({own.origin, own.first - 1});
    for (const Dot& parent : own.parents) need(parent);
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;  // ranks
  for (const CommitNo number : causes.numbers()) {
    if (causes[number] == 0 && !pending(number)) ready.push(rank[number]);
  }
  std::vector<CommitNo> order;
  while (!ready.empty()) {
    const CommitNo number = by_key[ready.top()];
    ready.pop();
    order.push_back(number);
    for (const CommitNo effect : effects[number]) {
      if (--causes[effect] == 0 && !pending(effect)) ready.push(rank[effect]);
    }
  }
  std::ranges::copy_if(by_key, std::back_inserter(order), [&](CommitNo number) { return pending(number); });
  return order;
} catch (...) {
  return caught();
}

}  // namespace delta
