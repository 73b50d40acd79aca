#include "format/tables.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/digest.hpp"
#include "base/limits.hpp"
#include "format/wire.hpp"

namespace delta::format {
namespace {

Error bad(std::string what) { return error(ErrorCode::corrupt, std::move(what)); }

/// Entries cost at least one byte each, so a count beyond the payload is a lie that must not be allocated.
bool believable(std::uint64_t count, const Reader& in) { return count <= in.left(); }

/// Counts what lists hold, before any of it is believed.
class Budget {
 public:
  explicit Budget(std::uint64_t most) : left_(most) {}
  bool take(std::uint64_t n) {
    if (n > left_) return false;
    left_ -= n;
    return true;
  }

 private:
  std::uint64_t left_;
};

Load most_in(FrameType type, ByteView payload, std::uint64_t stored) {
  return most_of(type, stored == 0 ? payload.size() : stored);
}

void write_dot(Writer& out, const Dot& dot) { out.varint(dot.origin), out.varint(dot.seq); }

void write_hash(Writer& out, const Hash& hash) { out.raw({hash.data(), hash.size()}); }

Hash read_hash(Reader& in) {
  Hash hash{};
  const ByteView bytes = in.raw(hash.size());
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

}  // namespace

Load load_of(const Props& props) {
  Load load{props.namespaces.size() + props.origins.size(), 0, 0};
  for (const auto& ns : props.namespaces) load.text += ns.name.size();
  for (const auto& name : props.origins) load.text += name.size();
  return load;
}

void write_props(const Props& props, Buffer& buffer) {
  Writer out(buffer);
  out.varint(props.namespaces.size());
  for (const auto& ns : props.namespaces) {
    out.text(ns.name);
    out.varint(ns.dims);
  }
  out.varint(props.origins.size());
  for (const auto& name : props.origins) out.text(name);
}

Status read_props(ByteView payload, std::uint32_t count, Props& props, std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::props, payload, stored);
  if (count > most.count || payload.size() > most.text + 16 * most.count) {
    return bad("PROPS: more names than its bytes may hold");
  }
  const auto namespaces = in.varint();
  if (!believable(namespaces, in) || namespaces > count) return bad("PROPS: more namespaces than bytes");
  for (std::uint64_t i = 0; i < namespaces && in.ok(); ++i) {
    std::string name(in.text(kMaxNameBytes));
    const auto dims = in.bounded(kMostDims);
    if (dims == 0) in.fail();
    props.namespaces.push_back({std::move(name), static_cast<std::uint32_t>(dims)});
  }
  const auto origins = in.varint();
  if (!believable(origins, in) || origins > count) return bad("PROPS: more origins than bytes");
  for (std::uint64_t i = 0; i < origins && in.ok(); ++i) props.origins.emplace_back(in.text(kMaxNameBytes));
  if (!in.done() || namespaces + origins != count) return bad("PROPS: malformed");
  return {};
}

Load load_of(const Ids& ids) {
  Load load{ids.ids.size(), 0, 0};
  for (const auto& id : ids.ids) load.text += id.size();
  return load;
}

// Front coding against the previous id of the frame: three streams, so that the payload's compression sees like beside
// like.
void write_ids(const Ids& ids, Buffer& buffer) {
  Writer out(buffer);
  std::uint32_t begin = 0;
  for (const Owners::Run& run : ids.owners.runs()) {
    out.varint(run.ns);
    out.varint(run.end - std::exchange(begin, run.end));
  }
  std::vector<std::size_t> shared(ids.ids.size());
  for (std::size_t i = 1; i < shared.size(); ++i) {
    const auto& a = ids.ids[i - 1];
    const auto& b = ids.ids[i];
    shared[i] = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  }
  for (const auto n : shared) out.varint(n);
  for (std::size_t i = 0; i < shared.size(); ++i) out.varint(ids.ids[i].size() - shared[i]);
  for (std::size_t i = 0; i < shared.size(); ++i) out.raw(bytes_of(ids.ids[i].substr(shared[i])));
}

Status read_ids(ByteView payload, std::uint32_t count, std::uint32_t namespaces, const IdSet* wanted, Ids& ids,
                std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::ids, payload, stored);
  if (count > most.count) return bad("IDS: more ids than its bytes may hold");
  if (!believable(2 * std::uint64_t{count}, in)) return bad("IDS: more ids than bytes");
  while (in.ok() && ids.owners.size() < count) {
    const auto ns = in.varint();
    const auto run = in.bounded(count - ids.owners.size());
    if (ns >= namespaces || run == 0) return bad("IDS: unknown namespace or empty run");
    if (ids.owners.size() > 0 && ids.owners.runs().back().ns == ns) return bad("IDS: a run of one namespace is split");
    ids.owners.add(static_cast<std::uint32_t>(ns), static_cast<std::uint32_t>(run));
  }
  std::vector<std::uint16_t> shared(count), rest(count);
  std::uint64_t total = 0;
  for (auto& n : shared) n = static_cast<std::uint16_t>(in.bounded(kMaxIdBytes));
  for (auto& n : rest) n = static_cast<std::uint16_t>(in.bounded(kMaxIdBytes));
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = std::uint32_t{shared[i]} + rest[i];
    if (shared[i] > before || size == 0 || size > kMaxIdBytes) return bad("IDS: impossible lengths");
    total += before = size;
  }
  if (total > most.text) return bad("IDS: more text than its bytes may hold");
  ids.text.reserve(total);  // views into it must stay
  if (!wanted) ids.ids.reserve(count);
  std::array<char, kMaxIdBytes> id;
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view suffix = text_of(in.raw(rest[i]));
    // One way to write an id: all that can be shared is.
    if (!suffix.empty() && shared[i] < size && id[shared[i]] == suffix.front()) {
      return bad("IDS: shared prefix not maximal");
    }
    std::ranges::copy(suffix, id.begin() + shared[i]);
    size = shared[i] + suffix.size();
    if (wanted && !wanted->contains({id.data(), size})) continue;
    const std::size_t start = ids.text.size();
    ids.text.insert(ids.text.end(), id.begin(), id.begin() + static_cast<std::ptrdiff_t>(size));
    ids.ids.push_back({ids.text.data() + start, size});
    if (wanted) ids.places.push_back(i);
  }
  if (!in.done()) return bad("IDS: malformed");
  return {};
}

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

