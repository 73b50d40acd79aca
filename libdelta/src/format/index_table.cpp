#include "format/index_table.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/checksum.hpp"
#include "base/digest.hpp"
#include "base/magic.hpp"
#include "format/index_order.hpp"
#include "format/table_parts.hpp"

namespace delta::format {
namespace {

constexpr std::uint32_t kIndexVersion = 1, kIndexDraft = 4;
constexpr std::uint32_t kLevelSync = 0x4c584c44;  // "DLXL"
constexpr std::uint64_t kHeaderSeed = 0x31584c44, kLevelSeed = 0x4c31584c44;
constexpr std::string_view kIdDomain = "dlog1 index id";
constexpr std::uint64_t kIdsOfBucket = 64;
constexpr std::uint32_t kMaxBucketBits = 40, kLinear = 1;
constexpr std::uint64_t kOtherNamespace = 1, kLifecycle = 2, kPlaceStep = 4;  // of a place: flags, and segments above
constexpr std::uint64_t kLeastOfId = 15;                                      // bytes: its hash, and one place
constexpr std::uint64_t kNamesSeed = 1, kSegmentSeed = 2, kBucketSeed = std::uint64_t{1} << 40;  // beside the salt

std::uint32_t bucket_bits_of(std::uint64_t ids) {
  std::uint32_t bits = 0;
  while (bits < kMaxBucketBits && (kIdsOfBucket << bits) < ids) ++bits;
  return bits;
}

void pad_to(Buffer& out, std::size_t begin, std::uint64_t unit) {
  while ((out.size() - begin) % unit != 0) out.push_back(0);
}

IdHash beginning_of(const Hash& hash) {
  return {load<std::uint64_t>(hash.data()), load<std::uint32_t>(hash.data() + 8)};
}

Error damaged_level(const char* what) { return bad(std::string("index: ") + what); }

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](Byte b) { return b == 0; });
}

}  // namespace

void write_index_header(Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.raw(kIndexMagic);
  to.fixed(kIndexVersion);
  to.fixed(kIndexDraft);
  out.resize(begin + kIndexHeaderBytes - 8);
  to.fixed(checksum(ByteView(out).subspan(begin, kIndexHeaderBytes - 8), kHeaderSeed));
}

Status read_index_header(ByteView bytes) {
  DELTA_CHECK(bytes.size() == kIndexHeaderBytes);
  if (!std::ranges::equal(bytes.first(kIndexMagic.size()), kIndexMagic)) return bad("this is no index of a log");
  const auto body = bytes.first(kIndexHeaderBytes - 8);
  if (load<std::uint64_t>(bytes.data() + body.size()) != checksum(body, kHeaderSeed)) {
    return damaged_level("the header is damaged");
  }
  if (load<std::uint32_t>(bytes.data() + 8) != kIndexVersion || load<std::uint32_t>(bytes.data() + 12) != kIndexDraft) {
    return error(ErrorCode::unsupported, "this index is of another version");
  }
  if (!all_zero(body.subspan(16))) return damaged_level("reserved bytes are not zero");
  return {};
}

IdHash id_hash(std::string_view id) { return beginning_of(digest(kIdDomain, bytes_of(id))); }

void id_hashes(std::span<const std::string_view> ids, std::span<IdHash> hashes) {
  constexpr std::size_t kAtOnce = 1024;
  std::vector<ByteView> messages;
  std::vector<Hash> out;
  for (std::size_t first = 0; first < ids.size(); first += kAtOnce) {
    const auto some = ids.subspan(first, std::min(kAtOnce, ids.size() - first));
    messages.clear();
    for (const std::string_view id : some) messages.push_back(bytes_of(id));
    out.resize(some.size());
    digests(kIdDomain, messages, out);
    std::ranges::transform(out, hashes.begin() + static_cast<std::ptrdiff_t>(first), beginning_of);
  }
}

std::uint64_t LevelHeader::header_at() const { return padded(names_at() + names_bytes); }

