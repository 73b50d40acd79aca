// Why the first pass may judge: where each create, delete and update of a vector has seen the one that came before it,
// none that comes later is in the context of an earlier one, and so the last event to come is the last in the context.
#include "ops/verify_existence.hpp"

#include <algorithm>

#include "delta/text.hpp"

namespace delta::ops {

void ExistenceCheck::refuse(VectorNo vector, const Question& q) {
  if (wrong_.size() >= 100) return;
  wrong_.push_back(std::string(operation_name(q.op)) + " " + escape(catalog_.origin(history_.origin(q.at.commit))) +
                   ":" + std::to_string(q.at.seq) + " is of vector " + quote(catalog_.id(vector)) +
                   ", which does not exist in its context");
}

void ExistenceCheck::add(const DeltaBatch& batch) {
  vectors_.resize(catalog_.vectors());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const VectorNo vector = batch.vectors[i];
    if (!history_.folded(batch.commits[i]) || contested_.contains(vector)) continue;
    const Operation op = batch.ops[i];
    const Place at{batch.commits[i], batch.seqs[i]};
    Vector& v = vectors_[vector];
    const bool right = op == Operation::create || (v.last && v.last->create);
    if (!in_order(v, at) || !right) {
      contested_.insert(vector);
      continue;
    }
    if (op != Operation::create) v.answered = at;
    if (is_lifecycle(op)) v.last = {at, op == Operation::create};
  }
}

void ExistenceCheck::gather(const DeltaBatch& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!history_.folded(batch.commits[i]) || !contested_.contains(batch.vectors[i])) continue;
    const Operation op = batch.ops[i];
    const Place at{batch.commits[i], batch.seqs[i]};
    Gathered& of = gathered_[batch.vectors[i]];
    if (op != Operation::create) of.questions.push_back({at, op});
    if (is_lifecycle(op)) {
      of.events.push_back({at.commit, op == Operation::create, {batch.times[i], history_.origin(at.commit), at.seq}});
    }
  }
}

std::vector<std::string> ExistenceCheck::finish() {
  for (const VectorNo vector : contested_.numbers()) {
    const Gathered& of = gathered_[vector];
    model::Existence existence(catalog_, history_);
    for (const auto& event : of.events) existence.add(event);
    for (const Question& q : of.questions) {
      const auto* last = existence.last_before(q.at.commit, q.at.seq);
      if (!last || !last->create) refuse(vector, q);
    }
  }
  return std::move(wrong_);
}

}  // namespace delta::ops
