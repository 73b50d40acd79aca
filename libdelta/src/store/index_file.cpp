#include "store/index_file.hpp"

#include <algorithm>
#include <utility>

#include "base/checksum.hpp"
#include "delta/file.hpp"
#include "delta/out_of_memory.hpp"
#include "format/layout.hpp"
#include "os/side_file.hpp"
#include "store/footered.hpp"
#include "store/index_level.hpp"
#include "store/union.hpp"

namespace delta::store {
namespace {

constexpr std::uint64_t kTableBytes = 16;  // are as much work as an entry

/// How much work a level is.
std::uint64_t weight(const format::IndexLevel& level) {
  std::uint64_t tables = 0;
  for (const Buffer& table : level.tables) tables += table.size();
  return level.entries.size() + level.segments.size() + tables / kTableBytes;
}

/// At least, as its header says.
std::uint64_t least_weight(const format::LevelHeader& level) {
  return level.ids + level.segments + level.table_bytes / kTableBytes;
}

/// What an index is to hold: levels that stay where they are, and one that is new.
struct Plan {
  std::vector<format::IndexSeal::Level> kept;
  format::IndexLevel fresh;
};

Error unsealed(const std::string& log) {
  return error(ErrorCode::unsupported, "its last segment is not sealed, so there can be no index of it")
      .in(log)
      .with_hint("the next append seals it");
}

Result<std::vector<Segment>> sealed_segments(const std::shared_ptr<const ByteSource>& log, std::uint64_t from) {
  DELTA_TRY(auto segments, footered_segments_after(log, from));
  if (segments) return *std::move(segments);
  std::vector<Finding> notices;
  DELTA_TRY(const auto scanned, open_segments(log, notices));  // says what is wrong
  return unsealed(log->name());
}

Result<format::IndexLevel> level_from(LevelBuilder builder, std::vector<Segment> segments) {
  for (Segment& segment : segments) {
    DELTA_OK(load_tables(segment));
    DELTA_OK(builder.add(segment));
    segment = {};
  }
  return std::move(builder).finish();
}

/// A level of what is new. The levels before it that are not much larger become a part of it: so there are few.
Result<Plan> extend(const LookupIndex& index, const std::shared_ptr<const ByteSource>& log) {
  const auto& seal = index.seal();
  DELTA_TRY(auto segments, sealed_segments(log, seal.log_length));
  Plan plan;
  plan.kept = seal.levels;
  DELTA_TRY(plan.fresh, level_from(LevelBuilder(index.names(), seal.segments, seal.commits), std::move(segments)));
  while (!plan.kept.empty()) {
    const std::size_t last = plan.kept.size() - 1;
    const bool full = plan.kept.size() + 1 >= format::kMaxLevels;
    if (least_weight(index.headers()[last]) >= 2 * weight(plan.fresh) && !full) break;
    DELTA_TRY(auto older, index.level(last));
    if (weight(older) >= 2 * weight(plan.fresh) && !full) break;
    plan.fresh = merged(std::move(older), plan.fresh);
    plan.kept.pop_back();
  }
  return plan;
}

/// Appends the new level and a seal. `at`: where in the index `out` begins.
Result<IndexChange> write_plan(Plan& plan, const LookupIndex* before, const ByteSource& log, std::uint64_t at,
                               Buffer& out) {
  const std::size_t begin = out.size();
  write_level(plan.fresh, out);
  const ByteView level = ByteView(out).subspan(begin);
  const format::IndexedSegment& last = plan.fresh.segments.back();
  format::IndexSeal seal;
  seal.log_length = log.size();
  seal.digest = last.digest;
  seal.segments = plan.fresh.first_segment + plan.fresh.segments.size();
  seal.commits = last.before + last.commits;
  seal.levels = plan.kept;
  seal.levels.push_back({at + begin, level.size(), checksum(level)});
  DELTA_TRY(const auto header, format::read_level_header(level, level.size()));
  write_seal(seal, at + out.size(), out);
  IndexChange change;
  change.written = out.size();
  change.bytes = at + out.size();
  change.segments = seal.segments;
  change.commits = seal.commits;
  change.levels = seal.levels.size();
  change.ids = header.ids;
  change.linear = header.linear && (before == nullptr || before->linear());
  for (std::size_t i = 0; i < plan.kept.size(); ++i) change.ids += before->ids_of(i);
  return change;
}

Result<IndexChange> write_new(const IndexOrder& order, Plan plan, const LookupIndex* before, const ByteSource& log) {
  Buffer out;
  format::write_index_header(out);
  for (auto& level : plan.kept) {
    const std::size_t at = out.size();
    out.resize(at + level.length);
    DELTA_OK(before->read(level.offset, std::span(out).subspan(at)));
    level.offset = at;
  }
  DELTA_TRY(IndexChange change, write_plan(plan, before, log, 0, out));
  change.kind = before == nullptr ? IndexChange::Kind::made : IndexChange::Kind::extended;
  if (!order.dry_run) DELTA_OK(os::replace_side_file(order.path, order.log, out));
  return change;
}

/// Behind what is there, unless too much of that counts no more.
Result<IndexChange> write_more(const IndexOrder& order, Plan plan, const LookupIndex& before, const ByteSource& log) {
  constexpr std::uint64_t kFree = 4096;
  Buffer out;
  DELTA_TRY(IndexChange change, write_plan(plan, &before, log, before.end(), out));
  change.kind = IndexChange::Kind::extended;
  std::uint64_t live = format::kIndexHeaderBytes + out.size();
  for (const auto& level : plan.kept) live += level.length;
  if (change.bytes > live + live / 4 + kFree) return write_new(order, std::move(plan), &before, log);
  if (!order.dry_run) DELTA_OK(os::extend_side_file(order.path, before.end(), out));
  return change;
}

}  // namespace

Result<IndexState> index_state(const std::string& path, const ByteSource& log) {
  using Kind = IndexState::Kind;
  auto file = InputFile::open(path);
  if (!file && file.error().code == ErrorCode::not_found) return IndexState{};
  if (!file) return std::move(file).error();
  const std::uint64_t bytes = file->size();
  auto index = LookupIndex::open(std::make_shared<const InputFile>(*std::move(file)));
  if (!index) {
    Error& error = index.error();
    if (error.code == ErrorCode::unsupported) return IndexState{Kind::unsupported, {}, bytes, error.message};
    if (error.code == ErrorCode::corrupt) return IndexState{Kind::damaged, {}, bytes, error.message};
    return std::move(std::move(error).in(path));
  }
  DELTA_TRY(const auto fit, index->fit(log));
  if (fit == LookupIndex::Fit::not_at_all) return IndexState{Kind::foreign, {}, bytes, {}};
  return IndexState{fit == LookupIndex::Fit::whole ? Kind::whole : Kind::behind,
                    std::make_shared<const LookupIndex>(*std::move(index)),
                    bytes,
                    {}};
}

Status check_bytes(const LookupIndex& index) {
  DELTA_OK(index.check_header());
  constexpr std::uint64_t kPiece = 128 << 10;
  Buffer piece;
  for (const auto& level : index.seal().levels) {
    Checksum sum;
    for (std::uint64_t at = 0; at < level.length; at += piece.size()) {
      piece.resize(std::min(kPiece, level.length - at));
      DELTA_OK(index.read(level.offset + at, piece));
      sum.add(piece);
    }
    if (sum.value() != level.checksum) return error(ErrorCode::corrupt, "index: a level is damaged");
  }
  return {};
}

Result<IndexChange> update_index(const IndexOrder& order) {
  using Kind = IndexState::Kind;
  DELTA_TRY(const auto log, open_log_file(order.log));
  IndexState state;
  if (!order.rebuild) {
    DELTA_TRY(state, index_state(order.path, *log));
  }
  if (state.index && !check_bytes(*state.index)) state = {};
  if (state.kind == Kind::whole) return IndexChange{};
  if (state.kind == Kind::behind) {
    auto plan = unless_out_of_memory(extend(*state.index, log));
    if (plan) return write_more(order, *std::move(plan), *state.index, *log);
  }
  DELTA_TRY(auto level, level_of(log, order.tables));
  return write_new(order, {{}, std::move(level)}, nullptr, *log);
}

namespace {

Status extend_to_end(const std::string& log, const std::string& path) {
  DELTA_TRY(const auto bytes, open_log_file(log));
  DELTA_TRY(const auto state, index_state(path, *bytes));
  if (state.kind != IndexState::Kind::behind) return {};  // what is damaged was said when the log was opened
  DELTA_TRY(auto plan, extend(*state.index, bytes));
  const auto change = write_more({log, path}, std::move(plan), *state.index, *bytes);
  return change ? Status() : change.error();
}

}  // namespace

void extend_index(const std::string& log, std::vector<Finding>& notices) noexcept {
  static_cast<void>(or_out_of_memory([&]() -> Status {
    const std::string path = os::index_path(log);
    const auto done = extend_to_end(log, path);
    if (done) return {};
    notices.push_back({Verdict::ok, path, 0, "", "the index was not extended: " + done.error().text(),
                       "`deltalog reindex` extends it"});
    return {};
  }));
}

Result<format::IndexLevel> whole_level(const LookupIndex& index) {
  DELTA_TRY(format::IndexLevel all, index.level(0));
  for (std::size_t i = 1; i < index.seal().levels.size(); ++i) {
    DELTA_TRY(const auto next, index.level(i));
    all = merged(std::move(all), next);
  }
  return all;
}

Result<format::IndexLevel> level_of(const std::shared_ptr<const ByteSource>& log, TableRule rule) {
  DELTA_TRY(auto segments, sealed_segments(log, 0));
  return level_from(LevelBuilder(rule), std::move(segments));
}

}  // namespace delta::store
