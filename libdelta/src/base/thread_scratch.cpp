// One key for all objects: the first 32 keys of a thread have their place in it, so that setting one takes no memory.
#include "base/thread_scratch.hpp"

#include <pthread.h>

#include <new>
#include <utility>

namespace delta {
namespace {

void destroy_all(void* first) {
  for (auto* object = static_cast<ThreadObject*>(first); object != nullptr;) delete std::exchange(object, object->next);
}

pthread_key_t key() {
  static const pthread_key_t made = [] {
    pthread_key_t fresh;
    if (::pthread_key_create(&fresh, destroy_all) != 0) throw std::bad_alloc();
    return fresh;
  }();
  return made;
}

}  // namespace

void give_to_thread(std::unique_ptr<ThreadObject> object) {
  object->next = static_cast<ThreadObject*>(::pthread_getspecific(key()));
  if (::pthread_setspecific(key(), object.get()) != 0) throw std::bad_alloc();
  static_cast<void>(object.release());
}

}  // namespace delta
