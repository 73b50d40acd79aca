// Which frames a question needs: by vectors, by time and by commits, without reading any of them.
#include <algorithm>
#include <memory>
#include <numeric>

#include "store/union.hpp"

namespace delta {

using format::FrameType;

/// Two threads that come at once may both make it; the first one's stays.
const std::vector<std::uint32_t>& store::LoadedSegment::Places::of(const std::vector<VectorNo>& numbers) {
  if (const auto* order = order_.load()) return *order;
  auto made = std::make_unique<std::vector<std::uint32_t>>(numbers.size());
  std::iota(made->begin(), made->end(), 0);
  std::ranges::sort(*made, {}, [&](std::uint32_t place) { return numbers[place]; });
  const std::vector<std::uint32_t>* none = nullptr;
  return order_.compare_exchange_strong(none, made.get()) ? *made.release() : *none;
}

void store::LoadedSegment::look_up(VectorNo vector, std::vector<SegmentVector>& out) const {
  if (rising) {
    const auto at = std::ranges::lower_bound(vectors, vector);
    if (at != vectors.end() && *at == vector) {
      out.push_back(segment.vector_of(static_cast<std::size_t>(at - vectors.begin())));
    }
    return;
  }
  const auto& order = places_->of(vectors);
  auto at = std::ranges::lower_bound(order, vector, {}, [this](std::uint32_t place) { return vectors[place]; });
  for (; at != order.end() && vectors[*at] == vector; ++at) out.push_back(segment.vector_of(*at));
}

std::vector<SegmentVector> store::LoadedSegment::those_of(const VectorSet& set) const {
  constexpr std::size_t kFew = 16;  // where one in so many is asked for, looking each up is quicker
  std::vector<SegmentVector> out;
  if (!set.is_all() && set.size() * kFew < vectors.size()) {
    set.each([&](VectorNo vector) { look_up(vector, out); });
    if (!rising) std::ranges::sort(out);
    return out;
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (set.contains(vectors[i])) out.push_back(segment.vector_of(i));
  }
  return out;
}

bool store::LoadedSegment::may_hold(const format::FrameEntry& frame,
                                    const Indexed<CommitNo, std::uint32_t>& chosen) const {
  if (segment.packed()) return true;
  const auto& ends = segment.row_ends;
  const auto first = static_cast<std::size_t>(std::ranges::upper_bound(ends, frame.first) - ends.begin());
  for (const RowNo row : numbers<RowNo>(ends.size(), first)) {
    if (chosen[commits[row]] != 0) return true;
    if (ends[row] >= frame.first + frame.count) break;
  }
  return false;
}

std::uint64_t store::LoadedSegment::deltas_of(const Indexed<CommitNo, std::uint32_t>& chosen) const {
  std::uint64_t deltas = 0;
  for (const RowNo row : commits.numbers()) {
    if (chosen[commits[row]] != 0) deltas += segment.rows().commits().deltas(row);
  }
  return deltas;
}

namespace {

constexpr std::size_t kFew = 16;  // where more than one in so many vectors is wanted, a block likely holds one
bool few(std::size_t some_of, std::size_t all) { return some_of * kFew < all; }

/// By what the footer says of a frame, and of fresh ones by the commits of its deltas.
bool may_hold(const store::LoadedSegment& part, const format::FrameEntry& entry,
              const store::Union::StreamOptions& options) {
  return entry.type == FrameType::data && !(options.until && entry.min_time.us() > *options.until) &&
         !(options.since && entry.max_time.us() < *options.since) && !part.segment.passes_over(entry) &&
         !(options.commits && !part.may_hold(entry, *options.commits));
}

}  // namespace

/// The DATA frames of a part, by their entries, that may hold what is wanted of `chosen` (null: of all vectors).
std::vector<std::size_t> store::Union::frames_for(const LoadedSegment& part, const StreamOptions& options,
                                                  const std::vector<SegmentVector>* chosen) {
  const store::Segment& segment = part.segment;
  std::vector<std::size_t> found;
  std::vector<std::size_t> places;  // of these among the DATA frames
  std::size_t data = 0;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    const auto& entry = segment.footer.frames[i];
    const std::size_t place = data;
    data += entry.type == FrameType::data;
    if (part.found_in && !(*part.found_in)[i]) continue;
    if (!delta::may_hold(part, entry, options)) continue;
    if (chosen != nullptr) {
      const auto first = std::ranges::lower_bound(*chosen, entry.min_vector);
      if (first == chosen->end() || *first > entry.max_vector) continue;
    }
    found.push_back(i);
    places.push_back(place);
  }
  constexpr std::size_t kWorth = 2;  // frames: to read fewer costs less than to ask POSTINGS about them
  if (chosen == nullptr || !options.postings || found.size() <= kWorth) return found;
  if (!few(chosen->size(), segment.vectors())) return found;
  const auto holds = part.postings.frames_of(segment, *chosen, options.lifecycles);
  if (!holds) return found;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if ((*holds)[places[i]]) found[kept++] = found[i];
  }
  found.resize(kept);
  return found;
}

std::vector<store::FrameRef> store::Union::plan(const StreamOptions& options) const {
  std::vector<store::FrameRef> places;
  for (const auto& part : parts) {
    if (part.all_superseded) continue;
    const std::uint64_t deltas = options.commits ? part.deltas_of(*options.commits) : 0;
    if (options.commits && deltas == 0) continue;
    const bool some = !options.unnamed && (!options.vectors->is_all() || part.segment.some_ids);
    std::shared_ptr<const std::vector<SegmentVector>> chosen;  // null: all
    if (some) {
      chosen = std::make_shared<const std::vector<SegmentVector>>(part.those_of(*options.vectors));
      if (chosen->empty()) continue;
    }
    const bool look_first =
        options.takes && !part.found_in && part.segment.packed() && few(deltas, part.segment.committed());
    for (const std::size_t i : frames_for(part, options, chosen.get())) {
      bool apart = false;
      if (some) {
        const auto& entry = part.segment.footer.frames[i];
        const auto first = std::ranges::lower_bound(*chosen, entry.min_vector);
        const auto last = std::upper_bound(first, chosen->end(), entry.max_vector);
        apart = few(static_cast<std::size_t>(last - first), index(entry.max_vector) - index(entry.min_vector) + 1);
      }
      places.push_back({&part, i, apart ? chosen : nullptr, look_first});
    }
  }
  return places;
}

}  // namespace delta
