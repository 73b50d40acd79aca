// Makes levels of a lookup index from the segments of a log.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "format/index_table.hpp"
#include "store/segment.hpp"
#include "store/segment_table.hpp"

namespace delta::store {

/// Segments in the order of the file, to one level. It continues what other levels say.
class LevelBuilder {
 public:
  explicit LevelBuilder(TableRule rule) : rule_(rule) {}  ///< from the beginning of the log
  /// After some levels, in order: what they say of origins, and how many segments and commits they have.
  LevelBuilder(std::span<const format::LevelNames> names, std::uint64_t segments, std::uint64_t commits);

  /// The next segment, whose tables are loaded. unsupported: two of its ids cannot be told apart by their hashes.
  Status add(const Segment& segment);
  /// REQUIRES: some segment was added.
  format::IndexLevel finish() &&;

 private:
  bool continues(const Segment& segment, const format::CommitRowView& row) const;
  void add_commits(const Segment& segment);
  Status add_ids(const Segment& segment);
  void add_names(const Segment& segment, std::span<const format::IndexEntry> own);
  void add_head(const Segment& segment, const format::HeadEntry& head);

  struct Standing {
    std::uint64_t seq = 0;
    Hash hash{};
    std::optional<std::size_t> head = {};  // in the level, if it has commits there
  };
  std::map<std::string, Standing, std::less<>> known_;  // where each origin stands so far
  std::string last_;                                    // whose commit is the last; empty: of nobody
  Timestamp last_time_;                                 // of that
  TableRule rule_ = TableRule::where_it_pays;
  std::uint64_t commits_ = 0;
  std::set<std::pair<std::string, std::uint32_t>> namespaces_;  // of the level
  std::vector<format::IdHash> hashes_;                          // of the ids of the level, ascending
  format::IndexLevel level_;
};

/// One level that says what two say. REQUIRES: `newer` follows `older`.
format::IndexLevel merged(format::IndexLevel older, const format::IndexLevel& newer);

}  // namespace delta::store