namespace {

void write_names(const LevelNames& names, std::uint64_t salt, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.varint(names.namespaces.size());
  for (const Namespace& ns : names.namespaces) {
    to.text(ns.name);
    to.varint(ns.dims);
  }
  to.varint(names.heads.size());
  for (const IndexedHead& head : names.heads) {
    to.text(head.origin);
    to.varint(head.seq);
    to.varint(head.time.hlc);
    write_hash(to, head.hash);
  }
  to.varint(names.last);
  to.varint(names.with_settings.size());
  std::uint32_t least = 0;
  for (const std::uint32_t segment : names.with_settings) {
    to.varint(segment - least);
    least = segment + 1;
  }
  to.fixed(checksum(ByteView(out).subspan(begin), salt + kNamesSeed));
}

/// The bytes of all buckets, and where each begins. Their checksums are still to be written.
std::vector<std::uint64_t> write_buckets(std::span<const IndexEntry> entries, const LevelHeader& level, Buffer& out) {
  std::vector<std::uint64_t> begins;
  std::size_t next = 0;
  for (std::uint64_t bucket = 0; bucket < std::uint64_t{1} << level.bucket_bits; ++bucket) {
    begins.push_back(out.size());
    if (next == entries.size() || level.bucket_of(entries[next].hash) != bucket) continue;
    Writer to(out);
    to.fixed(std::uint32_t{0});
    while (next < entries.size() && level.bucket_of(entries[next].hash) == bucket) {
      std::size_t end = next + 1;
      while (end < entries.size() && entries[end].hash == entries[next].hash) ++end;
      to.fixed(entries[next].hash.high);
      to.fixed(entries[next].hash.low);
      to.varint(end - next);
      IndexEntry before;
      for (; next < end; ++next) {
        const IndexEntry& e = entries[next];
        to.varint(kPlaceStep * (e.segment - before.segment) + (e.lifecycle ? kLifecycle : 0) +
                  (e.ns != before.ns ? kOtherNamespace : 0));
        to.varint(zigzag(static_cast<std::int64_t>(index(e.vector)) - static_cast<std::int64_t>(index(before.vector))));
        if (e.ns != before.ns) to.varint(index(e.ns));
        before = e;
      }
    }
  }
  begins.push_back(out.size());
  return begins;
}

void seal_buckets(std::span<const std::uint64_t> begins, std::uint64_t salt, std::span<Byte> buckets) {
  for (std::size_t bucket = 0; bucket + 1 < begins.size(); ++bucket) {
    const std::uint64_t size = begins[bucket + 1] - begins[bucket];
    if (size == 0) continue;
    const auto bytes = buckets.subspan(begins[bucket], size);
    store(bytes.data(), static_cast<std::uint32_t>(checksum(bytes.subspan(4), salt + kBucketSeed + bucket)));
  }
}

void write_level_header(LevelHeader& level, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(kLevelSync);
  to.fixed(std::uint32_t{level.linear ? kLinear : 0});
  to.fixed(level.first_segment);
  to.fixed(level.segments);
  to.fixed(level.bucket_bits);
  to.fixed(level.ids);
  to.fixed(level.bucket_bytes);
  to.fixed(level.table_bytes);
  to.fixed(level.names_bytes);
  to.fixed(level.order_bytes);
  out.resize(begin + kLevelHeaderBytes - 8);
  level.salt = checksum(ByteView(out).subspan(begin, kLevelHeaderBytes - 8), kLevelSeed);
  to.fixed(level.salt);
}

void write_indexed_segment(const IndexedSegment& segment, const LevelHeader& level, std::uint32_t number, Buffer& out) {
  const std::size_t begin = out.size();
  Writer to(out);
  to.fixed(segment.offset);
  to.fixed(segment.length);
  to.fixed(segment.digest);
  to.fixed(segment.before);
  to.fixed(segment.table);
  to.fixed(segment.table_bytes);
  to.fixed(segment.commits);
  to.fixed(static_cast<std::uint32_t>(checksum(ByteView(out).subspan(begin), level.salt + kSegmentSeed + number)));
  out.resize(begin + kIndexedSegmentBytes);
}

std::uint64_t ids_in(std::span<const IndexEntry> entries) {
  std::uint64_t ids = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) ids += i == 0 || entries[i].hash != entries[i - 1].hash;
  return ids;
}

