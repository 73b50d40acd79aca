// COMMITS, read: columns of a frame into rows that live as long as this takes, and these into what is kept.
#include <algorithm>
#include <deque>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/digest.hpp"
#include "delta/limits.hpp"
#include "format/commits_parts.hpp"

namespace delta::format {

namespace {

/// A row while its frame is read. Its texts are those of the payload.
struct ReadRow {
  SegmentCommitView commit;
  Hash previous{};
  std::vector<RecordNo> records;
  std::vector<Hash> nodes;
};

constexpr std::array kTexts = {&SegmentCommitView::message, &SegmentCommitView::tool, &SegmentCommitView::source,
                               &SegmentCommitView::trace, &SegmentCommitView::setting};

Status read_dots(Reader& in, std::uint32_t origins, Budget& items, std::vector<SegmentDot>& dots) {
  const auto count = in.varint();
  if (count > origins || !items.take(count)) return bad("COMMITS: more origins seen than there are");
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    if (next >= origins) return bad("COMMITS: an unknown origin seen");
    const auto origin = next + in.bounded(origins - 1 - next);
    const auto seq = in.varint();
    if (seq == 0) in.fail();
    dots.push_back({nth<SegmentOrigin>(origin), seq});
    next = origin + 1;
  }
  return {};
}

Status read_releases(Reader& in, std::uint32_t origins, Budget& items, SegmentRecord& record) {
  const auto count = in.varint();
  if (count == 0 || !believable(count, in) || !items.take(count)) {
    return bad("COMMITS: more kept releases than bytes, or none");
  }
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    auto& release = record.releases.emplace_back();
    DELTA_OK(read_dots(in, origins, items, release));
    if (release.empty()) return bad("COMMITS: a kept release of nothing");
    if (i > 0 && in.ok() && record.releases[i - 1] >= release) return bad("COMMITS: kept releases out of order");
  }
  return {};
}

Status read_record(Reader& in, std::uint32_t origins, Budget& items, SegmentRecord& record) {
  const auto flags = in.u8();
  if ((flags & ~kRecordFlags) != 0) {
    return error(ErrorCode::unsupported, "COMMITS: record flags " + std::to_string(flags & ~kRecordFlags) +
                                             ", which this version does not know");
  }
  record.closed = (flags & kClosed) != 0;
  record.lost = (flags & kLost) != 0;
  const auto ranges = in.varint();
  if (!believable(ranges, in) || !items.take(ranges)) return bad("COMMITS: more kept times than bytes");
  Micros least = 0;
  for (std::uint64_t i = 0; i < ranges && in.ok(); ++i) {
    if (least > kMaxMicros) return bad("COMMITS: kept times beyond the last");
    const Micros first = least + in.bounded(kMaxMicros - least);
    const Micros last = first + in.bounded(kMaxMicros - first);
    if (in.ok()) record.kept.add({first, last});
    least = last + 2;
  }
  DELTA_OK(read_dots(in, origins, items, record.seen));
  return (flags & kReleases) != 0 ? read_releases(in, origins, items, record) : Status();
}

Status read_pruning(Reader& in, std::uint32_t origins, Budget& items, std::span<ReadRow> rows,
                    Indexed<RecordNo, SegmentRecord>& records) {
  const std::size_t base = records.size();
  const auto count = in.varint();
  if (!believable(count, in) || !items.take(count)) return bad("COMMITS: more records than bytes");
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    DELTA_OK(read_record(in, origins, items, records.emplace_back()));
  }
  std::vector<bool> used(count);
  for (auto& row : rows) {
    const auto n = in.bounded(count);
    if (!items.take(n)) return bad("COMMITS: more lists than its bytes may hold");
    std::uint64_t least = 0;
    for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
      const auto number = in.bounded(count - 1);
      if (number < least) return bad("COMMITS: records out of order");
      least = number + 1;
      used[number] = true;
      row.records.push_back(nth<RecordNo>(base + number));
    }
    if (n > 0 && !row.commit.setting.empty()) return bad("COMMITS: a pruned setting");
  }
  if (!std::ranges::all_of(used, [](bool u) { return u; })) return bad("COMMITS: a record of no row");
  for (auto& row : rows) {
    if (row.records.empty()) continue;
    const auto n = in.varint();
    if (n == 0 || n > in.left() / sizeof(Hash) || !items.take(n)) {
      return bad("COMMITS: more hashes than bytes, or none");
    }
    const bool lost = std::ranges::any_of(row.records, [&](RecordNo record) { return records[record].lost; });
    for (std::uint64_t i = 0; i < n; ++i) {
      row.nodes.push_back(read_hash(in));
      if (row.nodes.back() == Hash{} && !lost) return bad("COMMITS: a hash of zeros, and nothing was lost");
    }
  }
  return {};
}

