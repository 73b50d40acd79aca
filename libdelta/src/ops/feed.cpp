// The order of the commits is settled at once; their deltas are read some commits at a time, so that a long way costs
// no more memory than a short one.
#include "delta/feed.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "store/union.hpp"

namespace delta {

struct Feed::State {
  State(const Log& of, Cursor from) : log(of), cursor(std::move(from)) {}

  Status find_commits();
  /// The commits of the next batch. Moves `at` and `reached` behind them.
  void choose(FeedBatch& batch, std::size_t& at, Cursor& reached) const;
  Status read(FeedBatch& batch) const;

  const Log& log;
  Cursor cursor;
  std::vector<CommitNo> order;  // behind the cursor
  std::size_t next = 0;         // in it
};

Status Feed::State::find_commits() {
  const Catalog& catalog = log.catalog();
  DELTA_TRY(const Cursor here, log.cursor());
  for (const auto& [origin, seq] : cursor.seqs()) {
    if (here.seq(origin) >= seq) continue;
    return error(ErrorCode::not_found,
                 "the cursor is ahead of the log: " + escape(origin) + ":" + std::to_string(seq) + " is not here");
  }
  DELTA_TRY(const auto in_order, log.commits_in_causal_order());
  for (const CommitNo number : in_order) {
    const CommitView& commit = log.commit(number);
    if (log.pending(number) || commit.last() <= cursor.seq(catalog.origin(commit.origin))) continue;
    if (log.pruned(number)) {
      return error(ErrorCode::not_kept,
                   "behind the cursor, " +
                       escape(dots_text(catalog.origin(commit.origin), commit.first, commit.last())) +
                       " is pruned, and cannot be read whole")
          .with_hint("begin anew, with a snapshot");
    }
    order.push_back(number);
  }
  return {};
}

void Feed::State::choose(FeedBatch& batch, std::size_t& at, Cursor& reached) const {
  constexpr std::uint64_t kMost = 65536;  // deltas
  for (std::uint64_t deltas = 0; at < order.size(); ++at) {
    const CommitView& commit = log.commit(order[at]);
    if (!batch.commits.empty() && deltas + commit.count > kMost) return;
    deltas += commit.count;
    batch.commits.push_back(order[at]);
    reached.advance(log.catalog().origin(commit.origin), commit.last());
  }
}

Status Feed::State::read(FeedBatch& batch) const {
  Indexed<CommitNo, std::uint32_t> places(log.commits());  // in batch.commits, from 1
  Timestamp last;
  for (std::uint32_t i = 0; i < batch.commits.size(); ++i) {
    places[batch.commits[i]] = i + 1;
    last = std::max(last, log.commit(batch.commits[i]).time);
  }
  DeltaBatch found;
  DELTA_OK(log.impl().stream({.until = last.us(), .commits = &places}, [&](const store::Union::Block& block) -> Status {
    for (std::size_t i = 0; i < block.batch.size(); ++i) {
      if (places[block.batch.commits[i]] != 0) found.add(block.batch[i]);
    }
    return {};
  }));
  std::vector<std::size_t> sorted(found.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = i;
  std::ranges::sort(sorted, {}, [&](std::size_t i) { return std::tuple(places[found.commits[i]], found.seqs[i]); });
  batch.deltas.reserve(found.size());
  for (const std::size_t i : sorted) batch.deltas.add(found[i]);
  return {};
}

Feed::Feed(std::unique_ptr<State> state) : state_(std::move(state)) {}
Feed::Feed(Feed&&) noexcept = default;
Feed& Feed::operator=(Feed&&) noexcept = default;
Feed::~Feed() = default;

Result<Feed> Feed::after(const Log& log, Cursor cursor) try {
  const Boundary boundary;
  auto state = std::make_unique<State>(log, std::move(cursor));
  DELTA_OK(state->find_commits());
  return Feed(std::move(state));
} catch (...) {
  return caught();
}

Result<bool> Feed::next(FeedBatch& batch) try {
  const Boundary boundary;
  batch.commits.clear();
  batch.deltas.clear();
  std::size_t at = state_->next;
  Cursor reached = state_->cursor;
  state_->choose(batch, at, reached);
  if (batch.commits.empty()) return false;
  DELTA_OK(state_->read(batch));
  state_->next = at;
  state_->cursor = std::move(reached);
  return true;
} catch (...) {
  return caught();
}

const Cursor& Feed::cursor() const noexcept { return state_->cursor; }

}  // namespace delta
