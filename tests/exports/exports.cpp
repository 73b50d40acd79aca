#include "exports.hpp"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace exports {
namespace {

std::atomic<std::uint64_t> allocations = 0, failing_from = 0;
std::atomic<bool> failing_on = false, any_failed = false;

struct Function {
  const char* name;
  const char* reason;
  void (*call)(Trial&);
};

std::vector<Function>& functions() {
  static std::vector<Function> all;
  return all;
}

bool is_due() {
  const std::uint64_t from = failing_from;
  if (from == 0) return false;
  const std::uint64_t number = ++allocations;
  if (number != from && !(failing_on && number > from)) return false;
  any_failed = true;
  return true;
}

/// Null where the allocation fails.
void* allocate(std::size_t size, std::size_t alignment) {
  if (is_due()) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const at = allocate(size, alignment)) return at;
  throw std::bad_alloc();
}

const char* kind_text(Kind kind) {
  return kind == Kind::never_throws ? "is noexcept" : kind == Kind::gives_result ? "returns a Result" : "may throw";
}

/// What is wrong with a trial; null: nothing.
const char* problem_of(const Function& function, const Trial& trial) {
  if ((trial.kind == Kind::throws) != (function.reason != nullptr)) {
    return function.reason != nullptr ? "is listed as one that throws, and cannot" : "may throw, without a reason";
  }
  if (trial.threw) {
    if (trial.kind != Kind::throws) return "an exception left it";
    return trial.failed ? nullptr : "it threw while there was memory";
  }
  if (trial.ok) return nullptr;
  if (!trial.failed) return "the call itself fails: the test is wrong";
  return trial.no_memory ? nullptr : "the error is not of the code `no_memory`";
}

/// All n up to 100, and some of those that follow, until the function has all the memory that it asks for. It is called
/// first with all memory, so that nothing is made once and for all while some fails.
bool holds(const Function& function, bool rest, std::uint64_t& trials) {
  for (std::uint64_t n = 0;; n += n < 100 ? 1 : n / 16) {  // 0: none fails
    Trial trial(n, rest);
    function.call(trial);
    ++trials;
    if (const char* problem = problem_of(function, trial)) {
      std::printf("%s: allocation %llu fails%s: %s (it %s) %s\n", function.name, static_cast<unsigned long long>(n),
                  rest ? " and all that follow" : "", problem, kind_text(trial.kind), trial.message.c_str());
      return false;
    }
    if (n > 0 && !trial.failed) return true;
  }
}

const char* running = "";

[[noreturn]] void tell_of_end() {
  std::printf("%s: std::terminate() was called\n", running);
  std::fflush(stdout);
  std::abort();
}

}  // namespace

void fail_at(std::uint64_t n, bool rest) {
  allocations = 0;
  any_failed = false;
  failing_on = rest;
  failing_from = n;
}

bool stop_failing() {
  failing_from = 0;
  return any_failed;
}

Registered::Registered(const char* name, const char* reason, void (*call)(Trial&)) {
  functions().push_back({name, reason, call});
}

namespace {

int run(std::string_view only) {
  std::set_terminate(tell_of_end);
  std::size_t done = 0, wrong = 0;
  std::uint64_t trials = 0;
  for (const Function& function : functions()) {
    if (!only.empty() && only != function.name) continue;
    running = function.name;
    ++done;
    if (!holds(function, false, trials) || !holds(function, true, trials)) ++wrong;
  }
  std::printf("%zu functions, %llu trials, %zu wrong\n", done, static_cast<unsigned long long>(trials), wrong);
  return wrong == 0 && done > 0 ? 0 : 1;
}

}  // namespace
}  // namespace exports

void* operator new(std::size_t size) { return exports::allocate_or_throw(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return exports::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return exports::allocate(size, 0); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { std::free(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

/// With an argument, only the functions of that name.
int main(int count, char** arguments) { return exports::run(count > 1 ? arguments[1] : ""); }
