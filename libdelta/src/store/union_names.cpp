// Names that are read when it is known which vectors a question about deltas is about: first where and when its deltas
// are, then the names of their vectors, then their values.
#include <algorithm>
#include <memory>

#include "store/segment_frames.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

/// The vectors in a frame of which a delta is taken. `sparse`: frames like it mostly have none.
Status look(const store::FrameRef& place, bool sparse, const store::Union::StreamOptions& options, SegmentBatch& room,
            std::vector<SegmentVector>& out) {
  const store::LoadedSegment& part = *place.part;
  if (sparse) {
    const auto wanted = [&](RowNo row) { return (*options.commits)[part.commits[row]] != 0; };
    DELTA_TRY(const bool any, store::has_row(part.segment, place.entry, wanted));
    if (!any) return {};
  }
  DELTA_OK(store::read_data(part.segment, place.entry, {store::Values::skipped, {}}, room));
  for (std::size_t i = 0; i < room.size(); ++i) {
    const CommitNo commit = part.commits[room.commits[i]];
    if ((*options.commits)[commit] == 0) continue;
    if ((*options.takes)({.op = room.ops[i], .time = room.times[i], .commit = commit, .seq = room.seqs[i]})) {
      out.push_back(room.vectors[i]);
    }
  }
  return {};
}

void sort_once(std::vector<SegmentVector>& vectors) {
  std::ranges::sort(vectors);
  vectors.erase(std::unique(vectors.begin(), vectors.end()), vectors.end());
}

}  // namespace

Status store::Union::name_changed(const StreamOptions& options) {
  struct Task {
    SegmentBatch room;
    std::vector<SegmentVector> found;
  };
  StreamOptions of_any = options;
  of_any.unnamed = true;
  const auto places = plan(of_any);
  std::uint64_t stored = 0;
  for (const auto& place : places) stored += place.part->segment.footer.frames[place.entry].stored;
  for (auto& part : parts) part.found_in.emplace(part.segment.footer.frames.size());
  std::vector<std::vector<SegmentVector>> changed(parts.size());
  std::vector<bool> sparse;  // of each part: it is packed, and has fewer deltas that are wanted than frames
  for (const auto& part : parts) {
    sparse.push_back(part.segment.packed() && part.deltas_of(*options.commits) <= part.segment.footer.frames.size());
  }
  OrderedWork work(worth_threads(stored, threads), threads * 4);
  std::vector<std::shared_ptr<Task>> spare;
  for (const store::FrameRef& place : places) {
    auto task = spare.empty() ? std::make_shared<Task>() : std::move(spare.back());
    if (!spare.empty()) spare.pop_back();
    const auto take = [&, task]() -> Status {
      const auto part = static_cast<std::size_t>(place.part - parts.data());
      sort_once(task->found);
      (*parts[part].found_in)[place.entry] = !task->found.empty();
      changed[part].insert(changed[part].end(), task->found.begin(), task->found.end());
      task->found.clear();
      spare.push_back(task);
      return {};
    };
    const bool is_sparse = sparse[static_cast<std::size_t>(place.part - parts.data())];
    DELTA_OK(work.submit(
        [&place, is_sparse, &options, task] { return look(place, is_sparse, options, task->room, task->found); },
        take));
  }
  DELTA_OK(work.finish());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (changed[i].empty()) continue;
    sort_once(changed[i]);
    DELTA_OK(store::name_vectors(parts[i].segment, changed[i]));
    parts[i].number_names(catalog);
  }
  return {};
}

Status store::Union::name_all() {
  for (store::LoadedSegment& part : parts) {
    const auto all = numbers<SegmentVector>(part.segment.vectors());
    const std::vector<SegmentVector> vectors(all.begin(), all.end());
    DELTA_OK(store::name_vectors(part.segment, vectors));
    part.number_names(catalog);
  }
  return {};
}

}  // namespace delta
