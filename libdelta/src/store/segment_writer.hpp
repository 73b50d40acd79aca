// Writes one fresh segment front to back, never seeking: names, DATA blocks, COMMITS, SYNC, FOOTER, trailer. Blocks are
// coded and hashed by worker threads; frame numbers, block borders and order are settled before, so threads never
// change the bytes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "delta/catalog.hpp"
#include "delta/commit.hpp"
#include "delta/delta.hpp"
#include "delta/preset.hpp"
#include "delta/result.hpp"
#include "model/canonical.hpp"
#include "os/worker_pool.hpp"
#include "store/postings.hpp"
#include "store/repeat_detector.hpp"
#include "store/segment_file.hpp"

namespace delta::store {

/// Where an origin stands: its last dot's seq, time, and the hash of the commit that ends there.
struct Head {
  std::uint64_t seq = 0;
  Timestamp time;
  Hash hash{};
};
using Heads = Indexed<OriginNo, Head>;

class SegmentWriter {
 public:
  struct Options {
    Preset preset = Preset::balanced;
    unsigned threads = 1;
    std::function<Status()> barrier =
        {};  // makes what was written durable: before SYNC, and before the trailer, which say that it is
  };

  /// `catalog` is only read on the calling thread and may grow between calls; `heads` are those before this segment
  /// (missing: none).
  SegmentWriter(const Catalog& catalog, Heads heads, Options options, ByteSink& sink);
  ~SegmentWriter();

  /// Opens a commit of `origin` whose first dot is `first`.
  void begin(OriginNo origin, std::uint64_t first);
  /// The next delta of the open commit, valid by the rules of the model; numbers are the catalog's. commit and seq are
  /// ignored.
  Status add(const Delta& delta);
  /// Closes the commit, which has at least one delta, or is a setting and has none. origin, first, count and time must
  /// be those of the deltas.
  Status end(Commit commit);
  /// Names a namespace of the catalog, also where no delta does.
  void declare(NamespaceNo ns);
  /// Everything out, sealed. Precondition: no open commit.
  Status finish();

  std::uint64_t open_deltas() const { return open_deltas_; }  ///< of the open commit
  std::uint64_t deltas() const { return ordinal_; }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t bytes() const { return file_.bytes(); }

 private:
  struct Block;

  SegmentOrigin local_origin(OriginNo origin);
  SegmentNamespace local_namespace(NamespaceNo owner);
  SegmentVector local_vector(VectorNo vector);
  void start_segment(Timestamp first);
  Status end_block();
  bool has_grown() const;
  Repeats held_repeats() const;
  bool can_join() const;
  void join_held();
  Status flush_blocks();
  Status dispatch_first();
  Status write_block(Block& block);
  void absorb_leaves(const Block& block);
  Status flush_commits();

  const Catalog& catalog_;
  Heads heads_;  // advanced as commits close
  Options options_;
  SegmentFile file_;
  OrderedWork work_;

  Indexed<NamespaceNo, std::optional<SegmentNamespace>> namespaces_;
  Indexed<OriginNo, std::optional<SegmentOrigin>> origins_;
  Indexed<VectorNo, std::uint32_t> vectors_;  // the segment's number + 1; 0: it names it not yet
  std::uint32_t namespace_count_ = 0;
  std::uint32_t origin_count_ = 0, vector_count_ = 0;

  std::unique_ptr<Block> block_;             // that is being filled
  std::deque<std::unique_ptr<Block>> held_;  // full, in order, not yet dispatched
  RepeatDetector copies_{RepeatDetector::Vectors::scattered};
  std::vector<std::unique_ptr<Block>> spare_;
  std::uint64_t ordinal_ = 0, commits_ = 0, named_ = 0;

  std::optional<OriginNo> open_origin_;
  std::uint64_t open_first_ = 0, open_deltas_ = 0;

  model::MerkleTree tree_;  // of the commit whose leaves are arriving
  std::deque<Hash> roots_;  // of commits before it that no COMMITS frame has closed
  PostingsBuilder postings_;
  std::vector<Commit> rows_;  // closed ones without a COMMITS frame
  std::uint64_t rows_deltas_ = 0;
};

}  // namespace delta::store