constexpr std::array kTexts = {&Commit::message, &Commit::tool, &Commit::source, &Commit::trace, &Commit::setting};

/// The usual case: the commit has seen the one before it in the frame, and through it all else.
bool chained(const CommitRow& row, const Commit* before) {
  return before && row.commit.parents.size() == 1 && row.commit.parents[0] == Dot{before->origin, before->last()};
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

std::uint64_t next_seq(const std::unordered_map<std::uint32_t, std::uint64_t>& lasts, std::uint32_t origin) {
  const auto it = lasts.find(origin);
  return it == lasts.end() ? 0 : it->second + 1;
}

}  // namespace

namespace {

/// What else a record says. Unknown bits are for what speaks of a part of a copy alone: who does not know them cannot
/// tell what it answers.
enum RecordFlags : std::uint8_t { kClosed = 1, kReleases = 2, kRecordFlags = kClosed | kReleases };

void write_dots(Writer& out, std::span<const Dot> dots) {
  out.varint(dots.size());
  std::uint32_t next = 0;
  for (const Dot& dot : dots) {
    out.varint(dot.origin - next);
    out.varint(dot.seq);
    next = dot.origin + 1;
  }
}

Status read_dots(Reader& in, std::uint32_t origins, Budget& items, std::vector<Dot>& dots) {
  const auto count = in.varint();
  if (count > origins || !items.take(count)) return bad("COMMITS: more origins seen than there are");
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    if (next >= origins) return bad("COMMITS: an unknown origin seen");
    const auto origin = next + in.bounded(origins - 1 - next);
    const auto seq = in.varint();
    if (seq == 0) in.fail();
    dots.push_back({static_cast<std::uint32_t>(origin), seq});
    next = origin + 1;
  }
  return {};
}

