#include "format/index_segment.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/checksum.hpp"
#include "format/table_parts.hpp"

namespace delta::format {
namespace {

constexpr std::uint64_t kFrameSeed = 1, kGroupSeed = std::uint64_t{1} << 32;  // beside the digest
constexpr std::uint32_t kHasTexts = 1;

Error damaged_table(const char* what) { return bad(std::string("index: the table of a segment ") + what); }

std::uint32_t low_half(ByteView bytes, std::uint64_t seed) { return static_cast<std::uint32_t>(checksum(bytes, seed)); }

void write_texts(const RowTexts& texts, Writer& to) {
  for (const std::string* text : {&texts.message, &texts.tool, &texts.source, &texts.trace, &texts.properties}) {
    to.text(*text);
  }
}

RowTexts read_texts(Reader& in) {
  RowTexts out;
  for (std::string* text : {&out.message, &out.tool, &out.source, &out.trace, &out.properties}) {
    *text = in.text(kTextBytes);
  }
  return out;
}

/// The bytes of the head, from the number of them on.
void write_head(const SegmentTableHead& head, std::uint64_t digest, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(std::uint64_t{0});
  to.fixed(head.salt);
  to.varint(static_cast<std::uint64_t>(head.kind));
  to.varint(head.has_texts ? kHasTexts : 0);
  for (const auto n : {head.vectors, head.commits, head.data, head.postings, head.tables, head.groups}) to.varint(n);
  to.varint(head.namespaces.size());
  for (const Namespace& ns : head.namespaces) {
    to.text(ns.name);
    to.varint(ns.dims);
  }
  to.varint(head.origins.size());
  for (const std::string& origin : head.origins) to.text(origin);
  to.varint(head.settings.size());
  std::uint32_t least = 0;
  for (const RowNo row : head.settings) {
    to.varint(index(row) - least);
    least = static_cast<std::uint32_t>(index(row)) + 1;
  }
  to.varint(head.texts.size());
  for (const RowTexts& texts : head.texts) write_texts(texts, to);
  store(out.data() + begin + 4, static_cast<std::uint32_t>(out.size() - begin));
  store(out.data() + begin, low_half(ByteView(out).subspan(begin + 4), digest));
}

void write_frame(const IndexedFrame& frame, std::uint64_t digest, std::uint32_t place, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  const FrameEntry& e = frame.entry;
  for (const std::uint64_t n : {e.offset, e.first, e.min_time.hlc, e.max_time.hlc}) to.fixed(n);
  to.fixed(e.stored);
  to.fixed(e.count);
  to.fixed(static_cast<std::uint32_t>(index(e.min_vector)));
  to.fixed(static_cast<std::uint32_t>(index(e.max_vector)));
  to.fixed(e.checksum);
  to.fixed(frame.number);
  to.fixed(static_cast<std::uint32_t>(e.type));
  to.fixed(low_half(ByteView(out).subspan(begin), digest + kFrameSeed + place));
}

/// Codes rows one after the other, and knows what the next is expected to be.
class RowPredictor {
 public:
  std::uint64_t expected(SegmentOrigin origin) const {
    const auto known = next_.find(origin);
    return known == next_.end() ? 0 : known->second;
  }
  void take(const IndexedRow& row) {
    next_[row.origin] = row.first + row.count;
    least_ = static_cast<std::uint32_t>(index(row.row)) + 1;
    us_ = row.time.us();
    begin_ = row.begin + row.count;
  }
  std::uint32_t least() const { return least_; }
  Micros us() const { return us_; }
  std::uint64_t begin() const { return begin_; }

