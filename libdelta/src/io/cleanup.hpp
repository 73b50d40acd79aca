// Temporary files that must not survive the process, in a form that a signal handler can read.
#pragma once

#include <string>

namespace delta::io {

/// While it lives and is armed, a signal that install_signal_cleanup() handles unlinks the path. There is room for 32 paths
/// of up to 4,095 bytes; beyond that a guard does nothing, and only a signal then leaves a temporary file behind.
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

}  // namespace delta::io
