// Prune records, of which a log may hold as many as commits: each once, and sets of kept times from many of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/numbers.hpp"
#include "delta/commit.hpp"
#include "delta/kept_times.hpp"

namespace delta::model {

/// Numbers records from 0 in order of adding; equal ones once.
class RecordTable {
 public:
  RecordTable() = default;
  RecordTable(const RecordTable&) = delete;  // the index points into the table
  RecordTable& operator=(const RecordTable&) = delete;
  RecordTable(RecordTable&&) noexcept = default;
  RecordTable& operator=(RecordTable&&) noexcept = default;

  RecordNo add(PruneRecord record);
  std::size_t size() const { return records_.size(); }
  const PruneRecord& operator[](RecordNo record) const { return records_[index(record)]; }

 private:
  struct Less {
    bool operator()(const PruneRecord* a, const PruneRecord* b) const;
  };
  std::deque<PruneRecord> records_;  // a deque never moves what it holds
  std::map<const PruneRecord*, RecordNo, Less> numbers_;
};

/// The times that are in each of the sets; all() of none. Neighbours are taken together, and then what comes of them:
/// one after the other would go through the ranges of the first ones again with every set.
KeptTimes in_all(std::vector<KeptTimes> sets);
/// The times that are in any of the sets.
KeptTimes in_any(std::vector<KeptTimes> sets);

}  // namespace delta::model
