// The k nearest of what was offered, whatever the order in which it came.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <utility>
#include <vector>

namespace delta::nearest {

struct Candidate {
  double order = 0;    ///< of DistanceFrom
  std::size_t at = 0;  ///< in the rows that are searched; decides between equal ones

  friend auto operator<=>(const Candidate&, const Candidate&) = default;
};

class Top {
 public:
  explicit Top(std::size_t k) : k_(k) {}

  void offer(Candidate candidate) {
    if (heap_.size() == k_) {
      if (!(candidate < heap_.front())) return;
      std::ranges::pop_heap(heap_);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::ranges::push_heap(heap_);
  }
  void offer(const Top& other) {
    for (const Candidate& candidate : other.heap_) offer(candidate);
  }
  std::size_t size() const { return heap_.size(); }
  /// Nothing of this order would be taken, nor of a greater one.
  bool is_beyond(double order) const { return heap_.size() == k_ && order > heap_.front().order; }
  /// Nearest first.
  std::vector<Candidate> sorted() && {
    std::ranges::sort(heap_);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<Candidate> heap_;  // the farthest at the front
};

}  // namespace delta::nearest
