#include "store/indexed_part.hpp"

#include <algorithm>
#include <utility>

#include "format/wire.hpp"
#include "model/metadata.hpp"
#include "store/footered.hpp"
#include "store/keep_only.hpp"
#include "store/postings.hpp"
#include "store/segment_frames.hpp"

namespace delta::store {

using format::FrameType, format::IndexedFrame, format::IndexedRow;

namespace {

constexpr std::uint64_t kAtOnce = 1 << 20;  // bytes of tables that are read at once,
constexpr std::uint64_t kGaps = 1 << 20;    // and of what stands between them
constexpr std::uint64_t kHeadGuess = 4096;  // bytes in which the head of a table mostly ends

}  // namespace

Status TableBytes::expect(std::span<const format::IndexedSegment> segments) {
  std::uint64_t wanted = 0, begin = ~std::uint64_t{0}, end = 0;
  for (const auto& segment : segments) {
    if (segment.table_bytes == 0) continue;
    wanted += segment.table_bytes;
    begin = std::min(begin, segment.table);
    end = std::max(end, segment.table + segment.table_bytes);
  }
  if (wanted == 0 || wanted > kAtOnce || end - begin > wanted + kGaps) return {};
  Buffer window(end - begin);
  DELTA_OK(index_.read(begin, window));
  window_ = std::move(window);
  window_at_ = begin;
  return {};
}

Result<Buffer> TableBytes::read(std::uint64_t offset, std::uint64_t size) const {
  Buffer out(size);
  const bool inside =
      offset >= window_at_ && offset - window_at_ <= window_.size() && size <= window_.size() - (offset - window_at_);
  if (!inside) {
    DELTA_OK(index_.read(offset, out));
    return out;
  }
  std::ranges::copy(ByteView(window_).subspan(offset - window_at_, size), out.begin());
  return out;
}

Error IndexedPart::no_match() { return error(ErrorCode::corrupt, "the index is not that of this log"); }

Result<IndexedPart> IndexedPart::open(const std::shared_ptr<const ByteSource>& log, const TableBytes& tables,
                                      const format::IndexedSegment& place, std::uint64_t number) {
  IndexedPart part;
  part.place_ = place;
  part.segment_.file = log;
  if (place.offset > log->size() || place.length > log->size() - place.offset) return part.no_match();
  DELTA_OK(place.table_bytes > 0 ? part.open_table(tables, place) : part.open_whole());
  part.segment_.number = number;
  part.segment_.some_ids = true;
  return part;
}

Status IndexedPart::open_table(const TableBytes& tables, const format::IndexedSegment& place) {
  tables_ = &tables;
  DELTA_TRY(Buffer start, tables.read(place.table, std::min<std::uint64_t>(place.table_bytes, kHeadGuess)));
  DELTA_TRY(const std::uint32_t bytes, format::table_head_bytes(start, place.table_bytes));
  if (bytes > start.size()) {
    DELTA_TRY(start, tables.read(place.table, bytes));
  }
  DELTA_TRY(head_, format::read_table_head(ByteView(start).first(bytes), place.digest, place.table_bytes));
  if (head_.commits != place.commits) return no_match();
  segment_.offset = place.offset;
  segment_.length = place.length;
  segment_.sealed = true;
  segment_.header.kind = head_.kind;
  format::store(segment_.header.segment_id.data(), head_.salt);
  segment_.trailer.digest = place.digest;
  segment_.footer.vectors = head_.vectors;
  for (const Namespace& ns : head_.namespaces) segment_.names.namespaces.push_back(ns);
  for (const std::string& origin : head_.origins) segment_.names.origins.push_back(origin);
  return {};
}

Status IndexedPart::open_whole() {
  const auto log = segment_.file;
  DELTA_TRY(auto opened, footered_segment(log, place_.offset, place_.length));
  const bool same = opened && opened->length == place_.length && opened->trailer.digest == place_.digest &&
                    opened->trailer.commits == place_.commits;
  if (!same) return no_match();
  segment_ = *std::move(opened);
  DELTA_OK(load_tables(segment_, Tables::without_ids));
  auto& all = groups_[0];
  for (const RowNo row : segment_.rows().numbers()) {
    const format::SegmentCommitView commit = segment_.rows()[row].commit;
    const std::uint64_t begin = segment_.packed() ? 0 : segment_.row_ends[row] - commit.deltas();
    all.push_back({row, commit.origin, commit.first, commit.count, commit.time, 0, begin});
  }
  return {};
}

Result<IndexedFrame> IndexedPart::frame(std::uint32_t place) const {
  const std::uint64_t at = place_.table + head_.frames_at() + format::kIndexedFrameBytes * std::uint64_t{place};
  DELTA_TRY(const Buffer bytes, tables_->read(at, format::kIndexedFrameBytes));
  return format::read_table_frame(bytes, place_.digest, place);
}

Result<std::vector<IndexedFrame>> IndexedPart::some_frames(std::uint32_t first, std::uint32_t count) const {
  const std::uint64_t at = place_.table + head_.frames_at() + format::kIndexedFrameBytes * std::uint64_t{first};
  DELTA_TRY(const Buffer bytes, tables_->read(at, format::kIndexedFrameBytes * std::uint64_t{count}));
  std::vector<IndexedFrame> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const ByteView one =
        ByteView(bytes).subspan(format::kIndexedFrameBytes * std::size_t{i}, format::kIndexedFrameBytes);
    DELTA_TRY(const IndexedFrame read, format::read_table_frame(one, place_.digest, first + i));
    out.push_back(read);
  }
  return out;
}

