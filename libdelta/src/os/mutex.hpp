// A lock among threads, for layers that know none themselves.
#pragma once

#include <memory>

namespace delta::os {

/// For std::lock_guard.
class Mutex {
 public:
  Mutex();
  ~Mutex();
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() noexcept;
  void unlock() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace delta::os
