// Logs from the outside in: files to segments, segments to one set of commits with one catalog.
#include "store/union.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "base/boundary.hpp"
#include "delta/text.hpp"

namespace delta {

using format::FrameType;

namespace store {

Commit renumbered(const format::SegmentCommitView& commit, const Indexed<SegmentOrigin, OriginNo>& origins) {
  return delta::renumbered(commit, [&](SegmentOrigin origin) { return origins[origin]; });
}

PruneRecord renumbered(const format::SegmentRecord& record, const Indexed<SegmentOrigin, OriginNo>& origins) {
  return record.renumbered([&](SegmentOrigin origin) { return origins[origin]; });
}

}  // namespace store

Status store::Union::read_tables(const std::shared_ptr<const ByteSource>& file, const LoadNames& load_names,
                                 std::size_t number) {
  DELTA_TRY(auto segments, store::open_segments(file, notices));
  for (auto& segment : segments) {
    store::LoadedSegment part;
    part.segment = std::move(segment);
    const bool none = wanted && wanted->empty();
    bool named = none;
    if (none || load_names) DELTA_OK(store::load_tables(part.segment, store::Tables::without_ids));
    if (none) DELTA_OK(store::count_vectors(part.segment));
    if (!none && load_names) {
      DELTA_TRY(named, load_names(number, part.segment));
      if (!named) store::unload_tables(part.segment);
    }
    if (!named) DELTA_OK(store::load_tables(part.segment, store::Tables::all, wanted ? &*wanted : nullptr));
    parts.push_back(std::move(part));
  }
  return {};
}

/// Says which file the other commit of a fork is in.
Error store::Union::fork_in(Error error, const CommitView& commit) const {
  const auto other = error.code == ErrorCode::forked ? history.overlapping(commit) : std::nullopt;
  if (other) error.message += ", the former in " + escape(first_in[*other]->name(), 4096);
  return std::move(error).with_hint(other ? "two writers used one origin name; give each its own with --origin" : "");
}

Indexed<SegmentOrigin, OriginNo> store::LoadedSegment::number_names(Catalog& catalog) {
  auto added = store::add_names(segment, catalog);
  vectors = std::move(added.vectors);
  rising = std::ranges::adjacent_find(vectors, std::greater_equal()) == vectors.end();
  places_ = std::make_unique<Places>();
  return std::move(added.origins);
}

Status store::Union::translate(store::LoadedSegment& part) {
  const store::Segment& segment = part.segment;
  const auto origins = part.number_names(catalog);
  part.commits.reserve(segment.rows().size());
  part.postings = store::PostingsReader(segment);
  Indexed<RecordNo, RecordNo> records;
  for (const auto& record : segment.commits.records) {
    records.push_back(history.add_record(store::renumbered(record, origins)));
  }
  std::vector<RecordNo> under;
  std::vector<Dot> parents;
  for (const auto& row : segment.rows()) {
    under.clear();
    for (const RecordNo record : row.records) under.push_back(records[record]);
    const CommitView commit = delta::renumbered<OriginNo>(
        row.commit, [&](SegmentOrigin origin) { return origins[origin]; }, parents);
    auto number = history.add(commit, under);
    if (!number) return fork_in(std::move(number).error(), commit).in(segment.file->name());
    part.commits.push_back(*number);
    if (first_in.size() < history.size()) first_in.push_back(segment.file.get());
    if (row.previous != Hash{}) previous[*number] = row.previous;
  }
  return {};
}

void store::Union::choose_copies() {
  using Copy = std::pair<const store::LoadedSegment*, RowNo>;
  Indexed<CommitNo, Copy> whole(history.size());
  for (const store::LoadedSegment& part : parts) {
    for (const RowNo row : part.commits.numbers()) {
      Copy& first = whole[part.commits[row]];
      if (!first.first && part.segment.rows().records(row).empty()) first = {&part, row};
    }
  }
  for (store::LoadedSegment& part : parts) {
    part.superseded.resize(part.commits.size());
    for (const RowNo row : part.commits.numbers()) {
      const Copy& first = whole[part.commits[row]];
      part.superseded[row] = first.first && first != Copy(&part, row);
    }
  }
  if (!history.pruned().empty()) pass_repeated_segments();
  Indexed<CommitNo, std::uint32_t> copies(history.size());  // that count
  const auto each_left = [](const store::LoadedSegment& part, const auto& visit) {
    for (const RowNo row : part.commits.numbers()) {
      if (!part.superseded[row]) visit(part.commits[row]);
    }
  };
  for (store::LoadedSegment& part : parts) {
    part.any_superseded = std::ranges::find(part.superseded, true) != part.superseded.end();
    part.all_superseded = std::ranges::find(part.superseded, false) == part.superseded.end();
    each_left(part, [&](CommitNo commit) { ++copies[commit]; });
  }
  for (store::LoadedSegment& part : parts) {
    each_left(part, [&](CommitNo commit) { part.shares = part.shares || copies[commit] > 1; });
  }
}

/// What a whole segment has left of pruned commits is there once, however often the segment is. Its frames are vouched
/// for by checksums of 64 bits, which is enough to tell it from what was written by chance; forged ones may hide behind
/// each other.
void store::Union::pass_repeated_segments() {
  std::map<std::tuple<std::uint64_t, std::uint64_t, Hash>, const store::LoadedSegment*> seen;
  for (store::LoadedSegment& part : parts) {
    const store::Segment& segment = part.segment;
    if (!segment.sealed) continue;
    const auto [place, fresh] =
        seen.try_emplace({segment.trailer.digest, segment.length, segment.header.segment_id}, &part);
    if (!fresh && place->second->commits == part.commits) {
      std::fill(part.superseded.begin(), part.superseded.end(), true);
    }
  }
}

Status store::Union::link() {
  const auto start = [](const store::LoadedSegment& part) {
    const auto data = std::ranges::find(part.segment.footer.frames, FrameType::data, &format::FrameEntry::type);
    return data == part.segment.footer.frames.end() ? Timestamp{} : data->min_time;
  };
  std::ranges::stable_sort(parts, {}, start);
  std::size_t commits = 0;
  for (const auto& part : parts) commits += part.segment.rows().size();
  history.reserve(commits);
  first_in.reserve(commits);
  for (auto& part : parts) DELTA_OK(translate(part));
  DELTA_OK(admit_lost());
  history.admit_pruned();
  DELTA_OK(history.check_closed());
  choose_copies();
  note_lost();
  DELTA_OK(compare_chains());
  for (const auto number : history.pending()) {
    const CommitView& commit = history.commit(number);
    notices.push_back({Verdict::pending, "", 0,
                       std::string(catalog.origin(commit.origin)) + ":" + std::to_string(commit.first),
                       "a commit that depends on commits that are not in these files; it is part of no state", ""});
  }
  return {};
}

Status store::Union::compare_chains() const {
  struct Stated {
    Hash hash;
    const std::string* file;
  };
  std::map<std::pair<std::string_view, std::uint64_t>, Stated> stated;
  for (const auto& part : parts) {
    const store::Segment& s = part.segment;
    for (const auto& head : s.footer.heads) {
      if (!s.names.origins.contains(head.origin)) continue;  // heads() refuses it
      const std::string& origin = s.names.origins[head.origin];
      for (const auto& [seq, hash] : {std::pair(head.first - 1, head.previous), std::pair(head.last, head.hash)}) {
        if (seq == 0 || hash == Hash{}) continue;
        const auto [known, fresh] = stated.try_emplace({origin, seq}, Stated{hash, &s.file->name()});
        if (fresh || known->second.hash == hash) continue;
        return error(ErrorCode::forked, "forked origin: the history up to " + escape(origin) + ":" +
                                            std::to_string(seq) + " is not that of " +
                                            escape(*known->second.file, 4096))
            .in(s.file->name())
            .with_hint("two writers used one origin name; give each its own with --origin");
      }
    }
  }
  return {};
}

Status store::Union::add_hashed_heads(const Log& log, store::Heads& heads) const {
  DELTA_TRY(const auto hashes, log.hashes());
  for (const CommitNo number : numbers<CommitNo>(history.size())) {
    const CommitView& commit = history.commit(number);
    auto& head = heads[commit.origin];
    if (commit.last() > head.seq) head = {commit.last(), commit.time, hashes[number]};
  }
  return {};
}

Result<store::Heads> store::Union::heads(const Log& log) const {
  store::Heads heads(catalog.origins());
  bool complete = true;
  for (const auto& part : parts) {
    complete = complete && ((part.segment.sealed && !part.segment.footer.heads.empty()) || part.segment.rows().empty());
    for (const auto& entry : part.segment.footer.heads) {
      if (!part.segment.names.origins.contains(entry.origin)) {
        return error(ErrorCode::corrupt, "the footer names an unknown origin").in(part.segment.file->name());
      }
      auto& head = heads[*catalog.find_origin(part.segment.names.origins[entry.origin])];
      const bool knows_more = entry.last == head.seq && head.hash == Hash{};
      if (entry.last > head.seq || knows_more) head = {entry.last, entry.time, entry.hash};
    }
  }
  if (!complete) DELTA_OK(add_hashed_heads(log, heads));
  for (const OriginNo origin : heads.numbers()) {  // what a lost commit's hash was is not known
    if (history.last_given(origin) > heads[origin].seq) heads[origin] = {history.last_given(origin), {}, {}};
  }
  return heads;
}

Result<Log> store::Union::of_segment(store::Segment segment, unsigned threads) {
  auto impl = std::make_unique<store::Union>();
  impl->threads = threads;
  store::LoadedSegment part;
  part.segment = std::move(segment);
  store::unload_tables(part.segment);
  DELTA_OK(store::load_tables(part.segment));
  impl->parts.push_back(std::move(part));
  DELTA_OK(impl->link());
  return Log(std::move(impl));
}

Result<Log> store::Union::of_loaded(store::Segment segment, const DotRanges& lost, unsigned threads) {
  auto impl = std::make_unique<store::Union>();
  impl->threads = threads;
  store::LoadedSegment part;
  part.segment = std::move(segment);
  part.lost = lost;
  impl->parts.push_back(std::move(part));
  DELTA_OK(impl->link());
  return Log(std::move(impl));
}

Result<Log> Log::open(std::span<const std::string> paths, const OpenOptions& options) try {
  const Boundary boundary;
  std::vector<Finding> notices;
  DELTA_TRY(const auto names, store::log_files(paths, notices));
  std::vector<std::shared_ptr<const ByteSource>> files;
  for (const auto& name : names) {
    DELTA_TRY(auto file, store::open_log_file(name));
    files.push_back(std::move(file));
  }
  DELTA_TRY(auto log, store::Union::open(files, options));
  log.impl().paths.assign(paths.begin(), paths.end());
  auto& found = log.impl().notices;
  found.insert(found.begin(), std::make_move_iterator(notices.begin()), std::make_move_iterator(notices.end()));
  return log;
} catch (...) {
  return caught();
}

Result<Log> Log::open(std::span<const std::shared_ptr<const ByteSource>> sources, const OpenOptions& options) try {
  const Boundary boundary;
  return store::Union::open(sources, options);
} catch (...) {
  return caught();
}

Result<Log> store::Union::open(std::span<const std::shared_ptr<const ByteSource>> files, const OpenOptions& options,
                               const LoadNames& load_names) {
  auto impl = std::make_unique<store::Union>();
  impl->threads = thread_count(options.threads);
  impl->opened_with = options;
  if (options.cache > 0) impl->cache = std::make_unique<DeltaCache>(options.cache);
  if (options.ids) {
    impl->wanted.emplace(*options.ids);
    impl->files.assign(files.begin(), files.end());
  }
  for (std::size_t i = 0; i < files.size(); ++i) DELTA_OK(impl->read_tables(files[i], load_names, i));
  DELTA_OK(impl->link());
  for (auto& part : impl->parts) {  // the catalog has them now
    part.segment.ids = {};
    part.segment.id_text = {};
  }
  return Log(std::move(impl));
}

Result<Log> store::Union::with_all_ids() const {
  OpenOptions options;
  options.threads = threads;
  return open(files, options);
}

}  // namespace delta
