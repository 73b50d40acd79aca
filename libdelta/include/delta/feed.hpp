// What came after a cursor: for those who follow a log.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "delta/cursor.hpp"
#include "delta/delta.hpp"
#include "delta/log.hpp"

namespace delta {

/// Some whole commits with all of their deltas.
struct FeedBatch {
  std::vector<CommitNo> commits;  ///< settings among them, which have no deltas
  DeltaBatch deltas;              ///< in the order of `commits`, then of seq
};

/// The commits behind a cursor, one batch after the other. Causes come first; of those that could come next, the one
/// of least key. A pending commit comes when it is pending no more: in the feed of a later refresh().
class DELTA_EXPORT Feed {
 public:
  /// Keeps the reference to the log, which must not be refreshed meanwhile. Errors: not_kept: deltas behind the cursor
  /// were pruned, at least in part; not_found: the cursor is ahead of the log.
  static Result<Feed> after(const Log& log, Cursor cursor);
  Feed(Feed&&) noexcept;
  Feed& operator=(Feed&&) noexcept;
  ~Feed();

  /// The next commits into `batch`; false: no more are here. Memory: some 65,536 deltas, or one commit. Errors: those
  /// of reading; the feed then stays where it was, and what is in `batch` means nothing.
  Result<bool> next(FeedBatch& batch);
  /// Behind what next() has given: for the next feed.
  const Cursor& cursor() const noexcept;

 private:
  struct DELTA_HIDDEN State;
  DELTA_HIDDEN explicit Feed(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace delta
