#include "ops/merge_set.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <tuple>

#include "base/digest.hpp"
#include "delta/text.hpp"
#include "store/extras.hpp"
#include "store/lost.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

constexpr std::string_view kForkHint =
    "two writers used one origin name; give each its own with --origin, or bring the copies together with merge "
    "--on-fork rename";

/// Over everything that checksums in headers vouch for, caches aside: equal digests of 64 bits are no proof between
/// strangers.
Result<Hash> fingerprint(const MergePart& part) {
  Buffer headers(format::kHeaderBytes);
  const store::Segment& segment = part.segment;
  DELTA_OK(segment.file->read(segment.offset, headers));
  for (const auto& frame : segment.footer.frames) {
    if (frame.type == format::FrameType::postings) continue;
    const std::size_t at = headers.size();
    headers.resize(at + format::kFrameBytes);
    DELTA_OK(segment.file->read(segment.offset + frame.offset, {headers.data() + at, format::kFrameBytes}));
  }
  return digest("dlog1 headers", headers);
}

/// Rows without deltas behind them must not take the place of a segment that has both.
Status check_deltas(const store::Segment& segment) {
  const auto invalid = [&](const char* what) {
    return store::damaged(segment, store::place_name(segment.number, nullptr), what);
  };
  if (segment.trailer.deltas != segment.committed() || segment.trailer.commits != segment.rows().size()) {
    return invalid("the trailer counts other commits and deltas");  // no digest is over these numbers
  }
  if (segment.packed()) return {};
  std::uint64_t next = 0;
  for (const auto& frame : segment.footer.frames) {
    if (frame.type != format::FrameType::data) continue;
    if (frame.first != next) break;
    next += frame.count;
  }
  return next == segment.committed() ? Status() : invalid("its commits are not those of its deltas");
}

bool includes(const std::vector<CommitNo>& whole, const std::vector<CommitNo>& some) {
  return some.size() <= whole.size() &&
         std::ranges::all_of(some, [&](CommitNo number) { return std::ranges::binary_search(whole, number); });
}

std::string dot_of(const Difference& difference) {
  return escape(difference.origin) + ":" + std::to_string(difference.seq);
}

Error forked_deltas(const Difference& difference, const MergePart& a, const MergePart& b) {
  return error(ErrorCode::forked, "forked origin: two different deltas are " + dot_of(difference) + ": " +
                                      difference.a + " here, and " + difference.b + " in " + escape(b.file(), 4096))
      .in(a.file())
      .with_hint(std::string(kForkHint));
}

}  // namespace

Finding unknown_columns(const store::Segment& segment, const format::UnknownColumns& unknown, std::string_view what) {
  return {Verdict::ok,
          segment.file->name(),
          segment.offset,
          store::place_name(segment.number, nullptr),
          format::unknown_text(unknown).append(what),
          "written by " + escape(segment.header.writer)};
}

bool MergePart::has_extras_of(const MergePart& other) const {
  const auto mine = format::unknown_of(segment.header.features),
             its = format::unknown_of(other.segment.header.features);
  if (other.unknown.any() && unknown.digest != other.unknown.digest) return false;
  return (its.compat & ~mine.compat) == 0 && (its.ro_compat & ~mine.ro_compat) == 0 &&
         std::ranges::includes(extras, other.extras) && std::ranges::includes(namespaces, other.namespaces);
}

bool MergeSet::before(const MergePart& a, const MergePart& b) const {
  if (key_less(catalog_, a.first, b.first)) return true;
  if (key_less(catalog_, b.first, a.first)) return false;
  return std::pair(a.digest, a.length) < std::pair(b.digest, b.length);
}

Status MergeSet::add(const std::shared_ptr<const ByteSource>& file, Role role, std::vector<Finding>& notices) {
  DELTA_TRY(auto segments, store::open_segments(file, notices));
  for (auto& segment : segments) DELTA_OK(add_segment(std::move(segment), role, notices));
  return {};
}

