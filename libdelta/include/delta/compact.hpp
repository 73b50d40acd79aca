// Compaction: a log repacked by vector, and pruned by rules (law 8).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/finding.hpp"
#include "delta/kept_times.hpp"
#include "delta/locked_log.hpp"
#include "delta/log.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"

namespace delta {

/// Which cuts a compaction keeps beside now and the time before the beginning. A kept time keeps its whole *still*: all
/// the time from the last delta or commit at or before it up to the next. Calendar rules keep the last moment of each
/// of the last `count` UTC hours, days, weeks (from Monday), months or years in which something happened, counted back
/// from the log's greatest timestamp.
struct KeepRule {
  enum class Kind : std::uint8_t {
    all,    ///< every time: nothing is pruned
    now,    ///< nothing beside now
    since,  ///< `at` and every later time
    last,   ///< of each vector, its last `count` deltas
    every,  ///< the last microsecond of each `step`, counted from the epoch
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
    tags,  ///< the times and releases that tags name
  };
  Kind kind = Kind::all;
  Micros at = 0;
  Micros step = 0;
  std::uint64_t count = 0;
};

/// A cut that a rule keeps, and why.
struct KeptCut {
  std::string why;                             ///< "daily: 2026-01-31", "tag v1.0", ...
  std::optional<KeptTimes::Range> still = {};  ///< of a kept time
  std::vector<Dot> release = {};               ///< of a kept release: the maximal dots
};

struct CompactOptions {
  Preset preset = Preset::balanced;
  unsigned threads = 0;
  bool force = false;                     ///< replace an existing output
  std::vector<KeepRule> keep = {};        ///< united; none: all
  std::optional<Micros> count_from = {};  ///< calendar rules count back from here, not from the greatest timestamp
  std::optional<Micros> clock = {};       ///< they refuse to count from a greatest timestamp that is later than this
  bool whole_deltas = false;              ///< drop only whole deltas, so that hashes still verify all that is kept
  /// No writer exists whose deltas are not here. Transforms and tombstones that no kept time needs go too: values
  /// become those after the transforms, so blame no longer names these. Recorded; a delta that is neither here nor has
  /// seen all of this is then refused as late.
  bool assume_closed = false;
  std::uint64_t memory = std::uint64_t{256}
                         << 20;  ///< deltas sorted at once, in bytes as plain rows: more passes, never other bytes
};

struct CompactReport {
  std::uint64_t commits = 0, vectors = 0;           ///< vectors: that have deltas
  std::uint64_t deltas = 0, kept = 0, partial = 0;  ///< before; after, of which so many in part
  std::uint64_t pruned_commits = 0;                 ///< after: that have lost something, now or before
  std::uint64_t longest_chain = 0;                  ///< most deltas of a vector, before
  std::uint64_t bytes_before = 0, bytes_after = 0;
  bool changed = true;  ///< false: in place, and the log is that already
  bool repacked =
      true;  ///< false: so small that any reader has it whole at once, and larger when packed: merged instead
  KeptTimes readable_times;        ///< the times that the output answers; all() if nothing is pruned
  std::vector<KeptCut> kept_cuts;  ///< by rule, in order of time
  std::vector<Finding> notices;    ///< pending commits, a torn tail that was skipped, ...
};

/// Writes the union of the logs as one packed segment to `output` (if nothing is pruned and
/// the log has few blocks, its segments are copied if they are smaller); errors beside those of Log::open():
/// bad_input where `assume_closed` cannot hold, since commits wait for causes, or was given before and is not given
/// now. `output` empty: nothing is written (a dry run), and the report says what would be. Memory: `memory` bytes,
/// names and commit rows, 40 bytes a vector; if anything is pruned, `memory` more, and a file of 96 bytes a delta.
/// A log that is one packed segment is read once, and takes the deltas of one vector instead of `memory`, unless
/// anything is pruned or the output is no regular file.
DELTA_EXPORT Result<CompactReport> compact(std::span<const std::string> paths, const std::string& output,
                                           const CompactOptions& options);
DELTA_EXPORT Result<CompactReport> compact(
    const Log& log, const std::string& output,
    const CompactOptions& options);  ///< the same of an open one; usage: if it was opened for some ids
/// The same, and the output takes the place of the log, which `log` was read from under the lock; where the bytes would
/// be the same, nothing is replaced.
DELTA_EXPORT Result<CompactReport> compact_in_place(const Log& log, const LockedLog& place,
                                                    const CompactOptions& options);

/// Deltas of the vector that has most: what `--if chain:N` asks.
DELTA_EXPORT Result<std::uint64_t> longest_chain(const Log& log);

}  // namespace delta
