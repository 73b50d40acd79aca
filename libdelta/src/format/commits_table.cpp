// COMMITS: the rows of commits, what pruned copies state of themselves, and columns that later versions may add.
#include <algorithm>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/digest.hpp"
#include "delta/limits.hpp"
#include "format/table_parts.hpp"
#include "format/tables.hpp"

namespace delta::format {

namespace {

// Strings of commit rows, each once; number 0 is the empty string.
class StringTable {
 public:
  std::uint64_t add(const std::string& text) {
    if (text.empty()) return 0;
    const auto [it, fresh] = numbers_.try_emplace(text, strings_.size() + 1);
    if (fresh) strings_.push_back(&it->first);
    return it->second;
  }
  void write(Writer& out) const {
    out.varint(strings_.size());
    for (const auto* s : strings_) out.text(*s);
  }

 private:
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::vector<const std::string*> strings_;
};

constexpr std::array kTexts = {&SegmentCommit::message, &SegmentCommit::tool, &SegmentCommit::source,
                               &SegmentCommit::trace, &SegmentCommit::setting};

/// The usual case: the commit has seen the one before it in the frame, and through it all else.
bool chained(const CommitRow& row, const SegmentCommit* before) {
  return before && row.commit.parents.size() == 1 &&
         row.commit.parents[0] == SegmentDot{before->origin, before->last()};
}

std::vector<std::int64_t> time_steps(std::span<const CommitRow> rows) {
  std::vector<std::int64_t> steps;
  std::uint64_t time = 0;
  for (const auto& row : rows) {
    steps.push_back(static_cast<std::int64_t>(row.commit.time.us() - time));
    time = row.commit.time.us();
  }
  return steps;
}

/// The greatest common divisor; 1 if all are 0.
std::uint64_t common_unit(const std::vector<std::int64_t>& steps) {
  std::uint64_t unit = 0;
  for (const auto step : steps) unit = std::gcd(unit, static_cast<std::uint64_t>(step < 0 ? -step : step));
  return unit == 0 ? 1 : unit;
}

/// Of each origin the last seq of the rows so far.
using Lasts = std::unordered_map<SegmentOrigin, std::uint64_t>;

std::uint64_t next_seq(const Lasts& lasts, SegmentOrigin origin) {
  const auto it = lasts.find(origin);
  return it == lasts.end() ? 0 : it->second + 1;
}

}  // namespace

namespace {

/// What else a record says. Unknown bits are for what speaks of a part of a copy alone: who does not know them cannot
/// tell what it answers.
enum RecordFlags : std::uint8_t { kClosed = 1, kReleases = 2, kRecordFlags = kClosed | kReleases };

void write_dots(Writer& out, std::span<const SegmentDot> dots) {
  out.varint(dots.size());
  std::size_t next = 0;
  for (const SegmentDot& dot : dots) {
    out.varint(index(dot.origin) - next);
    out.varint(dot.seq);
    next = index(dot.origin) + 1;
  }
}

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

void write_record(Writer& out, const SegmentRecord& record) {
  out.u8((record.closed ? kClosed : 0) | (record.releases.empty() ? 0 : kReleases));
  out.varint(record.kept.ranges().size());
  Micros least = 0;  // that the next range may begin at
  for (const auto& range : record.kept.ranges()) {
    out.varint(range.first - least);
    out.varint(range.last - range.first);
    least = range.last + 2;
  }
  write_dots(out, record.seen);
  if (record.releases.empty()) return;
  out.varint(record.releases.size());
  for (const auto& release : record.releases) write_dots(out, release);
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

/// Which rows are pruned copies, under what, and the hashes that stand for what is not there.
void write_pruning(Writer& out, const CommitTable& table) {
  out.varint(table.records.size());
  for (const auto& record : table.records) write_record(out, record);
  for (const auto& row : table.rows) {
    out.varint(row.records.size());
    for (const RecordNo record : row.records) out.varint(index(record));
  }
  for (const auto& row : table.rows) {
    if (row.records.empty()) continue;
    out.varint(row.nodes.size());
    for (const auto& node : row.nodes) write_hash(out, node);
  }
}

Status read_pruning(Reader& in, std::uint32_t origins, Budget& items, std::span<CommitRow> rows,
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
    for (std::uint64_t i = 0; i < n; ++i) row.nodes.push_back(read_hash(in));
  }
  return {};
}

/// Optional columns, behind all else. Bit 7: who does not know the column must not read the table.
enum class CommitColumn : Byte { properties = 0x81, given = 0x82 };
constexpr Byte kCritical = 0x80;

constexpr std::uint8_t number_of(Byte column) { return column & 0x7f; }

void write_column(Writer& out, CommitColumn column, const Buffer& body) {
  out.u8(static_cast<Byte>(column));
  out.varint(body.size());
  out.raw(body);
}

/// A column stands where a row has something in it.
void write_optional(Writer& out, std::span<const CommitRow> rows) {
  const auto any = [&](const auto& has) {
    return std::ranges::any_of(rows, [&](const CommitRow& row) { return has(row.commit); });
  };
  if (any([](const SegmentCommit& c) { return !c.properties.empty(); })) {
    Buffer body;
    Writer column(body);
    StringTable strings;
    std::vector<std::uint64_t> numbers;
    for (const auto& row : rows) numbers.push_back(strings.add(row.commit.properties));
    strings.write(column);
    for (const auto number : numbers) column.varint(number);
    write_column(out, CommitColumn::properties, body);
  }
  if (any([](const SegmentCommit& c) { return c.given.has_value(); })) {
    Buffer body;
    Writer column(body);
    for (const auto& row : rows) column.varint(row.commit.given ? row.commit.time.us() - *row.commit.given : 0);
    write_column(out, CommitColumn::given, body);
  }
}

Status read_properties(ByteView body, std::span<CommitRow> rows, Budget& texts) {
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

Status read_given(ByteView body, std::span<CommitRow> rows) {
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

Status read_optional(Reader& in, std::span<CommitRow> rows, Budget& texts, UnknownColumns& unknown) {
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

Load load_of(const CommitTable& table) {
  Load load{table.rows.size(), table.records.size(), 0};
  const SegmentCommit* before = nullptr;
  for (const auto& row : table.rows) {
    for (const auto text : kTexts) load.text += (row.commit.*text).size();
    load.text += row.commit.properties.size();
    load.items += (chained(row, before) ? 0 : row.commit.parents.size()) + row.records.size() + row.nodes.size();
    before = &row.commit;
  }
  for (const auto& record : table.records) load.items += record.items();
  return load;
}

void write_commits(const CommitTable& table, Kind kind, Buffer& buffer) {
  Writer out(buffer);
  const auto& rows = table.rows;
  StringTable strings;
  std::vector<std::uint64_t> numbers;
  for (const auto text : kTexts) {
    for (const auto& row : rows) numbers.push_back(strings.add(row.commit.*text));
  }
  strings.write(out);
  for (const auto& row : rows) out.varint(index(row.commit.origin));
  for (const auto& row : rows) out.varint(row.commit.count);
  // Microseconds and counter apart, in the greatest unit that fits: real clocks tick in whole seconds, with counter 0.
  const std::vector<std::int64_t> steps = time_steps(rows);
  const std::uint64_t unit = common_unit(steps);
  out.varint(unit);
  for (const auto step : steps) out.varint(zigzag(step / static_cast<std::int64_t>(unit)));
  for (const auto& row : rows) out.varint(row.commit.time.tick());
  for (const auto number : numbers) out.varint(number);
  const SegmentCommit* before = nullptr;
  for (const auto& row : rows) {  // 0: chained; n + 1: n parents, listed below
    out.varint(chained(row, before) ? 0 : row.commit.parents.size() + 1);
    before = &row.commit;
  }
  before = nullptr;
  Lasts lasts;
  for (const auto& row : rows) {
    const SegmentCommit& c = row.commit;
    if (!chained(row, before)) {
      for (const auto& parent : c.parents) write_dot(out, parent);
    }
    const auto next = next_seq(lasts, c.origin);
    if (next == 0) {  // the origin's first row here: where it starts, and what it continues
      out.varint(c.first);
      if (c.first > 1) write_hash(out, row.previous);
    } else {
      out.varint(c.first - next);  // more than 0 only where commits of the origin are absent
      if (c.first > next) write_hash(out, row.previous);
    }
    lasts[c.origin] = c.last();
    before = &c;
  }
  if (kind == Kind::packed) write_pruning(out, table);
  write_optional(out, rows);
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

Status read_times(Reader& in, std::span<CommitRow> rows) {
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
Status read_texts(Reader& in, std::span<const std::string_view> strings, std::span<CommitRow> rows, Budget& texts) {
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

/// `form`: 0: chained; else how many parents follow, and 1.
Status read_parents(Reader& in, std::uint64_t form, std::uint32_t origins, const SegmentCommit* before, Budget& items,
                    CommitRow& row) {
  if (form == 0) {
    if (!before) return bad("COMMITS: the first row refers to one before it");
    row.commit.parents = {{before->origin, before->last()}};
    return {};
  }
  if (!items.take(form - 1)) return bad("COMMITS: more parents than its bytes may hold");
  for (std::uint64_t p = 1; p < form && in.ok(); ++p) {
    const auto origin = in.bounded(origins - 1);
    row.commit.parents.push_back({nth<SegmentOrigin>(origin), in.varint()});
  }
  if (chained(row, before)) return bad("COMMITS: a chained row is spelled out");
  return {};
}

/// Parents, first seqs, and the hash before a row that does not follow one of its origin.
Status read_causes(Reader& in, std::uint32_t origins, std::span<CommitRow> rows, Budget& items) {
  std::vector<std::uint64_t> forms(rows.size());
  for (auto& form : forms) form = in.bounded(kMaxParents + 1);
  Lasts lasts;
  for (std::size_t i = 0; i < rows.size() && in.ok(); ++i) {
    auto& row = rows[i];
    DELTA_OK(read_parents(in, forms[i], origins, i > 0 ? &rows[i - 1].commit : nullptr, items, row));
    const auto next = next_seq(lasts, row.commit.origin);
    const auto first = in.varint();
    if (first > (std::uint64_t{1} << 62) || next > (std::uint64_t{1} << 62)) return bad("COMMITS: a seq out of range");
    row.commit.first = next + first;
    if (row.commit.first == 0) return bad("COMMITS: seq 0");
    if (first > (next == 0 ? 1 : 0)) row.previous = read_hash(in);
    lasts[row.commit.origin] = row.commit.last();
  }
  return {};
}

}  // namespace

Status read_commits(ByteView payload, Kind kind, std::uint32_t count, std::uint32_t origins, CommitTable& table,
                    std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::commits, payload, stored);
  if (count > most.count) return bad("COMMITS: more rows than its bytes may hold");
  if (!believable(std::uint64_t{9} * count, in)) return bad("COMMITS: more rows than bytes");
  const auto strings = read_strings(in, count);
  if (strings.empty()) return bad("COMMITS: more strings than bytes");
  table.rows.resize(table.rows.size() + count);
  const std::span rows = std::span(table.rows).last(count);
  if (origins == 0 && count > 0) return bad("COMMITS: rows without an origin");
  for (auto& row : rows) row.commit.origin = nth<SegmentOrigin>(in.bounded(origins - 1));
  for (auto& row : rows) {
    row.commit.count = in.bounded(std::uint64_t{1} << 40);
    if (row.commit.count == 0) in.fail();
  }
  DELTA_OK(read_times(in, rows));
  Budget items(most.items), texts(most.text);
  DELTA_OK(read_texts(in, strings, rows, texts));
  DELTA_OK(read_causes(in, origins, rows, items));
  if (kind == Kind::packed) DELTA_OK(read_pruning(in, origins, items, rows, table.records));
  DELTA_OK(read_optional(in, rows, texts, table.unknown));
  if (!in.done()) return bad("COMMITS: malformed");
  return {};
}

}  // namespace delta::format
