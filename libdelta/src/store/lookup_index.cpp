#include "store/lookup_index.hpp"

#include <algorithm>
#include <optional>

#include "base/checksum.hpp"
#include "format/index_order.hpp"
#include "format/layout.hpp"
#include "format/wire.hpp"

namespace delta::store {

using format::IndexSeal;

namespace {

constexpr std::uint64_t kTail = 128 << 10;     // bytes of an index that are read at once
constexpr std::uint64_t kSearched = 16 << 20;  // bytes before the end in which an older seal is looked for
constexpr std::uint64_t kWindow = 64 << 10;

Error no_index(const char* what) { return error(ErrorCode::corrupt, std::string("index: ") + what); }

/// The seal that ends at `end`; none: there is none.
Result<std::optional<IndexSeal>> seal_at(const ByteSource& file, std::uint64_t end) {
  Buffer tail(std::min<std::uint64_t>(end, format::kMaxSealBytes));
  DELTA_OK(file.read(end - tail.size(), tail));
  auto seal = format::read_seal(tail, end);
  return seal ? std::optional(*std::move(seal)) : std::nullopt;
}

/// Looks at each place where an older seal may end, the last first.
Result<std::optional<IndexSeal>> older_seal(const ByteSource& file, std::uint64_t& end) {
  const std::uint64_t least = end - std::min(end, kSearched);
  Buffer window;
  for (std::uint64_t to = end / format::kAlign * format::kAlign; to > least;) {
    const std::uint64_t from = std::max(least, to - std::min(to, kWindow)) / format::kAlign * format::kAlign;
    window.resize(to - from);
    DELTA_OK(file.read(from, window));
    for (; to > from; to -= format::kAlign) {
      if (!format::may_be_seal(ByteView(window).first(to - from))) continue;
      DELTA_TRY(auto seal, seal_at(file, to));
      if (!seal) continue;
      end = to;
      return seal;
    }
  }
  return std::optional<IndexSeal>();
}

}  // namespace

Result<LookupIndex> LookupIndex::open(std::shared_ptr<const ByteSource> file) {
  LookupIndex index;
  index.end_ = file->size();
  index.file_ = std::move(file);
  if (index.end_ < format::kIndexHeaderBytes) return no_index("too short");
  index.tail_at_ = index.end_ - std::min(index.end_, kTail);
  index.tail_.resize(index.end_ - index.tail_at_);
  DELTA_OK(index.file_->read(index.tail_at_, index.tail_));
  auto seal = format::read_seal(index.tail_, index.end_);
  if (!seal) {
    DELTA_OK(index.check_header());
    DELTA_TRY(auto older, older_seal(*index.file_, index.end_));
    if (!older) return no_index("the end is damaged, or was not written");
    seal = *std::move(older);
  }
  if (index.tail_at_ == 0) DELTA_OK(index.check_header());  // it is here
  index.seal_ = *std::move(seal);
  DELTA_OK(index.read_levels());
  return index;
}

Status LookupIndex::read_levels() {
  std::uint64_t segments = 0;
  for (const IndexSeal::Level& place : seal_.levels) {
    const std::uint64_t at = place.offset + place.length - format::kLevelHeaderBytes;
    DELTA_TRY(const Buffer fixed, bytes(at, format::kLevelHeaderBytes));
    DELTA_TRY(const auto level, format::read_level_header(fixed, place.length));
    if (level.first_segment != segments) return no_index("levels are missing");
    segments += level.segments;
    DELTA_TRY(const Buffer text, bytes(place.offset + level.names_at(), level.names_bytes));
    DELTA_TRY(auto names, format::read_level_names(text, level));
    levels_.push_back(level);
    names_.push_back(std::move(names));
  }
  return segments == seal_.segments ? Status() : no_index("levels are missing");
}

Status LookupIndex::check_header() const {
  DELTA_TRY(const Buffer header, bytes(0, format::kIndexHeaderBytes));
  return format::read_index_header(header);
}

Result<Buffer> LookupIndex::bytes(std::uint64_t offset, std::uint64_t size) const {
  Buffer out(size);
  DELTA_OK(read(offset, out));
  return out;
}

Status LookupIndex::read(std::uint64_t offset, std::span<Byte> into) const {
  if (offset < tail_at_) return file_->read(offset, into);
  const std::uint64_t at = offset - tail_at_;
  if (at > tail_.size() || into.size() > tail_.size() - at) return no_index("too short");
  std::ranges::copy(ByteView(tail_).subspan(at, into.size()), into.begin());
  return {};
}

Result<LookupIndex::Fit> LookupIndex::fit(const ByteSource& log) const {
  if (log.size() < seal_.log_length || seal_.log_length < format::kTrailerBytes) return Fit::not_at_all;
  Buffer bytes(format::kTrailerBytes);
  DELTA_OK(log.read(seal_.log_length - bytes.size(), bytes));
  format::Trailer trailer;
  const bool read = format::read_trailer(bytes.data(), trailer) == format::Parse::ok;
  if (!read || trailer.digest != seal_.digest) return Fit::not_at_all;
  return log.size() == seal_.log_length ? Fit::whole : Fit::behind;
}

bool LookupIndex::linear() const { return std::ranges::all_of(levels_, &format::LevelHeader::linear); }

std::uint64_t LookupIndex::ids() const {
  std::uint64_t sum = 0;
  for (const auto& level : levels_) sum += level.ids;
  return sum;
}

Status LookupIndex::find_in(std::size_t number, const format::IdHash& hash, std::size_t id,
                            std::vector<Found>& out) const {
  const format::LevelHeader& level = levels_[number];
  const std::uint64_t begin = seal_.levels[number].offset, bucket = level.bucket_of(hash);
  DELTA_TRY(const Buffer directory, bytes(begin + level.directory_at() + 8 * bucket, 16));
  DELTA_TRY(const auto place, format::read_bucket_place(directory, level));
  DELTA_TRY(const Buffer held, bytes(begin + place.offset, place.size));
  std::vector<format::IndexEntry> entries;
  DELTA_OK(format::read_bucket(held, level, bucket, entries));
  for (const format::IndexEntry& e : entries) {
    if (e.hash == hash) out.push_back({level.first_segment + e.segment, e.vector, e.ns, id, e.lifecycle});
  }
  return {};
}

Result<std::vector<LookupIndex::Found>> LookupIndex::find(std::span<const std::string> ids) const {
  std::vector<Found> out;
  for (std::size_t id = 0; id < ids.size(); ++id) {
    const format::IdHash hash = format::id_hash(ids[id]);
    for (std::size_t level = 0; level < levels_.size(); ++level) DELTA_OK(find_in(level, hash, id, out));
  }
  std::ranges::sort(out);
  const auto same = [](const Found& a, const Found& b) { return a.segment == b.segment && a.vector == b.vector; };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());  // an id was given twice
  return out;
}

