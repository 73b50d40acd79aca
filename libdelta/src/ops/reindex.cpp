#include "delta/reindex.hpp"

#include "base/boundary.hpp"
#include "delta/locked_log.hpp"
#include "os/side_file.hpp"
#include "store/index_file.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

using Kind = store::IndexState::Kind;

IndexWorth worth_of(Kind kind) {
  switch (kind) {
    case Kind::absent:
      return IndexWorth::absent;
    case Kind::whole:
      return IndexWorth::whole;
    case Kind::behind:
      return IndexWorth::behind;
    case Kind::foreign:
      return IndexWorth::foreign;
    case Kind::damaged:
      return IndexWorth::damaged;
    case Kind::unsupported:
      return IndexWorth::unsupported;
  }
  return IndexWorth::damaged;
}

void describe(const store::IndexState& state, IndexReport& report) {
  report.bytes = state.bytes;
  if (!state.index) return;
  const auto& seal = state.index->seal();
  report.segments = seal.segments;
  report.commits = seal.commits;
  report.levels = seal.levels.size();
  report.ids = state.index->ids();
  report.linear = state.index->linear();
}

Result<IndexReport> found(const std::string& log, const std::string& path, const ByteSource& bytes) {
  DELTA_TRY(const auto state, store::index_state(path, bytes));
  IndexReport report{log, path, worth_of(state.kind), state.what};
  if (const auto intact = state.index ? store::check_bytes(*state.index) : Status(); !intact) {
    report.found = IndexWorth::damaged;
    report.what = intact.error().message;
    report.bytes = state.bytes;
    return report;
  }
  describe(state, report);
  return report;
}

/// The places of their tables are not compared.
bool same_segments(std::vector<format::IndexedSegment> a, std::vector<format::IndexedSegment> b) {
  for (auto* segments : {&a, &b}) {
    for (format::IndexedSegment& segment : *segments) {
      segment.table = 0;
      segment.table_bytes = 0;
    }
  }
  return a == b;
}

/// What differs between an index and what it should be; empty: nothing.
Result<std::string> difference(const store::LookupIndex& index, const std::shared_ptr<const ByteSource>& log) {
  const auto header = index.check_header();
  if (!header && header.error().code != ErrorCode::io) return header.error().message;
  if (!header) return header.error();
  const auto is = store::whole_level(index);
  if (!is && is.error().code == ErrorCode::corrupt) return is.error().message;
  if (!is) return is.error();
  DELTA_TRY(const auto should, store::level_of(log));
  if (!same_segments(is->segments, should.segments)) return std::string("its list of segments is not that of the log");
  if (is->tables != should.tables) return std::string("what it says of the segments is not what the log says");
  if (is->entries != should.entries) return std::string("its vectors are not those of the log");
  if (is->ids && is->ids != should.ids) return std::string("its ids in order are not those of the log");
  if (is->names != should.names) return std::string("its names are not those of the log");
  if (is->linear != should.linear) return std::string("it is wrong about the order of the commits");
  return std::string();
}

}  // namespace

std::string_view index_worth_name(IndexWorth worth) noexcept {
  switch (worth) {
    case IndexWorth::absent:
      return "absent";
    case IndexWorth::whole:
      return "whole";
    case IndexWorth::behind:
      return "behind";
    case IndexWorth::foreign:
      return "foreign";
    case IndexWorth::damaged:
      return "damaged";
    case IndexWorth::unsupported:
      return "unsupported";
  }
  return "";
}

Result<IndexReport> reindex(const std::string& log, const IndexOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const auto locked, LockedLog::open(log, {.wait = options.wait, .force = true}));
  const std::string path = options.index.empty() ? os::index_path(locked.path()) : options.index;
  DELTA_TRY(const auto bytes, store::open_log_file(locked.path()));
  DELTA_TRY(IndexReport report, found(log, path, *bytes));
  if (!options.index.empty() && report.found == IndexWorth::damaged) {
    return error(ErrorCode::exists, "is no index of a log, or a damaged one: it is not replaced")
        .in(path)
        .with_hint("remove it first");
  }
  DELTA_TRY(const auto change, store::update_index({locked.path(), path, options.rebuild, options.dry_run}));
  if (change.kind == store::IndexChange::Kind::none) return report;
  const bool made = change.kind == store::IndexChange::Kind::made;
  report.done = made ? IndexReport::Done::made : IndexReport::Done::extended;
  report.written = change.written;
  report.bytes = change.bytes;
  report.segments = change.segments;
  report.commits = change.commits;
  report.ids = change.ids;
  report.levels = change.levels;
  report.linear = change.linear;
  return report;
} catch (...) {
  return caught();
}

Result<IndexReport> check_index(const std::string& log, const std::string& index) try {
  const Boundary boundary;
  const std::string path = index.empty() ? os::index_path(log) : index;
  DELTA_TRY(const auto bytes, store::open_log_file(log));
  DELTA_TRY(const auto state, store::index_state(path, *bytes));
  IndexReport report{log, path, worth_of(state.kind), state.what};
  describe(state, report);
  if (state.kind != Kind::whole) return report;
  DELTA_TRY(report.what, difference(*state.index, bytes));
  if (!report.what.empty()) report.found = IndexWorth::damaged;
  return report;
} catch (...) {
  return caught();
}

}  // namespace delta
