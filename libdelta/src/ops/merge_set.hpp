// The segments of several logs as one set of commits: which segment holds what, which are to spare, and whether any two
// of them tell different stories. Names of vectors and deltas stay on disk, unless two segments have to be compared.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "delta/state.hpp"
#include "model/history.hpp"
#include "ops/fork.hpp"
#include "store/seal.hpp"

namespace delta::ops {

struct MergePart {
  /// Of one origin (a number of the catalog), the dots here, and hashes that are stated.
  struct Run {
    OriginNo origin{};
    std::uint64_t first = 0, last = 0;
    Hash hash{};  // of the commit that ends at `last`; zeros: unknown, or not a run without gaps
  };
  struct Stated {
    OriginNo origin{};
    std::uint64_t seq = 0;  // of the last dot of a commit that is not here
    Hash hash{};
  };

  store::Segment segment;                // without its tables
  std::vector<store::Segment> twins;     // the same bytes in other places
  std::optional<store::Seal> seal;       // what it lacks at its end
  bool excluded = false;                 // of a log whose commits are not wanted
  std::uint64_t digest = 0, length = 0;  // as it will stand in a file
  Indexed<RowNo, CommitNo> commits;
  std::vector<CommitNo> all;    // the same, ascending
  std::vector<CommitNo> whole;  // and only those that are not pruned here
  std::vector<Run> runs;        // by origin number
  std::vector<Stated> stated;
  format::UnknownColumns unknown;                                 // of its commits
  std::vector<Hash> extras;                                       // of frames beside the deltas: store::extra_digests()
  std::vector<std::pair<std::string, std::uint32_t>> namespaces;  // that it declares: name and dims, ascending
  DotRanges lost;                                                 // that it says damage took
  Key first;                                                      // the least key of a commit's last delta

  const std::string& file() const { return segment.file->name(); }
  /// All that `other` has beside its commits: the same frames, its namespaces (one without vectors is in no commit),
  /// and the features that this version does not know.
  bool has_extras_of(const MergePart& other) const;
};

/// Says of optional columns of COMMITS that are not known here what became of them.
Finding unknown_columns(const store::Segment& segment, const format::UnknownColumns& unknown, std::string_view what);

class MergeSet {
 public:
  enum class Role : std::uint8_t {
    united,    ///< goes into the union
    excluded,  ///< what it holds stays out
  };
  explicit MergeSet(unsigned threads) : threads_(threads) {}

  /// All segments of a file, or what can be kept of them. What was left out or closed is a notice.
  Status add(const std::shared_ptr<const ByteSource>& file, Role role, std::vector<Finding>& notices);
  /// When all files are in: drops segments that are identical to another (wanted only if none of them is excluded),
  /// refuses forks, folds.
  Status settle();
  /// Drops parts that hold nothing that another wanted part lacks.
  void drop_contained();

  /// What damage took, and none of the parts has.
  DotRanges lost() const;

  const Catalog& catalog() const { return catalog_; }
  const model::History& history() const { return history_; }
  const std::vector<MergePart>& parts() const { return parts_; }
  std::vector<MergePart>& parts() { return parts_; }
  /// The order of parts in a file: by least key, then digest.
  bool before(const MergePart& a, const MergePart& b) const;

 private:
  Status add_segment(store::Segment segment, Role role, std::vector<Finding>& notices);
  Status close(MergePart& part, std::vector<Finding>& notices);
  Status add_rows(MergePart& part);
  Status read_runs(MergePart& part, const Indexed<SegmentOrigin, OriginNo>& origins);
  Status drop_identical();
  Status compare_stated() const;
  Status compare_overlaps() const;
  Status compare_pair(const MergePart& a, const MergePart& b, std::span<const CommitNo> both) const;
  Error row_fork(Error error, const MergePart& part, const CommitView& commit) const;

  unsigned threads_;
  Catalog catalog_;
  model::History history_{catalog_};
  std::vector<MergePart> parts_;
  DotRanges lost_;  // that any part names
};

}  // namespace delta::ops
