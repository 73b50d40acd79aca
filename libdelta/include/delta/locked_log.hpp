// A log that is to be replaced by what is made of it: nothing that a writer was told is committed may be lost on the
// way.
#pragma once

#include <memory>
#include <string>

#include "delta/export.hpp"
#include "delta/file.hpp"
#include "delta/result.hpp"

namespace delta {

/// Holds the lock of a log's writers from before the log is read until after it is replaced; the destructor gives it
/// up. Writers that wait then find the new file, and go on with it.
class DELTA_EXPORT LockedLog {
 public:
  struct Options {
    LockWait wait = {};
    bool force = false;  ///< also where other hard links would keep the old file, or the owner cannot be kept
  };
  /// Symbolic links are followed. Errors: locked, not_found, io: no regular file, or one with several hard links
  /// without `force`.
  static Result<LockedLog> open(const std::string& path, Options options);
  LockedLog(LockedLog&&) noexcept;
  LockedLog& operator=(LockedLog&&) noexcept;
  ~LockedLog();

  const std::string& path() const noexcept;  ///< without symbolic links: what is to be read, and where the output goes
  /// The output for replace_by(): it stands beside the log, and is not committed yet.
  Result<OutputFile> create_output() const;
  /// Prepares the output and says whether it differs from the log as it is: if not, the log is better left alone.
  /// Errors: io, where the path names another file by now, or the owner cannot be kept without `force`. Commit the
  /// output only after this.
  Result<bool> changed_by(OutputFile& output) const;

 private:
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit LockedLog(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace delta
