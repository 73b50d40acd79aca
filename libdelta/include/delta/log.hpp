// A log: the union of the files given, opened for questions. Commit rows and names are in memory; deltas stay on disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/accuracy.hpp"
#include "delta/bytes.hpp"
#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/cursor.hpp"
#include "delta/delta.hpp"
#include "delta/dot_ranges.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "delta/vector_set.hpp"

namespace delta {

namespace store {
struct Union;
}

struct OpenOptions {
  unsigned threads = 0;  ///< 0: as many as the machine has
  /// Load only these ids (absent: all). Much faster for questions about a few vectors of many. Commits and their hashes
  /// are loaded as always. Such a log cannot be compacted. Empty: no names of vectors are read; see name_vectors().
  std::optional<std::vector<std::string>> ids = {};
  /// Bytes of memory for the decoded deltas of single vectors that were asked for: asking again, at any cut, then costs
  /// no reading. Filled as questions come; what was not asked for the longest goes first. 0: none are kept.
  std::uint64_t cache = std::uint64_t{32} << 20;
};

/// Bytes of one column over some segments.
struct ColumnUse {
  std::string frame;   ///< "DATA", "IDS", "COMMITS", ...
  std::string column;  ///< "" for frames without columns
  std::string coder;
  std::uint64_t raw = 0, stored = 0;  ///< bytes
};

struct SegmentInfo {
  std::string file;
  std::uint64_t offset = 0, length = 0;  ///< bytes
  std::string id;                        ///< hex
  std::string kind;                      ///< "fresh" or "packed"
  std::string writer;                    ///< "deltalog/0.1.0"
  bool sealed = true;
  std::uint64_t frames = 0, commits = 0, deltas = 0, vectors = 0;  ///< vectors: named by the segment
  Timestamp first, last;                                           ///< of its deltas
  std::uint64_t unknown_frames = 0,
                attestations =
                    0;  ///< among its frames: of types that this version does not know; statements about commits
  std::string unknown_features;  ///< that its header names and this version does not know: "compat 0x1, ro_compat 0x4";
                                 ///< mostly empty
};

/// A name for a cut, as a commit of the log sets it: for a time, or for a release.
struct Tag {
  std::string name;
  CommitNo commit{};
  std::optional<Micros> at = {};  ///< none: a release
  std::vector<Dot> heads = {};    ///< of a release: it is these and all that they had seen
  std::string missing = {};       ///< of a release: a dot of it that is not here, or is pending; empty: all are here
};

/// What became of a log's files since it was opened, for a reader that has come to a cursor.
struct Refreshed {
  enum class Kind : std::uint8_t {
    unchanged,  ///< they hold what they held
    appended,   ///< all of it is where it was, and more behind it
    replaced,   ///< other files, which hold every commit of before, and maybe more: the cursor goes on
    gap,        ///< the cursor does not go on: something behind it was pruned, or is not here any more
  };
  Kind kind = Kind::unchanged;
  std::vector<std::string> lost = {};  ///< of a gap: "origin:first..last", as a reader knows them
};

class DELTA_EXPORT Log {
 public:
  /// Opens the files (or "-") as their union. Damage other than an unsealed or torn tail is an error; those, and
  /// pending commits, are in notices().
  static Result<Log> open(std::span<const std::string> paths, const OpenOptions& options = {});
  /// The same of any sources, such as memory. The log keeps them.
  static Result<Log> open(std::span<const std::shared_ptr<const ByteSource>> sources, const OpenOptions& options = {});
  /// Opens the files again, by their paths, and says what became of them; the log is then what they hold. Numbers of
  /// the log, and what views it, are valid no more unless the answer is `unchanged`. Errors: those of open(); the log
  /// is then as it was.
  Result<Refreshed> refresh(const Cursor& cursor = {});
  /// Behind everything that is not pending.
  Result<Cursor> cursor() const;
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;
  ~Log();

  const Catalog& catalog() const noexcept;
  const std::vector<Finding>& notices() const noexcept;
  /// What damage took of a log that was repaired since, and no file has: nothing else depends on it, or is late for it.
  const DotRanges& lost() const noexcept;
  Result<std::vector<SegmentInfo>> segments() const;
  Result<std::vector<ColumnUse>> columns() const;

  std::size_t commits() const noexcept;               ///< numbered in order of reading
  CommitView commit(CommitNo number) const noexcept;  ///< valid as long as the log is not refreshed
  OriginNo commit_origin(CommitNo number) const noexcept;
  Timestamp commit_time(CommitNo number) const noexcept;  ///< of its last delta
  bool pending(CommitNo number) const noexcept;
  bool pruned(CommitNo number) const noexcept;  ///< some of its deltas may be gone, or parts of them
  /// The times that all that is not pending answers: every time if nothing of it is pruned.
  Result<KeptTimes> readable_times() const;
  Result<std::vector<CommitNo>> commits_in_key_order() const;
  /// Each behind its causes; of those that could come next, the one of least key. Then the pending ones, in key order.
  Result<std::vector<CommitNo>> commits_in_causal_order() const;
  std::optional<CommitNo> find_commit(const Dot& dot) const noexcept;
  /// True when a commit had seen a dot. False where either is pending.
  bool sees(CommitNo number, const Dot& dot) const noexcept;
  /// These dots and all that they had seen. Of a pending commit, what of it is
  /// here. REQUIRES: the log holds the dots.
  Result<SeenSeqs> context(std::span<const Dot> dots) const;
  /// The maximal dots of all that is not pending, in order of origin name: context() of them is everything folded.
  Result<std::vector<Dot>> heads() const;
  /// Hashes of all commits (a pending commit's too when its predecessor is known; else all zero). Reads
  /// every delta once.
  Result<Indexed<CommitNo, Hash>> hashes() const;
  /// "origin:seq" (split at the last colon); an unknown origin or seq is not_found.
  Result<Dot> parse_dot(std::string_view text) const;
  std::string dot_text(const Dot& dot) const;
  /// The tags set by commits that are not pending, in order of name. Of those of one name the one of greatest key
  /// counts, if it does not untag.
  Result<std::vector<Tag>> tags() const;
  Result<std::optional<Tag>> tag(std::string_view name) const;  ///< none: there is no such tag

  /// The accuracies that commits which are not pending record, in order of namespace. Of those of one namespace the
  /// one with the greatest key counts.
  Result<std::vector<RecordedAccuracy>> accuracies() const;

  /// Every delta of every commit once, pending ones included, in order of reading, batch by batch.
  Status each(const VectorSet& vectors, const std::function<Status(const DeltaBatch&)>& visit) const;

  // For the library itself.
  const store::Union& impl() const { return *impl_; }
  store::Union& impl() { return *impl_; }

 private:
  friend struct store::Union;
  DELTA_HIDDEN explicit Log(std::unique_ptr<store::Union>);
  std::unique_ptr<store::Union> impl_;
};

}  // namespace delta