 private:
  std::map<SegmentOrigin, std::uint64_t> next_;  // dots
  std::uint32_t least_ = 0;
  Micros us_ = 0;
  std::uint64_t begin_ = 0;
};

std::int64_t difference(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); }

void write_group(std::span<const IndexedRow> rows, const SegmentTableHead& head, std::uint64_t seed, Buffer& out) {
  if (rows.empty()) return;
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(std::uint32_t{0});
  if (head.kind == Kind::fresh) to.varint(rows.front().begin);
  RowPredictor before;
  for (const IndexedRow& row : rows) {
    to.varint(index(row.row) - before.least());
    to.varint(index(row.origin));
    to.varint(row.count);
    to.varint(zigzag(difference(row.first, before.expected(row.origin))));
    to.varint(zigzag(row.time.us() - before.us()));
    to.varint(row.time.tick());
    if (head.has_texts) to.varint(row.text);
    before.take(row);
  }
  store(out.data() + begin, low_half(ByteView(out).subspan(begin + 4), seed));
}

}  // namespace

std::uint64_t SegmentTableHead::directory_at() const {
  return frames_at() + kIndexedFrameBytes * std::uint64_t{frames()};
}

bool write_segment_table(SegmentTable& table, std::uint64_t digest, std::uint64_t most, Buffer& out) {
  SegmentTableHead& head = table.head;
  const auto count = [&](FrameType type) {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(table.frames, [&](const IndexedFrame& frame) { return frame.entry.type == type; }));
  };
  head.data = count(FrameType::data);
  head.postings = count(FrameType::postings);
  head.tables = count(FrameType::commits);
  head.groups = static_cast<std::uint32_t>(table.groups.size());
  Buffer bytes, groups;
  write_head(head, digest, bytes);
  head.bytes = static_cast<std::uint32_t>(bytes.size());
  bytes.resize(head.frames_at());
  if (bytes.size() + kIndexedFrameBytes * table.frames.size() > most) return false;
  for (std::uint32_t i = 0; i < table.frames.size(); ++i) write_frame(table.frames[i], digest, i, bytes);
  for (std::uint32_t i = 0; i < head.groups; ++i) {
    Writer(bytes).fixed(static_cast<std::uint32_t>(groups.size()));
    write_group(table.groups[i], head, digest + kGroupSeed + i, groups);
    if (bytes.size() + groups.size() > most) return false;
  }
  Writer(bytes).fixed(static_cast<std::uint32_t>(groups.size()));
  Writer(bytes).raw(groups);
  if (bytes.size() > most || bytes.size() > kMaxTableBytes) return false;
  out.insert(out.end(), bytes.begin(), bytes.end());
  return true;
}

Result<std::uint32_t> table_head_bytes(ByteView start, std::uint64_t size) {
  if (start.size() < kTableStartBytes) return damaged_table("is too short");
  const auto bytes = load<std::uint32_t>(start.data() + 4);
  if (bytes < kTableStartBytes || bytes > size) return damaged_table("is damaged");
  return bytes;
}

namespace {

void read_head_names(Reader& in, SegmentTableHead& head) {
  const auto namespaces = in.bounded(in.left() / 2);
  for (std::uint64_t i = 0; i < namespaces && in.ok(); ++i) {
    Namespace& ns = head.namespaces.emplace_back();
    ns.name = in.text(kMaxIdBytes);
    ns.dims = static_cast<std::uint32_t>(in.bounded(kMostDims));
  }
  const auto origins = in.bounded(in.left());
  for (std::uint64_t i = 0; i < origins && in.ok(); ++i) head.origins.emplace_back(in.text(kMaxIdBytes));
  const auto settings = in.bounded(std::min<std::uint64_t>(in.left(), head.commits));
  std::uint64_t least = 0;
  for (std::uint64_t i = 0; i < settings && in.ok(); ++i) {
    least += in.bounded(head.commits);
    if (least >= head.commits) in.fail();
    head.settings.push_back(nth<RowNo>(least++));
  }
  const auto texts = in.bounded(std::min<std::uint64_t>(in.left() / 5, kTextBytes));
  for (std::uint64_t i = 0; i < texts && in.ok(); ++i) head.texts.push_back(read_texts(in));
  if (head.texts.empty() == head.has_texts) in.fail();
}

}  // namespace

