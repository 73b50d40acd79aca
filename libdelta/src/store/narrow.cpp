// A log of which only some segments are opened: where more is asked for than store/narrow_few.cpp reads at once. Each
// of its commits has seen all before it, so what is not read need not be known (store/stand_ins.hpp).
#include "store/narrow.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/boundary.hpp"
#include "delta/glob.hpp"
#include "delta/lookup.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/text.hpp"
#include "os/side_file.hpp"
#include "store/footered.hpp"
#include "store/index_file.hpp"
#include "store/narrow_few.hpp"
#include "store/stand_ins.hpp"
#include "store/union.hpp"

namespace delta {

using store::LookupIndex;

namespace {

Error no_match() { return error(ErrorCode::corrupt, "the index is not that of this log"); }

/// Fills a union that has nothing yet.
class Narrowing {
 public:
  Narrowing(store::Union& to, std::shared_ptr<const ByteSource> file, const LookupIndex& index)
      : to_(to), file_(file), index_(index), stand_ins_(to, std::move(file), index) {}

  Status run(const std::vector<std::string>& ids, store::Deltas deltas) {
    for (const auto& level : index_.names()) {
      for (const Namespace& ns : level.namespaces) to_.catalog.add_namespace(ns.name, ns.dims);
      for (const auto& head : level.heads) to_.catalog.add_origin(head.origin);
    }
    DELTA_TRY(const auto found, index_.find(ids));
    DELTA_TRY(const bool few, store::read_few({to_, file_, index_, found, ids, deltas}));
    if (few) return {};
    for (const std::uint64_t number : wanted(found)) {
      const auto first = std::ranges::lower_bound(found, number, {}, &LookupIndex::Found::segment);
      const auto end = std::ranges::upper_bound(found, number, {}, &LookupIndex::Found::segment);
      DELTA_OK(add(number, {first, end}, ids));
    }
    if (!to_.history.pending().empty()) return no_match();
    stand_ins_.add_heads();
    to_.choose_copies();
    return to_.compare_chains();
  }

 private:
  std::set<std::uint64_t> wanted(const std::vector<LookupIndex::Found>& found) const {
    std::set<std::uint64_t> numbers{index_.seal().segments - 1};
    for (const auto& place : found) numbers.insert(place.segment);
    std::uint64_t first = 0;
    for (std::size_t level = 0; level < index_.names().size(); ++level) {
      for (const std::uint32_t segment : index_.names()[level].with_settings) numbers.insert(first + segment);
      first += index_.segments_of(level);
    }
    return numbers;
  }

  Status add(std::uint64_t number, std::span<const LookupIndex::Found> found, const std::vector<std::string>& ids) {
    DELTA_TRY(const auto place, index_.segment(number));
    if (place.offset > file_->size() || place.length > file_->size() - place.offset) return no_match();
    DELTA_TRY(auto opened, store::footered_segment(file_, place.offset, place.length));
    const bool same = opened && opened->length == place.length && opened->trailer.digest == place.digest &&
                      opened->trailer.commits == place.commits;
    if (!same) return no_match();
    store::LoadedSegment part;
    part.segment = *std::move(opened);
    part.segment.number = number;
    DELTA_OK(store::load_tables(part.segment, store::Tables::without_ids));
    DELTA_OK(name(part.segment, found, ids));
    const bool last = number + 1 == index_.seal().segments;
    if (last) DELTA_OK(complete(part.segment));
    DELTA_OK(stand_in(part.segment));
    if (last || number != next_) join(part.segment);
    next_ = number + 1;
    DELTA_OK(to_.translate(part));
    to_.parts.push_back(std::move(part));
    return {};
  }

  /// The vectors of a segment that were asked for. Of the others only their number is known.
  Status name(store::Segment& segment, std::span<const LookupIndex::Found> found, const std::vector<std::string>& ids) {
    segment.some_ids = true;
    for (const auto& place : found) {
      if (index(place.vector) >= segment.footer.vectors || !segment.names.namespaces.contains(place.ns)) {
        return no_match();
      }
      if (!segment.id_vectors.empty() && segment.id_vectors.back() >= place.vector) return no_match();
      const std::string& id = ids[place.id];
      const auto& text = segment.id_text.emplace_back(id.begin(), id.end());
      segment.ids.emplace_back(text.data(), text.size());
      segment.id_vectors.push_back(place.vector);
      const auto before = static_cast<std::uint32_t>(index(place.vector)) - segment.vectors();
      if (before > 0) segment.owners.add(place.ns, before);
      segment.owners.add(place.ns, 1);
    }
    const std::uint32_t rest = segment.footer.vectors - segment.vectors();
    if (rest > 0) segment.owners.add(SegmentNamespace{0}, rest);
    return {};
  }

  /// For what the commits of a segment have seen and is not here.
  Status stand_in(const store::Segment& segment) {
    std::map<SegmentOrigin, std::uint64_t> here;  // the last seq of each in the segment, so far
    const auto need = [&](const format::SegmentDot& dot, Timestamp time) {
      const auto own = here.find(dot.origin);
      if (own != here.end() && own->second >= dot.seq) return Status();
      return stand_ins_.reach(to_.catalog.add_origin(segment.names.origins[dot.origin]), dot.seq, time);
    };
    for (const auto& row : segment.rows()) {
      DELTA_OK(need({row.commit.origin, row.commit.first - 1}, row.commit.time));
      for (const auto& parent : row.commit.parents) DELTA_OK(need(parent, row.commit.time));
      here[row.commit.origin] = row.commit.last();
    }
    return {};
  }

