// What the writer and the reader of COMMITS share.
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <vector>

#include "format/table_parts.hpp"
#include "format/tables.hpp"

namespace delta::format {

/// The usual case: the commit has seen the one before it in the frame, and through it all else.
template <class Commit>
bool chained(const Commit& commit, const Commit* before) {
  return before != nullptr && commit.parents.size() == 1 &&
         commit.parents[0] == SegmentDot{before->origin, before->last()};
}

template <class Rows>
std::vector<std::int64_t> time_steps(const Rows& rows) {
  std::vector<std::int64_t> steps;
  std::uint64_t time = 0;
  for (const auto& row : rows) {
    steps.push_back(static_cast<std::int64_t>(row.commit.time.us() - time));
    time = row.commit.time.us();
  }
  return steps;
}

/// The greatest common divisor; 1 if all are 0.
inline std::uint64_t common_unit(const std::vector<std::int64_t>& steps) {
  std::uint64_t unit = 0;
  for (const auto step : steps) unit = std::gcd(unit, static_cast<std::uint64_t>(step < 0 ? -step : step));
  return unit == 0 ? 1 : unit;
}

/// Of each origin the last seq of the rows so far. Mostly one row after the other is of one origin.
class Lasts {
 public:
  std::uint64_t next(SegmentOrigin origin) const {  ///< 0: none so far
    if (latest_ == origin) return last_ + 1;
    const auto it = others_.find(origin);
    return it == others_.end() ? 0 : it->second + 1;
  }
  void note(SegmentOrigin origin, std::uint64_t last) {
    if (latest_ && *latest_ != origin) others_[*latest_] = last_;
    latest_ = origin;
    last_ = last;
  }

 private:
  std::optional<SegmentOrigin> latest_;
  std::uint64_t last_ = 0;
  std::unordered_map<SegmentOrigin, std::uint64_t> others_;
};

/// What else a record says. Unknown bits are for what speaks of a part of a copy alone: who does not know them cannot
/// tell what it answers.
enum RecordFlags : std::uint8_t { kClosed = 1, kReleases = 2, kLost = 4, kRecordFlags = kClosed | kReleases | kLost };

/// Optional columns, behind all else. Bit 7: who does not know the column must not read the table.
enum class CommitColumn : Byte { properties = 0x81, given = 0x82 };
constexpr Byte kCritical = 0x80;

constexpr std::uint8_t number_of(Byte column) { return column & 0x7f; }

}  // namespace delta::format
