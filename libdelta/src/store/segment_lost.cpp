// Which deltas of a damaged segment are lost: what its commit rows name and no readable frame holds.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "codec/block.hpp"
#include "codec/payload.hpp"
#include "delta/text.hpp"
#include "format/tables.hpp"
#include "store/segment.hpp"

namespace delta::store {

using format::FrameType;

namespace {

/// Each COMMITS frame that can be read: visit(rows, first).
template <class Visit>
void each_commits_frame(const Segment& segment, const Visit& visit) {
  format::Props names;
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    const auto& entry = segment.footer.frames[i];
    if (entry.type != FrameType::props && entry.type != FrameType::commits) continue;
    format::FrameHeader frame;
    const auto payload = read_frame(segment, i, &frame);
    if (!payload) continue;
    if (entry.type == FrameType::props) {
      if (!format::read_props(*payload, frame.count, names, frame.stored)) return;
      continue;
    }
    format::CommitsRead read;
    const auto origins = static_cast<std::uint32_t>(names.origins.size());
    if (format::read_commits(*payload, segment.header.kind, frame.count, origins, read, frame.stored)) {
      visit(names, read.rows, frame.first);
    }
  }
}

std::string lost_text(const format::Props& names, const format::SegmentCommitView& commit, std::uint64_t first,
                      std::uint64_t last) {
  return dots_text(names.origins[commit.origin], commit.first + first, commit.first + last);
}

/// What ordinals without a DATA frame were.
std::vector<std::string> lost_fresh(const Segment& segment) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::uint64_t next = 0;
  for (const auto& frame : segment.footer.frames) {
    if (frame.type != FrameType::data) continue;
    if (frame.first > next) gaps.push_back({next, frame.first});
    next = std::max(next, frame.first + frame.count);
  }
  gaps.push_back({next, ~std::uint64_t{0}});
  std::vector<std::string> lost;
  each_commits_frame(segment, [&](const format::Props& names, const format::CommitRows& rows, std::uint64_t begin) {
    for (const auto& row : rows) {
      const std::uint64_t end = begin + row.commit.deltas();
      auto gap = std::ranges::upper_bound(gaps, begin, {}, &std::pair<std::uint64_t, std::uint64_t>::second);
      for (; gap != gaps.end() && gap->first < end; ++gap) {
        const std::uint64_t first = std::max(gap->first, begin), last = std::min(gap->second, end);
        if (first < last) lost.push_back(lost_text(names, row.commit, first - begin, last - 1 - begin));
      }
      begin = end;
    }
  });
  return lost;
}

/// What of whole commits no readable DATA frame holds. Of a pruned one nobody knows what it had left.
std::vector<std::string> lost_packed(const Segment& segment) {
  std::vector<std::pair<RowNo, std::uint64_t>> here;  // and place
  for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
    format::FrameHeader frame;
    if (segment.footer.frames[i].type != FrameType::data) continue;
    const auto payload = read_frame(segment, i, &frame);
    SegmentBatch batch;
    constexpr std::uint32_t kAnyVector = 0xffffffff;
    if (!payload ||
        !codec::decode_block(*payload, codec::Layout::packed, frame.count, kAnyVector, {false, false}, batch)) {
      continue;
    }
    for (std::size_t d = 0; d < batch.size(); ++d) here.push_back({batch.commits[d], batch.seqs[d]});
  }
  std::ranges::sort(here);
  std::vector<std::string> lost;
  each_commits_frame(segment, [&](const format::Props& names, const format::CommitRows& rows, std::uint64_t first_row) {
    for (const RowNo r : rows.numbers()) {
      if (!rows[r].records.empty()) continue;
      const RowNo row = nth<RowNo>(first_row + index(r));
      std::uint64_t next = 0;
      for (auto at = std::ranges::lower_bound(here, std::pair(row, std::uint64_t{0}));
           at != here.end() && at->first == row; ++at) {
        if (at->second > next) lost.push_back(lost_text(names, rows[r].commit, next, at->second - 1));
        next = at->second + 1;
      }
      if (next < rows[r].commit.deltas()) {
        lost.push_back(lost_text(names, rows[r].commit, next, rows[r].commit.deltas() - 1));
      }
    }
  });
  return lost;
}

}  // namespace

std::string lost_dots(const Segment& segment) {
  constexpr std::size_t kMost = 20;
  const auto lost = segment.packed() ? lost_packed(segment) : lost_fresh(segment);
  std::string list;
  for (std::size_t i = 0; i < lost.size() && i < kMost; ++i) list += (i > 0 ? ", " : "") + escape(lost[i]);
  if (lost.size() > kMost) list += ", and " + std::to_string(lost.size() - kMost) + " ranges more";
  return list;
}

}  // namespace delta::store
