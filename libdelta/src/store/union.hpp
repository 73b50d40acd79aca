// What a Log holds: the union of its loaded segments, and the plan of which frames a question needs.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "delta/log.hpp"
#include "delta/vector_set.hpp"
#include "model/fold.hpp"
#include "model/history.hpp"
#include "store/delta_cache.hpp"
#include "store/postings.hpp"
#include "store/segment.hpp"
#include "store/segment_writer.hpp"

namespace delta::store {

/// A segment with its numbers translated to the log's.
struct LoadedSegment {
  store::Segment segment;
  std::vector<VectorNo> vectors;  // of segment.ids
  Indexed<RowNo, CommitNo> commits;
  Indexed<RowNo, bool> superseded;  // skipped: a whole copy of its commit is elsewhere, or this whole segment is
  bool any_superseded = false;      // any of them
  bool all_superseded = false;      // all of them
  bool shares = false;              // another part has another pruned copy of one of its commits
  bool rising = false;              // `vectors` are in rising order, each once
  DotRanges lost = {};              // dots that its LOSS frames name
  store::PostingsReader postings;
  /// Of the frames of the directory, those that Union::name_changed() has found to hold what it sought; none: it has
  /// not looked.
  std::optional<std::vector<bool>> found_in = {};

  /// Whether a DATA frame of it may hold deltas of a commit that is not 0 in `chosen`.
  bool may_hold(const format::FrameEntry& frame, const Indexed<CommitNo, std::uint32_t>& chosen) const;
  /// How many deltas it has of commits that are not 0 in `chosen`, at most.
  std::uint64_t deltas_of(const Indexed<CommitNo, std::uint32_t>& chosen) const;
  /// Those of a set that the segment names, ascending.
  std::vector<SegmentVector> those_of(const VectorSet& set) const;
  /// Adds the names of the segment to a catalog, and notes the numbers of its vectors. What the catalog calls its
  /// origins.
  Indexed<SegmentOrigin, OriginNo> number_names(Catalog& catalog);
  /// What the log calls a vector of the segment; none: its id was not asked for.
  std::optional<VectorNo> number(SegmentVector vector) const {
    if (!segment.some_ids) return vectors[index(vector)];
    const auto at = std::ranges::lower_bound(segment.id_vectors, vector);
    if (at == segment.id_vectors.end() || *at != vector) return std::nullopt;
    return vectors[static_cast<std::size_t>(at - segment.id_vectors.begin())];
  }

 private:
  /// Places in `vectors`, in order of what stands there. Made when it is first asked for, on any thread.
  class Places {
   public:
    ~Places() { delete order_.load(); }
    const std::vector<std::uint32_t>& of(const std::vector<VectorNo>& numbers);

   private:
    std::atomic<const std::vector<std::uint32_t>*> order_ = nullptr;
  };
  /// Adds what the segment calls a vector of the log.
  void look_up(VectorNo vector, std::vector<SegmentVector>& out) const;
  std::unique_ptr<Places> places_ = std::make_unique<Places>();
};
/// A DATA frame.
struct FrameRef {
  const LoadedSegment* part = nullptr;
  std::size_t entry = 0;
  std::shared_ptr<const std::vector<SegmentVector>> vectors =
      {};                   // whose deltas alone are wanted, ascending; null: all
  bool look_first = false;  // few of the frames like it hold what is wanted: see StreamOptions::takes
};

/// The segments of some files as one log: names, commit rows and contexts in memory, deltas on disk.
struct Union {
  /// One that is decoded. Of deltas that several parts share there is no one place.
  struct Block : FrameRef {
    DeltaBatch batch;
    SegmentBatch read;  // as it stands in its frame, before the batch takes it
    std::vector<Hash> leaves;
  };
  struct StreamOptions {
    const VectorSet* vectors = &VectorSet::all();
    std::optional<Micros> until = {};  // blocks that start later are skipped
    /// Null, or blocks of fresh segments in which each commit has 0 may be skipped.
    const Indexed<CommitNo, std::uint32_t>* commits = nullptr;
    std::optional<Micros> since = {};  // blocks that end earlier are skipped
    /// Null, or which deltas of `commits` are wanted: blocks without one may be skipped, too. It is asked before values
    /// are read, and on several threads.
    const std::function<bool(const Delta&)>* takes = nullptr;
    bool leaves = false;                         // hash every delta; each piece of one comes as it stands
    store::Values values = store::Values::read;  // false: where and when alone (see codec::Wanted)
    bool lifecycles = false;                     // blocks without a create or delete of a wanted vector may be skipped
    bool postings = true;                        // POSTINGS may be asked which blocks hold the vectors, and are kept
    bool pieces = false;                         // each piece of a delta comes as it stands
    bool unnamed = false;                        // of any vector, also of those whose names are not here
  };
  using Visit = std::function<Status(const Block&)>;

  const std::shared_ptr<Catalog> shared_catalog = std::make_shared<Catalog>();  // states of the log keep it
  Catalog& catalog = *shared_catalog;
  model::History history{catalog};
  std::vector<LoadedSegment> parts;               // in order of their first timestamp: near key order
  std::unordered_map<CommitNo, Hash> previous;    // where a file states the hash before
  Indexed<CommitNo, const ByteSource*> first_in;  // the file that had it first
  std::vector<Finding> notices;
  DotRanges lost;  // that no part has, and damage took
  unsigned threads = 1;
  std::optional<format::IdSet> wanted;                   // ids; none: all
  std::vector<std::shared_ptr<const ByteSource>> files;  // if not all: as given
  std::vector<std::string> paths;                        // as given; none: opened of sources
  OpenOptions opened_with;
  std::unique_ptr<DeltaCache> cache;       // of single vectors; null: none
  std::optional<std::vector<Block>> held;  // all deltas of the wanted vectors; none: they are read when asked for
  bool holds_lifecycles = false;           // their creates and deletes alone are sure to be there