Status read_properties(ByteView body, std::span<ReadRow> rows, Budget& texts) {
  Reader in(body);
  const auto n = in.varint();
  if (n == 0 || !believable(n, in) || n > rows.size()) return bad("COMMITS: more properties than rows, or none");
  std::vector<std::string_view> strings(1);
  std::unordered_set<std::string_view> once;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    strings.push_back(in.text(kMaxMetadataBytes));
    if (strings.back().empty() || !once.insert(strings.back()).second) in.fail();
  }
  std::uint64_t seen = 0;
  for (auto& row : rows) {
    const auto number = in.bounded(std::min<std::uint64_t>(seen + 1, strings.size() - 1));
    seen = std::max(seen, number);
    if (!texts.take(strings[number].size())) return bad("COMMITS: more text than its bytes may hold");
    row.commit.properties = strings[number];
  }
  if (!in.done() || seen != n) return bad("COMMITS: malformed properties");
  return {};
}

Status read_given(ByteView body, std::span<ReadRow> rows) {
  Reader in(body);
  bool any = false;
  for (auto& row : rows) {
    const auto before = in.bounded(row.commit.time.us());
    if (before == 0) continue;
    row.commit.given = row.commit.time.us() - before;
    any = true;
  }
  if (!in.done() || !any) return bad("COMMITS: malformed times that were given");
  return {};
}

void note_unknown(UnknownColumns& unknown, Byte column, ByteView body) {
  Buffer bytes(unknown.digest.begin(), unknown.digest.end());
  bytes.push_back(column);
  bytes.insert(bytes.end(), body.begin(), body.end());
  unknown.numbers.set(number_of(column));
  unknown.digest = digest("dlog1 columns", bytes);
}

Status read_optional(Reader& in, std::span<ReadRow> rows, Budget& texts, UnknownColumns& unknown) {
  std::uint8_t before = 0;
  while (in.ok() && in.left() > 0) {
    const Byte column = in.u8();
    const std::uint8_t number = number_of(column);
    if (number <= before) return bad("COMMITS: optional columns out of order");
    before = number;
    const auto size = in.varint();
    if (!in.ok() || size == 0 || size > in.left()) {
      return bad("COMMITS: an optional column of no bytes, or of more than there are");
    }
    const ByteView body = in.raw(size);
    if (column == static_cast<Byte>(CommitColumn::properties)) {
      DELTA_OK(read_properties(body, rows, texts));
    } else if (column == static_cast<Byte>(CommitColumn::given)) {
      DELTA_OK(read_given(body, rows));
    } else if ((column & kCritical) != 0) {
      return error(ErrorCode::unsupported,
                   "COMMITS: critical column " + std::to_string(number) + " is not known to this version");
    } else if (number <= number_of(static_cast<Byte>(CommitColumn::given))) {
      return bad("COMMITS: column " + std::to_string(number) + " without its critical bit");
    } else {
      note_unknown(unknown, column, body);
    }
  }
  return {};
}

}  // namespace

std::string unknown_text(const UnknownColumns& unknown) {
  std::string list;
  for (std::size_t number = 0; number < unknown.numbers.size(); ++number) {
    if (unknown.numbers[number]) list += (list.empty() ? "" : ", ") + std::to_string(number);
  }
  const bool one = unknown.numbers.count() == 1;
  return std::string("COMMITS: ") + (one ? "column " : "columns ") + list + (one ? " is" : " are") +
         " not known to this version";
}

namespace {

/// Strings of the rows, of which number 0 is the empty one. Nothing where they are malformed.
std::vector<std::string_view> read_strings(Reader& in, std::uint32_t rows) {
  const auto n = in.varint();
  if (!believable(n, in) || n > kTexts.size() * rows) return {};
  std::vector<std::string_view> strings(1);
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    strings.push_back(in.text(kMaxMessageBytes));
    if (strings.back().empty()) in.fail();
  }
  return strings;
}

Status read_times(Reader& in, std::span<ReadRow> rows) {
  const std::uint64_t unit = in.bounded(kMaxMicros);
  if (unit == 0) return bad("COMMITS: no unit of time");
  std::int64_t time = 0;
  for (auto& row : rows) {
    const std::int64_t steps = unzigzag(in.varint());
    if (const auto furthest = static_cast<std::int64_t>(kMaxMicros / unit); steps > furthest || steps < -furthest) {
      in.fail();
    }
    if (in.ok()) time += steps * static_cast<std::int64_t>(unit);
    if (time < 0 || time > static_cast<std::int64_t>(kMaxMicros)) return bad("COMMITS: a time out of range");
    row.commit.time = Timestamp::of(static_cast<Micros>(time));
  }
  if (in.ok() && common_unit(time_steps(rows)) != unit) return bad("COMMITS: the unit of time is not the greatest");
  for (auto& row : rows) {
    row.commit.time = Timestamp::of(row.commit.time.us(), static_cast<std::uint32_t>(in.bounded(0xfff)));
  }
  return {};
}