Result<SegmentTableHead> read_table_head(ByteView bytes, std::uint64_t digest, std::uint64_t size) {
  DELTA_TRY(const std::uint32_t stated, table_head_bytes(bytes, size));
  if (stated != bytes.size() || load<std::uint32_t>(bytes.data()) != low_half(bytes.subspan(4), digest)) {
    return damaged_table("is damaged");
  }
  Reader in(bytes.subspan(kTableStartBytes));
  SegmentTableHead head;
  head.bytes = stated;
  head.salt = in.fixed<std::uint32_t>();
  const auto kind = in.bounded(2), flags = in.bounded(kHasTexts);
  if (kind == 0) in.fail();
  head.kind = static_cast<Kind>(kind);
  head.has_texts = flags == kHasTexts;
  for (auto* n : {&head.vectors, &head.commits, &head.data, &head.postings, &head.tables, &head.groups}) {
    *n = static_cast<std::uint32_t>(in.bounded(0xffffffff));
  }
  constexpr std::uint32_t kMost = 1 << 18;  // frames of a segment
  if (head.data > kMost || head.postings > kMost || head.tables > kMost) return damaged_table("has too many frames");
  read_head_names(in, head);
  const std::uint64_t groups =
      head.kind == Kind::fresh ? head.data : (std::uint64_t{head.commits} + kRowsOfGroup - 1) / kRowsOfGroup;
  if (!in.done() || head.groups != groups || head.groups_at() > size) return damaged_table("is malformed");
  return head;
}

Result<IndexedFrame> read_table_frame(ByteView bytes, std::uint64_t digest, std::uint32_t place) {
  DELTA_CHECK(bytes.size() == kIndexedFrameBytes);
  Reader in(bytes);
  IndexedFrame frame;
  FrameEntry& e = frame.entry;
  e.offset = in.fixed<std::uint64_t>();
  e.first = in.fixed<std::uint64_t>();
  e.min_time.hlc = in.fixed<std::uint64_t>();
  e.max_time.hlc = in.fixed<std::uint64_t>();
  e.stored = in.fixed<std::uint32_t>();
  e.count = in.fixed<std::uint32_t>();
  e.min_vector = nth<SegmentVector>(in.fixed<std::uint32_t>());
  e.max_vector = nth<SegmentVector>(in.fixed<std::uint32_t>());
  e.checksum = in.fixed<std::uint32_t>();
  frame.number = in.fixed<std::uint32_t>();
  const auto type = in.fixed<std::uint32_t>();
  e.type = static_cast<FrameType>(type);
  const ByteView body = bytes.first(kIndexedFrameBytes - 4);
  if (in.fixed<std::uint32_t>() != low_half(body, digest + kFrameSeed + place)) return damaged_table("is damaged");
  const bool known = e.type == FrameType::data || e.type == FrameType::postings || e.type == FrameType::commits;
  if (type > 0xff || !known || e.stored > kMaxFrameBytes) return damaged_table("names an impossible frame");
  return frame;
}

Result<std::pair<std::uint64_t, std::uint64_t>> read_group_place(ByteView bytes, const SegmentTableHead& head,
                                                                 std::uint64_t size) {
  DELTA_CHECK(bytes.size() == 8);
  const std::uint64_t begin = load<std::uint32_t>(bytes.data()), end = load<std::uint32_t>(bytes.data() + 4);
  if (begin > end || end > size - head.groups_at()) return damaged_table("is damaged");
  return std::pair(head.groups_at() + begin, end - begin);
}