Status MergeSet::add_segment(store::Segment segment, Role role, std::vector<Finding>& notices) {
  MergePart part;
  part.segment = std::move(segment);
  part.excluded = role == Role::excluded;
  if (part.segment.sealed) {
    if (part.segment.own_frame.type != format::FrameType::footer) {
      return store::damaged(part.segment, store::place_name(part.segment.number, nullptr),
                            "the footer does not describe its segment");
    }
    DELTA_OK(store::load_tables(part.segment, store::Tables::without_ids));
    DELTA_OK(check_deltas(part.segment));
    part.digest = part.segment.trailer.digest;
    part.length = part.segment.length;
  } else {
    DELTA_OK(close(part, notices));
    if (part.length == 0) return {};
  }
  DELTA_OK(add_rows(part));
  part.unknown = part.segment.commits.unknown;
  DELTA_TRY(part.extras, store::extra_digests(part.segment));
  DELTA_TRY(part.lost, store::read_lost(part.segment));
  for (const auto& space : part.segment.names.namespaces) part.namespaces.emplace_back(space.name, space.dims);
  std::ranges::sort(part.namespaces);
  store::unload_tables(part.segment);
  parts_.push_back(std::move(part));
  return {};
}

Status MergeSet::close(MergePart& part, std::vector<Finding>& notices) {
  store::Segment& segment = part.segment;
  store::cut_to_commits(segment);
  std::string what = "nothing in it was committed; it is left out";
  if (segment.length > 0) {
    what = "closed on the way, after its last commit";
    DELTA_OK(store::load_tables(segment));
    DELTA_TRY(part.seal, store::make_seal(segment, threads_));
    segment.footer = part.seal->footer;
    segment.footer.frames.resize(segment.frame_numbers.size());  // those that are in the file
    part.digest = part.seal->trailer.digest;
    part.length = part.seal->trailer.length;
  }
  if (!part.excluded) {
    notices.push_back({Verdict::unsealed, part.file(), segment.offset, store::place_name(segment.number, nullptr),
                       std::move(what), ""});
  }
  return {};
}

Status MergeSet::add_rows(MergePart& part) {
  const store::Segment& segment = part.segment;
  Indexed<SegmentOrigin, OriginNo> origins;
  for (const auto& name : segment.names.origins) origins.push_back(catalog_.add_origin(name));
  Indexed<RecordNo, RecordNo> records;
  for (const auto& record : segment.commits.records) {
    records.push_back(history_.add_record(store::renumbered(record, origins)));
  }
  for (const auto& row : segment.rows()) {
    Commit commit = store::renumbered(row.commit, origins);
    const Key key{commit.time, commit.origin, commit.last()};
    if (part.commits.empty() || key_less(catalog_, key, part.first)) part.first = key;
    if (row.previous != Hash{}) part.stated.push_back({commit.origin, commit.first - 1, row.previous});
    std::vector<RecordNo> under;
    for (const RecordNo record : row.records) under.push_back(records[record]);
    auto number = history_.add(std::move(commit), under);
    if (!number) return row_fork(std::move(number).error(), part, store::renumbered(row.commit, origins));
    part.commits.push_back(*number);
    if (under.empty()) part.whole.push_back(*number);
  }
  part.all.assign(part.commits.begin(), part.commits.end());
  for (auto* numbers : {&part.all, &part.whole}) {
    std::ranges::sort(*numbers);
    numbers->erase(std::unique(numbers->begin(), numbers->end()), numbers->end());
  }
  return read_runs(part, origins);
}

Status MergeSet::read_runs(MergePart& part, const Indexed<SegmentOrigin, OriginNo>& origins) {
  std::map<OriginNo, std::uint64_t> held;  // deltas, by origin
  for (const auto number : part.all) held[history_.origin(number)] += history_.commit(number).count;
  for (const auto& head : part.segment.footer.heads) {
    if (!origins.contains(head.origin)) {
      return store::damaged(part.segment, store::place_name(part.segment.number, nullptr),
                            "the footer names an unknown origin");
    }
    const OriginNo origin = origins[head.origin];
    // A hash vouches for what leads to it without a gap.
    part.runs.push_back(
        {origin, head.first, head.last, held[origin] == head.last - head.first + 1 ? head.hash : Hash{}});
    if (head.previous != Hash{}) part.stated.push_back({origins[head.origin], head.first - 1, head.previous});
  }
  std::ranges::sort(part.runs, {}, &MergePart::Run::origin);
  return {};
}

