// What stands beside an output until the output has its name: files under names that nobody asks for.
#pragma once

#include <string>

#include "delta/result.hpp"
#include "os/cleanup.hpp"
#include "os/fd.hpp"

namespace delta::os {

/// Where a file stands: its directory as a path, and its name there. A symbolic link is not followed.
struct Place {
  std::string directory, base;
};
Place place_of(const std::string& path);

/// A file ".NAME.RANDOM.deltalog-tmp" in the directory of NAME. The destructor and a signal remove it, unless it was
/// released. Whoever is killed leaves it behind; so it is locked while its owner lives, and the next one who writes
/// NAME removes what is not locked.
class Temporary {
 public:
  Temporary() = default;
  /// A new file, open for writing, of at most this mode. Removes the left-over ones of `target` first.
  static Result<Temporary> create(const std::string& target, mode_t mode);
  /// A second name of `target` (a hard link), so that it outlives a rename over it. None where the file system has no
  /// second names.
  static Result<Temporary> link_to(const std::string& target);
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;
  ~Temporary() { remove(); }

  explicit operator bool() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  const Fd& fd() const { return fd_; }
  /// Closes the file, to learn of a failed write; it stays locked.
  Status close(const std::string& file);
  /// It has another name by now: forgets the path. The lock stays until unlock() or the end.
  void release();
  void unlock();
  void remove();

 private:
  std::string path_;  // empty: none, or no longer
  Fd fd_, lock_;      // the lock belongs to the open file, which the second descriptor keeps
  CleanupGuard guard_;
};

}  // namespace delta::os