/// Stops where there are more than `most`.
Status LookupIndex::ids_in(std::size_t number, std::string_view prefix, std::size_t most,
                           std::vector<std::string>& out) const {
  const format::LevelHeader& level = levels_[number];
  const std::uint64_t begin = seal_.levels[number].offset + level.order_at();
  DELTA_TRY(const Buffer start, bytes(begin, std::min<std::uint64_t>(level.order_bytes, format::kOrderStartBytes)));
  DELTA_TRY(const std::uint32_t size, format::order_list_bytes(start, level.order_bytes));
  DELTA_TRY(const Buffer list, bytes(begin, size));
  DELTA_TRY(const auto chunks, format::read_order_list(list, level.salt, level.order_bytes));
  const auto after = std::ranges::upper_bound(chunks, prefix, {}, &format::OrderChunk::first);
  auto next = static_cast<std::size_t>(after - chunks.begin());
  if (next > 0) --next;  // the chunk before may end with some
  std::vector<std::string> ids;
  for (; next < chunks.size() && out.size() <= most; ++next) {
    const format::OrderChunk& chunk = chunks[next];
    if (chunk.first > prefix && !chunk.first.starts_with(prefix)) break;
    DELTA_TRY(const Buffer held, bytes(begin + chunk.offset, chunk.bytes));
    ids.clear();
    DELTA_OK(format::read_order_chunk(held, level.salt, next, chunk, ids));
    for (std::string& id : ids) {
      if (id.starts_with(prefix)) out.push_back(std::move(id));
    }
  }
  return {};
}

Result<std::optional<std::vector<std::string>>> LookupIndex::ids_with(std::string_view prefix, std::size_t most) const {
  std::vector<std::string> out;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].ids == 0) continue;
    if (levels_[level].order_bytes == 0) return std::optional<std::vector<std::string>>();
    DELTA_OK(ids_in(level, prefix, most, out));
    if (out.size() > most) return std::optional<std::vector<std::string>>();
  }
  return std::optional(std::move(out));
}

Result<format::IndexedSegment> LookupIndex::segment(std::uint64_t number) const {
  DELTA_CHECK(number < seal_.segments);
  const auto after = std::ranges::upper_bound(levels_, number, {}, &format::LevelHeader::first_segment);
  const auto place = static_cast<std::size_t>(after - levels_.begin()) - 1;
  const format::LevelHeader& level = levels_[place];
  const auto inside = static_cast<std::uint32_t>(number - level.first_segment);
  const auto at = level.segments_at() + format::kIndexedSegmentBytes * std::uint64_t{inside};
  DELTA_TRY(const Buffer held, bytes(seal_.levels[place].offset + at, format::kIndexedSegmentBytes));
  DELTA_TRY(auto segment, format::read_indexed_segment(held, level, inside));
  segment.table += seal_.levels[place].offset + level.tables_at();
  return segment;
}

Result<format::IndexLevel> LookupIndex::level(std::size_t number) const {
  const IndexSeal::Level& place = seal_.levels[number];
  DELTA_TRY(const Buffer held, bytes(place.offset, place.length));
  if (checksum(held) != place.checksum) return no_index("a level is damaged");
  return format::read_level(held);
}

}  // namespace delta::store