std::size_t IndexedPart::add_entry(const IndexedFrame& frame) {
  segment_.footer.frames.push_back(frame.entry);
  segment_.frame_numbers.push_back(frame.number);
  return segment_.footer.frames.size() - 1;
}

namespace {

/// A segment that has one frame alone, to read that.
Segment with_frame(const Segment& segment, const IndexedFrame& frame) {
  Segment one;
  one.file = segment.file;
  one.number = segment.number;
  one.offset = segment.offset;
  one.length = segment.length;
  one.header = segment.header;
  one.footer.frames = {frame.entry};
  one.frame_numbers = {frame.number};
  return one;
}

}  // namespace

/// The numbers of the DATA frames, as POSTINGS have them.
Status IndexedPart::find_by_postings(SomeVectors vectors, bool lifecycles_only,
                                     std::vector<std::uint32_t>& data) const {
  DELTA_TRY(const auto all, some_frames(head_.data, head_.postings));
  auto next = vectors.begin();
  std::vector<std::uint32_t> places;
  std::vector<format::Posting> found;
  for (const IndexedFrame& frame : all) {
    const std::uint64_t first = frame.entry.first, end = first + frame.entry.count;
    places.clear();
    for (; next != vectors.end() && index(*next) < end; ++next) {
      if (index(*next) < first) return no_match();
      places.push_back(static_cast<std::uint32_t>(index(*next) - first));
    }
    if (places.empty()) continue;
    DELTA_TRY(const Buffer payload, read_frame(with_frame(segment_, frame), 0));
    DELTA_OK(format::find_postings(payload, frame.entry.count, head_.data, places, found));
  }
  if (next != vectors.end()) return no_match();
  for (const format::Posting& posting : found) {
    if (posting.lifecycle || !lifecycles_only) data.push_back(posting.frame);
  }
  std::ranges::sort(data);
  data.erase(std::unique(data.begin(), data.end()), data.end());
  return {};
}

/// By the least and the greatest vector of each DATA frame.
Status IndexedPart::find_by_range(SomeVectors vectors) {
  std::vector<IndexedFrame> all;
  if (tables_ != nullptr) {
    DELTA_TRY(all, some_frames(0, head_.data));
  } else {
    for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
      if (segment_.footer.frames[i].type != FrameType::data) continue;
      all.push_back({segment_.footer.frames[i], static_cast<std::uint32_t>(i)});
    }
  }
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const auto first = std::ranges::lower_bound(vectors, all[i].entry.min_vector);
    if (first == vectors.end() || *first > all[i].entry.max_vector) continue;
    frames_.push_back(tables_ != nullptr ? add_entry(all[i]) : all[i].number);
    data_.push_back(i);
  }
  return {};
}