void write_record(Writer& out, const PruneRecord& record) {
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

Status read_releases(Reader& in, std::uint32_t origins, Budget& items, PruneRecord& record) {
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

Status read_record(Reader& in, std::uint32_t origins, Budget& items, PruneRecord& record) {
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
    for (const auto number : row.records) out.varint(number);
  }
  for (const auto& row : table.rows) {
    if (row.records.empty()) continue;
    out.varint(row.nodes.size());
    for (const auto& node : row.nodes) write_hash(out, node);
  }
}

Status read_pruning(Reader& in, std::uint32_t origins, Budget& items, std::span<CommitRow> rows,
                    std::vector<PruneRecord>& records) {
  const auto base = static_cast<std::uint32_t>(records.size());
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
      row.records.push_back(base + static_cast<std::uint32_t>(number));
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
  if (any([](const Commit& c) { return !c.properties.empty(); })) {
    Buffer body;
    Writer column(body);
    StringTable strings;
    std::vector<std::uint64_t> numbers;
    for (const auto& row : rows) numbers.push_back(strings.add(row.commit.properties));
    strings.write(column);
    for (const auto number : numbers) column.varint(number);
    write_column(out, CommitColumn::properties, body);
  }
  if (any([](const Commit& c) { return c.given.has_value(); })) {
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
  const Commit* before = nullptr;
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
  for (const auto& row : rows) out.varint(row.commit.origin);
  for (const auto& row : rows) out.varint(row.commit.count);
  // Microseconds and counter apart, in the greatest unit that fits: real clocks tick in whole seconds, with counter 0.
  const std::vector<std::int64_t> steps = time_steps(rows);
  const std::uint64_t unit = common_unit(steps);
  out.varint(unit);
  for (const auto step : steps) out.varint(zigzag(step / static_cast<std::int64_t>(unit)));
  for (const auto& row : rows) out.varint(row.commit.time.tick());
  for (const auto number : numbers) out.varint(number);
  const Commit* before = nullptr;
  for (const auto& row : rows) {  // 0: chained; n + 1: n parents, listed below
    out.varint(chained(row, before) ? 0 : row.commit.parents.size() + 1);
    before = &row.commit;
  }
  before = nullptr;
  std::unordered_map<std::uint32_t, std::uint64_t> lasts;
  for (const auto& row : rows) {
    const Commit& c = row.commit;
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

Status read_commits(ByteView payload, Kind kind, std::uint32_t count, std::uint32_t origins, CommitTable& table,
                    std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::commits, payload, stored);
  if (count > most.count) return bad("COMMITS: more rows than its bytes may hold");
  if (!believable(std::uint64_t{9} * count, in)) return bad("COMMITS: more rows than bytes");
  const auto n = in.varint();
  if (!believable(n, in) || n > kTexts.size() * count) return bad("COMMITS: more strings than bytes");
  std::vector<std::string_view> strings(1);
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    strings.push_back(in.text(kMaxMessageBytes));
    if (strings.back().empty()) in.fail();
  }
  table.rows.resize(table.rows.size() + count);
  const std::span rows = std::span(table.rows).last(count);
  if (origins == 0 && count > 0) return bad("COMMITS: rows without an origin");
  for (auto& row : rows) row.commit.origin = static_cast<std::uint32_t>(in.bounded(origins - 1));
  for (auto& row : rows) {
    row.commit.count = in.bounded(std::uint64_t{1} << 40);
    if (row.commit.count == 0) in.fail();
  }
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
  Budget items(most.items), texts(most.text);
  std::uint64_t seen = 0;  // numbers of strings are given in order of first use
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
  std::vector<std::uint64_t> forms(count);
  for (auto& form : forms) form = in.bounded(kMaxParents + 1);
  std::unordered_map<std::uint32_t, std::uint64_t> lasts;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& row = rows[i];
    const Commit* before = i > 0 ? &rows[i - 1].commit : nullptr;
    if (forms[i] == 0) {
      if (!before) return bad("COMMITS: the first row refers to one before it");
      row.commit.parents = {{before->origin, before->last()}};
    } else {
      if (!items.take(forms[i] - 1)) return bad("COMMITS: more parents than its bytes may hold");
      for (std::uint64_t p = 1; p < forms[i] && in.ok(); ++p) {
        const auto origin = in.bounded(origins - 1);
        row.commit.parents.push_back({static_cast<std::uint32_t>(origin), in.varint()});
      }
      if (chained(row, before)) return bad("COMMITS: a chained row is spelled out");
    }
    const auto next = next_seq(lasts, row.commit.origin);
    const auto first = in.varint();
    if (first > (std::uint64_t{1} << 62) || next > (std::uint64_t{1} << 62)) return bad("COMMITS: a seq out of range");
    row.commit.first = next + first;
    if (row.commit.first == 0) return bad("COMMITS: seq 0");
    if (first > (next == 0 ? 1 : 0)) row.previous = read_hash(in);
    lasts[row.commit.origin] = row.commit.last();
  }
  if (kind == Kind::packed) DELTA_OK(read_pruning(in, origins, items, rows, table.records));
  DELTA_OK(read_optional(in, rows, texts, table.unknown));
  if (!in.done()) return bad("COMMITS: malformed");
  return {};
}

void write_postings(const Postings& postings, Buffer& buffer) {
  Writer out(buffer);
  std::uint32_t begin = 0;
  for (const std::uint32_t end : postings.ends) {
    out.varint(end - begin);
    begin = end;
  }
  begin = 0;
  for (const std::uint32_t end : postings.ends) {
    for (std::uint32_t least = 0; begin < end; ++begin) {
      const auto& [frame, lifecycle] = postings.list[begin];
      out.varint(std::uint64_t{2} * (frame - least) + (lifecycle ? 1 : 0));
      least = frame + 1;
    }
  }
}

Status read_postings(ByteView payload, std::uint32_t count, std::uint32_t data_frames, Postings& postings) {
  Reader in(payload);
  if (!believable(std::uint64_t{2} * count, in)) return bad("POSTINGS: more vectors than bytes");
  std::uint64_t pairs = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto frames = in.bounded(data_frames);
    if (frames == 0) in.fail();
    postings.ends.push_back(static_cast<std::uint32_t>(pairs += frames));
  }
  if (!in.ok() || !believable(pairs, in)) return bad("POSTINGS: more frames than bytes");
  for (const std::uint32_t end : postings.ends) {
    std::uint64_t least = 0;
    while (postings.list.size() < end && in.ok()) {
      const auto step = in.bounded(std::uint64_t{2} * data_frames);
      least += step / 2;
      if (least >= data_frames) return bad("POSTINGS: a frame that is not there");
      postings.list.push_back({static_cast<std::uint32_t>(least++), step % 2 != 0});
    }
  }
  if (!in.done()) return bad("POSTINGS: malformed");
  return {};
}

