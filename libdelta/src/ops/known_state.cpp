#include "ops/known_state.hpp"

#include <algorithm>

#include "index/checkpoint.hpp"
#include "model/fold.hpp"
#include "model/policy.hpp"

namespace delta::ops {

KnownState::KnownState(Log& log)
    : log_(log),
      source_(log.impl()),
      state_(log.catalog()),
      vectors_before_(log.catalog().vectors()),
      all_loaded_(vectors_before_ == 0),
      reads_values_(!log.impl().holds_lifecycles) {}

Result<State> KnownState::fold(const VectorSet& vectors) {
  std::vector<VectorNo> conflicted;
  DELTA_TRY(State folded, checkpoint::fold(log_.impl(), source_, {}, vectors, nullptr, &conflicted, &notices_));
  for (const VectorNo vector : conflicted) conflicted_.insert(vector);
  DELTA_OK(take_policy());
  return folded;
}

Status KnownState::load(VectorNo vector) {
  if (loaded(vector)) return {};
  if (!reads_values_) {
    return error(ErrorCode::usage, "a delta without an operation does not go with EncodeOptions::operations");
  }
  if (lookups_++ >= kSingly) return load_all();
  loaded_.insert(vector);
  DELTA_TRY(const State folded, fold({vector}));
  state_.take(folded, vector);
  follow_deferred(vector);
  return {};
}

Status KnownState::load_all() {
  if (all_loaded_) return {};
  const std::size_t count = catalog().vectors();
  settle();
  VectorSet rest;
  for (const VectorNo v : numbers<VectorNo>(count)) {
    if (!loaded(v)) rest.insert(v);
  }
  DELTA_TRY(State folded, fold(rest.size() == count ? VectorSet::all() : rest));
  for (const VectorNo v : numbers<VectorNo>(count)) {
    if (!rest.contains(v)) folded.take(state_, v);
  }
  state_ = std::move(folded);
  all_loaded_ = true;
  std::vector<VectorNo> waiting;
  for (const auto& [vector, deltas] : deferred_) waiting.push_back(vector);
  for (const VectorNo vector : waiting) follow_deferred(vector);
  return {};
}

void KnownState::follow_deferred(VectorNo vector) {
  const auto found = deferred_.find(vector);
  if (found == deferred_.end()) return;
  const Deferred& waiting = found->second;
  for (std::size_t i = 0; i < waiting.deltas.size(); ++i) {
    follow(waiting.deltas[i], waiting.origins[i], waiting.linear[i]);
  }
  deferred_.erase(found);
}

/// What is known of a vector stays so through a delta that has seen all of it.
void KnownState::follow(const Delta& delta, OriginNo origin, bool linear) {
  const bool is_known = linear && current(delta.vector);
  const bool conflicted = conflicted_.contains(delta.vector);
  const bool settles = is_lifecycle(delta.op) || delta.op == Operation::dense;
  // A transform goes through every branch, and only under lww does the one that counts stay the same.
  const bool branches = is_transform(delta.op) && !lww_ && conflicted;
  if (!linear || (branches && is_known)) {
    forget(delta.vector);
  } else if (is_known) {
    model::apply(state_, origin, delta);
  } else if (settles) {  // all dims: known again
    if (delta.op == Operation::dense) state_.set_exists(delta.vector, true);
    model::apply(state_, origin, delta);
    stale_.erase(delta.vector);
  }
  if (linear && settles && conflicted) conflicted_.erase(delta.vector);
}

/// Of one vector, or of all.
Status KnownState::load_lifecycles(std::optional<VectorNo> vector) {
  const auto done = [&](VectorNo v) {
    return all_lifecycles_loaded_ || index(v) >= vectors_before_ || lifecycles_loaded_.contains(v);
  };
  if (vector ? done(*vector) : all_lifecycles_loaded_) return {};
  VectorSet wanted;
  const bool one = vector && lookups_++ < kSingly;
  if (one) wanted.insert(*vector);
  for (const VectorNo v : numbers<VectorNo>(one ? 0 : vectors_before_)) {
    if (!done(v)) wanted.insert(v);
  }
  store::Union::StreamOptions options;
  options.vectors = &wanted;
  options.values = store::Values::skipped;
  options.lifecycles = true;
  DELTA_OK(log_.impl().stream(options, [&](const store::Union::Block& block) -> Status {
    const DeltaBatch& batch = block.batch;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!is_lifecycle(batch.ops[i]) || !wanted.contains(batch.vectors[i]) || log_.pending(batch.commits[i])) continue;
      const OriginNo origin = log_.commit_origin(batch.commits[i]);
      lifecycles_.add(batch.vectors[i],
                      {batch.commits[i], batch.ops[i] == Operation::create, {batch.times[i], origin, batch.seqs[i]}});
    }
    return {};
  }));
  one ? void(lifecycles_loaded_.insert(*vector)) : void(all_lifecycles_loaded_ = true);
  return {};
}

