// Windows of deltas that come in any order: first the times of all, then what each did. What is kept grows with the
// windows and the vectors, not with the deltas.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "delta/pages.hpp"
#include "delta/windows.hpp"
#include "model/exact_sum.hpp"

namespace delta::model {

class WindowStream {
 public:
  /// False: where these windows begin and end cannot be told without a list of all times.
  static bool can_tell(const WindowSpec& spec) { return spec.kind != WindowSpec::Kind::adaptive; }
  /// `vectors`: how many there are. REQUIRES: check_windows(), can_tell().
  WindowStream(const WindowSpec& spec, std::size_t vectors);

  void place(Micros time);
  /// Has fetched what add() of a delta of this vector will need. Inlined: a compiler drops a call that only fetches.
  [[gnu::always_inline]] void expect(VectorNo vector) const { __builtin_prefetch(&counted_[vector], 1); }
  /// After place() of all times, and of no others: deltas of one vector in order of time. Some may be left out, except
  /// in sessions, which their times make.
  void add(const DeltaEffect& effect);
  /// As model::windows() of what was added.
  std::vector<Window> finish();

 private:
  /// Times that no window parts: they are in the same windows, or nearly.
  struct Bucket {
    Micros first = 0, last = 0;
  };
  struct Sums {
    Window window;
    ExactSum distances;
    std::uint64_t measured = 0;
  };

  void begin();
  void begin_sliding(const std::vector<Bucket>& buckets);
  void begin_sessions(const std::vector<Bucket>& buckets);
  std::size_t last_window_with(Micros time);

  WindowSpec spec_;
  Micros width_;  // of a bucket
  std::unordered_map<Micros, Bucket> buckets_;
  Bucket* bucket_ = nullptr;  // of the last time
  Micros number_ = 0;         // of that
  bool begun_ = false;
  std::vector<Sums> windows_;                     // in order of begin, and of end
  std::size_t at_ = 0;                            // the last one that was asked for
  ZeroedTable<VectorNo, std::uint64_t> counted_;  // windows before this one have counted the vector
};

}  // namespace delta::model