Status IndexedPart::find_frames(SomeVectors vectors, bool lifecycles_only) {
  if (vectors.empty()) return {};
  if (tables_ == nullptr) {
    const auto holds = PostingsReader(segment_).frames_of(segment_, vectors, lifecycles_only);
    DELTA_OK(find_by_range(vectors));
    if (!holds) return {};
    std::vector<std::size_t> frames;
    std::vector<std::uint32_t> data;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      if (!(*holds)[data_[i]]) continue;
      frames.push_back(frames_[i]);
      data.push_back(data_[i]);
    }
    frames_ = std::move(frames);
    data_ = std::move(data);
    return {};
  }
  if (head_.postings == 0) return find_by_range(vectors);
  DELTA_OK(find_by_postings(vectors, lifecycles_only, data_));
  for (const std::uint32_t number : data_) {
    DELTA_TRY(const IndexedFrame one, frame(number));
    frames_.push_back(add_entry(one));
  }
  return {};
}

std::uint64_t IndexedPart::stored() const {
  std::uint64_t sum = 0;
  for (const std::size_t entry : frames_) sum += segment_.footer.frames[entry].stored;
  return sum;
}

Result<std::span<const IndexedRow>> IndexedPart::group(std::uint32_t number) {
  if (tables_ == nullptr) return std::span<const IndexedRow>(groups_[0]);
  const auto known = groups_.find(number);
  if (known != groups_.end()) return std::span<const IndexedRow>(known->second);
  if (number >= head_.groups) return no_match();
  const std::uint64_t at = place_.table + head_.directory_at() + 4 * std::uint64_t{number};
  DELTA_TRY(const Buffer directory, tables_->read(at, 8));
  DELTA_TRY(const auto place, format::read_group_place(directory, head_, place_.table_bytes));
  DELTA_TRY(const Buffer bytes, tables_->read(place_.table + place.first, place.second));
  DELTA_TRY(auto rows, format::read_row_group(bytes, head_, place_.digest, number));
  return std::span<const IndexedRow>(groups_.emplace(number, std::move(rows)).first->second);
}

Result<const IndexedRow*> IndexedPart::row_of(RowNo row) {
  if (index(row) >= place_.commits) return no_match();
  DELTA_TRY(const auto rows, group(static_cast<std::uint32_t>(index(row) / format::kRowsOfGroup)));
  const std::size_t place = tables_ == nullptr ? index(row) : index(row) % format::kRowsOfGroup;
  if (place >= rows.size()) return no_match();
  return &rows[place];
}

/// Commit and seq follow from the ordinal. Null: all is right.
const char* IndexedPart::number_fresh(std::span<const IndexedRow> rows, SegmentBatch& batch) {
  std::vector<bool> has(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint64_t ordinal = batch.seqs[i];
    const auto after = std::ranges::upper_bound(rows, ordinal, {}, &IndexedRow::begin);
    if (after == rows.begin()) return "the index lacks a commit";
    const IndexedRow& row = *std::prev(after);
    has[i] = ordinal - row.begin < row.count;
    batch.commits[i] = row.row;
    batch.seqs[i] = row.first + (ordinal - row.begin);
    if (has[i]) named_.emplace(row.row, row);
  }
  keep_only(batch, [&](std::size_t i) { return has[i]; });
  return nullptr;
}

/// Rows, places and lags to commits, seqs and times.
Result<const char*> IndexedPart::number_packed(SegmentBatch& batch) {
  const char* wrong = nullptr;
  for (std::size_t i = 0; i < batch.size() && wrong == nullptr; ++i) {
    DELTA_TRY(const IndexedRow* row, row_of(batch.commits[i]));
    if (batch.seqs[i] >= row->count) wrong = "a delta beyond its commit";
    if (batch.times[i] > row->time) wrong = "a delta before all time";
    if (batch.lost[i] != 0) wrong = "a pruned delta of a whole commit";
    batch.seqs[i] += row->first;
    batch.times[i] = Timestamp{row->time.hlc - batch.times[i].hlc};
    named_.emplace(row->row, *row);
  }
  return wrong;
}