Result<bool> KnownState::exists(VectorNo vector, Open& open, const CommitView& commit) {
  if (!loaded(vector) && lookups_ >= kSingly && reads_values_) DELTA_OK(load_all());
  if (loaded(vector) && open.linear && current(vector)) return state_.exists(vector);
  DELTA_OK(load_lifecycles(vector));
  return lifecycles_.exists(catalog(), log_.impl().history, vector, seen_by(open, commit));
}

ExistenceIndex::Seen KnownState::seen_by(Open& open, const CommitView& commit) {
  if (!open.linear && !open.context) open.context = log_.impl().history.context_of(commit);
  return {open.linear, open.context.value_or(model::Contexts::Set{}), open.number};
}

Result<bool> KnownState::has_seen(std::string_view name_space, Open& open, const CommitView& commit) {
  DELTA_OK(load_lifecycles({}));
  return lifecycles_.any_of(catalog(), log_.impl().history, catalog().namespaces_named(name_space),
                            seen_by(open, commit));
}

/// Notes what decides conflicts from here on. Where none is left it does not matter, and is not asked.
Status KnownState::take_policy() {
  if (conflicted_.empty()) return {};
  DELTA_TRY(const Policy policy, model::policy_at(catalog(), log_.impl().history, {}));
  lww_ = std::ranges::all_of(policy.rules(), [](const Policy::Rule& rule) { return !rule.strategy; });
  return {};
}

Status KnownState::refold() {
  if (conflicted_.empty()) return {};
  DELTA_OK(take_policy());
  if (written_) {
    conflicted_.each([this](VectorNo vector) { forget(vector); });
    return {};
  }
  DELTA_TRY(const State folded, model::fold(catalog(), log_.impl().history, source_, {}, conflicted_));
  conflicted_.each([&](VectorNo vector) { std::ranges::copy(folded.bits(vector), state_.put(vector).begin()); });
  return {};
}

void KnownState::forget(VectorNo vector) {
  stale_.insert(vector);
  concurrent_ = true;
}

/// A delta of a vector that is not loaded waits for that: it may never come to it.
Status KnownState::defer(const Delta& delta, const Open& open) {
  constexpr std::size_t kMost = 256;
  if (!reads_values_) return {};
  Deferred& waiting = deferred_[delta.vector];
  waiting.deltas.add(delta);
  waiting.origins.push_back(open.origin);
  waiting.linear.push_back(open.linear);
  return waiting.linear.size() < kMost ? Status() : load(delta.vector);
}

void KnownState::note_before(VectorNo vector) {
  if (!before_ || touched_.contains(vector)) return;
  touched_.insert(vector);
  before_known_ = before_known_ && loaded(vector) && current(vector);
  if (before_known_ && state_.exists(vector)) before_->take(state_, vector);
}

std::optional<StatesAround> KnownState::around() {
  if (!before_ || !before_known_ || !all_loaded_ || concurrent_ || !reads_values_) return std::nullopt;
  settle();
  return StatesAround{&state_, &*before_, vectors_before_};
}

Status KnownState::take(const Delta& delta, const Open& open) {
  written_ = true;
  note_before(delta.vector);
  if (forgets_writes_) return {};
  if (is_lifecycle(delta.op)) {
    lifecycles_.add(delta.vector, {open.number, delta.op == Operation::create, {delta.time, open.origin, delta.seq}});
  }
  if (!loaded(delta.vector)) return defer(delta, open);
  follow(delta, open.origin, open.linear);
  return {};
}

}  // namespace delta::ops