namespace {

/// false: malformed.
bool read_row(Reader& in, const SegmentTableHead& head, const RowPredictor& before, bool is_first, IndexedRow& row) {
  const std::uint64_t number = before.least() + in.bounded(head.commits);
  const auto origin = in.varint();
  if (!in.ok() || number >= head.commits || origin >= head.origins.size()) return false;
  row.row = nth<RowNo>(number);
  row.origin = nth<SegmentOrigin>(origin);
  row.count = in.varint();
  row.first = before.expected(row.origin) + static_cast<std::uint64_t>(unzigzag(in.varint()));
  const auto us = static_cast<std::uint64_t>(before.us()) + static_cast<std::uint64_t>(unzigzag(in.varint()));
  const auto tick = in.bounded(0xfff);
  row.text = head.has_texts ? static_cast<std::uint32_t>(in.bounded(0xffffffff)) : 0;
  if (!is_first && head.kind == Kind::fresh) row.begin = before.begin();
  if (!in.ok() || us >> 52 != 0) return false;
  row.time = Timestamp::of(static_cast<Micros>(us), static_cast<std::uint32_t>(tick));
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (row.count == 0 || row.count > kMost || row.begin > kMost) return false;
  return row.first != 0 && row.count - 1 <= ~std::uint64_t{0} - row.first &&
         (head.has_texts ? row.text < head.texts.size() : true);
}

}  // namespace

Result<std::vector<IndexedRow>> read_row_group(ByteView bytes, const SegmentTableHead& head, std::uint64_t digest,
                                               std::uint32_t group) {
  std::vector<IndexedRow> rows;
  if (bytes.empty()) return rows;
  if (bytes.size() < 4 ||
      load<std::uint32_t>(bytes.data()) != low_half(bytes.subspan(4), digest + kGroupSeed + group)) {
    return damaged_table("has damaged rows");
  }
  Reader in(bytes.subspan(4));
  const std::uint64_t begin = head.kind == Kind::fresh ? in.varint() : 0;
  RowPredictor before;
  do {
    IndexedRow row;
    row.begin = rows.empty() ? begin : 0;
    if (!read_row(in, head, before, rows.empty(), row)) return damaged_table("has malformed rows");
    const bool in_place =
        head.kind == Kind::fresh || index(row.row) == kRowsOfGroup * std::uint64_t{group} + rows.size();
    if (!in_place) return damaged_table("has malformed rows");
    before.take(row);
    rows.push_back(row);
  } while (in.left() > 0);
  return rows;
}

Result<SegmentTable> read_segment_table(ByteView bytes, std::uint64_t digest) {
  DELTA_TRY(const std::uint32_t head_bytes, table_head_bytes(bytes, bytes.size()));
  SegmentTable table;
  DELTA_TRY(table.head, read_table_head(bytes.first(head_bytes), digest, bytes.size()));
  const SegmentTableHead& head = table.head;
  const ByteView padding = bytes.subspan(head.bytes, head.frames_at() - head.bytes);
  bool right = std::ranges::all_of(padding, [](Byte b) { return b == 0; });
  for (std::uint32_t i = 0; i < head.frames(); ++i) {
    const std::uint64_t at = head.frames_at() + kIndexedFrameBytes * std::uint64_t{i};
    DELTA_TRY(const IndexedFrame frame, read_table_frame(bytes.subspan(at, kIndexedFrameBytes), digest, i));
    const FrameType type = i < head.data                   ? FrameType::data
                           : i < head.data + head.postings ? FrameType::postings
                                                           : FrameType::commits;
    right = right && frame.entry.type == type;
    table.frames.push_back(frame);
  }
  std::uint64_t covered = head.groups_at();
  for (std::uint32_t i = 0; i < head.groups; ++i) {
    DELTA_TRY(const auto place,
              read_group_place(bytes.subspan(head.directory_at() + 4 * std::uint64_t{i}, 8), head, bytes.size()));
    right = right && place.first == covered;
    covered += place.second;
    DELTA_TRY(auto rows, read_row_group(bytes.subspan(place.first, place.second), head, digest, i));
    table.groups.push_back(std::move(rows));
  }
  if (head.groups == 0) right = right && load<std::uint32_t>(bytes.data() + head.directory_at()) == 0;
  if (!right || covered != bytes.size()) return damaged_table("does not add up");
  return table;
}

}  // namespace delta::format
