// A log that grows in place. One writer at a time; what was there before stays, whatever fails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "delta/bytes.hpp"
#include "delta/file.hpp"
#include "delta/result.hpp"

namespace delta::os {

/// An existing regular file, locked for one writer (see writer_lock.hpp; released when destroyed). What is written
/// counts only after acknowledge(): a failed write, a failed sync, the destructor and a signal cut the file back to the
/// *boundary*, its acknowledged end, which is its size when opened, last truncated, or last acknowledged. After a
/// failed sync every further call fails (what the disk holds is no longer known).
class AppendFile final : public ByteSink {
 public:
  /// A link is followed. Errors: locked (another process is writing; see wait_for_lock()), not_found, io.
  static Result<AppendFile> open(const std::string& path, const LockWait& wait = {});
  AppendFile(AppendFile&&) noexcept;
  AppendFile& operator=(AppendFile&&) noexcept;
  ~AppendFile() override;

  const std::string& name() const;
  std::uint64_t hard_links() const;  ///< when it was locked
  std::uint64_t size() const;        ///< with what was written and not acknowledged
  /// Fills `into` from `offset`; an error if the file ends before it is full.
  Status read(std::uint64_t offset, std::span<Byte> into) const;
  /// At the end. Errors say whether the file is as it was.
  Status write(ByteView bytes) override;
  /// Cuts the file (not longer than it is), and moves the boundary there; durable with the next sync().
  Status truncate(std::uint64_t size);
  /// What was written is durable, and not acknowledged.
  Status sync();
  /// What was written is durable, the boundary is the end, and readers see it. io: the path names another file by now.
  Status acknowledge();
  /// Error where the path names another file than this one by now.
  Status check_named() const;

 private:
  struct State;
  explicit AppendFile(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace delta::os
