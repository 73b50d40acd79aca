// A new log from damaged copies of one: all that can be read of them, and what is lost named.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/dot_ranges.hpp"
#include "delta/file.hpp"
#include "delta/result.hpp"

namespace delta {

struct RepairOptions {
  unsigned threads = 0;
  std::uint64_t memory = 256 << 20;  ///< bytes, for deltas that are written anew
};

/// A segment of the output.
struct RepairedSegment {
  enum class Kind : std::uint8_t {
    copied,     ///< byte for byte, from one file
    joined,     ///< byte for byte as it was, of frames of several files
    sealed,     ///< its frames byte for byte, and a new footer and trailer
    rewritten,  ///< commits and deltas that could be read, packed anew
  };
  Kind kind = Kind::copied;
  std::string id;                  ///< of the segment as it was, in hexadecimal digits; empty: its header is lost
  std::vector<std::string> files;  ///< that its frames came from, in the order given
  std::uint64_t frames = 0, lost_frames = 0;  ///< that were found, and that were not
  std::uint64_t commits = 0, deltas = 0;      ///< in the output
};

struct RepairReport {
  std::vector<RepairedSegment> segments;
  DotRanges lost;                         ///< dots that no copy has
  std::vector<std::string> lost_vectors;  ///< whose deltas are among them, as far as names and POSTINGS tell it; sorted
  std::uint64_t lost_pruned = 0;          ///< deltas of pruned commits: nobody knows which dots they had
  std::uint64_t bytes = 0, commits = 0, deltas = 0;  ///< of the output
};

/// Writes what can be read of the files, which are copies of one log, or parts of it. The output is not committed; it
/// was verified, and is ok. Errors: corrupt (nothing can be saved), unsupported, forked (the files are not of one log),
/// io.
DELTA_EXPORT Result<RepairReport> repair(std::span<const std::string> paths, OutputFile& out,
                                         const RepairOptions& options = {});
/// "copied", "joined", "sealed", "rewritten".
DELTA_EXPORT std::string_view repair_kind_name(RepairedSegment::Kind kind) noexcept;

}  // namespace delta
