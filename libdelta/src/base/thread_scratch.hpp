// What a thread keeps from one call to the next. A thread_local with a destructor would do, but glibc ends the process
// where there is no memory to note that destructor; here that is std::bad_alloc as elsewhere.
#pragma once

#include <memory>

/// Before a function that returns what each thread has of its own. Where it is inlined, g++ holds the address to be a
/// constant, and calls the loader for it in every round of a loop: a twentieth of all that compact did.
#define DELTA_THREAD_SCRATCH [[gnu::noinline]]

namespace delta {

/// Its last owner is the thread.
struct ThreadObject {
  virtual ~ThreadObject() = default;
  ThreadObject* next = nullptr;
};

/// The object lives until the thread that calls ends (the first thread's: until the process does).
void give_to_thread(std::unique_ptr<ThreadObject> object);

/// The T of this thread, made when it is first asked for.
template <class T>
T& thread_scratch() {
  struct BlockVector final : ThreadObject {
    T value;
  };
  thread_local T* mine = nullptr;
  if (mine == nullptr) {
    auto made = std::make_unique<BlockVector>();
    T* const value = &made->value;
    give_to_thread(std::move(made));
    mine = value;
  }
  return *mine;
}

}  // namespace delta
