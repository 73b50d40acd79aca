// What must not survive a process that a signal ends, in a form that a signal handler can read: temporary files, and
// what was appended and not acknowledged.
#pragma once

#include <cstdint>
#include <string>

namespace delta::os {

/// While it lives and is armed, a signal that install_signal_cleanup() handles unlinks the path. There is room for 32
/// paths of up to 4,095 bytes; beyond that a guard does nothing, and only a signal then leaves a temporary file behind.
class CleanupGuard {
 public:
  CleanupGuard() = default;
  explicit CleanupGuard(const std::string& path);
  CleanupGuard(CleanupGuard&& other) noexcept;
  CleanupGuard& operator=(CleanupGuard&& other) noexcept;
  ~CleanupGuard() { disarm(); }
  void disarm();

 private:
  int slot_ = -1;
};

/// While it lives, such a signal cuts the file back to the boundary if it is longer. There is room for 4 files; beyond
/// that a guard does nothing, and a signal leaves a torn tail.
class CutBackGuard {
 public:
  CutBackGuard() = default;
  CutBackGuard(int fd, std::uint64_t boundary);
  CutBackGuard(CutBackGuard&& other) noexcept;
  CutBackGuard& operator=(CutBackGuard&& other) noexcept;
  ~CutBackGuard() { disarm(); }
  void move(std::uint64_t boundary);
  void disarm();

 private:
  int slot_ = -1;
};

/// What was asked for is done: signals no longer end the program, until let_signals_kill().
void pass_commit_point();

}  // namespace delta::os
