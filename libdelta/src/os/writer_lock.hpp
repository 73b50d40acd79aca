// The lock that the writers of one log hold, and what readers learn from it.
//
// It is a write lock of the open file description (F_OFD_SETLK) on the bytes from the *acknowledged end* to infinity:
// readers ask where it begins, and read no further, since what is behind is in flight. Any two writers want bytes
// without end, so they exclude each other wherever their ends are. The kernel drops the lock when the process ends,
// however it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "delta/file.hpp"
#include "os/fd.hpp"

namespace delta::os {

/// No file is so long: who holds the bytes from here on excludes other writers, and says nothing about the end yet.
inline constexpr std::uint64_t kLockGate = std::uint64_t{1} << 62;

enum class LockState : std::uint8_t {
  held,
  busy,      ///< another process holds it
  no_locks,  ///< the file system has none
};

/// Takes the bytes from `from` on; held already, it is extended. Does not wait. An Error only where the system refuses
/// otherwise.
Result<LockState> try_lock(const Fd& fd, std::uint64_t from, const std::string& file);
/// Gives up the bytes before `to`. REQUIRES: a lock that begins at `from`, not behind `to`.
Status unlock_before(const Fd& fd, std::uint64_t from, std::uint64_t to, const std::string& file);
/// Gives up all of it.
void unlock(const Fd& fd);

/// Waits for the gate of a log's lock. Errors: locked, after wait.longest, with who holds it where the system tells;
/// locked where the file system has no locks, unless !wait.required.
Status wait_for_lock(const Fd& fd, const std::string& file, const LockWait& wait);

/// Where another's lock begins; none: nobody holds one, or the file system has none.
std::optional<std::uint64_t> locked_from(const Fd& fd);

/// How many bytes of the file are acknowledged now: up to a writer's lock, or all. io: it never stands still.
Result<std::uint64_t> acknowledged_size(const Fd& fd, const std::string& file);

}  // namespace delta::os