/// The ids in order, with salt 0. Where they take too many bytes, the level is without.
Buffer settled_order(IndexLevel& level, std::uint64_t ids) {
  Buffer order;
  if (!level.ids) return order;
  write_order(*level.ids, 0, order);
  if (order.size() <= kOrderBytes * ids + kOrderRoom && order.size() <= 0xffffffff) return order;
  level.ids.reset();
  return {};
}

}  // namespace

void write_level(IndexLevel& level, Buffer& out) {
  DELTA_CHECK(level.tables.size() == level.segments.size());
  LevelHeader header;
  header.linear = level.linear;
  header.segments = static_cast<std::uint32_t>(level.segments.size());
  header.first_segment = level.first_segment;
  header.ids = ids_in(level.entries);
  header.bucket_bits = bucket_bits_of(header.ids);
  for (std::size_t i = 0; i < level.segments.size(); ++i) {
    level.segments[i].table = header.table_bytes;
    level.segments[i].table_bytes = static_cast<std::uint32_t>(level.tables[i].size());
    header.table_bytes += level.tables[i].size();
  }
  Buffer names, buckets, fixed;
  write_names(level.names, 0, names);
  const auto begins = write_buckets(level.entries, header, buckets);
  Buffer order = settled_order(level, header.ids);
  header.names_bytes = static_cast<std::uint32_t>(names.size());
  header.bucket_bytes = buckets.size();
  header.order_bytes = static_cast<std::uint32_t>(order.size());
  write_level_header(header, fixed);  // and now its salt is known
  seal_buckets(begins, header.salt, buckets);
  if (level.ids) seal_order(header.salt, order);
  const std::size_t begin = out.size();
  Writer(out).raw(buckets);
  pad_to(out, begin, 8);
  for (const Buffer& table : level.tables) Writer(out).raw(table);
  Writer(out).raw(order);
  pad_to(out, begin, 8);
  for (const std::uint64_t at : begins) Writer(out).fixed(at);
  for (std::uint32_t i = 0; i < header.segments; ++i) write_indexed_segment(level.segments[i], header, i, out);
  write_names(level.names, header.salt, out);
  pad_to(out, begin, kAlign);
  Writer(out).raw(fixed);
}

Result<LevelHeader> read_level_header(ByteView bytes, std::uint64_t length) {
  if (bytes.size() < kLevelHeaderBytes) return damaged_level("a level is too short");
  Reader in(bytes.last(kLevelHeaderBytes));
  const ByteView body = bytes.last(kLevelHeaderBytes).first(kLevelHeaderBytes - 8);
  const auto sync = in.fixed<std::uint32_t>(), flags = in.fixed<std::uint32_t>();
  LevelHeader level;
  level.first_segment = in.fixed<std::uint64_t>();
  level.segments = in.fixed<std::uint32_t>();
  level.bucket_bits = in.fixed<std::uint32_t>();
  level.ids = in.fixed<std::uint64_t>();
  level.bucket_bytes = in.fixed<std::uint64_t>();
  level.table_bytes = in.fixed<std::uint64_t>();
  level.names_bytes = in.fixed<std::uint32_t>();
  level.order_bytes = in.fixed<std::uint32_t>();
  level.salt = load<std::uint64_t>(body.data() + body.size());
  if (sync != kLevelSync || level.salt != checksum(body, kLevelSeed)) return damaged_level("a level is damaged");
  level.linear = flags == kLinear;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 48;  // sums of sizes below it do not overflow
  const bool possible = flags <= kLinear && level.segments != 0 && level.bucket_bits == bucket_bits_of(level.ids) &&
                        level.bucket_bytes < kMost && level.table_bytes < kMost &&
                        level.ids <= level.bucket_bytes / kLeastOfId && level.names_bytes >= 8 &&
                        level.length() == length;
  if (!possible) return damaged_level("a level has an impossible header");
  return level;
}

