#include "ops/contract_survey.hpp"

#include <algorithm>

#include "delta/feed.hpp"
#include "store/union.hpp"

namespace delta::ops {

std::optional<std::size_t> ScopeSurvey::first_of(NamespaceNo ns) const {
  if (earlier.contains(ns)) return std::nullopt;
  const auto holds = [&](const auto& scope) { return scope.contains(ns); };
  const auto found = std::ranges::find_if(touched, holds);
  if (found == touched.end()) return std::nullopt;
  return static_cast<std::size_t>(found - touched.begin());
}

void ContractSurvey::check_order(const Log& log, const Delta& delta) {
  if (!in_order) return;
  if (last_ && last_->first == delta.commit) {
    in_order = delta.seq == last_->second + 1;
  } else {
    const auto starts = [&] { return delta.seq == log.commit(delta.commit).first; };
    const auto ended = [&](const CommitView& before) {
      return last_->second == before.last() && log.sees(delta.commit, {before.origin, before.last()});
    };
    in_order = starts() && (!last_ || ended(log.commit(last_->first)));
  }
  last_ = {delta.commit, delta.seq};
}

/// One delta that is not pending, without its values.
void ContractSurvey::take(const Log& log, const Delta& delta, bool is_judged) {
  const NamespaceNo ns = log.catalog().namespace_of(delta.vector);
  NamespaceSurvey& of = namespaces[ns];
  of.is_new = of.is_new || is_judged;
  of.newest = std::max(of.newest.value_or(delta.time), delta.time);
  if (++deltas_[delta.vector] > of.longest) {
    of.longest = deltas_[delta.vector];
    of.longest_vector = delta.vector;
  }
  for (ScopeSurvey& kind : kinds) {
    const auto scope = kind.scopes.of(delta);
    if (!scope) continue;
    Touched& touched = kind.touched[*scope][ns];
    touched.vectors.insert(delta.vector);
    touched.origins.insert(log.commit_origin(delta.commit));
    touched.operations |= 1u << static_cast<unsigned>(delta.op);
    ++touched.times[delta.time.us()];
  }
}

Status ContractSurvey::run(const Log& log, const std::function<bool(CommitNo)>& is_new) {
  Indexed<CommitNo, bool> judged(log.commits(), true);
  for (const CommitNo commit : judged.numbers()) {
    if (is_new) judged[commit] = is_new(commit);
  }
  namespaces.resize(log.catalog().namespaces());
  deltas_.resize(log.catalog().vectors());
  store::LogSource source(log.impl(), {.values = store::Values::skipped});
  return source.each(VectorSet::all(), std::nullopt, [&](const DeltaBatch& batch) -> Status {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Delta delta;  // batch[i] would look at values, which were not read
      delta.vector = batch.vectors[i];
      delta.op = batch.ops[i];
      delta.time = batch.times[i];
      delta.commit = batch.commits[i];
      delta.seq = batch.seqs[i];
      if (log.pending(delta.commit)) continue;
      check_order(log, delta);
      take(log, delta, judged[delta.commit]);
    }
    return {};
  });
}

Status ContractSurvey::run_new(const Log& log, const std::function<bool(CommitNo)>& is_new,
                               std::size_t vectors_before) {
  const Catalog& catalog = log.catalog();
  namespaces.resize(catalog.namespaces());
  deltas_.resize(catalog.vectors());
  in_order = false;  // not looked at
  for (const VectorNo vector : numbers<VectorNo>(vectors_before)) {
    for (ScopeSurvey& kind : kinds) kind.earlier.insert(catalog.namespace_of(vector));
  }
  SeenSeqs old(catalog.origins());
  for (const CommitNo number : numbers<CommitNo>(log.commits())) {
    if (is_new(number)) continue;
    const CommitView commit = log.commit(number);
    old[commit.origin] = std::max(old[commit.origin], commit.last());
  }
  Cursor cursor;
  for (const OriginNo origin : old.numbers()) {
    if (old[origin] > 0) cursor.advance(catalog.origin(origin), old[origin]);
  }
  DELTA_TRY(Feed feed, Feed::after(log, std::move(cursor)));
  FeedBatch batch;
  while (true) {
    DELTA_TRY(const bool more, feed.next(batch));
    if (!more) return {};
    for (std::size_t i = 0; i < batch.deltas.size(); ++i) take(log, batch.deltas[i], true);
  }
}

}  // namespace delta::ops