/// Numbers of strings are given in order of first use.
Status read_texts(Reader& in, std::span<const std::string_view> strings, std::span<ReadRow> rows, Budget& texts) {
  std::uint64_t seen = 0;
  for (const auto text : kTexts) {
    for (auto& row : rows) {
      const auto number = in.bounded(std::min<std::uint64_t>(seen + 1, strings.size() - 1));
      seen = std::max(seen, number);
      if (!texts.take(strings[number].size())) return bad("COMMITS: more text than its bytes may hold");
      row.commit.*text = strings[number];
    }
  }
  for (const auto& row : rows) {
    if (!row.commit.setting.empty() && row.commit.count != 1) return bad("COMMITS: a setting of more than one dot");
  }
  if (seen != strings.size() - 1) return bad("COMMITS: a string that no row uses");
  return {};
}

/// Parents of rows that have several, while their frame is read.
using Lists = std::deque<std::vector<SegmentDot>>;

/// `form`: 0: chained; else how many parents follow, and 1.
Status read_parents(Reader& in, std::uint64_t form, std::uint32_t origins, const SegmentCommitView* before,
                    Budget& items, SegmentCommitView& commit, Lists& lists) {
  if (form == 0) {
    if (!before) return bad("COMMITS: the first row refers to one before it");
    commit.parents = DotsOf<SegmentOrigin>({before->origin, before->last()});
    return {};
  }
  if (!items.take(form - 1)) return bad("COMMITS: more parents than its bytes may hold");
  const auto read = [&] {
    const auto origin = in.bounded(origins - 1);
    return SegmentDot{nth<SegmentOrigin>(origin), in.varint()};
  };
  if (form == 2) {
    commit.parents = DotsOf<SegmentOrigin>(read());
  } else if (form > 2) {
    auto& list = lists.emplace_back();
    for (std::uint64_t p = 1; p < form && in.ok(); ++p) list.push_back(read());
    commit.parents = list;
  }
  if (chained(commit, before)) return bad("COMMITS: a chained row is spelled out");
  return {};
}

/// Parents, first seqs, and the hash before a row that does not follow one of its origin.
Status read_causes(Reader& in, std::uint32_t origins, std::span<ReadRow> rows, Budget& items, Lists& lists) {
  std::vector<std::uint64_t> forms(rows.size());
  for (auto& form : forms) form = in.bounded(kMaxParents + 1);
  Lasts lasts;
  for (std::size_t i = 0; i < rows.size() && in.ok(); ++i) {
    auto& row = rows[i];
    DELTA_OK(read_parents(in, forms[i], origins, i > 0 ? &rows[i - 1].commit : nullptr, items, row.commit, lists));
    const auto next = lasts.next(row.commit.origin);
    const auto first = in.varint();
    if (first > (std::uint64_t{1} << 62) || next > (std::uint64_t{1} << 62)) return bad("COMMITS: a seq out of range");
    row.commit.first = next + first;
    if (row.commit.first == 0) return bad("COMMITS: seq 0");
    if (first > (next == 0 ? 1 : 0)) row.previous = read_hash(in);
    lasts.note(row.commit.origin, row.commit.last());
  }
  return {};
}

}  // namespace

Status read_commits(ByteView payload, Kind kind, std::uint32_t count, std::uint32_t origins, CommitsRead& read,
                    std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::commits, payload, stored);
  if (count > most.count) return bad("COMMITS: more rows than its bytes may hold");
  if (!believable(std::uint64_t{9} * count, in)) return bad("COMMITS: more rows than bytes");
  const auto strings = read_strings(in, count);
  if (strings.empty()) return bad("COMMITS: more strings than bytes");
  std::vector<ReadRow> rows(count);
  if (origins == 0 && count > 0) return bad("COMMITS: rows without an origin");
  for (auto& row : rows) row.commit.origin = nth<SegmentOrigin>(in.bounded(origins - 1));
  for (auto& row : rows) {
    row.commit.count = in.bounded(std::uint64_t{1} << 40);
    if (row.commit.count == 0) in.fail();
  }
  DELTA_OK(read_times(in, rows));
  Budget items(most.items), texts(most.text);
  DELTA_OK(read_texts(in, strings, rows, texts));
  Lists lists;
  DELTA_OK(read_causes(in, origins, rows, items, lists));
  if (kind == Kind::packed) DELTA_OK(read_pruning(in, origins, items, rows, read.records));
  DELTA_OK(read_optional(in, rows, texts, read.unknown));
  if (!in.done()) return bad("COMMITS: malformed");
  for (ReadRow& row : rows) {
    read.rows.push_back(row.commit, row.previous, std::move(row.records), std::move(row.nodes));
  }
  return {};
}

}  // namespace delta::format
