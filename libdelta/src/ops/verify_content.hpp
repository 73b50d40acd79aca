// One segment under verification: every payload decoded, the rules for single deltas, the footer recomputed, hashes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "format/tables.hpp"
#include "ops/verify.hpp"
#include "store/spill_sort.hpp"
#include "store/union.hpp"

namespace delta::ops {

/// What a segment turned out to hold, row by row.
struct CheckedRows {
  Indexed<RowNo, std::optional<Hash>> hashes;            // of its commit; none where deltas are missing
  Indexed<RowNo, std::optional<Timestamp>> first_times;  // of its first delta; none where that was pruned
  std::uint64_t partial = 0;                             // deltas that have lost something
};

class ContentCheck {
 public:
  using Report = std::function<void(Verdict, std::uint64_t offset, std::string where, std::string what)>;
  /// Deltas in order.
  using Visit = std::function<void(const DeltaBatch&)>;

  struct Options {
    VerifyLevel level = VerifyLevel::chain;  // content, or chain: hash, too
    Checks checks = {};
    unsigned threads = 1;
    std::uint64_t memory = 256 << 20;  // bytes, for what is known of each delta
  };
  ContentCheck(const store::Union& log, const store::LoadedSegment& part, const store::ScannedSegment& scanned,
               const Options& options, Report report)
      : log_(log),
        part_(part),
        segment_(part.segment),
        scanned_(scanned),
        options_(options),
        report_(std::move(report)) {}

  /// Before run(): asked of each DATA frame in turn, which are decoded. What needs all of them is not checked then.
  void look_only_at(std::function<bool()> choice) { choice_ = std::move(choice); }
  /// An Error only for I/O.
  Status run(const Visit& visit);
  /// Of the checks that can be left out.
  static std::span<const std::string_view> names();
  CheckedRows rows;
  /// Some deltas are of a kind that this version does not know: what depends on them was not looked at.
  bool met_unknown() const { return met_unknown_; }

 private:
  struct Block;
  /// A delta of a packed segment, as its row needs it.
  struct Placed {
    std::uint64_t place;  // in the list of all deltas of all rows, twice; and 1 if it is whole
    std::uint64_t time;
    Hash leaf;
    friend bool operator<(const Placed& a, const Placed& b) { return a.place < b.place; }
  };
  static_assert(sizeof(Placed) == 48);  // the manual says so
  struct PackedRow;
  void check_tables();
  Status check_extras();
  bool hashing() const { return options_.level >= VerifyLevel::chain; }
  bool runs(std::string_view check) const { return options_.checks.runs(check); }
  void check_block(Block& block) const;
  std::string broken_rule(const Block& block) const;
  Status take_block(Block& block, const Visit& visit);
  void take_fresh(const Block& block);
  Status take_packed(const Block& block);
  void end_row();
  void begin_packed();
  Status end_packed();
  void check_row(PackedRow& row);
  void hash_row(RowNo row, const std::optional<Hash>& root);
  Status check_end();
  Status check_postings();
  void check_footer();
  void say(Verdict verdict, std::size_t entry, std::string what);
  std::optional<Hash> previous_of(RowNo row) const;
  void find_rows_before();

  const store::Union& log_;
  const store::LoadedSegment& part_;
  const store::Segment& segment_;
  const store::ScannedSegment& scanned_;
  Options options_;
  Report report_;

  Indexed<RowNo, std::optional<RowNo>> row_before_;  // the one before it of its origin
  format::Footer footer_;                            // recomputed
  store::PostingsBuilder postings_;                  // fresh: recomputed
  std::uint64_t next_ordinal_ = 0;
  RowNo row_{};                   // that the next delta belongs to
  std::uint64_t row_deltas_ = 0;  // of it, so far
  Timestamp row_time_;            // of the last delta that was read,
  std::uint64_t row_end_ = 0;     // and the ordinal behind it
  model::MerkleTree tree_;
  Indexed<RowNo, std::uint64_t> starts_;            // packed: of the deltas of each row, among those of all
  std::optional<store::SpillSort<Placed>> placed_;  // packed: all deltas
  bool met_unknown_ = false;
  std::function<bool()> choice_;  // of a sample; empty: all
};

}  // namespace delta::ops
