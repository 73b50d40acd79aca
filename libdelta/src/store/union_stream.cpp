// The stream of blocks that everything which reads deltas runs on, so that no reader needs the whole log in memory.
#include <algorithm>
#include <array>

#include "store/keep_only.hpp"
#include "store/union.hpp"

namespace delta {

using format::FrameType;

namespace store {

LogSource::LogSource(const store::Union& log, const Options& options) : log_(log), values_(options.values) {
  const SeenSeqs* const beyond = options.beyond;
  if (beyond == nullptr) return;
  commits_.emplace(log.history.size(), 1);
  for (const CommitNo number : commits_->numbers()) {
    const CommitView& commit = log.history.commit(number);
    if (beyond->contains(commit.origin) && commit.last() <= (*beyond)[commit.origin]) (*commits_)[number] = 0;
  }
}

/// One vector: from the cache; else as they are read, and kept there if that was all of them.
Status LogSource::each_of(const VectorSet& one, std::optional<Micros> until, const Visit& visit) {
  const VectorNo vector = one.numbers().front();
  if (const auto deltas = log_.cache->find(vector)) return deltas->empty() ? Status() : visit(*deltas);
  auto all = until ? nullptr : std::make_shared<DeltaBatch>();
  DELTA_OK(log_.stream({.vectors = &one, .until = until}, [&](const store::Union::Block& block) {
    for (std::size_t i = 0; all && i < block.batch.size(); ++i) {
      if (block.batch.vectors[i] == vector) all->add(block.batch[i]);
    }
    if (all && all->row_bytes() > log_.cache->most()) all = nullptr;
    return visit(block.batch);
  }));
  if (all) log_.cache->add(vector, std::move(all));
  return {};
}

Status LogSource::each(const VectorSet& vectors, std::optional<Micros> until, const Visit& visit) {
  if (log_.cache && !commits_ && values_ == Values::read && !vectors.is_all() && vectors.size() == 1)
    return each_of(vectors, until, visit);
  if (complete_ && until == until_) {
    for (const DeltaBatch& batch : kept_) DELTA_OK(visit(batch));
    return {};
  }
  const bool keep = vectors.is_all() && values_ == Values::read;
  kept_.clear();
  until_ = until;
  bytes_ = 0;
  complete_ = false;
  const auto* commits = commits_ ? &*commits_ : nullptr;
  DELTA_OK(log_.stream({.vectors = &vectors, .until = until, .commits = commits, .values = values_},
                       [&](const store::Union::Block& block) {
                         bytes_ += block.batch.row_bytes();
                         if (keep && bytes_ <= kKept) kept_.push_back(block.batch);
                         return visit(block.batch);
                       }));
  complete_ = keep && bytes_ <= kKept;
  if (!complete_) kept_.clear();
  return {};
}

}  // namespace store

/// Whether the frame holds a delta that the reader takes, by where and when its deltas are. `room` is written over.
Result<bool> store::Union::takes_any(const StreamOptions& options, const FrameRef& place, SegmentBatch& room) const {
  const store::LoadedSegment& part = *place.part;
  const auto vectors = place.vectors ? std::span(*place.vectors) : store::SomeVectors();
  DELTA_OK(store::read_data(part.segment, place.entry, {store::Values::skipped, vectors}, room));
  for (std::size_t i = 0; i < room.size(); ++i) {
    const CommitNo commit = part.commits[room.commits[i]];
    const Delta delta{.op = room.ops[i], .time = room.times[i], .commit = commit, .seq = room.seqs[i]};
    if ((*options.commits)[commit] != 0 && (*options.takes)(delta)) return true;
  }
  return false;
}

Status store::Union::read_block(const StreamOptions& options, Block& block) const {
  const store::LoadedSegment& part = *block.part;
  SegmentBatch& read = block.read;
  std::swap(static_cast<DeltaColumns&>(read), static_cast<DeltaColumns&>(block.batch));  // the room of the last one
  if (block.look_first && options.values == store::Values::read) {
    DELTA_TRY(const bool any, takes_any(options, block, read));
    if (!any) return block.batch.clear(), Status();
  }
  const store::Reading reading{options.values, block.vectors ? std::span(*block.vectors) : store::SomeVectors()};
  DELTA_OK(store::read_data(part.segment, block.entry, reading, read));
  if (part.any_superseded || part.segment.some_ids) {
    store::keep_only(read, [&](std::size_t i) {
      return !(part.any_superseded && part.superseded[read.commits[i]]) && part.number(read.vectors[i]);
    });
  }
  block.batch.take(
      read, [&](SegmentVector vector) { return *part.number(vector); }, [&](RowNo row) { return part.commits[row]; });
  if (!options.leaves) return {};
  DELTA_CHECK(!part.segment.some_ids);
  hash_leaves(block.batch, block.leaves);
  return {};
}

void store::Union::hash_leaves(const DeltaBatch& batch, std::vector<Hash>& leaves) const {
  leaves.clear();
  model::LeafHasher hasher(leaves);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Delta delta = batch[i];
    if (delta.lost != 0) {
      hasher.add_unknown();
      continue;
    }
    const Namespace& ns = catalog.name_space(catalog.namespace_of(delta.vector));
    const std::string_view origin = catalog.origin(history.origin(delta.commit));
    hasher.add({origin, ns.name, catalog.id(delta.vector), ns.dims}, delta);
  }
  hasher.finish();
}

Status store::Union::stream(const StreamOptions& options, const Visit& visit) const {
  if (held) {
    DELTA_CHECK(!options.leaves);
    for (const Block& block : *held) DELTA_OK(visit(block));
    return {};
  }
  auto chosen = plan(options);
  if (options.leaves || options.pieces || !shares_any()) return stream_places(chosen, options, visit);
  std::erase_if(chosen, [](const store::FrameRef& place) { return place.part->shares; });
  DELTA_OK(stream_places(chosen, options, visit));
  return stream_shared(options, visit);
}

Status store::Union::stream_places(std::span<const store::FrameRef> chosen, const StreamOptions& options,
                                   const Visit& visit) const {
  std::uint64_t stored = 0;
  for (const store::FrameRef& place : chosen) stored += place.part->segment.footer.frames[place.entry].stored;
  OrderedWork work(worth_threads(stored, threads), threads * 4);
  std::vector<std::shared_ptr<Block>> spare;
  for (const store::FrameRef& place : chosen) {
    std::shared_ptr<Block> block;
    if (spare.empty()) {
      block = std::make_shared<Block>();
    } else {
      block = std::move(spare.back());
      spare.pop_back();
    }
    static_cast<store::FrameRef&>(*block) = place;
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