FrameEntry entry_of(const FrameHeader& f, std::uint64_t offset) {
  return {f.type, f.stored, f.count, f.first, f.min_time, f.max_time, 0, 0, f.checksum, offset};
}

bool is_of(const FrameHeader& f, const FrameEntry& e) {
  return f.checksum == e.checksum && f.type == e.type && f.stored == e.stored && f.count == e.count &&
         f.first == e.first && f.min_time == e.min_time && f.max_time == e.max_time;
}

void note_head(Footer& footer, const CommitRow& row, const Hash& hash) {
  const std::uint32_t origin = row.commit.origin;
  auto head = std::ranges::lower_bound(footer.heads, origin, {}, &HeadEntry::origin);
  if (head == footer.heads.end() || head->origin != origin) {
    head = footer.heads.insert(head, {origin, row.commit.first, 0, {}, row.previous, {}});
  }
  head->last = row.commit.last();
  head->time = row.commit.time;
  head->hash = hash;
}

Load load_of(const Footer& footer) { return {footer.frames.size(), footer.heads.size(), 0}; }

void fit_heads(Footer& footer) {
  constexpr std::size_t kFrameMost = 5 + 7 * kMaxVarint, kHeadMost = 4 * kMaxVarint + 2 * sizeof(Hash);
  if (footer.frames.size() * kFrameMost + footer.heads.size() * kHeadMost + 4 * kMaxVarint <= kMaxFrameBytes) return;
  Buffer raw;
  write_footer(footer, raw);
  if (raw.size() > kMaxFrameBytes) footer.heads.clear();
}

