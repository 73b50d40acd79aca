// Logs from the outside in: paths to files, files to segments, segments to one set of commits with one catalog; and
// the stream of blocks that everything which reads deltas runs on, so that no reader needs the whole log in memory.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>

#include "codec/block.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "model/accuracy.hpp"
#include "model/canonical.hpp"
#include "os/directory.hpp"
#include "store/log_impl.hpp"
#include "store/postings.hpp"

namespace delta {

using format::FrameType;

namespace store {

namespace {

/// The logs of a directory. What only looks like one is named in `notices`: to open a pipe would be to wait for its
/// other end.
Result<std::vector<std::string>> logs_inside(const std::string& directory, std::vector<Finding>& notices) {
  std::vector<std::string> inside;
  DELTA_TRY(auto entries, os::entries(directory, ".dlog"));
  for (os::Entry& entry : entries) {
    const bool nowhere = entry.kind == os::Entry::Kind::nowhere;
    if (!nowhere && entry.kind != os::Entry::Kind::other) {  // what must not be looked at is an error when it is opened
      inside.push_back(std::move(entry.path));
    } else {
      notices.push_back({Verdict::ok, std::move(entry.path), 0, "",
                         nowhere ? "a link that leads nowhere, passed over" : "no regular file, passed over", ""});
    }
  }
  if (inside.empty()) return error(ErrorCode::not_found, "no *.dlog in this directory").in(directory);
  return inside;
}

}  // namespace

Result<std::vector<std::string>> log_files(std::span<const std::string> paths, std::vector<Finding>& notices) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    if (path == "-" || !os::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    DELTA_TRY(const auto inside, logs_inside(path, notices));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

Commit renumbered(Commit commit, std::span<const std::uint32_t> origins) {
  commit.origin = origins[commit.origin];
  for (auto& parent : commit.parents) parent.origin = origins[parent.origin];
  return commit;
}

PruneRecord renumbered(const PruneRecord& record, std::span<const std::uint32_t> origins) {
  return record.renumbered([&](std::uint32_t number) { return origins[number]; });
}

Result<std::shared_ptr<const InputFile>> open_log_file(const std::string& path) {
  DELTA_TRY(InputFile opened, InputFile::open_acknowledged(path));
  if (opened.size() == 0) {
    return error(ErrorCode::corrupt, "empty file (0 bytes)")
        .in(opened.name())
        .with_hint("often a producer that failed before it wrote anything");
  }
  return std::make_shared<const InputFile>(std::move(opened));
}

Status LogSource::each(const std::vector<bool>* wanted, std::optional<Micros> until, const Visit& visit) {
  if (complete_ && until == until_) {
    for (const DeltaBatch& batch : kept_) DELTA_OK(visit(batch));
    return {};
  }
  const bool keep = wanted == nullptr;
  kept_.clear();
  until_ = until;
  bytes_ = 0;
  complete_ = false;
  DELTA_OK(log_.stream({wanted, until, false}, [&](const Log::Impl::Block& block) {
    bytes_ += block.batch.row_bytes();
    if (keep && bytes_ <= kKept) kept_.push_back(block.batch);
    return visit(block.batch);
  }));
  complete_ = keep && bytes_ <= kKept;
  if (!complete_) kept_.clear();
  return {};
}

}  // namespace store

Status Log::Impl::read_tables(const std::shared_ptr<const InputFile>& file) {
  DELTA_TRY(auto segments, store::open_segments(file, notices));
  for (auto& segment : segments) {
    Part part;
    part.segment = std::move(segment);
    DELTA_OK(store::load_tables(part.segment, store::Tables::all, wanted ? &*wanted : nullptr));
    parts.push_back(std::move(part));
  }
  return {};
}

/// Says which file the other commit of a fork is in.
Error Log::Impl::fork_in(Error error, const Commit& commit) const {
  const auto other = error.code == ErrorCode::forked ? history.overlapping(commit) : std::nullopt;
  if (other) error.message += ", the former in " + escape(first_in[*other]->name(), 4096);
  return std::move(error).with_hint(other ? "two writers used one origin name; give each its own with --origin" : "");
}

Status Log::Impl::translate(Part& part) {
  const store::Segment& segment = part.segment;
  auto [origins, vectors] = store::add_names(segment, catalog);
  part.vectors = std::move(vectors);
  std::vector<std::uint32_t> records;
  for (const auto& record : segment.commits.records) {
    records.push_back(history.add_record(store::renumbered(record, origins)));
  }
  for (const auto& row : segment.rows()) {
    std::vector<std::uint32_t> under;
    for (const std::uint32_t record : row.records) under.push_back(records[record]);
    auto number = history.add(store::renumbered(row.commit, origins), under);
    if (!number) {
      return fork_in(std::move(number).error(), store::renumbered(row.commit, origins)).in(segment.file->name());
    }
    part.commits.push_back(*number);
    if (first_in.size() < history.size()) first_in.push_back(segment.file.get());
    previous.resize(history.size());
    if (row.previous != Hash{}) previous[*number] = row.previous;
  }
  return {};
}

void Log::Impl::choose_copies() {
  constexpr auto kNone = std::pair(~std::size_t{0}, ~std::size_t{0});
  std::vector<std::pair<std::size_t, std::size_t>> whole(history.size(), kNone);  // part and row
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto& rows = parts[p].segment.rows();
    for (std::size_t r = 0; r < rows.size(); ++r) {
      auto& first = whole[parts[p].commits[r]];
      if (rows[r].records.empty() && first == kNone) first = {p, r};
    }
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    Part& part = parts[p];
    part.passed.resize(part.commits.size());
    for (std::size_t r = 0; r < part.commits.size(); ++r) {
      const auto& first = whole[part.commits[r]];
      part.passed[r] = first != kNone && first != std::pair(p, r);
    }
  }
  if (!history.pruned().empty()) pass_repeated_segments();
  std::vector<std::uint32_t> copies(history.size());  // that count
  const auto each_left = [](const Part& part, const auto& visit) {
    for (std::size_t r = 0; r < part.commits.size(); ++r) {
      if (!part.passed[r]) visit(part.commits[r]);
    }
  };
  for (Part& part : parts) {
    part.passes = std::ranges::find(part.passed, true) != part.passed.end();
    part.idle = std::ranges::find(part.passed, false) == part.passed.end();
    each_left(part, [&](std::uint32_t commit) { ++copies[commit]; });
  }
  for (Part& part : parts) {
    each_left(part, [&](std::uint32_t commit) { part.shares = part.shares || copies[commit] > 1; });
  }
}

/// What a whole segment has left of pruned commits is there once, however often the segment is. Its frames are vouched
/// for by checksums of 64 bits, which is enough to tell it from what was written by chance; forged ones may hide behind
/// each other.
void Log::Impl::pass_repeated_segments() {
  std::map<std::tuple<std::uint64_t, std::uint64_t, Hash>, const Part*> seen;
  for (Part& part : parts) {
    const store::Segment& segment = part.segment;
    if (!segment.sealed) continue;
    const auto [place, fresh] =
        seen.try_emplace({segment.trailer.digest, segment.length, segment.header.segment_id}, &part);
    if (!fresh && place->second->commits == part.commits) part.passed.assign(part.commits.size(), true);
  }
}

Status Log::Impl::link() {
  const auto start = [](const Part& part) {
    const auto data = std::ranges::find(part.segment.footer.frames, FrameType::data, &format::FrameEntry::type);
    return data == part.segment.footer.frames.end() ? Timestamp{} : data->min_time;
  };
  std::ranges::stable_sort(parts, {}, start);
  for (auto& part : parts) DELTA_OK(translate(part));
  history.settle();
  DELTA_OK(history.check_closed());
  choose_copies();
  DELTA_OK(compare_chains());
  for (const auto number : history.pending()) {
    const Commit& commit = history.commit(number);
    notices.push_back({Verdict::pending, "", 0,
                       std::string(catalog.origin(commit.origin)) + ":" + std::to_string(commit.first),
                       "a commit whose causes are in none of the files given; it is not part of any state", ""});
  }
  return {};
}

Status Log::Impl::compare_chains() const {
  struct Stated {
    Hash hash;
    const std::string* file;
  };
  std::map<std::pair<std::string_view, std::uint64_t>, Stated> stated;
  for (const auto& part : parts) {
    const store::Segment& s = part.segment;
    for (const auto& head : s.footer.heads) {
      if (head.origin >= s.names.origins.size()) continue;  // heads() refuses it
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

namespace {

/// Deltas that keep(i) is true of. Columns that were not decoded stay empty.
template <class Keep>
void keep_only(DeltaBatch& batch, const Keep& keep) {
  const auto move_down = [](auto& column, std::uint64_t begin, std::uint64_t end, std::uint64_t& to) {
    const auto at = [&](std::uint64_t place) { return column.begin() + static_cast<std::ptrdiff_t>(place); };
    if (column.size() >= end && begin != to) std::copy(at(begin), at(end), at(to));
    to += end - begin;
  };
  std::size_t n = 0;
  std::array<std::uint64_t, 3> begins{}, ends{};  // of delta i as it was, and of what is kept
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::array<std::uint64_t, 3> old = {batch.index_ends[i], batch.bits_ends[i], batch.metadata_ends[i]};
    if (keep(i)) {
      move_down(batch.indices, begins[0], old[0], ends[0]);
      move_down(batch.bits, begins[1], old[1], ends[1]);
      move_down(batch.metadata, begins[2], old[2], ends[2]);
      batch.ops[n] = batch.ops[i];
      batch.vectors[n] = batch.vectors[i];
      batch.times[n] = batch.times[i];
      batch.commits[n] = batch.commits[i];
      batch.seqs[n] = batch.seqs[i];
      batch.lost[n] = batch.lost[i];
      batch.index_ends[n] = ends[0];
      batch.bits_ends[n] = ends[1];
      batch.metadata_ends[n] = ends[2];
      ++n;
    }
    begins = old;
  }
  batch.truncate(n);
}

}  // namespace

Status Log::Impl::read_block(const StreamOptions& options, Block& block) const {
  const Part& part = *block.part;
  const auto any_wanted = [&] {
    return std::ranges::any_of(block.batch.vectors, [&](std::uint32_t v) {
      const std::uint32_t number = part.number(v);
      return number != kUnnamed && (!options.wanted || (*options.wanted)[number]);
    });
  };
  if (block.look_first) {  // where things are: most blocks of a point read end here
    DELTA_OK(store::read_data(part.segment, block.entry, false, block.batch));
    if (!any_wanted()) return block.batch.clear(), Status{};
  }
  DELTA_OK(store::read_data(part.segment, block.entry, options.values, block.batch));
  if (part.passes || part.segment.some_ids) {
    keep_only(block.batch, [&](std::size_t i) {
      return !(part.passes && part.passed[block.batch.commits[i]]) && part.number(block.batch.vectors[i]) != kUnnamed;
    });
  }
  for (auto& v : block.batch.vectors) v = part.number(v);
  for (auto& c : block.batch.commits) c = part.commits[c];
  if (!options.leaves) return {};
  DELTA_CHECK(!part.segment.some_ids);
  block.leaves.clear();
  model::LeafHasher hasher;
  for (std::size_t i = 0; i < block.batch.size(); ++i) {
    const Delta delta = block.batch[i];
    if (delta.lost != 0) {
      hasher.add_unknown();
      continue;
    }
    const Namespace& ns = catalog.name_space(catalog.namespace_of(delta.vector));
    const std::string_view origin = catalog.origin(history.commit(delta.commit).origin);
    hasher.add({origin, ns.name, catalog.id(delta.vector), ns.dims}, delta);
  }
  std::move(hasher).finish(block.leaves);
  return {};
}

std::vector<Log::Impl::Place> Log::Impl::places(const StreamOptions& options) const {
  std::vector<Place> places;
  for (const auto& part : parts) {
    if (part.idle) continue;
    constexpr std::size_t kFew = 16;  // where more than one in so many vectors is wanted, a block likely holds one
    const auto few = [](std::size_t some_of, std::size_t all) { return some_of * kFew < all; };
    const bool some = options.wanted != nullptr || part.segment.some_ids;
    std::vector<std::uint32_t> numbers;  // wanted vectors of this segment, ascending
    if (some) {
      for (std::size_t i = 0; i < part.vectors.size(); ++i) {
        if (!options.wanted || (*options.wanted)[part.vectors[i]]) numbers.push_back(part.segment.vector_of(i));
      }
      if (numbers.empty()) continue;
    }
    const auto holds = some && few(numbers.size(), part.segment.vectors())
                           ? store::frames_of(part.segment, numbers, options.lifecycles)
                           : std::nullopt;
    std::size_t data = 0;
    for (std::size_t i = 0; i < part.segment.footer.frames.size(); ++i) {
      const auto& entry = part.segment.footer.frames[i];
      if (entry.type != FrameType::data) continue;
      if (holds && !(*holds)[data++]) continue;
      if (options.until && entry.min_time.us() > *options.until) continue;
      bool look_first = false;
      if (some) {
        const auto first = std::ranges::lower_bound(numbers, entry.min_vector);
        const auto last = std::upper_bound(first, numbers.end(), entry.max_vector);
        if (first == last) continue;
        look_first =
            !holds && few(static_cast<std::size_t>(last - first), std::size_t{entry.max_vector} - entry.min_vector + 1);
      }
      places.push_back({&part, i, look_first});
    }
  }
  return places;
}

Status Log::Impl::stream(const StreamOptions& options, const Visit& visit) const {
  auto chosen = places(options);
  if (options.leaves || options.pieces || !shares_any()) return stream_places(chosen, options, visit);
  std::erase_if(chosen, [](const Place& place) { return place.part->shares; });
  DELTA_OK(stream_places(chosen, options, visit));
  return stream_shared(options, visit);
}

Status Log::Impl::stream_places(std::span<const Place> chosen, const StreamOptions& options, const Visit& visit) const {
  std::uint64_t stored = 0;
  for (const Place& place : chosen) stored += place.part->segment.footer.frames[place.entry].stored;
  OrderedWork work(worth_threads(stored, threads), threads * 4);
  std::vector<std::shared_ptr<Block>> spare;
  for (const Place& place : chosen) {
    std::shared_ptr<Block> block;
    if (spare.empty()) {
      block = std::make_shared<Block>();
    } else {
      block = std::move(spare.back());
      spare.pop_back();
    }
    static_cast<Place&>(*block) = place;
    DELTA_OK(work.submit([this, &options, block] { return read_block(options, *block); },
                         [&visit, &spare, block]() -> Status {
                           if (!block->batch.empty()) DELTA_OK(visit(*block));
                           spare.push_back(block);
                           return {};
                         }));
  }
  return work.finish();
}

Result<std::vector<store::Head>> Log::Impl::heads(const Log& log) const {
  std::vector<store::Head> heads(catalog.origins());
  bool complete = true;
  for (const auto& part : parts) {
    complete = complete && ((part.segment.sealed && !part.segment.footer.heads.empty()) || part.segment.rows().empty());
    for (const auto& entry : part.segment.footer.heads) {
      if (entry.origin >= part.segment.names.origins.size()) {
        return error(ErrorCode::corrupt, "the footer names an unknown origin").in(part.segment.file->name());
      }
      auto& head = heads[*catalog.find_origin(part.segment.names.origins[entry.origin])];
      if (entry.last > head.seq) head = {entry.last, entry.time, entry.hash};
    }
  }
  if (complete) return heads;
  DELTA_TRY(const auto hashes, log.hashes());
  for (std::uint32_t number = 0; number < history.size(); ++number) {
    const Commit& commit = history.commit(number);
    auto& head = heads[commit.origin];
    if (commit.last() > head.seq) head = {commit.last(), commit.time, hashes[number]};
  }
  return heads;
}

Result<Log> Log::Impl::of_segment(store::Segment segment, unsigned threads) {
  auto impl = std::make_unique<Impl>();
  impl->threads = threads;
  Part part;
  part.segment = std::move(segment);
  store::unload_tables(part.segment);
  DELTA_OK(store::load_tables(part.segment));
  impl->parts.push_back(std::move(part));
  DELTA_OK(impl->link());
  return Log(std::move(impl));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Result<Log> Log::open(std::span<const std::string> paths, const OpenOptions& options) {
  std::vector<Finding> notices;
  DELTA_TRY(const auto names, store::log_files(paths, notices));
  std::vector<std::shared_ptr<const InputFile>> files;
  for (const auto& name : names) {
    DELTA_TRY(auto file, store::open_log_file(name));
    files.push_back(std::move(file));
  }
  DELTA_TRY(auto log, Impl::open(files, options));
  auto& found = log.impl().notices;
  found.insert(found.begin(), std::make_move_iterator(notices.begin()), std::make_move_iterator(notices.end()));
  return log;
}

Result<Log> Log::Impl::open(std::span<const std::shared_ptr<const InputFile>> files, const OpenOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->threads = thread_count(options.threads);
  if (options.ids) {
    impl->wanted.emplace(*options.ids);
    impl->files.assign(files.begin(), files.end());
  }
  for (const auto& file : files) DELTA_OK(impl->read_tables(file));
  DELTA_OK(impl->link());
  return Log(std::move(impl));
}

Result<Log> Log::Impl::with_all_ids() const {
  OpenOptions options;
  options.threads = threads;
  return open(files, options);
}

const Catalog& Log::catalog() const { return impl_->catalog; }
const std::vector<Finding>& Log::notices() const { return impl_->notices; }
std::size_t Log::commits() const { return impl_->history.size(); }
const Commit& Log::commit(std::uint32_t number) const { return impl_->history.commit(number); }
Timestamp Log::commit_time(std::uint32_t number) const { return commit(number).time; }
bool Log::pending(std::uint32_t number) const { return !impl_->history.folded(number); }
bool Log::pruned(std::uint32_t number) const { return !impl_->history.records(number).empty(); }
std::optional<std::uint32_t> Log::find_commit(const Dot& dot) const { return impl_->history.find(dot); }

bool Log::sees(std::uint32_t number, const Dot& dot) const {
  return impl_->history.folded(number) && impl_->history.context_contains(number, dot);
}
std::vector<Dot> Log::heads() const { return impl_->history.heads(); }

KeptTimes Log::answered() const { return impl_->history.answered(); }
std::vector<std::uint64_t> Log::context(std::span<const Dot> dots) const { return impl_->history.context(dots); }

std::vector<SegmentInfo> Log::segments() const {
  std::vector<SegmentInfo> out;
  for (const auto& part : impl_->parts) {
    const store::Segment& s = part.segment;
    SegmentInfo info{s.file->name(),
                     s.offset,
                     s.length,
                     hex(s.header.segment_id),
                     std::string(format::kind_name(s.header.kind)),
                     s.header.writer,
                     s.sealed,
                     s.footer.frames.size(),
                     s.rows().size(),
                     s.committed(),
                     s.vectors(),
                     {},
                     {},
                     0,
                     0,
                     {}};
    const auto unknown = format::unknown_of(s.header.features);
    for (const auto& [name, mask] :
         {std::pair("compat ", unknown.compat), std::pair("ro_compat ", unknown.ro_compat)}) {
      if (mask != 0) {
        info.unknown_features += (info.unknown_features.empty() ? "" : ", ") + (name + format::mask_text(mask));
      }
    }
    for (const auto& frame : s.footer.frames) {
      info.unknown_frames += format::is_ignored(frame.type);
      info.attestations += frame.type == FrameType::attestation;
      if (frame.type != FrameType::data) continue;
      if (info.last == Timestamp{} || frame.min_time < info.first) info.first = frame.min_time;
      info.last = std::max(info.last, frame.max_time);
    }
    out.push_back(std::move(info));
  }
  return out;
}

Result<std::vector<ColumnUse>> Log::columns() const {
  std::map<std::tuple<std::string, std::string, std::string>, ColumnUse> uses;
  const auto count = [&](std::string_view frame, std::string_view column, std::string_view coder, std::uint64_t raw,
                         std::uint64_t stored) {
    auto& use = uses[{std::string(frame), std::string(column), std::string(coder)}];
    use.frame = frame;
    use.column = column;
    use.coder = coder;
    use.raw += raw;
    use.stored += stored;
  };
  for (const auto& part : impl_->parts) {
    const store::Segment& s = part.segment;
    std::uint64_t frames = 0;
    for (std::size_t i = 0; i < s.footer.frames.size(); ++i) {
      const auto& entry = s.footer.frames[i];
      frames += format::kFrameBytes + format::padded(entry.stored);
      if (format::is_ignored(entry.type)) {
        count(format::type_name(entry.type), "", "unknown", entry.stored, entry.stored);
        continue;
      }
      DELTA_TRY(const Buffer payload, store::read_frame(s, i));
      if (entry.type != FrameType::data) {
        count(format::frame_name(entry.type), "", entry.stored < payload.size() ? "zstd" : "plain", payload.size(),
              entry.stored);
        continue;
      }
      DELTA_TRY(const auto columns, codec::block_columns(payload));
      std::uint64_t inside = 0;
      for (const auto& c : columns) {
        count("DATA", codec::column_name(c.column), codec::coder_name(c.coder), c.raw, c.stored);
        inside += c.stored;
      }
      count("DATA", "directory", "plain", entry.stored - inside, entry.stored - inside);
    }
    std::uint64_t stored = 0;
    for (const auto& entry : s.footer.frames) stored += entry.stored;
    count("FRAMES", "headers and padding", "plain", frames - stored, frames - stored);
    count("SEGMENT", "header, footer, trailer", "plain", s.length - frames, s.length - frames);
  }
  std::vector<ColumnUse> out;
  for (auto& [key, use] : uses) out.push_back(std::move(use));
  return out;
}

std::vector<std::uint32_t> Log::commits_in_key_order() const {
  std::vector<std::uint32_t> order(commits());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return key_less(impl_->catalog, {commit(a).time, commit(a).origin, commit(a).last()},
                    {commit(b).time, commit(b).origin, commit(b).last()});
  });
  return order;
}

std::string Log::dot_text(const Dot& dot) const {
  return std::string(catalog().origin(dot.origin)) + ":" + std::to_string(dot.seq);
}

Result<Dot> Log::parse_dot(std::string_view text) const {
  const auto colon = text.rfind(':');
  Dot dot;
  const auto* end = text.data() + text.size();
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() ||
      std::from_chars(text.data() + colon + 1, end, dot.seq).ptr != end) {
    return error(ErrorCode::usage, "not a dot (ORIGIN:SEQ): " + escape(text));
  }
  const auto origin = catalog().find_origin(text.substr(0, colon));
  if (!origin) return error(ErrorCode::not_found, "no origin " + escape(text.substr(0, colon)) + " in the log");
  dot.origin = *origin;
  if (!find_commit(dot)) return error(ErrorCode::not_found, "no delta " + escape(text) + " in the log");
  return dot;
}

namespace {

bool is_tag(const Setting& setting) {
  return setting.kind == Setting::Kind::tag || setting.kind == Setting::Kind::release ||
         setting.kind == Setting::Kind::untag;
}

/// What the author of a commit had seen: the maximal dots. The commit itself, if that is nothing: it changes no vector.
std::vector<Dot> seen_by(const Log& log, const Commit& commit) {
  std::vector<Dot> seen = commit.parents;
  if (commit.first > 1) seen.push_back({commit.origin, commit.first - 1});
  const auto& history = log.impl().history;
  auto heads = history.tops(history.context(seen));
  if (heads.empty()) heads.push_back({commit.origin, commit.first});
  return heads;
}

Tag tag_of(const Log& log, const Setting& setting, std::uint32_t number) {
  Tag tag{std::string(setting.text), number};
  if (setting.kind == Setting::Kind::tag) {
    tag.at = setting.at;
    return tag;
  }
  if (setting.dots.empty()) tag.heads = seen_by(log, log.commit(number));
  for (const std::string_view text : setting.dots) {
    const auto dot = log.parse_dot(text);
    if (dot && !log.pending(*log.find_commit(*dot))) {
      tag.heads.push_back(*dot);
    } else
      tag.missing = text;
  }
  return tag;
}

}  // namespace

std::vector<Tag> Log::tags() const {
  std::map<std::string, std::uint32_t, std::less<>> found;  // name -> the commit that counts
  for (std::uint32_t number = 0; number < commits(); ++number) {
    const Commit& c = commit(number);
    if (c.setting.empty() || pending(number)) continue;
    const auto setting = Setting::parse(c.setting);
    if (!setting || !is_tag(*setting)) continue;
    const auto [place, fresh] = found.try_emplace(std::string(setting->text), number);
    const Commit& other = commit(place->second);
    if (!fresh && key_less(catalog(), {other.time, other.origin, other.first}, {c.time, c.origin, c.first})) {
      place->second = number;
    }
  }
  std::vector<Tag> out;
  for (const auto& [name, number] : found) {
    const auto setting = Setting::parse(commit(number).setting);
    if (setting->kind != Setting::Kind::untag) out.push_back(tag_of(*this, *setting, number));
  }
  return out;
}

std::optional<Tag> Log::tag(std::string_view name) const {
  auto all = tags();
  const auto found = std::ranges::lower_bound(all, name, {}, &Tag::name);
  return found == all.end() || found->name != name ? std::nullopt : std::optional(std::move(*found));
}

std::vector<RecordedAccuracy> Log::accuracies() const { return model::recorded_accuracies(catalog(), impl_->history); }

Status Log::each(const std::vector<bool>* wanted, const std::function<Status(const DeltaBatch&)>& visit) const {
  return impl_->stream({wanted, {}, false}, [&](const Impl::Block& block) { return visit(block.batch); });
}

}  // namespace delta
