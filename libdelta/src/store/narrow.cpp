// A log of which only some segments are opened: where more is asked for than store/narrow_few.cpp reads at once. Each
// of its commits has seen all before it, so what is not read need not be known (store/stand_ins.hpp).
#include "store/narrow.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/boundary.hpp"
#include "delta/lookup.hpp"
#include "os/side_file.hpp"
#include "store/footered.hpp"
#include "store/narrow_commits.hpp"
#include "store/narrow_few.hpp"
#include "store/narrow_names.hpp"
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
    stand_ins_.add_names();
    DELTA_TRY(auto found, index_.find(ids));
    if (deltas == store::Deltas::lifecycles) keep_lifecycles(found, ids.size());
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
  /// Of each id the places with its creates and deletes; of one that has none, all.
  static void keep_lifecycles(std::vector<LookupIndex::Found>& found, std::size_t ids) {
    std::vector<bool> has(ids);
    for (const auto& place : found) has[place.id] = has[place.id] || place.lifecycle;
    std::erase_if(found, [&](const LookupIndex::Found& place) { return has[place.id] && !place.lifecycle; });
  }

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
    DELTA_OK(store::name_found(part.segment, found, ids));
    const bool last = number + 1 == index_.seal().segments;
    if (last) DELTA_OK(complete(part.segment));
    DELTA_OK(stand_in(part.segment));
    if (last || number != next_) join(part.segment);
    next_ = number + 1;
    DELTA_OK(to_.translate(part));
    to_.parts.push_back(std::move(part));
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

}  // namespace

Result<store::Narrowed> store::open_through_index(const std::string& path, const OpenOptions& options,
                                                  std::span<const std::string> globs, Deltas deltas) {
  return open_indexed(path, [&](const auto& file, const LookupIndex& index) -> Result<std::optional<Log>> {
    OpenOptions wanted = options;
    DELTA_TRY(const bool told, add_matching(index, globs, *wanted.ids));
    if (!told) return std::optional<Log>();
    DELTA_TRY(Log log, Union::open({}, wanted));
    DELTA_OK(Narrowing(log.impl(), file, index).run(*wanted.ids, deltas));
    return std::optional(std::move(log));
  });
}

Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options) {
  return open_for_state(paths, options, {});
}

Result<Log> open_for_state(std::span<const std::string> paths, const OpenOptions& options,
                           std::span<const std::string> globs) try {
  const Boundary boundary;
  OpenOptions all = options;
  if (!globs.empty()) all.ids.reset();
  const auto narrow = [&](const std::string& path) -> Result<store::Narrowed> {
    if (!options.ids) return store::Narrowed();
    return store::open_through_index(path, options, globs);
  };
  return store::open_or_all(paths, narrow, [&](bool usable) {
    return usable && options.ids ? open_for_vectors(paths, options, globs) : Log::open(paths, all);
  });
} catch (...) {
  return caught();
}

Result<Log> open_for_commits(std::span<const std::string> paths, const OpenOptions& options,
                             const CommitsWanted& wanted) try {
  const Boundary boundary;
  OpenOptions unnamed = options;
  unnamed.ids.emplace();
  const auto open = [&](const auto& file, const LookupIndex& index) -> Result<std::optional<Log>> {
    DELTA_TRY(Log log, store::Union::open({}, unnamed));
    DELTA_TRY(const bool found, store::read_commits(log.impl(), file, index, wanted));
    return found ? std::optional(std::move(log)) : std::nullopt;
  };
  return store::open_or_all(
      paths, [&](const std::string& path) { return store::open_indexed(path, open); },
      [&](bool) { return Log::open(paths, unnamed); });
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
