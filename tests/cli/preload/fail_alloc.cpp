// Loaded before the program (LD_PRELOAD): makes one allocation fail, or all from one on. Calls are counted from main()
// on, over all threads; what the loader and the C++ runtime need before is left alone.
//
//     DELTA_FAIL_AT=N       the N-th call fails, from 1; 0 or unset: none
//     DELTA_FAIL_REST=1     and all that follow
//     DELTA_FAIL_COUNT=FD   the number of calls is written there at the end
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#define EXPORT __attribute__((visibility("default")))

// As glibc exports them for this: looking them up by dlsym() would allocate.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

using Main = int (*)(int, char**, char**);

Main real_main = nullptr;
std::atomic<bool> counting = false;
std::atomic<unsigned long> calls = 0;
unsigned long fail_at = 0;
bool rest = false;
int count_to = -1;

unsigned long number(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 0;
}

bool fails() {
  if (!counting.load(std::memory_order_relaxed)) return false;
  const unsigned long call = calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool now = fail_at != 0 && (call == fail_at || (rest && call > fail_at));
  if (now) errno = ENOMEM;
  return now;
}

void report() {
  counting = false;
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%lu\n", calls.load());
  if (count_to >= 0 && ::write(count_to, text, static_cast<std::size_t>(size)) < 0) std::abort();
}

int counted_main(int argc, char** argv, char** environment) {
  fail_at = number("DELTA_FAIL_AT");
  rest = number("DELTA_FAIL_REST") != 0;
  if (std::getenv("DELTA_FAIL_COUNT") != nullptr) count_to = static_cast<int>(number("DELTA_FAIL_COUNT"));
  std::atexit(report);
  counting = true;
  return real_main(argc, argv, environment);
}

}  // namespace

extern "C" {

EXPORT int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                             void* stack_end) {
  real_main = main;
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  const auto start = reinterpret_cast<Start>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

EXPORT void* malloc(std::size_t size) { return fails() ? nullptr : __libc_malloc(size); }

EXPORT void* calloc(std::size_t count, std::size_t size) { return fails() ? nullptr : __libc_calloc(count, size); }

EXPORT void* realloc(void* at, std::size_t size) { return fails() ? nullptr : __libc_realloc(at, size); }

EXPORT void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void** at, std::size_t alignment, std::size_t size) {
  void* const got = fails() ? nullptr : __libc_memalign(alignment, size);
  if (got == nullptr) return ENOMEM;
  *at = got;
  return 0;
}

EXPORT void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  if ((flags & MAP_ANONYMOUS) != 0 && fails()) return MAP_FAILED;
  using Map = void* (*)(void*, std::size_t, int, int, int, off_t);
  static const auto real = reinterpret_cast<Map>(::dlsym(RTLD_NEXT, "mmap"));
  return real(at, size, protection, flags, fd, offset);
}

}  // extern "C"