Status IndexedPart::number(std::size_t i, SegmentBatch& batch) {
  if (batch.empty()) return {};
  const char* wrong = nullptr;
  if (segment_.packed()) {
    DELTA_TRY(wrong, number_packed(batch));
  } else {
    DELTA_TRY(const auto rows, group(data_[i]));
    wrong = number_fresh(rows, batch);
  }
  if (wrong != nullptr) return damaged(segment_, frame_place(segment_, frames_[i]), wrong);
  return check_fit(segment_, frames_[i], batch);
}

/// What only COMMITS have of some rows (ascending): all of the frames that hold them is read, and nothing of others.
Status IndexedPart::read_commits(std::vector<Row>& rows) const {
  DELTA_TRY(const auto frames, some_frames(head_.data + head_.postings, head_.tables));
  auto next = rows.begin();
  std::uint64_t first = 0;
  for (const IndexedFrame& frame : frames) {
    const std::uint64_t end = first + frame.entry.count;
    if (next != rows.end() && index(next->row) < end) {
      DELTA_TRY(const Buffer payload, read_frame(with_frame(segment_, frame), 0));
      format::CommitsRead table;
      DELTA_OK(format::read_commits(payload, segment_.header.kind, frame.entry.count,
                                    static_cast<std::uint32_t>(segment_.names.origins.size()), table,
                                    frame.entry.stored));
      for (; next != rows.end() && index(next->row) < end; ++next) {
        next->commit = table.rows[nth<RowNo>(index(next->row) - first)].commit.copy();
        next->commit.parents.clear();
        if (!next->commit.properties.empty() && !model::is_canonical_metadata(next->commit.properties)) {
          return no_match();  // which is said when the log is opened whole
        }
      }
    }
    first = end;
  }
  return next == rows.end() ? Status() : no_match();
}

Result<std::vector<IndexedPart::Row>> IndexedPart::rows() {
  std::vector<Row> all, of_log;
  for (const auto& [number, row] : named_) {
    if (tables_ == nullptr) {
      all.push_back({number, segment_.rows()[number].commit.copy()});
      all.back().commit.parents.clear();
    } else if (!head_.has_texts) {
      of_log.push_back({number, {}});
    } else {
      const format::RowTexts& texts = head_.texts[row.text];
      format::SegmentCommit commit;
      commit.origin = row.origin;
      commit.first = row.first;
      commit.count = row.count;
      commit.time = row.time;
      commit.message = texts.message;
      commit.tool = texts.tool;
      commit.source = texts.source;
      commit.trace = texts.trace;
      commit.properties = texts.properties;
      all.push_back({number, std::move(commit)});
    }
  }
  if (tables_ == nullptr) {
    for (const RowNo row : segment_.rows().numbers()) {
      if (segment_.rows()[row].commit.setting.empty()) continue;
      all.push_back({row, segment_.rows()[row].commit.copy()});
      all.back().commit.parents.clear();
    }
  }
  for (const RowNo row : head_.settings) of_log.push_back({row, {}});
  std::ranges::sort(of_log, {}, &Row::row);
  if (!of_log.empty()) DELTA_OK(read_commits(of_log));
  for (Row& row : of_log) {
    const auto named = named_.find(row.row);
    const auto& commit = row.commit;
    const bool same = named == named_.end()
                          ? !commit.setting.empty()
                          : named->second.origin == commit.origin && named->second.first == commit.first &&
                                named->second.count == commit.count && named->second.time == commit.time;
    if (!same) return no_match();
    all.push_back(std::move(row));
  }
  std::ranges::sort(all, {}, &Row::row);
  return all;
}

}  // namespace delta::store
