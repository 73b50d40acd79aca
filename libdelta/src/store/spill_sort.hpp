// Sorts records that may be more than memory is given for: runs of them, each sorted, go to a temporary file without a
// name, and are merged when they are asked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "delta/error.hpp"
#include "delta/result.hpp"
#include "os/spool.hpp"

namespace delta::store {

/// `Record` has an operator<, and its bytes are all there is to it.
template <class Record>
class SpillSort {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  /// `memory`: bytes that it may take, about. `expected`: how many records there will be at most: where the temporary
  /// file has no room, the error says what they take.
  SpillSort(std::uint64_t memory, std::uint64_t expected)
      : most_(std::max<std::uint64_t>(memory / (2 * sizeof(Record)), kFewest)), expected_(expected) {}

  /// io: the temporary file cannot be written.
  Status add(const Record& record) {
    if (records_.size() == most_) DELTA_OK(spill());
    // Growing step by step would take as much again, for the copy. Pages that are not written take no memory.
    if (records_.capacity() == 0)
      records_.reserve(static_cast<std::size_t>(std::min(most_, std::max(expected_, kFewest))));
    records_.push_back(record);
    return {};
  }

  std::uint64_t spilled() const { return spool_ ? spool_->size() : 0; }  ///< bytes

  /// Visits all in order; to be called once. `visit(record)` returns a Status.
  template <class Visit>
  Status finish(const Visit& visit) {
    std::sort(records_.begin(), records_.end());
    if (!spool_) {
      for (const Record& record : records_) DELTA_OK(visit(record));
      return {};
    }
    DELTA_OK(spill());
    records_ = std::vector<Record>();  // gives back its room
    return merge(visit);
  }

 private:
  static constexpr std::uint64_t kFewest = 64;

  Status spill() {
    if (!spool_) {
      auto spool = os::Spool::create();
      if (!spool) return no_room(std::move(spool).error());
      spool_.emplace(std::move(*spool));
    }
    std::sort(records_.begin(), records_.end());
    auto written = spool_->write({reinterpret_cast<const std::uint8_t*>(records_.data()), bytes(records_.size())});
    if (!written) return no_room(std::move(written).error());
    ends_.push_back(spool_->size());
    records_.clear();
    return {};
  }
  Error no_room(Error why) const {
    const std::uint64_t all = std::max(bytes(expected_), spilled() + bytes(records_.size()));
    why.code = ErrorCode::io;
    return std::move(why).with_hint("set TMPDIR to a directory with room for " + std::to_string(all) + " bytes");
  }
  static std::uint64_t bytes(std::uint64_t records) { return records * sizeof(Record); }

  /// A run as it is read.
  struct Run {
    std::uint64_t next = 0, end = 0;  // in the file: what has not been read
    std::vector<Record> room;
    std::size_t at = 0;
    bool empty() const { return at == room.size() && next == end; }
  };

  static Status fill(const ByteSource& file, std::size_t most, Run& run) {
    if (run.at < run.room.size() || run.next == run.end) return {};
    run.room.resize(std::min<std::size_t>(most, (run.end - run.next) / sizeof(Record)));
    const ByteRange range{run.next, {reinterpret_cast<std::uint8_t*>(run.room.data()), bytes(run.room.size())}};
    run.at = 0;
    run.next += bytes(run.room.size());
    return file.read({&range, 1});
  }

  template <class Visit>
  Status merge(const Visit& visit) {
    const auto file = std::move(*spool_).finish("the temporary file");
    const std::size_t most = std::max<std::size_t>(most_ / ends_.size(), kFewest);
    std::vector<Run> runs;
    std::uint64_t begin = 0;
    for (const std::uint64_t end : ends_) {
      runs.push_back({begin, end, {}, 0});
      begin = end;
    }
    const auto later = [&](std::size_t a, std::size_t b) {
      return runs[b].room[runs[b].at] < runs[a].room[runs[a].at];
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> order(later);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      DELTA_OK(fill(*file, most, runs[i]));
      order.push(i);
    }
    while (!order.empty()) {
      const std::size_t i = order.top();
      order.pop();
      DELTA_OK(visit(runs[i].room[runs[i].at++]));
      DELTA_OK(fill(*file, most, runs[i]));
      if (!runs[i].empty()) order.push(i);
    }
    return {};
  }

  std::uint64_t most_, expected_;  // records: in memory, in all
  std::vector<Record> records_;
  std::optional<os::Spool> spool_;
  std::vector<std::uint64_t> ends_;  // of each run in it
};

}  // namespace delta::store
