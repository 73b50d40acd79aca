// Writes one packed segment: deltas in order of their vectors, so that a vector's history lies together, then all
// commit rows. It takes deltas as pruning leaves them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/dot_ranges.hpp"
#include "delta/catalog.hpp"
#include "delta/delta.hpp"
#include "delta/preset.hpp"
#include "os/worker_pool.hpp"
#include "store/extras.hpp"
#include "store/repeat_detector.hpp"
#include "store/segment_file.hpp"

namespace delta::store {

/// Commit rows as a log has them, with numbers of its catalog.
using CatalogRow = format::CommitRowOf<OriginNo>;
using CatalogTable = format::CommitTableOf<OriginNo>;
/// A delta as a log has it, except that its commit is the number of a row.
using PackedDelta = DeltaOf<VectorNo, RowNo>;

class PackedWriter {
 public:
  struct Options {
    Preset preset = Preset::balanced;
    unsigned threads = 1;
    Buffer identity = {};            ///< for the segment id: what else tells apart segments of the same first commit
    std::uint64_t compat = 0;        ///< features that stand in the header, known here or not
    std::vector<Extra> extras = {};  ///< frames that go before SYNC, in this order
    std::vector<NamespaceNo> declared = {};  ///< namespaces without vectors
    DotRanges lost = {};                     ///< dots that damage took
  };

  /// `rows`: all commits in order: those of the table that finish() gets. What they were pruned under may be settled
  /// until then. `vectors`: those that may have deltas, in the order in which these come.
  /// `previous`: hash before the first commit, for the segment id.
  PackedWriter(const Catalog& catalog, const Indexed<RowNo, CatalogRow>& rows, std::span<const VectorNo> vectors,
               const Hash& previous, Options options, ByteSink& sink);
  ~PackedWriter();

  /// The next delta: those of a vector together, in key order.
  Status add(const PackedDelta& delta);
  /// Writes the commits, sealed. `table`: that of `rows`; it is used up. `hashes`: of each row's commit, at least the
  /// last of each origin. `link`: fills in the `previous` of all rows of the table; asked for where more COMMITS frames
  /// than one state some that are not known. Null: they are there.
  using Link = std::function<Status()>;
  Status finish(CatalogTable& table, const Indexed<RowNo, Hash>& hashes, const Link& link = {});

  /// Up to so many bytes as rows a log is looked at whole to choose the size of its blocks.
  static constexpr std::uint64_t kTrialBytes = std::uint64_t{16} * (96 << 10);

  /// Rows of a COMMITS frame at most.
  static constexpr std::size_t kRowsAtOnce = 1 << 20;

  std::uint64_t deltas() const { return ordinal_; }
  std::uint64_t bytes() const { return file_.bytes(); }

 private:
  struct Block;

  SegmentOrigin local_origin(OriginNo origin);
  Status write_names();
  void end_piece();
  std::size_t fitting(std::size_t most) const;
  void choose_size();
  Status write_ready();
  Status write_lost();
  Status write_block(std::size_t most);
  Status write_commits(CatalogTable& table, std::size_t first, std::size_t end, const Link& link);

  const Catalog& catalog_;
  const Indexed<RowNo, CatalogRow>& rows_;
  Options options_;
  SegmentFile file_;
  OrderedWork work_;
  std::span<const VectorNo> order_;
  Indexed<VectorNo, SegmentVector> numbers_;
  Indexed<OriginNo, std::optional<SegmentOrigin>> origins_;
  Indexed<SegmentOrigin, std::string> new_origins_;
  std::uint32_t namespace_count_ = 0, origin_count_ = 0;
  std::unique_ptr<Block> block_;                // the piece that is being filled
  std::vector<std::unique_ptr<Block>> pieces_;  // not yet written
  std::size_t block_pieces_ = 0;                // of a block; 0: not yet chosen
  std::size_t grown_ = 0;                       // of the first pieces, those that repeat each other
  RepeatDetector copies_{RepeatDetector::Vectors::together};
  std::uint64_t ordinal_ = 0;
};

}  // namespace delta::store
