// Opening a log through its lookup index (delta/reindex.hpp), for questions about a few vectors of a large log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/export.hpp"
#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"

namespace delta {

/// Opens logs for questions about the state of `options.ids` now or at a time: snapshot(), blame(), State, properties
/// and tags that name a time. All of these answer as after Log::open(). Of one log that has a whole index, and in which
/// each commit has seen all before it, only the segments that name these ids are read, and those that hold settings:
/// the other commits stand for their dots alone, and several may stand as one. What else is asked of such a log (its
/// commits, cuts by dots, releases, hashes, cursors) may be answered wrongly. Any other is opened as by Log::open(). An
/// index that is not used because it is damaged, or of another state of the log, is in notices().
DELTA_EXPORT Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options);

/// The same for `options.ids` and those ids that match one of `globs` (delta/glob.hpp), as far as the log has them.
/// Without an index that tells them, all vectors of the log are named.
DELTA_EXPORT Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options,
                                        std::span<const std::string> globs);

/// Opens logs for any question about the vectors of `options.ids` and those that match one of `globs`: each answer is
/// as after Log::open() with these ids. Of a log that has a whole index no names of vectors are read; by globs they
/// are, unless each of the logs has one. The logs may be concurrent, pruned, or wait for causes.
DELTA_EXPORT Result<Log> open_for_vectors(std::span<const std::string> paths, const OpenOptions& options,
                                          std::span<const std::string> globs = {});

/// Which commits a question is about. REQUIRES: one of these.
struct CommitsWanted {
  std::optional<std::uint64_t> last = {};  ///< so many at the end of the log; and
  std::optional<Micros> since = {};        ///< those of this time or later
  std::string dot = {};                    ///< "origin:seq": the one that holds it
};
/// Opens logs for a question about some commits and their deltas, without names of vectors (delta::name_vectors() reads
/// them): commit(), find_commit(), commits_in_key_order(), parse_dot(), DeltaFilter by times and by what commits say,
/// each_delta(). Of one log that has a whole index, and in which each commit has seen all before it, only the commits
/// that are wanted are read, and maybe some more. Commits without deltas stand before them, in key order, too, for what
/// they have seen: their times mean nothing. What else is asked of such a log may be answered wrongly. Any other is
/// opened as by Log::open() with no ids.
DELTA_EXPORT Result<Log> open_for_commits(std::span<const std::string> paths, const OpenOptions& options,
                                          const CommitsWanted& wanted);

/// The files that logs are read from: a directory stands for the *.dlog in it, in order of name, as for Log::open().
/// What is skipped there is named in `notices`. Errors: io; not_found: a directory without a log.
DELTA_EXPORT Result<std::vector<std::string>> log_files(std::span<const std::string> paths,
                                                        std::vector<Finding>& notices);

/// Whether a file stands where the index of a log would be, whole or not. Errors: no_memory.
DELTA_EXPORT Result<bool> has_index(const std::string& log);

}  // namespace delta
