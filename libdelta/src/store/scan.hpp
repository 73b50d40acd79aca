// Finds the segments and frames of a file front to back, trusting nothing, and judges what is wrong with it. Readers
// prefer the footers (segment.hpp) and come here when something is not as it should be; `verify` always comes here.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "delta/file.hpp"
#include "delta/finding.hpp"
#include "delta/result.hpp"
#include "format/layout.hpp"

namespace delta::store {

struct ScannedFrame {
  format::FrameHeader header;
  std::uint64_t offset = 0;  // in the file
};

struct ScannedSegment {
  std::uint64_t offset = 0, end = 0;       // in the file; end: of the last valid byte
  std::optional<format::Header> header;    // none: its header is damaged
  std::vector<ScannedFrame> frames;        // valid ones in order, FOOTER included
  std::vector<ScannedFrame> damaged;       // those whose header alone is valid
  std::optional<format::Trailer> trailer;  // valid and in agreement with the frames
  bool whole = true;                       // no damage was found inside
  bool known = true;  // nor anything that this version does not know: what follows it is not looked at
};

struct ScannedFile {
  std::vector<ScannedSegment> segments;
  std::vector<Finding> findings;  // in order of offset; empty: ok
  std::uint64_t good_end = 0;     // everything before is valid: where a torn tail may be cut
};

class ChecksummedFrames;

enum class Payloads : std::uint8_t { checked, passed_over };
enum class Torn : std::uint8_t {
  ends_it,  ///< what follows an unfinished write is not looked at: it was never acknowledged
  goes_on,  ///< all of the file is looked at
};
/// `payloads`: whether their checksums are checked, but those that `good` (may be null) knows to be right. An Error
/// only for I/O.
Result<ScannedFile> scan_file(const ByteSource& file, Payloads payloads, const ChecksummedFrames* good = nullptr,
                              Torn torn = Torn::ends_it);

/// "segment 0, frame 3 (DATA)"
std::string place_name(std::size_t segment, const format::FrameHeader* frame);

}  // namespace delta::store
