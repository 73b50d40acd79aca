// The lookup index of a log: a file beside it, "a.dlog.dlx" of "a.dlog", by which a question about a few vectors finds
// what it needs. All answers are the same without it. An Encoder that appends extends it; an OutputFile that replaces a
// log removes it. See share/doc/delta/index-1.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "delta/export.hpp"
#include "delta/file.hpp"
#include "delta/result.hpp"

namespace delta {

struct IndexOptions {
  std::string index = {};  ///< path of the index; empty: that of the log with ".dlx" behind it
  bool rebuild = false;    ///< make it new, also where it is whole
  bool dry_run = false;    ///< write nothing, and say what would be written
  LockWait wait = {};      ///< for writers of the log
};

/// What an index is worth.
enum class IndexWorth : std::uint8_t {
  absent,
  whole,
  behind,       ///< the log has grown since: it is not used
  foreign,      ///< it is of another log, or of what the log was before it was replaced
  damaged,      ///< or was not written to its end
  unsupported,  ///< of another version
};
/// "absent", "whole", "behind", ...
DELTA_EXPORT std::string_view index_worth_name(IndexWorth worth) noexcept;

struct IndexReport {
  enum class Done : std::uint8_t { nothing, made, extended };
  std::string log, index;  ///< paths
  IndexWorth found = IndexWorth::absent;
  std::string what = {};                                         ///< of `damaged` and `unsupported`
  Done done = Done::nothing;                                     ///< or what a dry run would do
  std::uint64_t written = 0;                                     ///< bytes
  std::uint64_t bytes = 0;                                       ///< of the index, after that
  std::uint64_t segments = 0, commits = 0, ids = 0, levels = 0;  ///< of the index; ids of all levels together
  bool linear = false;  ///< each commit of the log has seen all before it: only then commits are read in part
};

/// Makes the index of a log, or extends it by what the log has grown by, under the lock of the log. It has the mode of
/// the log, and as far as the system permits it the owner. Errors: those of opening the log; locked; io; exists: what
/// `options.index` names is no index, or damaged; unsupported: the last segment of the log is not sealed.
DELTA_EXPORT Result<IndexReport> reindex(const std::string& log, const IndexOptions& options = {});

/// Reads the whole log and the whole index, and compares them: `found` is damaged where they differ. Writes nothing.
DELTA_EXPORT Result<IndexReport> check_index(const std::string& log, const std::string& index = {});

}  // namespace delta
