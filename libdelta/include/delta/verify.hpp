// Is a log whole, and does it mean what it says?
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/bytes.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "delta/timestamp.hpp"

namespace delta {

enum class VerifyLevel : std::uint8_t {
  header,   ///< segment headers, frame headers, trailers: no payload is read
  frame,    ///< and every payload's checksum
  content,  ///< and every payload decoded, footers recomputed, the rules for single deltas
  chain,    ///< and dots, parents, clocks, existence, hash chains, forks
};

/// One of some parts of the payloads: part `part` of `parts`, from 1 on.
struct VerifySample {
  std::uint64_t part = 1, parts = 1;
};

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::chain;
  unsigned threads = 0;
  std::optional<Micros> latest = {};  ///< commits with a later time are noted; none: no time is ahead
  /// Bytes for what is known of each delta of a packed segment. What does not fit goes to a temporary file without a
  /// name, in $TMPDIR or /tmp: 48 bytes a delta.
  std::uint64_t memory = 256 << 20;
  /// Of the DATA frames, only every parts-th is read: header and all other frames always are. The level is frame or
  /// content. A row whose deltas were not all read is not judged, nor is what needs all deltas of a segment.
  std::optional<VerifySample> sample = {};
};

struct VerifyReport {
  Verdict verdict = Verdict::ok;  ///< the worst finding; notes do not count
  std::vector<Finding> findings;  ///< in order of file and offset
  std::uint64_t files = 0, bytes = 0, segments = 0, frames = 0, commits = 0, deltas = 0;
  std::uint64_t unknown_frames = 0;  ///< of `frames`: of types that this version passes over
};

/// Verifies the files as their union. An Error only where a file cannot be read at all (not found, I/O), or where the
/// temporary file has no room.
DELTA_EXPORT Result<VerifyReport> verify(std::span<const std::string> paths, const VerifyOptions& options = {});
/// The same of logs that are open. A finding names the source as it calls itself.
DELTA_EXPORT Result<VerifyReport> verify(std::span<const std::shared_ptr<const ByteSource>> sources,
                                         const VerifyOptions& options = {});

}  // namespace delta
