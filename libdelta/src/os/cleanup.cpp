// A signal handler may make a few system calls and touch lock-free atomics, and nothing else: no allocation, no locks.
// So paths and descriptors live in fixed tables, each slot with its own state. The main thread alone handles signals,
// since it is the one that writes.
#include "os/cleanup.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "delta/file.hpp"

namespace delta {
namespace os {
namespace {

constexpr int kExitFailed = 3;
enum : int { kFree, kFilling, kArmed };

struct Slot {
  std::atomic<int> state = kFree;
  std::array<char, 4096> path = {};
};
static_assert(std::atomic<int>::is_always_lock_free);

constinit std::array<Slot, 32> slots;  // all zeros: no page of it is touched before it is used

struct CutSlot {
  std::atomic<int> state = kFree;
  std::atomic<int> fd = -1;
  std::atomic<std::uint64_t> boundary = 0;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constinit std::array<CutSlot, 4> cuts;
constinit std::atomic<bool> committed = false;
constinit std::atomic<int> postponed = 0;  // a signal that came behind the commit point
constinit pthread_t main_thread;

/// A slot of the table, no longer free; -1: there is none.
template <class Table>
int take_slot(Table& table) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    int expected = kFree;
    if (table[i].state.compare_exchange_strong(expected, kFilling, std::memory_order_acquire)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace

CleanupGuard::CleanupGuard(const std::string& path) {
  if (path.size() >= slots[0].path.size()) return;
  slot_ = take_slot(slots);
  if (slot_ < 0) return;
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
  slot.state.store(kArmed, std::memory_order_release);
}

CleanupGuard::CleanupGuard(CleanupGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

CleanupGuard& CleanupGuard::operator=(CleanupGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

void CleanupGuard::disarm() {
  if (slot_ >= 0) {
    slots[static_cast<std::size_t>(std::exchange(slot_, -1))].state.store(kFree, std::memory_order_release);
  }
}

CutBackGuard::CutBackGuard(int fd, std::uint64_t boundary) {
  slot_ = take_slot(cuts);
  if (slot_ < 0) return;
  CutSlot& slot = cuts[static_cast<std::size_t>(slot_)];
  slot.fd.store(fd, std::memory_order_relaxed);
  slot.boundary.store(boundary, std::memory_order_relaxed);
  slot.state.store(kArmed, std::memory_order_release);
}

CutBackGuard::CutBackGuard(CutBackGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}

CutBackGuard& CutBackGuard::operator=(CutBackGuard&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

void CutBackGuard::move(std::uint64_t boundary) {
  if (slot_ >= 0) cuts[static_cast<std::size_t>(slot_)].boundary.store(boundary, std::memory_order_release);
}

void CutBackGuard::disarm() {
  if (slot_ >= 0) {
    cuts[static_cast<std::size_t>(std::exchange(slot_, -1))].state.store(kFree, std::memory_order_release);
  }
}

void pass_commit_point() { committed.store(true, std::memory_order_release); }

namespace {

void cut_back() {
  for (const CutSlot& slot : cuts) {
    if (slot.state.load(std::memory_order_acquire) != kArmed) continue;
    const int fd = slot.fd.load(std::memory_order_relaxed);
    const auto boundary = static_cast<off_t>(slot.boundary.load(std::memory_order_acquire));
    struct stat info;
    if (::fstat(fd, &info) == 0 && info.st_size > boundary && ::ftruncate(fd, boundary) == 0) ::fsync(fd);
  }
}

void clean_up() {
  for (const Slot& slot : slots) {
    if (slot.state.load(std::memory_order_acquire) == kArmed) ::unlink(slot.path.data());
  }
  cut_back();
}

/// What ends the program is no memory: the exception is that, or is on its way and cannot be seen.
bool is_out_of_memory() {
  const auto thrown = std::current_exception();
  if (!thrown) return std::uncaught_exceptions() > 0;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

std::terminate_handler terminate_before = std::abort;

// A library whose function promises not to throw ends the process when it runs out of memory. Nothing is left behind
// then, either.
[[noreturn]] void on_terminate() {
  if (is_out_of_memory()) {
    const bool done = committed.load(std::memory_order_acquire);
    if (!done) clean_up();
    const std::string_view said = done ? "out of memory, but the work is done\n" : "out of memory\n";
    static_cast<void>(!::write(STDERR_FILENO, said.data(), said.size()));
    ::_exit(done ? 0 : kExitFailed);
  }
  terminate_before();
  std::abort();
}

// The raised signal is delivered when the handler returns, and kills.
void clean_up_and_die(int signal_number) {
  clean_up();
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

void on_signal(int signal_number) {
  const int saved = errno;
  if (!::pthread_equal(::pthread_self(), main_thread)) {
    ::pthread_kill(main_thread, signal_number);
  } else if (committed.load(std::memory_order_acquire)) {
    postponed.store(signal_number, std::memory_order_release);
  } else {
    clean_up_and_die(signal_number);
  }
  errno = saved;
}

void handle(int signal_number, void (*handler)(int)) {
  struct sigaction old = {}, action = {};
  if (::sigaction(signal_number, nullptr, &old) != 0 || old.sa_handler == SIG_IGN) return;  // nohup stays nohup
  action.sa_handler = handler;
  action.sa_flags = handler == SIG_IGN ? 0 : static_cast<int>(SA_RESTART);
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal_number, &action, nullptr);
}

}  // namespace
}  // namespace os

void install_signal_cleanup() noexcept {
  os::main_thread = ::pthread_self();
  os::committed = false;
  os::postponed = 0;
  if (const auto before = std::set_terminate(os::on_terminate); before != os::on_terminate) {
    os::terminate_before = before;
  }
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) os::handle(signal_number, os::on_signal);
  for (const int signal_number : {SIGPIPE, SIGXFSZ}) os::handle(signal_number, SIG_IGN);
}

void let_signals_kill() noexcept {
  os::committed.store(false, std::memory_order_release);
  if (const int signal_number = os::postponed.exchange(0)) ::raise(signal_number);
}

}  // namespace delta
