// COMMITS: the rows of commits, what pruned copies state of themselves, and columns that later versions may add.
#include <algorithm>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/digest.hpp"
#include "delta/limits.hpp"
#include "format/commits_parts.hpp"

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

}  // namespace

namespace {

void write_dots(Writer& out, std::span<const SegmentDot> dots) {
  out.varint(dots.size());
  std::size_t next = 0;
  for (const SegmentDot& dot : dots) {
    out.varint(index(dot.origin) - next);
    out.varint(dot.seq);
    next = index(dot.origin) + 1;
  }
}

void write_record(Writer& out, const SegmentRecord& record) {
  out.u8((record.closed ? kClosed : 0) | (record.releases.empty() ? 0 : kReleases) | (record.lost ? kLost : 0));
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

}  // namespace

Load load_of(const CommitTable& table) {
  Load load{table.rows.size(), table.records.size(), 0};
  const SegmentCommit* before = nullptr;
  for (const auto& row : table.rows) {
    for (const auto text : kTexts) load.text += (row.commit.*text).size();
    load.text += row.commit.properties.size();
    load.items += (chained(row.commit, before) ? 0 : row.commit.parents.size()) + row.records.size() + row.nodes.size();
    before = &row.commit;
  }
  for (const auto& record : table.records) load.items += record.items();
  return load;
}

bool is_linked(const CommitTable& table) {
  Lasts lasts;
  for (const auto& row : table.rows) {
    const SegmentCommit& c = row.commit;
    const auto next = lasts.next(c.origin);
    if (c.first > std::max<std::uint64_t>(next, 1) && row.previous == Hash{}) return false;
    lasts.note(c.origin, c.last());
  }
  return true;
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
    out.varint(chained(row.commit, before) ? 0 : row.commit.parents.size() + 1);
    before = &row.commit;
  }
  before = nullptr;
  Lasts lasts;
  for (const auto& row : rows) {
    const SegmentCommit& c = row.commit;
    if (!chained(row.commit, before)) {
      for (const auto& parent : c.parents) write_dot(out, parent);
    }
    const auto next = lasts.next(c.origin);
    if (next == 0) {  // the origin's first row here: where it starts, and what it continues
      out.varint(c.first);
      if (c.first > 1) write_hash(out, row.previous);
    } else {
      out.varint(c.first - next);  // more than 0 only where commits of the origin are absent
      if (c.first > next) write_hash(out, row.previous);
    }
    lasts.note(c.origin, c.last());
    before = &c;
  }
  if (kind == Kind::packed) write_pruning(out, table);
  write_optional(out, rows);
}

}  // namespace delta::format
