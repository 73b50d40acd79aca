#include "store/check_ahead.hpp"

#include <algorithm>

#include "format/wire.hpp"
#include "store/segment.hpp"
#include "support/worker_pool.hpp"

namespace delta::store {
namespace {

constexpr std::uint64_t kSmallFile = 1 << 20;   // threads take longer to start
constexpr std::uint64_t kLargeFrame = 1 << 20;  // left to the scan, which reads it piece by piece
constexpr std::uint64_t kAtOnce = 256 << 10;    // handing a few frames to another thread and back takes longer than looking at them

std::uint64_t extent(const format::FrameEntry& entry) { return format::kFrameBytes + format::padded(entry.stored); }

/// Frames [first, last) of a segment, which stand one behind the other.
struct Stretch {
  const Segment* segment = nullptr;
  std::size_t first = 0, last = 0;
  std::uint64_t size = 0;
  Buffer bytes;
  std::vector<std::pair<std::uint64_t, format::FrameHeader>> good;

  void look() {
    const auto& frames = segment->footer.frames;
    good.clear();
    bytes.reserve(kAtOnce + kLargeFrame);  // growing would copy what the last stretch left
    bytes.resize(static_cast<std::size_t>(size));
    const std::uint64_t begin = segment->offset + frames[first].offset;
    if (!segment->file->read(begin, bytes)) return;
    format::FrameHeader frame;
    std::size_t at = 0;
    for (std::size_t i = first; i < last; ++i) {
      const auto here = ByteView(bytes).subspan(at, static_cast<std::size_t>(extent(frames[i])));
      if (check_frame(*segment, frames[i], segment->frame_numbers[i], here, frame)) good.push_back({begin + at, frame});
      at += here.size();
    }
  }
};

}  // namespace

GoodFrames GoodFrames::of(const std::shared_ptr<const InputFile>& file, unsigned threads) {
  GoodFrames out;
  if (threads < 2 || file->size() < kSmallFile) return out;
  const auto segments = footered_segments(file);
  if (!segments) return out;
  OrderedWork work(threads, threads * 2);
  std::vector<std::shared_ptr<Stretch>> spare;
  const auto submit = [&](const Segment& segment, std::size_t first, std::size_t last, std::uint64_t size) {
    const auto stretch = spare.empty() ? std::make_shared<Stretch>() : std::move(spare.back());
    if (!spare.empty()) spare.pop_back();
    stretch->segment = &segment, stretch->first = first, stretch->last = last, stretch->size = size;
    static_cast<void>(work.submit([stretch] { return stretch->look(), Status(); }, [&out, &spare, stretch]() -> Status {
      out.frames_.insert(out.frames_.end(), stretch->good.begin(), stretch->good.end());
      spare.push_back(stretch);
      return {};
    }));  // what is not good is not here: nothing fails
  };
  for (const Segment& segment : *segments) {
    const auto& frames = segment.footer.frames;
    std::size_t first = 0;
    std::uint64_t size = 0;
    for (std::size_t i = 0; i <= frames.size(); ++i) {
      const bool ends = i == frames.size() || extent(frames[i]) > kLargeFrame;
      if (size > 0 && (ends || size >= kAtOnce)) submit(segment, std::exchange(first, i), i, std::exchange(size, 0));
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

bool GoodFrames::contains(std::uint64_t offset, const format::FrameHeader& frame) const {
  const auto found = std::ranges::lower_bound(frames_, offset, {}, &std::pair<std::uint64_t, format::FrameHeader>::first);
  return found != frames_.end() && found->first == offset && found->second == frame;
}

}  // namespace delta::store
