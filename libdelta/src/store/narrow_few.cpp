#include "store/narrow_few.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/thread_scratch.hpp"
#include "os/worker_pool.hpp"
#include "store/indexed_part.hpp"
#include "store/segment_frames.hpp"
#include "store/stand_ins.hpp"

namespace delta::store {
namespace {

constexpr std::size_t kMostBlocks = 4096;
constexpr std::uint64_t kMostStored = 64 << 20;  // bytes of the blocks,
constexpr std::uint64_t kMostRows = 64 << 20;    // and of what is kept of them, as plain rows

constexpr std::uint64_t kAlone = 8;  // times as many bytes as elsewhere are read on one thread: little of them is kept

using Found = LookupIndex::Found;

Error no_match() { return error(ErrorCode::corrupt, "the index is not that of this log"); }

/// Where a block is decoded. A thread keeps it: a block has much room, of which little is wanted.
DELTA_THREAD_SCRATCH SegmentBatch& block_room() { return thread_scratch<SegmentBatch>(); }

/// The deltas of the wanted vectors in one block.
Status read_wanted(const IndexedPart& part, std::size_t i, SegmentBatch& out) {
  const Segment& segment = part.segment();
  SegmentBatch& room = block_room();
  DELTA_OK(read_unnumbered(segment, part.frames()[i], segment.id_vectors, room, out));
  if (room.row_bytes() > FrameRoom::kKept) room = {};
  return {};
}

class FewReader {
 public:
  explicit FewReader(const FewVectors& few) : few_(few), tables_(few.index), stand_ins_(few.to, few.file, few.index) {}

  Result<bool> run() {
    DELTA_OK(open_parts());
    DELTA_TRY(const bool few, are_few());
    if (!few) return false;
    DELTA_OK(decode());
    if (rows_bytes_ > kMostRows) return false;
    DELTA_OK(add_commits());
    add_blocks();
    stand_ins_.add_heads();
    few_.to.choose_copies();
    DELTA_OK(few_.to.compare_chains());
    return true;
  }

 private:
  struct Part {
    IndexedPart indexed;
    std::span<const Found> found;
    std::uint64_t before = 0;                // commits of all segments before it
    std::vector<SegmentBatch> batches = {};  // of its frames
    std::vector<VectorNo> vectors = {};      // of segment.id_vectors
    std::map<RowNo, CommitNo> commits = {};
  };

  Status open_parts() {
    std::set<std::uint64_t> wanted;
    for (const Found& place : few_.found) wanted.insert(place.segment);
    std::uint64_t first = 0;
    for (std::size_t level = 0; level < few_.index.names().size(); ++level) {
      for (const std::uint32_t segment : few_.index.names()[level].with_settings) wanted.insert(first + segment);
      first += few_.index.segments_of(level);
    }
    std::vector<format::IndexedSegment> places;
    for (const std::uint64_t number : wanted) {
      DELTA_TRY(const auto place, few_.index.segment(number));
      places.push_back(place);
    }
    DELTA_OK(tables_.expect(places));
    auto place = places.begin();
    for (const std::uint64_t number : wanted) {
      DELTA_TRY(auto indexed, IndexedPart::open(few_.file, tables_, *place, number));
      const auto begin = std::ranges::lower_bound(few_.found, number, {}, &Found::segment);
      const auto end = std::ranges::upper_bound(few_.found, number, {}, &Found::segment);
      parts_.push_back({std::move(indexed), {begin, end}, place->before});
      DELTA_OK(name(parts_.back()));
      ++place;
    }
    return {};
  }

  /// The vectors of a segment that were asked for. Of the others only their number is known.
  static Status name(Part& part) {
    Segment& segment = part.indexed.segment();
    segment.owners = {};
    for (const Found& place : part.found) {
      const bool named = index(place.vector) < segment.footer.vectors && segment.names.namespaces.contains(place.ns);
      if (!named || (!segment.id_vectors.empty() && segment.id_vectors.back() >= place.vector)) return no_match();
      segment.id_vectors.push_back(place.vector);
      const auto before = static_cast<std::uint32_t>(index(place.vector)) - segment.vectors();
      if (before > 0) segment.owners.add(place.ns, before);
      segment.owners.add(place.ns, 1);
    }
    const std::uint32_t rest = segment.footer.vectors - segment.vectors();
    if (rest > 0) segment.owners.add(SegmentNamespace{0}, rest);
    return {};
  }

