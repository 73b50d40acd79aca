#include "store/segment_table.hpp"

#include <algorithm>
#include <map>

#include "format/index_segment.hpp"

namespace delta::store {

using format::FrameType, format::IndexedRow, format::RowTexts, format::SegmentTable;

namespace {

constexpr std::uint64_t kShare = 256;    // a table takes at most this part of its segment,
constexpr std::uint64_t kRowBytes = 12;  // and so much for each commit

RowTexts texts_of(const format::SegmentCommitView& commit) {
  return {std::string(commit.message), std::string(commit.tool), std::string(commit.source), std::string(commit.trace),
          std::string(commit.properties)};
}

std::uint64_t size_of(const RowTexts& texts) {
  return 5 + texts.message.size() + texts.tool.size() + texts.source.size() + texts.trace.size() +
         texts.properties.size();
}

/// The number of each row's texts; false: they are too many to be repeated.
bool number_texts(const Segment& segment, SegmentTable& table, Indexed<RowNo, std::uint32_t>& numbers) {
  std::map<RowTexts, std::uint32_t> known;
  std::uint64_t bytes = 0;
  for (const auto& row : segment.rows()) {
    if (row.commit.given) return false;
    RowTexts texts = texts_of(row.commit);
    const auto [place, fresh] = known.try_emplace(texts, static_cast<std::uint32_t>(known.size()));
    if (fresh) bytes += size_of(texts);
    if (bytes > format::kTextBytes) return false;
    if (fresh) table.head.texts.push_back(std::move(texts));
    numbers.push_back(place->second);
  }
  table.head.has_texts = !table.head.texts.empty();
  return true;
}

class TableBuilder {
 public:
  explicit TableBuilder(const Segment& segment) : segment_(segment) {
    if (!number_texts(segment, table_, texts_)) table_.head.texts.clear();
    add_head();
    for (const FrameType type : {FrameType::data, FrameType::postings, FrameType::commits}) add_frames(type);
    segment.packed() ? add_packed_rows() : add_fresh_rows();
  }

  SegmentTable finish() && { return std::move(table_); }

 private:
  void add_head() {
    auto& head = table_.head;
    head.kind = segment_.header.kind;
    head.salt = segment_.header.salt();
    head.vectors = segment_.vectors();
    head.commits = static_cast<std::uint32_t>(segment_.rows().size());
    head.namespaces.assign(segment_.names.namespaces.begin(), segment_.names.namespaces.end());
    head.origins.assign(segment_.names.origins.begin(), segment_.names.origins.end());
    for (const RowNo row : segment_.rows().numbers()) {
      if (!segment_.rows()[row].commit.setting.empty()) head.settings.push_back(row);
    }
  }

  void add_frames(FrameType type) {
    const auto& frames = segment_.footer.frames;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (frames[i].type == type) table_.frames.push_back({frames[i], segment_.frame_numbers[i]});
    }
  }

  IndexedRow row(RowNo number) const {
    const auto& commit = segment_.rows()[number].commit;
    const std::uint64_t begin = segment_.packed() ? 0 : segment_.row_ends[number] - commit.deltas();
    return {number, commit.origin, commit.first, commit.count, commit.time, table_.head.has_texts ? texts_[number] : 0,
            begin};
  }

  /// Of each DATA frame the rows of its deltas. A setting has none.
  void add_fresh_rows() {
    const auto& ends = segment_.row_ends;
    for (const auto& frame : table_.frames) {
      if (frame.entry.type != FrameType::data) break;
      auto& group = table_.groups.emplace_back();
      const std::uint64_t first = frame.entry.first, end = first + frame.entry.count;
      const auto at = static_cast<std::size_t>(std::ranges::upper_bound(ends, first) - ends.begin());
      for (const RowNo number : numbers<RowNo>(ends.size(), at)) {
        const IndexedRow one = row(number);
        if (one.begin >= end) break;
        if (segment_.rows()[number].commit.deltas() > 0) group.push_back(one);
      }
    }
  }

  void add_packed_rows() {
    for (const RowNo number : segment_.rows().numbers()) {
      if (index(number) % format::kRowsOfGroup == 0) table_.groups.emplace_back();
      table_.groups.back().push_back(row(number));
    }
  }

  const Segment& segment_;
  SegmentTable table_;
  Indexed<RowNo, std::uint32_t> texts_;
};

/// The same, with COMMITS as the only place of the texts.
void drop_texts(SegmentTable& table) {
  table.head.has_texts = false;
  table.head.texts.clear();
  for (auto& group : table.groups) {
    for (IndexedRow& row : group) row.text = 0;
  }
}

}  // namespace

Buffer table_of(const Segment& segment, TableRule rule) {
  Buffer out;
  if (segment.vectors() == 0 && segment.rows().empty()) return out;
  const bool always = rule == TableRule::always;
  const std::uint64_t most =
      always ? format::kMaxTableBytes : segment.length / kShare + kRowBytes * segment.rows().size();
  auto table = TableBuilder(segment).finish();
  const std::uint64_t digest = segment.trailer.digest;
  if (write_segment_table(table, digest, most, out) || !table.head.has_texts) return out;
  drop_texts(table);
  static_cast<void>(write_segment_table(table, digest, most, out));
  return out;
}

}  // namespace delta::store
