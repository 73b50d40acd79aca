#include "store/narrow_commits.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "store/footered.hpp"
#include "store/stand_ins.hpp"

namespace delta::store {
namespace {

Error no_match() { return error(ErrorCode::corrupt, "the index is not that of this log"); }

/// "origin:seq".
struct NamedDot {
  std::string_view origin;
  std::uint64_t seq = 0;
};

std::optional<NamedDot> parse_dot(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  NamedDot dot{text.substr(0, colon), 0};
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data() + colon + 1, end, dot.seq);
  return at == end && failed == std::errc() && dot.seq > 0 ? std::optional(dot) : std::nullopt;
}

/// Opens segments of the log as the index has them.
class Segments {
 public:
  Segments(std::shared_ptr<const ByteSource> file, const LookupIndex& index) : file_(std::move(file)), index_(index) {}

  /// Without its tables.
  Result<Segment> open(std::uint64_t number) const {
    DELTA_TRY(const auto place, index_.segment(number));
    if (place.offset > file_->size() || place.length > file_->size() - place.offset) return no_match();
    DELTA_TRY(auto opened, footered_segment(file_, place.offset, place.length));
    const bool same = opened && opened->length == place.length && opened->trailer.digest == place.digest &&
                      opened->trailer.commits == place.commits;
    if (!same) return no_match();
    opened->number = number;
    return *std::move(opened);
  }

  /// The segment that holds a dot: in a linear log the seqs of an origin rise from segment to segment. None: none does.
  Result<std::optional<Segment>> holding(const NamedDot& dot) const {
    std::uint64_t least = 0, end = index_.seal().segments;
    while (least < end) {
      const std::uint64_t middle = least + (end - least) / 2;
      std::uint64_t at = middle;  // the first from there on that has commits of the origin
      std::optional<Seqs> seqs;
      for (; at < end && !seqs; ++at) {
        DELTA_TRY(Segment segment, open(at));
        DELTA_TRY(seqs, seqs_of(segment, dot.origin));
        if (seqs && seqs->first <= dot.seq && dot.seq <= seqs->last) return std::optional(std::move(segment));
      }
      if (!seqs || dot.seq < seqs->first) {
        end = middle;
      } else {
        least = at;
      }
    }
    return std::optional<Segment>();
  }

  /// Reads its commits from the end, as long as `first_wanted`, which is given those that are here, returns 0: the
  /// first row that is wanted. Keeps the rows from there on.
  template <class FirstWanted>
  static Status load_back(Segment& segment, const FirstWanted& first_wanted) {
    const std::size_t all = commits_frames(segment);
    for (std::size_t frames = 1;; frames *= 2) {
      unload_tables(segment);
      DELTA_OK(load_last_commits(segment, std::min(frames, all)));
      const std::size_t first = first_wanted(segment);
      if (first == 0 && frames < all) continue;
      keep_rows(segment, first, segment.rows().size());
      return {};
    }
  }

 private:
  struct Seqs {
    std::uint64_t first = 0, last = 0;
  };
  /// Those of an origin that a segment holds; none: it has no commit of it.
  static Result<std::optional<Seqs>> seqs_of(Segment& segment, std::string_view origin) {
    DELTA_OK(load_last_commits(segment, 0));
    const auto is_of = [&](const format::HeadEntry& head) {
      return segment.names.origins.contains(head.origin) && segment.names.origins[head.origin] == origin;
    };
    const auto head = std::ranges::find_if(segment.footer.heads, is_of);
    if (head == segment.footer.heads.end()) return std::optional<Seqs>();
    return std::optional(Seqs{head->first, head->last});
  }

  std::shared_ptr<const ByteSource> file_;
  const LookupIndex& index_;
};

class CommitsReader {
 public:
  CommitsReader(Union& to, const std::shared_ptr<const ByteSource>& file, const LookupIndex& index)
      : to_(to), index_(index), segments_(file, index), stand_ins_(to, file, index) {}

