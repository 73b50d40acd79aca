#include "model/standing.hpp"

#include <algorithm>
#include <bit>

namespace delta::model {

void Standing::reset(std::uint32_t dims, std::size_t most) {
  sets_.clear();
  pool_.clear();
  free_.clear();
  large_.clear();
  sets_.reserve(std::min<std::size_t>(most, dims) + 1);
  pool_.reserve(2 * std::min<std::size_t>(most, kSmall));
  sets_.push_back({.dims = dims});  // nothing stands yet
  set_of_.assign(dims, 0);
}

/// For all dims that stood alike at once.
bool Standing::assign(Deltas deltas, std::uint32_t number) {
  const Delta& c = deltas[number];
  left_.clear();
  ended_.clear();
  if (has_indices(c)) {
    left_by_.resize(c.indices.size());
    for (std::size_t i = 0; i < c.indices.size(); ++i) move(c.indices[i], left_by_[i]);
  } else {
    left_by_.resize(set_of_.size());
    for (std::uint32_t dim = 0; dim < left_by_.size(); ++dim) move(dim, left_by_[dim]);
  }
  bool met = false;
  for (const std::uint32_t set : left_) {
    met = fill(deltas, set, number) || met;
    sets_[set].after = kNone;
    if (sets_[set].dims == 0) free_.push_back(set);
  }
  return met;
}

void Standing::move(std::uint32_t dim, std::uint32_t& from) {
  from = set_of_[dim];
  if (sets_[from].after == kNone) {
    const std::uint32_t after = fresh_set();
    sets_[from].after = after;
    left_.push_back(from);
  }
  --sets_[from].dims;
  set_of_[dim] = sets_[from].after;
  ++sets_[set_of_[dim]].dims;
}

std::uint32_t Standing::fresh_set() {
  if (free_.empty()) {
    sets_.emplace_back();
    return static_cast<std::uint32_t>(sets_.size() - 1);
  }
  const std::uint32_t set = free_.back();
  free_.pop_back();
  return set;
}

/// What stands where the dims of `from` go. True: beside the assignment something does.
bool Standing::fill(Deltas deltas, std::uint32_t from, std::uint32_t number) {
  Set &old = sets_[from], &to = sets_[old.after];
  old.ended_begin = ended_.size();
  const bool leaves = old.dims == 0;
  to.size = 0;
  if (old.large != kNone) {
    to.large = old.large;
    if (leaves) {
      old.large = kNone;
    } else {
      to.large = static_cast<std::uint32_t>(large_.size());
      large_.push_back(std::make_unique<Large>(*large_[old.large]));
      steps_ += large_.back()->size;
    }
    add_to_large(deltas, to, number);
  } else {
    if (leaves) {
      std::swap(to.begin, old.begin);
      std::swap(to.room, old.room);
    }
    add_to_small(deltas, leaves ? to.begin : old.begin, old.size, to, number);
  }
  old.ended_end = ended_.size();
  return to.large != kNone || to.size > 1;
}

/// `begin`, `size`: what stood, which is where it is to stand, or elsewhere.
void Standing::add_to_small(Deltas deltas, std::size_t begin, std::uint32_t size, Set& to, std::uint32_t number) {
  steps_ += size + 1;
  if (to.room < size + 1) {  // in powers of two, so that what a set leaves behind is bounded by what it gets
    to.begin = pool_.size();
    to.room = std::bit_ceil(size + 1);
    pool_.resize(to.begin + to.room);
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint32_t earlier = pool_[begin + i];
    if (before(deltas, earlier, number)) {
      ended_.push_back(earlier);
    } else {
      pool_[to.begin + to.size++] = earlier;
    }
  }
  pool_[to.begin + to.size++] = number;
  if (to.size > kSmall) enlarge(deltas, to);
}

void Standing::enlarge(Deltas deltas, Set& set) {
  set.large = static_cast<std::uint32_t>(large_.size());
  large_.push_back(std::make_unique<Large>());
  for (std::uint32_t i = 0; i < set.size; ++i) put(deltas, *large_.back(), pool_[set.begin + i]);
  set.size = 0;
}

void Standing::put(Deltas deltas, Large& large, std::uint32_t number) const {
  const History::Place place = history_->place(deltas[number].commit);
  if (large.by_chain.find(place.chain) == kNone) {
    large.by_chain.put(place.chain, number, place.rank);
  } else {
    large.beside.push_back(number);
  }
  ++large.size;
}

void Standing::add_to_large(Deltas deltas, Set& to, std::uint32_t number) {
  Large& large = *large_[to.large];
  const std::size_t before_it = ended_.size();
  remove_seen(deltas, large, number);
  large.size -= static_cast<std::uint32_t>(ended_.size() - before_it);
  put(deltas, large, number);
  if (large.size <= kSmall / 2) shrink(to);
}

void Standing::remove_seen(Deltas deltas, Large& large, std::uint32_t number) {
  const auto gone = [&](std::uint32_t earlier) {
    ++steps_;
    if (!before(deltas, earlier, number)) return false;
    ended_.push_back(earlier);
    return true;
  };
  const CommitNo commit = deltas[number].commit;
  const std::uint32_t chain = history_->place(commit).chain;
  const auto rank = [&](std::uint32_t earlier) { return history_->place(deltas[earlier].commit).rank; };
  const std::uint64_t walked = large.by_chain.steps();
  large.by_chain.remove_if(history_->contexts(), history_->others(commit), gone, rank);
  steps_ += large.by_chain.steps() - walked;
  const std::uint32_t own = large.by_chain.find(chain);
  if (own != kNone && gone(own)) large.by_chain.clear(chain);
  std::erase_if(large.beside, gone);
}

/// Few are left: they are looked through again.
void Standing::shrink(Set& set) {
  const std::unique_ptr<Large> large = std::move(large_[set.large]);
  set.large = kNone;
  list(*large, set);
}

/// Into the pool, in key order.
void Standing::list(const Large& large, Set& set) {
  if (set.room < large.size) {
    set.begin = pool_.size();
    set.room = std::bit_ceil(large.size);
    pool_.resize(set.begin + set.room);
  }
  large.by_chain.each([&](std::uint32_t number) { pool_[set.begin + set.size++] = number; });
  for (const std::uint32_t number : large.beside) pool_[set.begin + set.size++] = number;
  const auto begin = pool_.begin() + static_cast<std::ptrdiff_t>(set.begin);
  std::sort(begin, begin + set.size);
}

void Standing::finish() {
  for (Set& set : sets_) {
    if (set.dims != 0 && set.large != kNone) shrink(set);
  }
}

}  // namespace delta::model