namespace {

std::vector<Namespace> read_namespaces(Reader& in) {
  std::vector<Namespace> out;
  const auto count = in.bounded(in.left() / 2);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Namespace ns;
    ns.name = in.text(kMaxIdBytes);
    ns.dims = static_cast<std::uint32_t>(in.bounded(kMostDims));
    out.push_back(std::move(ns));
  }
  return out;
}

std::vector<IndexedHead> read_heads(Reader& in) {
  std::vector<IndexedHead> out;
  const auto count = in.bounded(in.left() / 35);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    IndexedHead head;
    head.origin = in.text(kMaxIdBytes);
    head.seq = in.varint();
    head.time.hlc = in.varint();
    head.hash = read_hash(in);
    if (head.seq == 0) in.fail();
    out.push_back(std::move(head));
  }
  return out;
}

}  // namespace

Result<LevelNames> read_level_names(ByteView bytes, const LevelHeader& level) {
  DELTA_CHECK(bytes.size() == level.names_bytes);
  const auto body = bytes.first(bytes.size() - 8);
  if (load<std::uint64_t>(bytes.data() + body.size()) != checksum(body, level.salt + kNamesSeed)) {
    return damaged_level("the names of a level are damaged");
  }
  Reader in(body);
  LevelNames names;
  names.namespaces = read_namespaces(in);
  names.heads = read_heads(in);
  names.last = static_cast<std::uint32_t>(in.bounded(std::max<std::size_t>(names.heads.size(), 1) - 1));
  const auto settings = in.bounded(std::min<std::uint64_t>(in.left(), level.segments));
  std::uint64_t least = 0;
  for (std::uint64_t i = 0; i < settings && in.ok(); ++i) {
    least += in.bounded(level.segments);
    if (least >= level.segments) in.fail();
    names.with_settings.push_back(static_cast<std::uint32_t>(least++));
  }
  if (!in.done()) return damaged_level("the names of a level are malformed");
  return names;
}

Result<IndexedSegment> read_indexed_segment(ByteView bytes, const LevelHeader& level, std::uint32_t number) {
  DELTA_CHECK(bytes.size() == kIndexedSegmentBytes);
  Reader in(bytes);
  IndexedSegment s;
  s.offset = in.fixed<std::uint64_t>();
  s.length = in.fixed<std::uint64_t>();
  s.digest = in.fixed<std::uint64_t>();
  s.before = in.fixed<std::uint64_t>();
  s.table = in.fixed<std::uint64_t>();
  s.table_bytes = in.fixed<std::uint32_t>();
  s.commits = in.fixed<std::uint32_t>();
  const std::size_t body = bytes.size() - in.left();
  const auto stated = in.fixed<std::uint32_t>();
  const auto is = static_cast<std::uint32_t>(checksum(bytes.first(body), level.salt + kSegmentSeed + number));
  const bool inside = s.table <= level.table_bytes && s.table_bytes <= level.table_bytes - s.table;
  if (stated != is || !inside || !all_zero(bytes.last(in.left())))
    return damaged_level("the list of segments is damaged");
  return s;
}

Result<BucketPlace> read_bucket_place(ByteView bytes, const LevelHeader& level) {
  DELTA_CHECK(bytes.size() == 16);
  const auto begin = load<std::uint64_t>(bytes.data()), end = load<std::uint64_t>(bytes.data() + 8);
  if (begin > end || end > level.bucket_bytes) return damaged_level("the directory of a level is damaged");
  return BucketPlace{LevelHeader::buckets_at() + begin, end - begin};
}

namespace {

/// The places of one id; false: malformed.
bool read_places(Reader& in, const IdHash& hash, std::uint32_t segments, std::vector<IndexEntry>& out) {
  const auto places = in.bounded(in.left() / 2);
  if (places == 0) return false;
  IndexEntry e;
  e.hash = hash;
  for (std::uint64_t i = 0; i < places; ++i) {
    const auto step = in.bounded(kPlaceStep * segments);
    const bool other = (step & kOtherNamespace) != 0;
    const auto vector = static_cast<std::int64_t>(index(e.vector)) + unzigzag(in.bounded(std::uint64_t{1} << 33));
    if (step / kPlaceStep >= segments - e.segment || vector < 0 || vector > 0xffffffff) return false;
    const IndexEntry before = e;
    e.segment += static_cast<std::uint32_t>(step / kPlaceStep);
    e.vector = nth<SegmentVector>(static_cast<std::uint64_t>(vector));
    if (other) e.ns = nth<SegmentNamespace>(in.bounded(0xffffffff));
    if (!in.ok() || (other && e.ns == before.ns) || (i > 0 && e <= before)) return false;
    e.lifecycle = (step & kLifecycle) != 0;
    out.push_back(e);
  }
  return true;
}

}  // namespace

