#include "store/check_ahead.hpp"

#include <algorithm>

#include "format/wire.hpp"
#include "os/worker_pool.hpp"
#include "store/segment.hpp"

namespace delta::store {
namespace {

constexpr std::uint64_t kLargeFrame = 1 << 20;  // left to the scan, which reads it piece by piece
constexpr std::uint64_t kPiece = 128 << 10;     // is read at once, into a buffer that stays in the cache
constexpr std::uint64_t kStretch =
    4 << 20;  // is handed to a thread at once: handing over takes as long as looking at a piece

std::uint64_t extent(const format::FrameEntry& entry) { return format::kFrameBytes + format::padded(entry.stored); }

/// Frames [first, last) of a segment, none of them large, which stand one behind the other.
struct Stretch {
  const Segment& segment;
  std::size_t first, last;
  std::vector<std::pair<std::uint64_t, format::FrameHeader>> good = {};

  void look() {
    const auto& frames = segment.footer.frames;
    Buffer bytes;
    for (std::size_t i = first, begin = first; i < last; begin = i) {
      std::uint64_t size = 0;
      while (i < last && (i == begin || size + extent(frames[i]) <= kPiece)) size += extent(frames[i++]);
      bytes.resize(std::max(bytes.size(), static_cast<std::size_t>(size)));
      const auto piece = std::span(bytes).first(static_cast<std::size_t>(size));
      if (!segment.file->read(segment.offset + frames[begin].offset, piece)) return;
      look_at(piece, begin, i);
    }
  }

 private:
  void look_at(ByteView bytes, std::size_t begin, std::size_t end) {
    const auto& frames = segment.footer.frames;
    for (std::size_t i = begin, at = 0; i < end; ++i) {
      const ByteView here = bytes.subspan(at, static_cast<std::size_t>(extent(frames[i])));
      format::FrameHeader frame;
      if (check_frame(segment, frames[i], segment.frame_numbers[i], here, frame)) {
        good.push_back({segment.offset + frames[begin].offset + at, frame});
      }
      at += here.size();
    }
  }
};

}  // namespace

ChecksummedFrames ChecksummedFrames::of(const std::shared_ptr<const ByteSource>& file, unsigned threads) {
  ChecksummedFrames out;
  if (threads < 2) return out;
  const auto segments = footered_segments(file);
  if (!segments) return out;
  OrderedWork work(threads, threads * 2);
  const auto submit = [&](const Segment& segment, std::size_t first, std::size_t last) {
    const auto stretch = std::make_shared<Stretch>(Stretch{segment, first, last});
    static_cast<void>(work.submit([stretch] { return stretch->look(), Status(); },
                                  [&out, stretch]() -> Status {
                                    out.frames_.insert(out.frames_.end(), stretch->good.begin(), stretch->good.end());
                                    return {};
                                  }));  // what is not good is not here: nothing fails
  };
  for (const Segment& segment : *segments) {
    const auto& frames = segment.footer.frames;
    std::size_t first = 0;
    std::uint64_t size = 0;
    for (std::size_t i = 0; i <= frames.size(); ++i) {
      const bool ends = i == frames.size() || extent(frames[i]) > kLargeFrame;
      if (size > 0 && (ends || size >= kStretch)) {
        submit(segment, first, i);
        first = i;
        size = 0;
      }
      if (ends) {
        first = i + 1;
      } else {
        size += extent(frames[i]);
      }
    }
  }
  static_cast<void>(work.finish());
  return out;
}

bool ChecksummedFrames::contains(std::uint64_t offset, const format::FrameHeader& frame) const {
  const auto found =
      std::ranges::lower_bound(frames_, offset, {}, &std::pair<std::uint64_t, format::FrameHeader>::first);
  return found != frames_.end() && found->first == offset && found->second == frame;
}

}  // namespace delta::store