  /// What comes before the last segment is all here before that is added.
  Status complete(const store::Segment& last) {
    store::StandIns::Firsts firsts;
    for (const auto& head : last.footer.heads) firsts[last.names.origins[head.origin]] = head.first;
    return stand_ins_.complete(firsts);
  }

  /// The first commit of a segment has seen all that stands before it, also what only stands for others.
  void join(store::Segment& segment) {
    if (segment.rows().empty()) return;
    const SegmentOrigin own = segment.rows()[RowNo{0}].commit.origin;
    std::vector<format::SegmentDot> parents;
    for (const Dot& head : to_.history.heads()) {
      auto& names = segment.names.origins;
      const std::string_view name = to_.catalog.origin(head.origin);
      const auto known = std::ranges::find(names, name);
      const auto origin = known == names.end() ? names.push_back(std::string(name))
                                               : nth<SegmentOrigin>(static_cast<std::size_t>(known - names.begin()));
      if (origin != own) parents.push_back({origin, head.seq});
    }
    segment.commits.rows.set_parents(RowNo{0}, parents);
  }

  store::Union& to_;
  std::shared_ptr<const ByteSource> file_;
  const LookupIndex& index_;
  store::StandIns stand_ins_;
  std::uint64_t next_ = 0;  // segment, behind the last that was added
};

/// A name of several dimension counts is a question about all its vectors.
bool names_are_plain(const LookupIndex& index) {
  std::map<std::string_view, std::uint32_t> dims;
  for (const auto& level : index.names()) {
    for (const Namespace& ns : level.namespaces) {
      if (dims.try_emplace(ns.name, ns.dims).first->second != ns.dims) return false;
    }
  }
  return true;
}

/// What every text that the glob matches begins with.
std::string literal_prefix(std::string_view glob) {
  std::string prefix;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '*' || glob[i] == '?' || glob[i] == '[') break;
    if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
    prefix += glob[i];
  }
  return prefix;
}

/// Adds the ids that match one of the globs. False: they are many, or the index cannot tell.
Result<bool> add_matching(const LookupIndex& index, std::span<const std::string> globs, std::vector<std::string>& ids) {
  constexpr std::size_t kMost = 4096;
  for (const std::string& glob : globs) {
    DELTA_TRY(auto some, index.ids_with(literal_prefix(glob), kMost));
    if (!some) return false;
    for (std::string& id : *some) {
      if (glob_match(glob, id)) ids.push_back(std::move(id));
    }
  }
  return ids.size() <= kMost || globs.empty();
}

Finding not_used(const std::string& path, const std::string& log, std::string_view why) {
  return {Verdict::ok,
          path,
          0,
          "",
          "the index " + std::string(why) + ": it is not used",
          "`deltalog reindex " + escape(log) + "` mends it"};
}

std::string_view worth_text(store::IndexState::Kind kind) {
  using Kind = store::IndexState::Kind;
  return kind == Kind::behind        ? "lacks what was appended since"
         : kind == Kind::foreign     ? "is not of this log as it is now"
         : kind == Kind::unsupported ? "is of another version"
                                     : "is damaged";
}

}  // namespace

Result<store::Narrowed> store::open_through_index(const std::string& path, const OpenOptions& options,
                                                  std::span<const std::string> globs, Deltas deltas) {
  using Kind = store::IndexState::Kind;
  const std::string at = os::index_path(path);
  store::IndexState state;
  std::shared_ptr<const ByteSource> file;
  constexpr int kTries = 2;  // somebody may have appended in between
  for (int tries = 0; tries < kTries && state.kind != Kind::whole; ++tries) {
    DELTA_TRY(file, store::open_log_file(path));
    DELTA_TRY(state, store::index_state(at, *file));
    if (state.kind == Kind::absent) return Narrowed();
  }
  if (state.kind != Kind::whole) return Narrowed{{}, not_used(at, path, worth_text(state.kind))};
  if (!state.index->linear() || !names_are_plain(*state.index)) return Narrowed();
  OpenOptions wanted = options;
  auto matched = add_matching(*state.index, globs, *wanted.ids);
  if (!matched && matched.error().code == ErrorCode::no_memory) return std::move(matched).error();
  if (!matched) return Narrowed{{}, not_used(at, path, worth_text(Kind::damaged))};
  if (!*matched) return Narrowed();
  DELTA_TRY(Log log, store::Union::open({}, wanted));
  auto done = Narrowing(log.impl(), file, *state.index).run(*wanted.ids, deltas);
  if (!done && done.error().code == ErrorCode::no_memory) return std::move(done).error();
  if (!done && !done.error().file.empty()) return Narrowed();  // of the log: the question says it, if it comes to that
  if (!done) return Narrowed{{}, not_used(at, path, worth_text(Kind::damaged))};
  log.impl().files = {file};
  log.impl().paths = {path};
  return Narrowed{std::move(log), {}};
}

Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options) {
  return open_for_state(paths, options, {});
}

Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options,
                           std::span<const std::string> globs) try {
  const Boundary boundary;
  store::Narrowed narrowed;
  if (options.ids && paths.size() == 1 && paths[0] != "-") {
    auto tried = unless_out_of_memory(store::open_through_index(paths[0], options, globs));
    if (tried) narrowed = *std::move(tried);  // an error is said when the log is opened
  }
  if (narrowed.log) return *std::move(narrowed.log);
  OpenOptions all = options;
  if (!globs.empty()) all.ids.reset();
  DELTA_TRY(Log log, Log::open(paths, all));
  if (narrowed.notice) log.impl().notices.push_back(*std::move(narrowed.notice));
  return log;
} catch (...) {
  return caught();
}

Result<bool> has_index(const std::string& log) try {
  const Boundary boundary;
  return os::stands(os::index_path(log));
} catch (...) {
  return caught();
}

}  // namespace delta
