// Tasks on several threads, results in the order of submission: threads never change the bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "delta/result.hpp"

namespace delta {

/// Runs work(i) on any thread and then done(i) on the submitting thread, in order of submission. With one thread
/// everything runs inside submit(). At most `depth` tasks are in flight: submit() blocks, or helps, beyond that.
/// The first error (in order) stops the queue and comes back from submit() or finish(); a task that runs out of memory
/// is one (limit).
class OrderedWork {
 public:
  OrderedWork(unsigned threads, std::size_t depth);
  ~OrderedWork();  // waits for running tasks, drops their results

  Status submit(std::function<Status()> work, std::function<Status()> done);
  Status finish();  ///< every task done, in order

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 0 means: as many as the machine has.
unsigned thread_count(unsigned wanted);

/// One for few stored bytes: starting a thread, and handing blocks to it and back, takes longer than decoding a few.
constexpr unsigned worth_threads(std::uint64_t stored, unsigned threads) { return stored < 1 << 20 ? 1 : threads; }

}  // namespace delta