  /// Names the wanted vectors of a segment of the file with this number, whose other tables are loaded. False: their
  /// names are to be read.
  using LoadNames = std::function<Result<bool>(std::size_t file, Segment& segment)>;
  /// Of files that are open already.
  static Result<Log> open(std::span<const std::shared_ptr<const ByteSource>> files, const OpenOptions& options,
                          const LoadNames& load_names = {});
  /// Of one segment. Its tables are read anew.
  static Result<Log> of_segment(store::Segment segment, unsigned threads);
  /// Of one whose tables are loaded, and which says that damage took `lost` of it.
  static Result<Log> of_loaded(store::Segment segment, const DotRanges& lost, unsigned threads);
  /// The same log, with every vector named. Its commits have the same numbers.
  Result<Log> with_all_ids() const;
  Status read_tables(const std::shared_ptr<const ByteSource>& file, const LoadNames& load_names, std::size_t number);
  Status link();
  Status translate(LoadedSegment& part);
  /// The hash before a commit, if a file states it; else all zero.
  Hash previous_of(CommitNo commit) const {
    const auto found = previous.find(commit);
    return found == previous.end() ? Hash{} : found->second;
  }
  Error fork_in(Error error, const CommitView& commit) const;
  /// Of a commit that is whole somewhere, the first whole copy counts; else all pruned ones, except those of a
  /// segment that is there already.
  void choose_copies();
  void pass_repeated_segments();
  /// When all parts are translated: reads their LOSS frames, and tells the history.
  Status admit_lost();
  /// When copies were chosen: what is lost of the log as it is here, and a notice that says so.
  void note_lost();
  /// Commits with equal rows may differ in their deltas: where footers state the hash of the same dot, the hashes are
  /// compared.
  Status compare_chains() const;
  /// Deltas of all parts, each once, decoded by workers, handed on in order.
  Status stream(const StreamOptions& options, const Visit& visit) const;
  Status stream_places(std::span<const FrameRef> places, const StreamOptions& options, const Visit& visit) const;
  bool shares_any() const { return std::ranges::any_of(parts, &LoadedSegment::shares); }
  /// The deltas of parts that share some, in order of vector and key.
  Status stream_shared(const StreamOptions& options, const Visit& visit) const;
  Status read_block(const StreamOptions& options, Block& block) const;
  Result<bool> takes_any(const StreamOptions& options, const FrameRef& place, SegmentBatch& room) const;
  /// Of a log that was opened with no ids: reads the names of the vectors of those deltas of `commits` that `takes`
  /// takes. From then on a stream gives nothing else. REQUIRES: `options` has both.
  Status name_changed(const StreamOptions& options);
  /// The same of all vectors.
  Status name_all();
  /// Of a segment it has only some commits.
  bool some_commits() const {
    return std::ranges::any_of(parts, [](const LoadedSegment& part) { return part.segment.some_rows; });
  }
  bool unnamed() const { return wanted && wanted->empty(); }
  /// The leaf of each delta of a batch; unknown for those that pruning has left in part.
  void hash_leaves(const DeltaBatch& batch, std::vector<Hash>& leaves) const;
  std::vector<FrameRef> plan(const StreamOptions& options) const;
  static std::vector<std::size_t> frames_for(const LoadedSegment& part, const StreamOptions& options,
                                             const std::vector<SegmentVector>* chosen);
  /// Where each origin stands: from the footers, or by hashing where a segment has none.
  Result<store::Heads> heads(const Log& log) const;
  Status add_hashed_heads(const Log& log, store::Heads& heads) const;
};

/// The log as the fold wants it. What a pass over a few blocks has decoded is kept for the pass that concurrent deltas
/// may need.
class LogSource : public model::DeltaSource {
 public:
  struct Options {
    const SeenSeqs* beyond = nullptr;  ///< null, or deltas up to there may be left out
    Values values = Values::read;
  };
  /// Keeps the reference.
  explicit LogSource(const store::Union& log) : LogSource(log, Options{}) {}
  LogSource(const store::Union& log, const Options& options);
  Status each(const VectorSet& vectors, std::optional<Micros> until, const Visit& visit) override;

 private:
  static constexpr std::uint64_t kKept = 4 << 20;  // bytes as rows

  Status each_of(const VectorSet& one, std::optional<Micros> until, const Visit& visit);

  const store::Union& log_;
  Values values_;
  std::optional<Indexed<CommitNo, std::uint32_t>> commits_;  // 0: all of it may be left out; none: none may
  std::vector<DeltaBatch> kept_;                             // of a pass over everything
  std::optional<Micros> until_;
  std::uint64_t bytes_ = 0;
  bool complete_ = false;
};

/// The commit, or the record, with origins[n] for each origin n.
Commit renumbered(const format::SegmentCommitView& commit, const Indexed<SegmentOrigin, OriginNo>& origins);
PruneRecord renumbered(const format::SegmentRecord& record, const Indexed<SegmentOrigin, OriginNo>& origins);

/// Opens a log for reading. corrupt: it has no bytes.
Result<std::shared_ptr<const ByteSource>> open_log_file(const std::string& path);

/// Paths as the user gave them, with directories replaced by their *.dlog files in order of name: what a shell calls
/// *.dlog, so no hidden file. Anything else (a pipe, a device, a directory, a link that leads nowhere) is skipped,
/// and named in `notices`.
Result<std::vector<std::string>> log_files(std::span<const std::string> paths, std::vector<Finding>& notices);

}  // namespace delta::store
