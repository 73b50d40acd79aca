// Copies segments as they are. Every byte is checked on its way, once, so that damage is never passed on.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/checksum.hpp"
#include "delta/bytes.hpp"
#include "os/worker_pool.hpp"
#include "store/seal.hpp"
#include "store/segment.hpp"

namespace delta::store {

/// Reads and checks pieces of some MiB on workers while the calling thread writes those before. Holds at most about 20
/// MiB, however large frames are.
class SegmentCopier {
 public:
  SegmentCopier(unsigned threads, ByteSink& sink);  ///< keeps the reference

  /// A sealed segment; or one that was cut, with its seal. `twins` stand in where the segment cannot be read or is
  /// damaged: the same bytes elsewhere. All live until finish(). Errors: corrupt and unsupported name the frame; io.
  Status copy(const Segment& segment, const Seal* seal = nullptr, std::span<const Segment> twins = {});
  /// Everything is checked and written.
  Status finish();

 private:
  struct Piece;

  Status plan(const Segment& segment, std::span<const Segment> twins);
  Status submit(Piece piece);
  Status copy_large(const Segment& segment, std::span<const Segment> twins, std::size_t frame);
  Status absorb(const Piece& piece);
  Status check_end(const Segment& segment, ByteView trailer);

  ByteSink& sink_;
  OrderedWork work_;
  std::vector<Buffer> spare_;
  Checksum digest_;           // of the segment whose pieces are written
  std::uint32_t frames_ = 0;  // of it, so far
};

}  // namespace delta::store
