// A signal handler may call unlink() and raise() and touch lock-free atomics, and nothing else: no allocation, no locks. So
// paths live in a fixed table, each slot with its own state.
#include "io/cleanup.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "delta/file.hpp"

namespace delta {
namespace io {
namespace {

enum : int { kFree, kFilling, kArmed };

struct Slot {
  std::atomic<int> state = kFree;
  std::array<char, 4096> path = {};
};
static_assert(std::atomic<int>::is_always_lock_free);

constinit std::array<Slot, 32> slots;  // all zeros: no page of it is touched before it is used

}  // namespace

CleanupGuard::CleanupGuard(const std::string& path) {
  if (path.size() >= slots[0].path.size()) return;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    int expected = kFree;
    if (!slots[i].state.compare_exchange_strong(expected, kFilling, std::memory_order_acquire)) continue;
    std::memcpy(slots[i].path.data(), path.c_str(), path.size() + 1);
    slots[i].state.store(kArmed, std::memory_order_release);
    slot_ = static_cast<int>(i);
    return;
  }
}

CleanupGuard::CleanupGuard(CleanupGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

CleanupGuard& CleanupGuard::operator=(CleanupGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

void CleanupGuard::disarm() {
  if (slot_ >= 0) slots[static_cast<std::size_t>(std::exchange(slot_, -1))].state.store(kFree, std::memory_order_release);
}

namespace {

// SA_RESETHAND has put the default action back; the raised signal is delivered when the handler returns, and kills.
void unlink_and_die(int signal_number) {
  const int saved = errno;
  for (const Slot& slot : slots) {
    if (slot.state.load(std::memory_order_acquire) == kArmed) ::unlink(slot.path.data());
  }
  errno = saved;
  ::raise(signal_number);
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction old = {}, action = {};
  if (::sigaction(signal_number, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) return;  // nohup stays nohup
  action.sa_handler = handler;
  action.sa_flags = handler == SIG_IGN ? 0 : static_cast<int>(SA_RESETHAND);
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal_number, &action, nullptr);
}

}  // namespace
}  // namespace io

void install_signal_cleanup() {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) io::handle(signal_number, io::unlink_and_die);
  for (const int signal_number : {SIGPIPE, SIGXFSZ}) io::handle(signal_number, SIG_IGN);
}

}  // namespace delta