Status read_bucket(ByteView bytes, const LevelHeader& level, std::uint64_t bucket, std::vector<IndexEntry>& out) {
  if (bytes.empty()) return {};
  Reader in(bytes);
  const auto stated = in.fixed<std::uint32_t>();
  const auto seed = level.salt + kBucketSeed + bucket;
  if (!in.ok() || in.left() == 0 || stated != static_cast<std::uint32_t>(checksum(bytes.subspan(4), seed))) {
    return damaged_level("a bucket is damaged");
  }
  std::optional<IdHash> before;
  while (in.ok() && in.left() > 0) {
    IdHash hash;
    hash.high = in.fixed<std::uint64_t>();
    hash.low = in.fixed<std::uint32_t>();
    const bool in_order = level.bucket_of(hash) == bucket && (!before || *before < hash);
    if (!in_order || !read_places(in, hash, level.segments, out)) in.fail();
    before = hash;
  }
  return in.ok() ? Status() : damaged_level("a bucket is malformed");
}

namespace {

/// The segments of a level, and the tables that they name: one behind the other, and nothing else.
Status read_segments(ByteView bytes, const LevelHeader& header, IndexLevel& level) {
  std::uint64_t covered = 0;
  for (std::uint32_t i = 0; i < header.segments; ++i) {
    const auto at = header.segments_at() + kIndexedSegmentBytes * std::uint64_t{i};
    DELTA_TRY(const IndexedSegment s, read_indexed_segment(bytes.subspan(at, kIndexedSegmentBytes), header, i));
    if (s.table != covered) return damaged_level("the list of segments is damaged");
    covered += s.table_bytes;
    const ByteView table = bytes.subspan(header.tables_at() + s.table, s.table_bytes);
    level.tables.emplace_back(table.begin(), table.end());
    level.segments.push_back(s);
  }
  return covered == header.table_bytes ? Status() : damaged_level("a level does not add up");
}

}  // namespace

Result<IndexLevel> read_level(ByteView bytes) {
  DELTA_TRY(const LevelHeader header, read_level_header(bytes, bytes.size()));
  IndexLevel level;
  level.linear = header.linear;
  level.first_segment = header.first_segment;
  DELTA_TRY(level.names, read_level_names(bytes.subspan(header.names_at(), header.names_bytes), header));
  std::uint64_t covered = LevelHeader::buckets_at();
  for (std::uint64_t bucket = 0; bucket < std::uint64_t{1} << header.bucket_bits; ++bucket) {
    DELTA_TRY(const BucketPlace place,
              read_bucket_place(bytes.subspan(header.directory_at() + 8 * bucket, 16), header));
    if (place.offset != covered) return damaged_level("the directory of a level is damaged");
    covered += place.size;
    DELTA_OK(read_bucket(bytes.subspan(place.offset, place.size), header, bucket, level.entries));
  }
  const auto zeros = [&](std::uint64_t from, std::uint64_t to) { return all_zero(bytes.subspan(from, to - from)); };
  const bool padded = zeros(covered, header.tables_at()) &&
                      zeros(header.order_at() + header.order_bytes, header.directory_at()) &&
                      zeros(header.names_at() + header.names_bytes, header.header_at());
  if (!padded || covered != header.bucket_bytes || ids_in(level.entries) != header.ids) {
    return damaged_level("a level does not add up");
  }
  DELTA_OK(read_segments(bytes, header, level));
  if (header.order_bytes > 0) {
    DELTA_TRY(level.ids, read_order(bytes.subspan(header.order_at(), header.order_bytes), header.salt));
  }
  return level;
}

}  // namespace delta::format
