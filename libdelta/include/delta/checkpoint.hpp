// Checkpoints: states of a log that are kept in a file beside it, so that questions about all vectors need not fold it
// from its beginning. They are a cache: every answer is the same without them (share/doc/delta/checkpoint-1.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "delta/export.hpp"
#include "delta/result.hpp"

namespace delta {

struct CheckpointOptions {
  /// A checkpoint is due where the deltas after the one before it take as many times the bytes of the state, unpacked.
  /// A state of less than 256 KiB counts as so many.
  /// More than 0.
  double cost = 4;
  bool rebuild = false;  ///< pass over those that there are
  bool dry_run = false;  ///< say what would be done, and write nothing
  unsigned threads = 0;  ///< 0: as many as the machine has cores
};

struct CheckpointSummary {
  std::string path;               ///< of the file
  std::uint64_t checkpoints = 0;  ///< that it holds now
  std::uint64_t made = 0;         ///< of these, by this call
  std::uint64_t bytes = 0;        ///< of the file; 0: there is none
};

/// Brings the checkpoints of a log up to date: "a.dlog.dlc" beside "a.dlog". The last one is of everything that the log
/// holds now, if any is due. Together they are at most as large as the log: older ones are left out first. A file that
/// is of another log is replaced, or removed if none is due. The file is replaced in one step, and has the mode and
/// owner of the log. Errors: those of opening and reading the log; io; usage: the cost is not above 0.
DELTA_EXPORT Result<CheckpointSummary> update_checkpoints(const std::string& log,
                                                          const CheckpointOptions& options = {});

/// How many checkpoints the file beside a log holds; 0: there is no file. It is not compared with the log. Errors:
/// corrupt; unsupported: another version; io.
DELTA_EXPORT Result<std::uint64_t> count_checkpoints(const std::string& log);

/// What is wrong with the checkpoints of a log: they are damaged, of another log, or say something else than the log
/// does. None: nothing is, or there are none. Folds the log once for each checkpoint.
DELTA_EXPORT Result<std::optional<std::string>> check_checkpoints(const std::string& log, unsigned threads = 0);

}  // namespace delta