/// Two rows that hold one dot and differ: says which deltas do, if they can be read.
Error MergeSet::row_fork(Error error, const MergePart& part, const CommitView& commit) const {
  const auto other = error.code == ErrorCode::forked ? history_.overlapping(commit) : std::nullopt;
  const auto holds = [&](const MergePart& p) { return std::ranges::binary_search(p.all, *other); };
  const auto holder = other ? std::ranges::find_if(parts_, holds) : parts_.end();
  if (!other) return std::move(error).in(part.file()).at(store::place_name(part.segment.number, nullptr));
  const MergePart& old = holder == parts_.end() ? part : *holder;  // its own, when one segment holds both
  const CommitView& known = history_.commit(*other);
  const Shared shared{catalog_.origin(commit.origin),
                      {{std::max(known.first, commit.first), std::min(known.last(), commit.last())}}};
  if (&old != &part) {
    const auto difference = first_difference(part.segment, old.segment, {&shared, 1});
    if (difference && *difference) return forked_deltas(**difference, part, old);
  }
  error.message += ", the former in " + escape(old.file(), 4096);
  return std::move(error).in(part.file()).with_hint(std::string(kForkHint));
}

Status MergeSet::settle() {
  DELTA_OK(drop_identical());
  DELTA_OK(compare_stated());
  DELTA_OK(compare_overlaps());
  for (const MergePart& part : parts_) add_dots(lost_, part.lost);
  for (const auto& [origin, ranges] : lost_) catalog_.add_origin(origin);
  history_.admit_lost(lost_);
  history_.admit_pruned();
  return history_.check_closed();
}

Status MergeSet::drop_identical() {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < parts_.size(); ++i) groups[{parts_[i].digest, parts_[i].length}].push_back(i);
  std::vector<bool> spare(parts_.size());
  for (const auto& [sizes, members] : groups) {
    if (members.size() == 1) continue;
    std::map<Hash, std::vector<std::size_t>> kept;  // by fingerprint
    for (const std::size_t i : members) {
      DELTA_TRY(const Hash print, fingerprint(parts_[i]));
      auto& same = kept[print];
      const auto twin =
          std::ranges::find_if(same, [&](std::size_t k) { return parts_[k].commits == parts_[i].commits; });
      if (twin == same.end()) {
        same.push_back(i);
        continue;
      }
      spare[i] = true;
      parts_[*twin].excluded = parts_[*twin].excluded || parts_[i].excluded;
      parts_[*twin].twins.push_back(parts_[i].segment);
    }
  }
  std::size_t next = 0;
  std::erase_if(parts_, [&](const MergePart&) { return spare[next++]; });
  return {};
}

/// Each origin has one history: where segments state the hash of the same dot, the hashes are the same.
Status MergeSet::compare_stated() const {
  struct Statement {
    Hash hash;
    const MergePart* part;
  };
  std::map<Dot, Statement> stated;
  const auto compare = [&](Dot dot, const Hash& hash, const MergePart& part) -> Status {
    if (hash == Hash{}) return {};
    const auto [known, fresh] = stated.try_emplace(dot, Statement{hash, &part});
    if (fresh || known->second.hash == hash) return {};
    const MergePart& other = *known->second.part;
    std::vector<CommitNo> both;
    std::ranges::set_intersection(part.all, other.all, std::back_inserter(both));
    std::erase_if(both, [&](CommitNo number) { return history_.origin(number) != dot.origin; });
    DELTA_OK(compare_pair(part, other, both));
    return error(ErrorCode::forked, "forked origin: the history up to " + model::dot_text(catalog_, dot) +
                                        " is not that of " + escape(other.file(), 4096))
        .in(part.file())
        .with_hint(std::string(kForkHint));
  };
  for (const auto& part : parts_) {
    for (const auto& s : part.stated) DELTA_OK(compare({s.origin, s.seq}, s.hash, part));
    for (const auto& r : part.runs) DELTA_OK(compare({r.origin, r.last}, r.hash, part));
  }
  return {};
}