  Result<bool> are_few() {
    std::size_t blocks = 0;
    for (Part& part : parts_) {
      DELTA_OK(part.indexed.find_frames(part.indexed.segment().id_vectors, few_.deltas == Deltas::lifecycles));
      blocks += part.indexed.frames().size();
      stored_ += part.indexed.stored();
      if (blocks > kMostBlocks || stored_ > kMostStored) return false;
    }
    return true;
  }

  /// Blocks are decoded side by side, and numbered in order.
  Status decode() {
    OrderedWork work(worth_threads(stored_ / kAlone, few_.to.threads), std::size_t{few_.to.threads} * 4);
    for (Part& part : parts_) {
      part.batches.resize(part.indexed.frames().size());
      for (std::size_t i = 0; i < part.batches.size(); ++i) {
        DELTA_OK(work.submit([&part, i] { return read_wanted(part.indexed, i, part.batches[i]); },
                             [this, &part, i]() -> Status {
                               if (rows_bytes_ > kMostRows) part.batches[i] = {};
                               rows_bytes_ += part.batches[i].row_bytes();
                               return part.indexed.number(i, part.batches[i]);
                             }));
      }
    }
    return work.finish();
  }

  Status add_commits() {
    for (Part& part : parts_) {
      DELTA_TRY(auto rows, part.indexed.rows());
      for (auto& row : rows) {
        DELTA_TRY(const CommitNo number, add_commit(part, row));
        part.commits.emplace(row.row, number);
      }
    }
    DELTA_OK(stand_ins_.complete({}));
    return few_.to.history.pending().empty() ? Status() : no_match();
  }

  /// It has seen all that stands before it in the log.
  Result<CommitNo> add_commit(const Part& part, IndexedPart::Row& row) {
    const auto& names = part.indexed.segment().names.origins;
    Union& to = few_.to;
    const auto known =
        names.contains(row.commit.origin) ? to.catalog.find_origin(names[row.commit.origin]) : std::nullopt;
    if (!known) return no_match();
    Commit commit = renumbered(std::move(row.commit), [&](SegmentOrigin) { return *known; });
    if (part.before + index(row.row) + 1 == few_.index.seal().commits) {
      DELTA_OK(stand_ins_.complete({{std::string(to.catalog.origin(*known)), commit.first}}));
    }
    DELTA_OK(stand_ins_.reach(*known, commit.first - 1, commit.time));
    commit.parents = to.history.heads();
    std::erase_if(commit.parents, [&](const Dot& dot) { return dot.origin == *known; });
    DELTA_TRY(const CommitNo number, to.history.add(std::move(commit)));
    stand_ins_.pad();
    return number;
  }

  void add_blocks() {
    auto& held = few_.to.held.emplace();
    few_.to.holds_lifecycles = few_.deltas == Deltas::lifecycles;
    for (Part& part : parts_) {
      const Segment& segment = part.indexed.segment();
      for (const Found& place : part.found) {
        const Namespace& ns = segment.names.namespaces[place.ns];
        const NamespaceNo known = few_.to.catalog.add_namespace(ns.name, ns.dims);
        const std::string& id = few_.ids[place.id];
        const auto vector = few_.to.catalog.find_vector(known, id);
        part.vectors.push_back(vector ? *vector : few_.to.catalog.add_vector(known, id));
      }
      const auto number = [&](SegmentVector vector) {
        const auto at = std::ranges::lower_bound(segment.id_vectors, vector);
        return part.vectors[static_cast<std::size_t>(at - segment.id_vectors.begin())];
      };
      for (SegmentBatch& batch : part.batches) {
        if (batch.empty()) continue;
        held.emplace_back().batch.take(batch, number, [&](RowNo row) { return part.commits.at(row); });
      }
    }
  }

  const FewVectors& few_;
  TableBytes tables_;
  StandIns stand_ins_;
  std::vector<Part> parts_;
  std::uint64_t stored_ = 0, rows_bytes_ = 0;  // of the blocks, and of what is kept of them
};

}  // namespace

Result<bool> read_few(const FewVectors& few) { return FewReader(few).run(); }

}  // namespace delta::store
