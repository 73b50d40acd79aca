// The stream of blocks that everything which reads deltas runs on, so that no reader needs the whole log in memory.
#include <algorithm>
#include <array>
#include <numeric>

#include "store/log_impl.hpp"

namespace delta {

using format::FrameType;

namespace store {

Status LogSource::each(const VectorSet& vectors, std::optional<Micros> until, const Visit& visit) {
  if (complete_ && until == until_) {
    for (const DeltaBatch& batch : kept_) DELTA_OK(visit(batch));
    return {};
  }
  const bool keep = vectors.is_all();
  kept_.clear();
  until_ = until;
  bytes_ = 0;
  complete_ = false;
  DELTA_OK(log_.stream({.vectors = &vectors, .until = until}, [&](const Log::Impl::Block& block) {
    bytes_ += block.batch.row_bytes();
    if (keep && bytes_ <= kKept) kept_.push_back(block.batch);
    return visit(block.batch);
  }));
  complete_ = keep && bytes_ <= kKept;
  if (!complete_) kept_.clear();
  return {};
}

}  // namespace store

namespace {

/// Deltas that keep(i) is true of. Columns that were not decoded stay empty.
template <class Keep>
void keep_only(SegmentBatch& batch, const Keep& keep) {
  const auto move_down = [](auto& column, std::uint64_t begin, std::uint64_t end, std::uint64_t& to) {
    const auto at = [&](std::uint64_t place) { return column.begin() + static_cast<std::ptrdiff_t>(place); };
    if (column.size() >= end && begin != to) std::copy(at(begin), at(end), at(to));
    to += end - begin;
  };
  std::size_t n = 0;
  std::array<std::uint64_t, 3> begins{}, ends{};  // of delta i as it was, and of what is kept
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::array<std::uint64_t, 3> old = {batch.index_ends[i], batch.bits_ends[i], batch.metadata_ends[i]};
    if (keep(i)) {
      move_down(batch.indices, begins[0], old[0], ends[0]);
      move_down(batch.bits, begins[1], old[1], ends[1]);
      move_down(batch.metadata, begins[2], old[2], ends[2]);
      batch.ops[n] = batch.ops[i];
      batch.vectors[n] = batch.vectors[i];
      batch.times[n] = batch.times[i];
      batch.commits[n] = batch.commits[i];
      batch.seqs[n] = batch.seqs[i];
      batch.lost[n] = batch.lost[i];
      batch.index_ends[n] = ends[0];
      batch.bits_ends[n] = ends[1];
      batch.metadata_ends[n] = ends[2];
      ++n;
    }
    begins = old;
  }
  batch.truncate(n);
}

}  // namespace

Status Log::Impl::read_block(const StreamOptions& options, Block& block) const {
  const Part& part = *block.part;
  SegmentBatch& read = block.read;
  std::swap(static_cast<DeltaColumns&>(read), static_cast<DeltaColumns&>(block.batch));  // the room of the last one
  const auto any_wanted = [&] {
    return std::ranges::any_of(read.vectors, [&](std::uint32_t v) {
      const std::uint32_t number = part.number(v);
      return number != kUnnamed && options.vectors->contains(number);
    });
  };
  if (block.look_first) {  // where things are: most blocks of a point read end here
    DELTA_OK(store::read_data(part.segment, block.entry, store::Values::skipped, read));
    if (!any_wanted()) return block.batch.clear(), Status{};
  }
  DELTA_OK(store::read_data(part.segment, block.entry, options.values, read));
  if (part.passes || part.segment.some_ids) {
    keep_only(read, [&](std::size_t i) {
      return !(part.passes && part.passed[read.commits[i]]) && part.number(read.vectors[i]) != kUnnamed;
    });
  }
  block.batch.take(
      read, [&](std::uint32_t vector) { return part.number(vector); }, [&](RowNo row) { return part.commits[row]; });
  if (!options.leaves) return {};
  DELTA_CHECK(!part.segment.some_ids);
  block.leaves.clear();
  model::LeafHasher hasher;
  for (std::size_t i = 0; i < block.batch.size(); ++i) {
    const Delta delta = block.batch[i];
    if (delta.lost != 0) {
      hasher.add_unknown();
      continue;
    }
    const Namespace& ns = catalog.name_space(catalog.namespace_of(delta.vector));
    const std::string_view origin = catalog.origin(history.commit(delta.commit).origin);
    hasher.add({origin, ns.name, catalog.id(delta.vector), ns.dims}, delta);
  }
  std::move(hasher).finish(block.leaves);
  return {};
}

