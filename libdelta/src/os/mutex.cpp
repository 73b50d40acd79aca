#include "os/mutex.hpp"

#include <mutex>

namespace delta::os {

struct Mutex::State {
  std::mutex mutex;
};

Mutex::Mutex() : state_(std::make_unique<State>()) {}
Mutex::~Mutex() = default;
void Mutex::lock() noexcept { state_->mutex.lock(); }
void Mutex::unlock() noexcept { state_->mutex.unlock(); }

}  // namespace delta::os
