#include "store/postings.hpp"

#include <algorithm>
#include <utility>

#include "base/varint.hpp"

namespace delta::store {

using format::FrameType;

namespace {

constexpr std::uint64_t kPairs = 65536;  // of a vector and a frame, in one POSTINGS frame, unless one vector has more

}  // namespace

std::vector<BlockVector> vectors_of(const SegmentBatch& batch) {
  std::vector<BlockVector> all, out;
  for (std::size_t i = 0; i < batch.size(); ++i) all.push_back({batch.vectors[i], is_lifecycle(batch.ops[i])});
  if (!std::ranges::is_sorted(all, {}, &BlockVector::vector)) std::ranges::sort(all, {}, &BlockVector::vector);
  for (const BlockVector& held : all) {
    if (out.empty() || out.back().vector != held.vector) out.push_back({held.vector, false});
    out.back().lifecycle = out.back().lifecycle || held.lifecycle;
  }
  return out;
}

Status PostingsBuilder::add(std::span<const BlockVector> vectors) {
  if (!vectors.empty() && !counts_.contains(vectors.back().vector)) counts_.resize(index(vectors.back().vector) + 1);
  std::size_t before = 0;
  for (const BlockVector& held : vectors) {
    put_varint(lists_, std::uint64_t{2} * (index(held.vector) - before) + (held.lifecycle ? 1 : 0));
    before = index(held.vector);
    ++counts_[held.vector];
  }
  ends_.push_back(spilled() + lists_.size());
  return lists_.size() < kKept ? Status() : spill();
}

Status PostingsBuilder::spill() {
  if (!spool_) {
    DELTA_TRY(spool_, os::Spool::create());
  }
  DELTA_OK(spool_->write(lists_));
  lists_.clear();
  return {};
}

std::size_t PostingsBuilder::end_of_range(std::size_t first) const {
  std::uint64_t pairs = 0;
  for (const SegmentVector vector : numbers<SegmentVector>(counts_.size(), first)) {
    if (index(vector) > first && pairs + counts_[vector] > kPairs) return index(vector);
    pairs += counts_[vector];
  }
  return counts_.size();
}

/// The list of one frame, read in pieces.
class PostingsBuilder::List {
 public:
  List(const ByteSource& lists, std::uint64_t begin, std::uint64_t end, std::size_t piece)
      : lists_(&lists), begin_(begin), end_(end), piece_(piece) {}

  bool more() const { return more_; }
  std::uint64_t vector() const { return vector_; }
  bool lifecycle() const { return lifecycle_; }

  Status step() {
    constexpr std::size_t kVarint = 10;
    if (piece_of_.size() - at_ < kVarint && begin_ < end_) DELTA_OK(read());
    const Byte* at = piece_of_.data() + at_;
    std::uint64_t written = 0;
    more_ = at_ < piece_of_.size() && get_varint(at, piece_of_.data() + piece_of_.size(), written);
    at_ = static_cast<std::size_t>(at - piece_of_.data());
    vector_ += written / 2;
    lifecycle_ = written % 2 != 0;
    return {};
  }