void write_footer(const Footer& footer, Buffer& buffer) {
  Writer out(buffer);
  for (const auto& f : footer.frames) out.fixed(f.checksum);
  out.varint(footer.namespaces);
  out.varint(footer.origins);
  out.varint(footer.vectors);
  for (const auto& f : footer.frames) out.u8(static_cast<Byte>(f.type));
  for (const auto& f : footer.frames) out.varint(f.stored);
  for (const auto& f : footer.frames) out.varint(f.count);
  for (const auto& f : footer.frames) out.varint(f.first);
  for (const auto& f : footer.frames) out.varint(f.min_time.hlc);
  for (const auto& f : footer.frames) out.varint(f.max_time.hlc - f.min_time.hlc);
  for (const auto& f : footer.frames) out.varint(f.min_vector);
  for (const auto& f : footer.frames) out.varint(f.max_vector - f.min_vector);
  out.varint(footer.heads.size());
  for (const auto& h : footer.heads) {
    out.varint(h.origin);
    out.varint(h.first);
    out.varint(h.last - h.first);
    out.varint(h.time.hlc);
    if (h.first > 1) write_hash(out, h.previous);
    write_hash(out, h.hash);
  }
}

Status read_footer(ByteView payload, std::uint32_t count, Footer& footer, std::uint64_t stored) {
  Reader in(payload);
  const Load most = most_in(FrameType::footer, payload, stored);
  constexpr std::uint64_t kAny32 = 0xffffffff;
  constexpr std::uint64_t kLeast = 1 + 7 + 4;  // of a frame: its type, seven varints, its checksum
  if (!believable(kLeast * count, in) || count > most.count) return bad("FOOTER: more frames than bytes");
  footer.frames.assign(count, {});
  for (auto& f : footer.frames) f.checksum = in.fixed<std::uint32_t>();
  footer.namespaces = static_cast<std::uint32_t>(in.bounded(kAny32));
  footer.origins = static_cast<std::uint32_t>(in.bounded(kAny32));
  footer.vectors = static_cast<std::uint32_t>(in.bounded(kAny32));
  for (auto& f : footer.frames) f.type = static_cast<FrameType>(in.u8());
  for (auto& f : footer.frames) f.stored = static_cast<std::uint32_t>(in.bounded(kMaxFrameBytes));
  for (auto& f : footer.frames) f.count = static_cast<std::uint32_t>(in.bounded(kAny32));
  for (auto& f : footer.frames) f.first = in.varint();
  for (auto& f : footer.frames) f.min_time.hlc = in.varint();
  for (auto& f : footer.frames) {
    f.max_time.hlc = f.min_time.hlc + in.varint();  // wraps: of a type that is not known they may be in any order
  }
  for (auto& f : footer.frames) f.min_vector = static_cast<std::uint32_t>(in.bounded(kAny32));
  for (auto& f : footer.frames) {
    f.max_vector = static_cast<std::uint32_t>(f.min_vector + in.bounded(kAny32 - f.min_vector));
  }
  std::uint64_t offset = kHeaderBytes;
  for (auto& f : footer.frames) {
    f.offset = offset;
    offset += kFrameBytes + padded(f.stored);
  }
  const auto heads = in.varint();
  if (!believable(heads, in) || heads > most.items) return bad("FOOTER: more heads than its bytes may hold");
  for (std::uint64_t i = 0; i < heads && in.ok(); ++i) {
    HeadEntry h;
    h.origin = static_cast<std::uint32_t>(in.bounded(kAny32));
    h.first = in.varint();
    h.last = h.first + in.varint();
    h.time.hlc = in.varint();
    if (h.first == 0 || h.last < h.first || h.origin >= footer.origins) in.fail();
    if (h.first > 1) h.previous = read_hash(in);
    h.hash = read_hash(in);
    footer.heads.push_back(h);
  }
  if (!in.done()) return bad("FOOTER: malformed");
  return {};
}

}  // namespace delta::format