/// Two threads that come at once may both make it; the first one's stays.
const std::vector<std::uint32_t>& Log::Impl::Part::Places::of(const std::vector<std::uint32_t>& numbers) {
  if (const auto* order = order_.load()) return *order;
  auto made = std::make_unique<std::vector<std::uint32_t>>(numbers.size());
  std::iota(made->begin(), made->end(), 0);
  std::ranges::sort(*made, {}, [&](std::uint32_t place) { return numbers[place]; });
  const std::vector<std::uint32_t>* none = nullptr;
  return order_.compare_exchange_strong(none, made.get()) ? *made.release() : *none;
}

void Log::Impl::Part::look_up(std::uint32_t vector, std::vector<std::uint32_t>& out) const {
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

std::vector<std::uint32_t> Log::Impl::Part::those_of(const VectorSet& set) const {
  constexpr std::size_t kFew = 16;  // where one in so many is asked for, looking each up is quicker
  std::vector<std::uint32_t> out;
  if (!set.is_all() && set.size() * kFew < vectors.size()) {
    set.each([&](std::uint32_t vector) { look_up(vector, out); });
    if (!rising) std::ranges::sort(out);
    return out;
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (set.contains(vectors[i])) out.push_back(segment.vector_of(i));
  }
  return out;
}

bool Log::Impl::Part::may_hold(const format::FrameEntry& frame, const Indexed<CommitNo, std::uint32_t>& chosen) const {
  if (segment.packed()) return true;
  const auto& ends = segment.row_ends;
  const auto first = static_cast<std::size_t>(std::ranges::upper_bound(ends, frame.first) - ends.begin());
  for (const RowNo row : numbers<RowNo>(ends.size(), first)) {
    if (chosen[commits[row]] != 0) return true;
    if (ends[row] >= frame.first + frame.count) break;
  }
  return false;
}

std::vector<Log::Impl::Place> Log::Impl::places(const StreamOptions& options) const {
  std::vector<Place> places;
  for (const auto& part : parts) {
    if (part.idle) continue;
    constexpr std::size_t kFew = 16;  // where more than one in so many vectors is wanted, a block likely holds one
    const auto few = [](std::size_t some_of, std::size_t all) { return some_of * kFew < all; };
    const bool some = !options.vectors->is_all() || part.segment.some_ids;
    std::vector<std::uint32_t> numbers;  // wanted vectors of this segment, ascending
    if (some) {
      numbers = part.those_of(*options.vectors);
      if (numbers.empty()) continue;
    }
    const auto holds = some && few(numbers.size(), part.segment.vectors())
                           ? part.postings.frames_of(part.segment, numbers, options.lifecycles)
                           : std::nullopt;
    std::size_t data = 0;
    for (std::size_t i = 0; i < part.segment.footer.frames.size(); ++i) {
      const auto& entry = part.segment.footer.frames[i];
      if (entry.type != FrameType::data) continue;
      if (holds && !(*holds)[data++]) continue;
      if (options.until && entry.min_time.us() > *options.until) continue;
      if (options.commits && !part.may_hold(entry, *options.commits)) continue;
      bool look_first = false;
      if (some) {
        const auto first = std::ranges::lower_bound(numbers, entry.min_vector);
        const auto last = std::upper_bound(first, numbers.end(), entry.max_vector);
        if (first == last) continue;
        look_first =
            !holds && few(static_cast<std::size_t>(last - first), std::size_t{entry.max_vector} - entry.min_vector + 1);
      }
      places.push_back({&part, i, look_first});
    }
  }
  return places;
}

Status Log::Impl::stream(const StreamOptions& options, const Visit& visit) const {
  auto chosen = places(options);
  if (options.leaves || options.pieces || !shares_any()) return stream_places(chosen, options, visit);
  std::erase_if(chosen, [](const Place& place) { return place.part->shares; });
  DELTA_OK(stream_places(chosen, options, visit));
  return stream_shared(options, visit);
}

Status Log::Impl::stream_places(std::span<const Place> chosen, const StreamOptions& options, const Visit& visit) const {
  std::uint64_t stored = 0;
  for (const Place& place : chosen) stored += place.part->segment.footer.frames[place.entry].stored;
  OrderedWork work(worth_threads(stored, threads), threads * 4);
  std::vector<std::shared_ptr<Block>> spare;
  for (const Place& place : chosen) {
    std::shared_ptr<Block> block;
    if (spare.empty()) {
      block = std::make_shared<Block>();
    } else {
      block = std::move(spare.back());
      spare.pop_back();
    }
    static_cast<Place&>(*block) = place;
    DELTA_OK(work.submit([this, &options, block] { return read_block(options, *block); },
                         [&visit, &spare, block]() -> Status {
                           if (!block->batch.empty()) DELTA_OK(visit(*block));
                           spare.push_back(block);
                           return {};
                         }));
  }
  return work.finish();
}

}  // namespace delta