  Result<bool> run(const CommitsWanted& wanted) {
    if (wanted.dot.empty()) {
      DELTA_OK(open_last(wanted));
    } else {
      DELTA_TRY(const bool found, open_holding(wanted.dot));
      if (!found) return false;
    }
    stand_ins_.add_names();
    DELTA_OK(stand_in());
    for (Segment& segment : opened_) {
      LoadedSegment part;
      part.segment = std::move(segment);
      DELTA_OK(count_vectors(part.segment));
      DELTA_OK(to_.translate(part));
      to_.parts.push_back(std::move(part));
    }
    if (!to_.history.pending().empty()) return no_match();
    stand_ins_.add_heads();
    to_.choose_copies();
    DELTA_OK(to_.compare_chains());
    return true;
  }

 private:
  Status open_last(const CommitsWanted& wanted) {
    std::uint64_t behind = 0;  // commits of the segments that are open already
    const auto first_wanted = [&](const Segment& segment) {
      const auto& rows = segment.rows().commits();
      const std::uint64_t most = !wanted.last ? 0 : *wanted.last > behind ? *wanted.last - behind : 0;
      std::size_t first = rows.size() - std::min<std::uint64_t>(rows.size(), most);
      while (wanted.since && first > 0 && rows.time(nth<RowNo>(first - 1)).us() >= *wanted.since) --first;
      return first;
    };
    for (std::uint64_t number = index_.seal().segments; number > 0;) {
      DELTA_TRY(Segment segment, segments_.open(--number));
      DELTA_OK(Segments::load_back(segment, first_wanted));
      opened_.push_back(std::move(segment));
      const Segment& last = opened_.back();
      if (last.rows_before > 0) break;
      behind += last.rows().size();
    }
    std::ranges::reverse(opened_);
    return {};
  }

  /// The row that holds a dot; none of them: as many as there are.
  static std::size_t row_of(const Segment& segment, const NamedDot& dot) {
    const auto& rows = segment.rows().commits();
    for (const RowNo row : rows.numbers()) {
      const bool own = segment.names.origins[rows.origin(row)] == dot.origin;
      if (own && rows.first(row) <= dot.seq && dot.seq <= rows.last(row)) return index(row);
    }
    return rows.size();
  }

  Result<bool> open_holding(std::string_view text) {
    const auto dot = parse_dot(text);
    if (!dot) return false;
    DELTA_TRY(auto segment, segments_.holding(*dot));
    if (!segment) return false;
    DELTA_OK(Segments::load_back(*segment, [&](const Segment& some) {
      const std::size_t row = row_of(some, *dot);
      return row == some.rows().size() ? 0 : row;
    }));
    if (segment->rows().empty() || row_of(*segment, *dot) != 0) return no_match();
    keep_rows(*segment, 0, 1);
    opened_.push_back(*std::move(segment));
    return true;
  }

  /// For what the commits that are here have seen and is not. Nobody asks when that was.
  Status stand_in() {
    std::map<OriginNo, std::uint64_t> first, needed;  // seq that is here, that is not
    std::optional<OriginNo> before;                   // who wrote the commit before the first
    const auto need = [&](OriginNo origin, std::uint64_t seq) {
      if (first.contains(origin) && first[origin] <= seq) return;
      needed[origin] = std::max(needed[origin], seq);
    };
    for (const Segment& segment : opened_) {
      Indexed<SegmentOrigin, OriginNo> origins;
      for (const auto& name : segment.names.origins) origins.push_back(to_.catalog.add_origin(name));
      for (const auto& row : segment.rows()) {
        const OriginNo own = origins[row.commit.origin];
        need(own, row.commit.first - 1);
        for (const auto& parent : row.commit.parents) need(origins[parent.origin], parent.seq);
        if (!before) before = row.commit.parents.empty() ? own : origins[row.commit.parents.back().origin];
        first.try_emplace(own, row.commit.first);
      }
    }
    for (const auto& [origin, seq] : needed) {
      if (origin != before) DELTA_OK(stand_ins_.reach(origin, seq, {}));
    }
    return before ? stand_ins_.reach(*before, needed[*before], {}) : Status();
  }

  Union& to_;
  const LookupIndex& index_;
  Segments segments_;
  StandIns stand_ins_;
  std::vector<Segment> opened_;  // in order of the log
};

}  // namespace

Result<bool> read_commits(Union& to, const std::shared_ptr<const ByteSource>& file, const LookupIndex& index,
                          const CommitsWanted& wanted) {
  return CommitsReader(to, file, index).run(wanted);
}

}  // namespace delta::store
