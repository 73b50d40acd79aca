// The commit rows of a packed segment in the making: which commits are whole in it, and for the others their
// records and the hashes that stand for what was dropped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "delta/log.hpp"
#include "format/tables.hpp"
#include "store/packed_writer.hpp"
#include "store/union.hpp"

namespace delta::ops {

class CompactRows {
 public:
  /// All commits of the log, in key order. `pruning`: commits may lose deltas now, under `kept` and `releases`
  /// (PruneRecord).
  CompactRows(const Log& log, bool pruning, KeptTimes kept, std::vector<std::vector<Dot>> releases, bool closed);

  store::CatalogTable& table() { return table_; }
  RowNo row_of(CommitNo commit) const { return row_of_[commit]; }
  Hash first_previous() const { return table_.rows.empty() ? Hash{} : table_.rows.front().previous; }

  /// Hashes of the deltas that come in are asked for: something may stand in for them.
  bool needs_leaves() const { return pruning_ || pruned_input_; }
  /// A delta of one of the copies that the log holds.
  void note_input(const store::LoadedSegment& part, const Delta& delta, const Hash& leaf);
  /// A delta that goes out.
  void note_output(const Delta& delta);

  /// Settles all rows and writes them.
  Status finish(store::PackedWriter& writer);
  std::uint64_t pruned() const { return pruned_; }
  /// After finish(): the times that the output answers.
  KeptTimes readable_times() const { return readable_times_; }

 private:
  struct Input {
    CommitNo commit;
    std::uint32_t part;  // place of the copy's part in the log
    std::uint64_t place;
    Hash leaf;
  };
  struct Output {
    CommitNo commit;
    std::uint64_t place;
    friend auto operator<=>(const Output&, const Output&) = default;
  };
  struct Copy {  // a pruned one that counts
    CommitNo commit;
    std::uint32_t part;
    RowNo row;
  };
  Status settle(CommitNo commit, std::span<const Input> inputs, std::span<const Output> outputs);
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
  std::vector<Copy> copies_;     // by commit
  std::vector<Input> inputs_;    // whole deltas that came in
  std::vector<Output> outputs_;  // whole deltas that go out
  std::vector<Dot> seen_;        // all that is folded
  model::RecordTable records_;   // of the output
  std::map<std::vector<RecordNo>, RecordNo>
      pruned_again_;                                 // what folded commits had before -> the record that they get
  Indexed<RecordNo, std::optional<bool>> complete_;  // of the input
  std::uint64_t pruned_ = 0;
  bool linked_ = false;  // each row knows the hash before it
};

}  // namespace delta::ops
