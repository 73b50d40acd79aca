#include "ops/verify_existence.hpp"

#include <algorithm>

#include "delta/state.hpp"
#include "delta/text.hpp"

namespace delta::ops {

void ExistenceCheck::refuse(const Question& q) {
  if (wrong_.size() >= 100) return;
  wrong_.push_back(std::string(operation_name(q.op)) + " " + escape(catalog_.origin(history_.commit(q.commit).origin)) + ":" + std::to_string(q.seq) +
                   " is of vector " + quote(catalog_.id(q.vector)) + ", which does not exist in its context");
}

void ExistenceCheck::add(const ChangeBatch& batch) {
  vectors_.resize(catalog_.vectors());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!history_.folded(batch.commits[i])) continue;
    const Operation op = batch.ops[i];
    Vector& v = vectors_[batch.vectors[i]];
    if (is_lifecycle(op)) {
      const Event event{batch.commits[i], batch.seqs[i], batch.times[i], op == Operation::create};
      v.chain = v.chain && (!v.any || before(v.last, event.commit, event.seq));
      v.last = event, v.any = true;
      events_.push_back({batch.vectors[i], event});
    }
    if (op == Operation::create) continue;
    const Question question{batch.vectors[i], batch.commits[i], batch.seqs[i], op};
    if (op == Operation::remove) {  // the delete itself is the last event; judge it at the end
      open_.push_back(question);
    } else if (!v.any || !v.chain || !before(v.last, question.commit, question.seq)) {
      open_.push_back(question);
    } else if (!v.last.create) {
      refuse(question);
    }
  }
}

std::vector<std::string> ExistenceCheck::finish() {
  std::unordered_map<std::uint32_t, std::vector<Event>> events;
  for (const auto& q : open_) events.try_emplace(q.vector);
  for (const auto& [vector, event] : events_) {
    if (const auto it = events.find(vector); it != events.end()) it->second.push_back(event);
  }
  for (const auto& q : open_) {
    const Event* last = nullptr;
    for (const auto& e : events[q.vector]) {
      if (!before(e, q.commit, q.seq)) continue;
      const auto key = [&](const Event& x) { return Key{x.time, history_.commit(x.commit).origin, x.seq}; };
      if (!last || key_less(catalog_, key(*last), key(e))) last = &e;
    }
    if (!last || !last->create) refuse(q);
  }
  return std::move(wrong_);
}

}  // namespace delta::ops
