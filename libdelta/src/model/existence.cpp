#include "model/existence.hpp"

#include <algorithm>

namespace delta::model {

void Existence::add(const Event& event) { events_.push_back(event); }

std::uint32_t Existence::later(std::uint32_t a, std::uint32_t b) const {
  if (a == kNone || b == kNone) return a == kNone ? b : a;
  return key_less(*catalog_, events_[a].key, events_[b].key) ? b : a;
}

bool Existence::comes_before(std::uint32_t a, std::uint32_t b) const {
  const Event &x = events_[a], &y = events_[b];
  const std::uint32_t i = history_->place(x.commit).index, j = history_->place(y.commit).index;
  return i != j ? i < j : x.key.seq < y.key.seq;
}

template <class Seen>
const Existence::Event* Existence::look_at_all(const Seen& seen) {
  const Event* last = nullptr;
  for (const Event& event : events_) {
    if (seen(event) && (!last || key_less(*catalog_, last->key, event.key))) last = &event;
  }
  steps_ += events_.size();
  return last;
}

/// What came since is put into the lists of its chains.
void Existence::file() {
  for (; filed_ < events_.size(); ++filed_) {
    const auto event = static_cast<std::uint32_t>(filed_);
    const History::Place place = history_->place(events_[event].commit);
    std::uint32_t number = chains_.find(place.chain);
    if (number == kNone) {
      number = static_cast<std::uint32_t>(lists_.size());
      chains_.put(place.chain, number, place.rank);
      lists_.emplace_back();
    }
    List& list = lists_[number];
    if (!list.events.empty() && !comes_before(list.events.back(), event)) unsorted_.push_back(number);
    list.best.push_back(later(list.best.empty() ? kNone : list.best.back(), event));
    list.events.push_back(event);
  }
  std::sort(unsorted_.begin(), unsorted_.end());
  unsorted_.erase(std::unique(unsorted_.begin(), unsorted_.end()), unsorted_.end());
  for (const std::uint32_t number : unsorted_) sort(lists_[number]);
  unsorted_.clear();
}

void Existence::sort(List& list) {
  std::sort(list.events.begin(), list.events.end(),
            [&](std::uint32_t a, std::uint32_t b) { return comes_before(a, b); });
  std::uint32_t best = kNone;
  for (std::size_t i = 0; i < list.events.size(); ++i) list.best[i] = best = later(best, list.events[i]);
}

/// Of those before place `index` of the chain, and in that commit up to `seq`.
std::uint32_t Existence::best_of(const List& list, std::uint32_t index, std::uint64_t seq) const {
  const auto seen = [&](std::uint32_t event) {
    const std::uint32_t at = history_->place(events_[event].commit).index;
    return at < index || (at == index && events_[event].key.seq <= seq);
  };
  const auto end = std::partition_point(list.events.begin(), list.events.end(), seen);
  return end == list.events.begin() ? kNone : list.best[static_cast<std::size_t>(end - list.events.begin()) - 1];
}

const Existence::Event* Existence::last(Contexts::Set context) {
  if (events_.size() <= kFew) {
    return look_at_all([&](const Event& e) { return history_->in(context, e.commit, e.key.seq); });
  }
  file();
  return at(walk(context));
}

const Existence::Event* Existence::last_before(CommitNo commit, std::uint64_t seq) {
  if (events_.size() <= kFew) {
    return look_at_all([&](const Event& e) { return history_->happens_before(e.commit, e.key.seq, commit, seq); });
  }
  file();
  std::uint32_t best = walk(history_->others(commit));
  const History::Place place = history_->place(commit);
  if (const std::uint32_t own = chains_.find(place.chain); own != kNone) {
    best = later(best, best_of(lists_[own], place.index, seq - 1));
  }
  return at(best);
}

std::uint32_t Existence::walk(Contexts::Set set) {
  std::uint32_t node = chains_.root();
  for (std::uint32_t height = chains_.height(); height > set.height; --height) node = chains_.child(node, 0);
  while (set.height > chains_.height()) set = history_->contexts().child(set, 0);
  return walk(set, node);
}

std::uint32_t Existence::walk(Contexts::Set set, std::uint32_t node) {
  if (node == 0 || set.node == 0) return kNone;
  const auto known = known_.find(std::uint64_t{set.height} << 32 | set.node);
  if (known != known_.end()) return known->second;
  ++steps_;
  const Contexts& contexts = history_->contexts();
  std::uint32_t best = kNone;
  for (std::uint32_t i = 0; i < Contexts::kWidth; ++i) {
    const std::uint32_t child = chains_.child(node, i);
    if (child == 0) continue;
    if (set.height > 0) {
      best = later(best, walk(contexts.child(set, i), child));
    } else {
      const Contexts::Leaf& leaf = contexts.leaf(set.node);
      best = later(best, best_of(lists_[child - 1], leaf.whole[i], leaf.partial[i]));
    }
  }
  known_.emplace(std::uint64_t{set.height} << 32 | set.node, best);
  return best;
}

}  // namespace delta::model
