// Writing the lookup index of a log: made new and put in place at once, or extended by what the log has grown by.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "delta/finding.hpp"
#include "store/lookup_index.hpp"
#include "store/segment_table.hpp"

namespace delta::store {

/// What an index is worth for a log.
struct IndexState {
  enum class Kind : std::uint8_t {
    absent,
    whole,
    behind,       ///< the log has grown since
    foreign,      ///< it is of another log, or of what the log was before it was replaced
    damaged,      ///< or was not written to its end
    unsupported,  ///< of another version
  };
  Kind kind = Kind::absent;
  std::shared_ptr<const LookupIndex> index = {};  // of `whole` and `behind`
  std::uint64_t bytes = 0;                        // that the file has
  std::string what = {};                          // of `damaged` and `unsupported`
};
/// Errors: those of the system. `path`: of the index.
Result<IndexState> index_state(const std::string& path, const ByteSource& log);

/// What has been written, and what the index is then.
struct IndexChange {
  enum class Kind : std::uint8_t { none, made, extended };
  Kind kind = Kind::none;
  std::uint64_t written = 0, bytes = 0;  // bytes; those of the whole index
  std::uint64_t segments = 0, commits = 0, ids = 0, levels = 0;
  bool linear = false;
};
struct IndexOrder {
  std::string log;                              ///< its path
  std::string path;                             ///< of the index
  bool rebuild = false;                         ///< also where the index is whole
  bool dry_run = false;                         ///< write nothing
  TableRule tables = TableRule::where_it_pays;  ///< of an index that is made new
};
/// Brings the index up to the end of the log, or makes it new where there is none that could be extended. REQUIRES: the
/// caller holds the lock of the log. Errors, after which nothing has changed: those of opening the log; unsupported:
/// its last segment is not sealed, or there can be no index of it.
Result<IndexChange> update_index(const IndexOrder& order);

/// All of the bytes that count have their checksums. Reads the whole index. corrupt.
Status check_bytes(const LookupIndex& index);

/// After an append: brings a whole index of the log up to its end, without an fsync. Where there is none, nothing is
/// done; where it cannot be done, `notices` says so. REQUIRES: as above.
void extend_index(const std::string& log, std::vector<Finding>& notices) noexcept;

/// The whole index as one level, and what it should be by the log: for comparing.
Result<format::IndexLevel> whole_level(const LookupIndex& index);
Result<format::IndexLevel> level_of(const std::shared_ptr<const ByteSource>& log,
                                    TableRule rule = TableRule::where_it_pays);

}  // namespace delta::store
