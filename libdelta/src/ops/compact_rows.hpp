// The commit rows of a packed segment in the making: which commits are whole in it, and for the others their
// records and the hashes that stand for what was dropped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "delta/log.hpp"
#include "format/tables.hpp"
#include "store/packed_writer.hpp"
#include "store/spill_sort.hpp"
#include "store/union.hpp"

namespace delta::ops {

class CompactRows {
 public:
  /// All commits of the log, in key order. `pruning`: commits may lose deltas now, under `kept` and `releases`
  /// (PruneRecord).
  /// `memory`: bytes for the hashes of deltas; what does not fit goes to a temporary file.
  CompactRows(const Log& log, bool pruning, KeptTimes kept, std::vector<std::vector<Dot>> releases, bool closed,
              std::uint64_t memory);

  store::CatalogTable& table() { return table_; }
  RowNo row_of(CommitNo commit) const { return row_of_[commit]; }
  Hash first_previous() const { return table_.rows.empty() ? Hash{} : table_.rows.front().previous; }

  /// Hashes of the deltas that come in are asked for: something may stand in for them.
  bool needs_leaves() const { return pruning_ || pruned_input_; }
  /// A delta of one of the copies that the log holds.
  Status note_input(const store::LoadedSegment& part, const Delta& delta, const Hash& leaf);
  /// A delta that goes out.
  Status note_output(const Delta& delta);

  /// Settles all rows and writes them.
  Status finish(store::PackedWriter& writer);
  std::uint64_t pruned() const { return pruned_; }
  /// After finish(): the times that the output answers.
  KeptTimes readable_times() const { return readable_times_; }

 private:
  /// A whole delta that came in, or that goes out.
  struct Noted {
    CommitNo commit;
    std::uint32_t part;  // place of the copy's part in the log; kOut: it goes out
    std::uint64_t place;
    Hash leaf;  // of what came in
    friend bool operator<(const Noted& a, const Noted& b) {
      return std::tuple(a.commit, a.place, a.part) < std::tuple(b.commit, b.place, b.part);
    }
  };
  static constexpr std::uint32_t kOut = ~std::uint32_t{0};
  struct Copy {  // a pruned one that counts
    CommitNo commit;
    std::uint32_t part;
    RowNo row;
  };
  Status settle_all();
  Status settle(CommitNo commit, std::span<const Noted> inputs, std::span<const std::uint64_t> outputs);
  std::vector<RecordNo> records_of(CommitNo commit);
  RecordNo pruned_again(const std::vector<RecordNo>& before);
  bool answered_before(const std::vector<RecordNo>& before, const std::vector<Dot>& release) const;
  KeptTimes output_times() const;
  std::vector<Dot> folded() const;

  const Log& log_;
  bool pruning_, pruned_input_ = false, closed_;
  KeptTimes kept_, readable_times_ = KeptTimes::all();
  std::vector<std::vector<Dot>> releases_;
  store::CatalogTable table_;
  Indexed<CommitNo, RowNo> row_of_;
  std::vector<Copy> copies_;  // by commit
  store::SpillSort<Noted> noted_;
  std::vector<Dot> seen_;       // all that is folded
  model::RecordTable records_;  // of the output
  std::map<std::vector<RecordNo>, RecordNo>
      pruned_again_;                                 // what folded commits had before -> the record that they get
  Indexed<RecordNo, std::optional<bool>> complete_;  // of the input
  std::uint64_t pruned_ = 0;
  bool linked_ = false;  // each row knows the hash before it
};

}  // namespace delta::ops