 private:
  Status read() {
    piece_of_.erase(piece_of_.begin(), piece_of_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t left = piece_of_.size();
    piece_of_.resize(left + static_cast<std::size_t>(std::min<std::uint64_t>(piece_, end_ - begin_)));
    const auto into = std::span(piece_of_).subspan(left);
    begin_ += into.size();
    return lists_->read(begin_ - into.size(), into);
  }

  const ByteSource* lists_;
  std::uint64_t begin_, end_;  // of what has not been read
  std::size_t piece_;
  Buffer piece_of_;
  std::size_t at_ = 0;
  std::uint64_t vector_ = 0;
  bool lifecycle_ = false, more_ = true;
};

Result<std::vector<PostingsBuilder::List>> PostingsBuilder::lists(const ByteSource& source) const {
  constexpr std::size_t kLeast = 256;
  const std::size_t piece = std::max(kLeast, kKept / ends_.size());
  std::vector<List> lists;
  lists.reserve(ends_.size());
  std::uint64_t begin = 0;
  for (const std::uint64_t end : ends_) {
    lists.emplace_back(source, begin, end, piece);
    DELTA_OK(lists.back().step());
    begin = end;
  }
  return lists;
}

Status PostingsBuilder::each(const Visit& visit) {
  if (ends_.size() < kFewest) return {};
  std::shared_ptr<const ByteSource> source = memory_source("postings", lists_);
  if (spool_) {
    DELTA_OK(spill());
    source = std::move(*spool_).finish("the temporary file");
  }
  DELTA_TRY(auto frames, lists(*source));
  Buffer payload;
  for (std::size_t first = 0, end = 0; first < counts_.size(); first = end) {
    end = end_of_range(first);
    format::Postings postings;
    std::vector<std::uint32_t> next;  // place for the next frame of each vector
    std::uint32_t pairs = 0;
    for (const SegmentVector vector : numbers<SegmentVector>(end, first)) {
      next.push_back(pairs);
      postings.ends.push_back(pairs += counts_[vector]);
    }
    postings.list.resize(pairs);
    for (std::uint32_t frame = 0; frame < frames.size(); ++frame) {
      for (List& list = frames[frame]; list.more() && list.vector() < end;) {
        postings.list[next[list.vector() - first]++] = {frame, list.lifecycle()};
        DELTA_OK(list.step());
      }
    }
    payload.clear();
    format::write_postings(postings, payload);
    DELTA_OK(visit(nth<SegmentVector>(first), static_cast<std::uint32_t>(end - first), payload));
  }
  return {};
}

PostingsReader::PostingsReader(const Segment& segment) {
  const auto& frames = segment.footer.frames;
  const auto count = [&](FrameType type) { return std::ranges::count(frames, type, &format::FrameEntry::type); };
  data_frames_ = static_cast<std::uint32_t>(count(FrameType::data));
  count_ = static_cast<std::size_t>(count(FrameType::postings));
  frames_ = std::make_unique<Frame[]>(count_);
  pairs_ = std::make_unique<std::atomic<std::uint64_t>>(0);
  for (std::size_t i = 0, next = 0; i < frames.size(); ++i) {
    if (frames[i].type == FrameType::postings) frames_[next++].entry = i;
  }
}

struct PostingsReader::Kept {
  const format::Postings* postings = nullptr;  // null: cannot be read
  std::unique_ptr<const format::Postings> own = {};
};

PostingsReader::Kept PostingsReader::look(const Segment& segment, Frame& frame) const {
  if (const auto* kept = frame.kept.load()) return {kept};
  const auto payload = read_frame(segment, frame.entry);
  auto read = std::make_unique<format::Postings>();
  const std::uint32_t vectors = segment.footer.frames[frame.entry].count;
  if (!payload || !format::read_postings(*payload, vectors, data_frames_, *read)) return {};
  const auto* postings = read.get();
  const format::Postings* none = nullptr;
  if (*pairs_ + postings->list.size() > kMostKept) return {postings, std::move(read)};
  if (!frame.kept.compare_exchange_strong(none, postings)) return {none};  // somebody else was quicker
  *pairs_ += postings->list.size();
  return {read.release()};
}

std::optional<std::vector<bool>> PostingsReader::frames_of(const Segment& segment,
                                                           std::span<const SegmentVector> vectors,
                                                           bool lifecycles_only) const {
  std::vector<bool> out(data_frames_);
  std::uint64_t covered = 0;  // vectors before this number
  auto next = vectors.begin();
  for (std::size_t i = 0; i < count_; ++i) {
    const format::FrameEntry& entry = segment.footer.frames[frames_[i].entry];
    if (entry.first != covered) return std::nullopt;
    covered += entry.count;
    if (next == vectors.end() || index(*next) >= covered) continue;
    const Kept kept = look(segment, frames_[i]);
    if (kept.postings == nullptr) return std::nullopt;
    const auto& [ends, list] = *kept.postings;
    for (; next != vectors.end() && index(*next) < covered; ++next) {
      const auto place = static_cast<std::size_t>(index(*next) - entry.first);
      for (std::uint32_t p = place == 0 ? 0 : ends[place - 1]; p < ends[place]; ++p) {
        if (list[p].lifecycle || !lifecycles_only) out[list[p].frame] = true;
      }
    }
  }
  if (covered != segment.vectors()) return std::nullopt;
  return out;
}

}  // namespace delta::store
