// The union of logs as a file: their segments, copied and not re-made.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/log.hpp"
#include "delta/result.hpp"

namespace delta {

struct MergeOptions {
  unsigned threads = 0;             ///< 0: as many as the machine has; never changes the bytes
  std::vector<std::string> not_in;  ///< logs: what they hold is left out
  /// Copies of one origin that went apart are brought together instead of refused. Where they part the commit of the
  /// smaller hash keeps the name; from there on the others' commits become those of NAME~HASH8, after the first 8
  /// digits of the hash of the first of them, with new dots and hashes. A function of the set of commits: merging the
  /// result with one of the copies again gives the same. notices() says what was renamed. Errors, beside those of any
  /// merge: forked, where another origin has seen what would be renamed, or what is to be renamed is pruned.
  bool rename_forks = false;
};

struct MergeSummary {
  std::uint64_t segments = 0;  ///< in the output
  std::uint64_t left_out = 0;  ///< segments that were identical to another, contained in one, or not wanted
  std::uint64_t remade = 0;    ///< segments of the output that were cut out of ones that `not_in` holds in part
  std::uint64_t commits = 0, deltas = 0;  ///< in the output, each once
  std::uint64_t bytes = 0;                ///< of the output
};

/// Opened and planned by open(), which reads no deltas unless two segments have to be compared, and no names of
/// vectors; copied by write(). Memory: the table of commits, the directories of the segments, and some 20 MB.
///
/// Segments that are identical to another or contained in one (every commit of it is, whole, in the other) are left
/// out. The others are copied byte for byte, in order of the least key of their commits and of their digests: the
/// output depends on neither the order of the arguments nor on how segments are cut into files, and merging it again
/// with an input changes nothing. A segment without a good end is closed on the way, and what no commit closes is left
/// out. With `not_in`, segments of which these logs hold some commits are re-made from the others.
class DELTA_EXPORT Merge {
 public:
  /// Files, directories, "-". Errors: forked, naming both deltas and their files; corrupt and the others of
  /// Log::open().
  static Result<Merge> open(std::span<const std::string> paths, MergeOptions options = {});
  /// Of the files of an open log.
  static Result<Merge> of(const Log& log, MergeOptions options = {});
  Merge(Merge&&) noexcept;
  Merge& operator=(Merge&&) noexcept;
  ~Merge();

  /// Tails that were left out or closed, and commits of the output whose causes are in none of the logs (verdict
  /// pending).
  const std::vector<Finding>& notices() const noexcept;
  /// There is nothing that the logs of `not_in` lack.
  bool empty() const noexcept;
  std::uint64_t bytes() const noexcept;  ///< to be copied; what is re-made comes on top
  /// The union of all logs given, those of `not_in` included, opened for questions.
  Result<Log> log() const;

  /// Once. All that is copied is checked on the way; corrupt names the place. After an error the output is to be
  /// abandoned. `progress`: told of each piece that was copied, in bytes.
  Result<MergeSummary> write(OutputFile& out, const std::function<void(std::uint64_t)>& progress = {});
  /// The same, but nothing is written: the summary says what would be.
  Result<MergeSummary> rehearse(const std::function<void(std::uint64_t)>& progress = {});

 private:
  struct DELTA_HIDDEN Impl;
  DELTA_HIDDEN explicit Merge(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace delta