namespace {

/// Which of an origin's stated hashes lie behind another. A hash vouches for all that its segment holds before it, and
/// for the hashes that the segment states as continued; these lie on one line, so that each vouches for those before
/// it. That makes a tree of what is stated, in which a hash vouches for what is between it and the root.
class Links {
 public:
  void add(std::uint64_t last, const std::vector<std::uint64_t>& stated) {
    for (const std::uint64_t seq : stated) {
      if (seq > 0 && seq < last) before_[last].insert(seq);
    }
  }
  /// When all are in.
  void settle() {
    for (auto at = before_.end(); at != before_.begin();) {
      --at;
      places_[at->first];
      if (at->second.empty()) continue;
      const std::uint64_t parent = *at->second.rbegin();
      at->second.erase(parent);
      auto& more = before_[parent];
      if (more.size() < at->second.size()) more.swap(at->second);
      more.merge(at->second);
      places_[at->first].parent = parent;
    }
    for (auto at = places_.rbegin(); at != places_.rend(); ++at) {
      auto& [seq, place] = *at;
      if (place.parent != 0) places_.at(place.parent).size += place.size;
    }
    std::uint64_t roots = 0;
    for (auto& [seq, place] : places_) {
      auto& next = place.parent != 0 ? places_.at(place.parent).next : roots;
      place.begin = std::exchange(next, next + place.size);
      place.next = place.begin + 1;
    }
  }
  /// True when the history up to `high` is known to go on from that up to `low`.
  bool leads(std::uint64_t high, std::uint64_t low) const {
    if (high == low) return true;
    const auto from = places_.find(high), to = places_.find(low);
    return from != places_.end() && to != places_.end() && from->second.begin >= to->second.begin &&
           from->second.begin < to->second.begin + to->second.size;
  }

 private:
  struct Place {
    std::uint64_t parent = 0;
    std::uint64_t size = 1;             // of the tree from here on
    std::uint64_t begin = 0, next = 0;  // its place in a walk over the tree; that of the next branch
  };
  std::map<std::uint64_t, std::set<std::uint64_t>> before_;
  std::map<std::uint64_t, Place> places_;
};

/// With its hash; null where the footer states none.
const MergePart::Run* run_of(const MergePart& part, OriginNo origin) {
  const auto run = std::ranges::lower_bound(part.runs, origin, {}, &MergePart::Run::origin);
  return run == part.runs.end() || run->origin != origin || run->hash == Hash{} ? nullptr : &*run;
}

void join_neighbours(std::vector<SeqRange>& ranges) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first == ranges[last].last + 1) {
      ranges[last].last = ranges[i].last;
    } else {
      ranges[++last] = ranges[i];
    }
  }
  ranges.resize(last + 1);
}

}  // namespace

/// Equal rows may still have different deltas. Where no stated hash says that two copies are the same, they are
/// compared: each copy of a commit with the one before it, which was compared with the one before that.
Status MergeSet::compare_overlaps() const {
  std::map<OriginNo, Links> links;
  for (const auto& part : parts_) {
    std::map<OriginNo, std::vector<std::uint64_t>> stated;
    for (const auto& s : part.stated) stated[s.origin].push_back(s.seq);
    for (const auto& run : part.runs) {
      if (run.hash != Hash{}) links[run.origin].add(run.last, stated[run.origin]);
    }
  }
  for (auto& [origin, of_origin] : links) of_origin.settle();
  constexpr std::size_t kNone = ~std::size_t{0};
  Indexed<CommitNo, std::size_t> last(history_.size(), kNone);  // the part that had each commit last
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    std::map<std::size_t, std::vector<CommitNo>> shared;  // with each other part
    for (const auto number : parts_[p].all) {
      const std::size_t other = std::exchange(last[number], p);
      if (other != kNone) shared[other].push_back(number);
    }
    for (auto& [other, numbers] : shared) {
      std::erase_if(numbers, [&, other = other](CommitNo number) {
        const OriginNo origin = history_.origin(number);
        const auto *mine = run_of(parts_[p], origin), *its = run_of(parts_[other], origin);
        return mine && its && links.at(origin).leads(std::max(mine->last, its->last), std::min(mine->last, its->last));
      });
      DELTA_OK(compare_pair(parts_[p], parts_[other], numbers));
    }
  }
  return {};
}

/// forked: one of the commits, which both hold, is not the same. Of what was pruned, hashes tell it.
Status MergeSet::compare_pair(const MergePart& a, const MergePart& b, std::span<const CommitNo> both) const {
  std::map<OriginNo, Shared> whole, pruned;  // by origin
  for (const auto number : both) {
    const CommitView& c = history_.commit(number);
    const auto is_whole = [number](const MergePart& part) { return std::ranges::binary_search(part.whole, number); };
    (is_whole(a) && is_whole(b) ? whole : pruned)[c.origin].ranges.push_back({c.first, c.last()});
  }
  const auto listed = [this](std::map<OriginNo, Shared>& by_origin) {
    std::vector<Shared> out;
    for (auto& [origin, shared] : by_origin) {
      shared.origin = catalog_.origin(origin);
      std::ranges::sort(shared.ranges, {}, &SeqRange::first);
      out.push_back(std::move(shared));
    }
    return out;
  };
  if (!whole.empty()) {
    auto ranges = listed(whole);
    for (Shared& shared : ranges) join_neighbours(shared.ranges);
    DELTA_TRY(const auto difference, first_difference(a.segment, b.segment, ranges));
    if (difference) return forked_deltas(*difference, a, b);
  }
  if (pruned.empty()) return {};
  DELTA_TRY(const auto difference, first_other_root(a.segment, b.segment, listed(pruned)));
  if (!difference) return {};
  if (!difference->a.empty()) return forked_deltas(*difference, a, b);
  return error(ErrorCode::forked, "forked origin: two different commits begin with " + dot_of(*difference) +
                                      ", here and in " + escape(b.file(), 4096) +
                                      "; the deltas that differ were pruned away in one of them")
      .in(a.file())
      .with_hint(std::string(kForkHint));
}

DotRanges MergeSet::lost() const {
  std::vector<store::IncompleteCopy> copies;
  for (const MergePart& part : parts_) {
    for (const CommitNo number : part.all) {
      if (history_.incomplete(number)) copies.push_back({number, &part.lost});
    }
  }
  return store::lost_of(catalog_, history_, copies);
}

void MergeSet::drop_contained() {
  std::vector<std::size_t> order;  // of wanted parts: the first of those that hold the same stays
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    if (!parts_[p].excluded) order.push_back(p);
  }
  const auto mark = [this](std::size_t p) { return std::tuple(parts_[p].digest, parts_[p].length, p); };
  std::ranges::sort(order, {}, mark);
  Indexed<CommitNo, std::vector<std::size_t>> holders(history_.size());  // of whole copies
  for (const std::size_t p : order) {
    for (const auto number : parts_[p].whole) holders[number].push_back(p);
  }
  DotRanges whole;
  for (const CommitNo number : numbers<CommitNo>(lost_.empty() ? 0 : history_.size())) {
    const CommitView& c = history_.commit(number);
    if (!holders[number].empty()) add_dots(whole, catalog_.origin(c.origin), {c.first, c.last()});
  }
  const auto contained = [&](std::size_t p) {
    const MergePart& part = parts_[p];
    if (!without(part.lost, whole).empty()) return false;
    // A commit of which nobody else has a whole copy settles it for nearly all.
    const auto rarest = std::ranges::min_element(part.all, {}, [&](CommitNo number) { return holders[number].size(); });
    return std::ranges::any_of(rarest == part.all.end() ? order : holders[*rarest], [&](std::size_t o) {
      const MergePart& other = parts_[o];
      if (o == p || !includes(other.whole, part.all) || !other.has_extras_of(part)) return false;
      const bool same = includes(part.whole, other.all) && part.has_extras_of(other);
      return !same || std::pair(other.digest, other.length) < std::pair(part.digest, part.length);
    });
  };
  std::vector<bool> spare(parts_.size());
  for (const std::size_t p : order) spare[p] = contained(p);
  std::size_t next = 0;
  std::erase_if(parts_, [&](const MergePart&) { return spare[next++]; });
}

}  // namespace delta::ops
