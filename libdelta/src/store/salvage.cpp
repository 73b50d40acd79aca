#include "store/salvage.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "codec/block.hpp"
#include "delta/limits.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "model/canonical.hpp"
#include "model/metadata.hpp"
#include "store/segment_frames.hpp"

namespace delta::store {

using format::FrameType;

bool Remains::lacks(std::uint32_t number) const {
  return !std::ranges::binary_search(frames, number, {}, [](const ScannedFrame& f) { return f.header.number; });
}

namespace {

/// What is known of a frame that is missing: its type, if that much is known.
std::optional<format::FrameEntry> missing_entry(const Remains& remains, std::uint32_t number) {
  if (remains.footer && number < remains.footer->frames.size()) return remains.footer->frames[number];
  const auto header = std::ranges::find(remains.damaged, number, &format::FrameHeader::number);
  if (header == remains.damaged.end()) return std::nullopt;
  return format::entry_of(*header, 0);
}

class Salvage {
 public:
  explicit Salvage(const Remains& remains) : remains_(remains) {}

  Result<Salvaged> run() {
    Segment& segment = out_.segment;
    segment.file = remains_.file;
    segment.header = remains_.header.value_or(assumed_header());
    gaps_ = std::make_shared<Gaps>();
    DELTA_OK(read_tables());
    segment.gaps = gaps_;
    DELTA_OK(read_deltas());
    mark_rows();
    name_lost_rows();
    name_vectors_of_lost();
    mention();
    return std::move(out_);
  }

 private:
  /// A delta that can be read.
  struct Here {
    RowNo row;
    std::uint64_t place;
    bool whole;
    friend auto operator<=>(const Here&, const Here&) = default;
  };

  /// Of a header that is damaged it is the kind that matters, and deltas show it.
  format::Header assumed_header() const {
    format::Header header;
    header.writer = "unknown";
    if (remains_.frames.empty()) return header;
    const std::uint32_t salt = remains_.frames.front().header.salt;
    format::store(header.segment_id.data(), salt);
    Segment probe;
    probe.file = remains_.file;
    probe.header = header;
    for (const ScannedFrame& frame : remains_.frames) {
      if (frame.header.type != FrameType::data) continue;
      probe.footer.frames = {format::entry_of(frame.header, frame.offset)};
      probe.frame_numbers = {frame.header.number};
      const auto payload = read_frame(probe, 0);
      SegmentBatch batch;
      if (payload && codec::decode_block(*payload, codec::Layout::packed, frame.header.count, ~std::uint32_t{0},
                                         {false, false}, batch)) {
        header.kind = format::Kind::packed;
      }
      break;
    }
    return header;
  }

  /// All frames in order of number: those that are here into the directory, as far as they can be read.
  Status read_tables() {
    std::size_t next = 0;
    const std::uint32_t end = end_number();
    for (std::uint32_t number = 0; number < end; ++number) {
      if (next < remains_.frames.size() && remains_.frames[next].header.number == number) {
        DELTA_OK(read_found(remains_.frames[next++]));
      } else {
        pass_missing(number);
      }
    }
    return {};
  }

  std::uint32_t end_number() const {
    std::uint32_t end = remains_.frames.empty() ? 0 : remains_.frames.back().header.number + 1;
    if (remains_.footer) end = std::max(end, static_cast<std::uint32_t>(remains_.footer->frames.size()));
    for (const auto& header : remains_.damaged) end = std::max(end, header.number + 1);
    return std::min<std::uint32_t>(end, kMaxFrames);
  }

  void pass_missing(std::uint32_t number) {
    const auto entry = missing_entry(remains_, number);
    ++missing_;
    if (!entry || entry->type == FrameType::props) names_end_ = true;
    if (!entry || entry->type == FrameType::commits) rows_missing_ = true;
    if (!entry) {
      all_typed_ = false;
    } else if (entry->type == FrameType::data) {
      lost_deltas_ += entry->count;
      lost_data_.push_back({number, *entry});
    }
  }

  Status read_found(const ScannedFrame& found) {
    Segment& segment = out_.segment;
    const format::FrameHeader& header = found.header;
    segment.footer.frames.push_back(format::entry_of(header, found.offset));
    segment.frame_numbers.push_back(header.number);
    if (header.type == FrameType::data) segment.footer.frames.back().max_vector = SegmentVector{0xffffffff};
    const bool table =
        header.type == FrameType::props || header.type == FrameType::ids || header.type == FrameType::commits;
    if (!table) return {};
    const auto payload = read_frame(segment, segment.footer.frames.size() - 1);
    if (!payload && payload.error().code == ErrorCode::io) return payload.error();
    const bool read = payload && (header.type == FrameType::props ? read_names(header, *payload)
                                  : header.type == FrameType::ids ? read_ids(header, *payload)
                                                                  : read_rows(header, *payload));
    if (read) return {};
    segment.footer.frames.pop_back();
    segment.frame_numbers.pop_back();
    if (header.type == FrameType::props) names_end_ = true;
    if (header.type == FrameType::commits) rows_missing_ = true;
    return {};
  }

  /// Numbers of names go on from frame to frame: behind a gap nobody knows them.
  bool read_names(const format::FrameHeader& header, ByteView payload) {
    if (names_end_) return false;
    format::Props more = out_.segment.names;
    if (!format::read_props(payload, header.count, more, header.stored)) return false;
    out_.segment.names = std::move(more);
    return true;
  }

  bool read_ids(const format::FrameHeader& header, ByteView payload) {
    Segment& segment = out_.segment;
    const auto namespaces = static_cast<std::uint32_t>(segment.names.namespaces.size());
    if (header.first < segment.vectors() || header.first > kMaxVectors || namespaces == 0 ||
        header.count > kMaxVectors - header.first) {
      return false;
    }
    format::Ids ids;
    if (!format::read_ids(payload, header.count, namespaces, nullptr, ids, header.stored)) return false;
    if (const auto gap = static_cast<std::uint32_t>(header.first) - segment.vectors(); gap > 0) {
      if (gap > kMostUnnamed) return false;
      segment.owners.add(SegmentNamespace{0}, gap);
      segment.ids.resize(segment.ids.size() + gap);
    }
    segment.owners.append(ids.owners);
    segment.ids.insert(segment.ids.end(), ids.ids.begin(), ids.ids.end());
    segment.id_text.push_back(std::move(ids.text));
    return true;
  }

  bool read_rows(const format::FrameHeader& header, ByteView payload) {
    Segment& segment = out_.segment;
    const auto origins = static_cast<std::uint32_t>(segment.names.origins.size());
    if (header.first < next_row_) return false;
    format::CommitsRead probe;
    if (!format::read_commits(payload, segment.header.kind, header.count, origins, probe, header.stored)) return false;
    for (const auto& row : probe.rows) {
      if (!model::is_canonical_metadata(row.commit.properties) && !row.commit.properties.empty()) return false;
    }
    const std::size_t before = segment.rows().size();
    if (!format::read_commits(payload, segment.header.kind, header.count, origins, segment.commits, header.stored)) {
      return false;
    }
    if (header.first > next_row_) rows_missing_ = true;
    next_row_ = header.first;
    for (const RowNo row : numbers<RowNo>(segment.rows().size(), before)) {
      gaps_->begins.push_back(next_row_);
      next_row_ += segment.packed() ? 1 : segment.rows().commits().deltas(row);
      if (!segment.packed()) segment.row_ends.push_back(next_row_);
    }
    return true;
  }

  /// Each DATA frame, to know which deltas of which rows are here. One that does not decode is as good as lost.
  Status read_deltas() {
    Segment& segment = out_.segment;
    std::vector<std::size_t> unreadable;
    std::uint64_t end = 0;  // of the ordinals so far
    SegmentBatch batch;
    for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
      const format::FrameEntry& entry = segment.footer.frames[i];
      if (entry.type != FrameType::data) continue;
      batch.clear();
      const auto read =
          entry.first < end ? Status(error(ErrorCode::corrupt, "")) : read_data(segment, i, {Values::read}, batch);
      if (!read && read.error().code == ErrorCode::io) return read;
      if (!read) {
        unreadable.push_back(i);
        lost_deltas_ += entry.count;
        continue;
      }
      end = entry.first + entry.count;
      lost_deltas_ += entry.count - batch.size();
      for (std::size_t d = 0; d < batch.size(); ++d) {
        here_.push_back(
            {batch.commits[d], batch.seqs[d] - segment.rows().commits().first(batch.commits[d]), batch.lost[d] == 0});
      }
    }
    for (const std::size_t i : std::vector(unreadable.rbegin(), unreadable.rend())) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      segment.footer.frames.erase(segment.footer.frames.begin() + at);
      segment.frame_numbers.erase(segment.frame_numbers.begin() + at);
    }
    std::ranges::sort(here_);
    return {};
  }

  std::span<const Here> of_row(RowNo row) const {
    const auto first = std::ranges::lower_bound(here_, row, {}, &Here::row);
    return {first, std::ranges::upper_bound(first, here_.end(), row, {}, &Here::row)};
  }

  /// A whole commit of which deltas are missing gets a record that says so. So do pruned ones, unless all that is lost
  /// is of whole ones.
  void mark_rows() {
    Segment& segment = out_.segment;
    const format::CommitRows before = std::exchange(segment.commits.rows, {});
    std::uint64_t named = 0;  // lost deltas of whole commits
    for (const RowNo row : before.numbers()) {
      if (before.records(row).empty())
        named +=
            before.commits().deltas(row) - std::min<std::uint64_t>(before.commits().deltas(row), of_row(row).size());
    }
    const bool pruned_too =
        before.pruned() > 0 && missing_ + lost_deltas_ > 0 && !(all_typed_ && named == lost_deltas_);
    out_.lost_pruned = pruned_too && all_typed_ && lost_deltas_ > named ? lost_deltas_ - named : 0;
    if (pruned_too) {
      for (auto& record : segment.commits.records) record.lost = true;
    }
    std::optional<RecordNo> of_whole;
    for (const RowNo number : before.numbers()) {
      const auto row = before[number];
      std::vector<RecordNo> records(row.records.begin(), row.records.end());
      std::vector<Hash> nodes(row.nodes.begin(), row.nodes.end());
      const auto here = of_row(number);
      const bool lacks = records.empty() && here.size() < row.commit.deltas();
      if (lacks) {
        if (!of_whole) of_whole = segment.commits.records.push_back({KeptTimes::all(), {}, false, {}, true});
        records = {*of_whole};
        name_lost(row.commit, here);
      }
      if (lacks || (pruned_too && !records.empty())) nodes = unknown_nodes(row.commit.count, here);
      segment.commits.rows.push_back(row.commit, row.previous, std::move(records), std::move(nodes));
    }
  }

  static std::vector<Hash> unknown_nodes(std::uint64_t count, std::span<const Here> here) {
    std::vector<std::uint64_t> places;
    for (const Here& delta : here) {
      if (delta.whole) places.push_back(delta.place);
    }
    return std::vector<Hash>(model::PartialTree::gaps(count, places));
  }

  void name_lost(const format::SegmentCommitView& commit, std::span<const Here> here) {
    std::uint64_t next = 0;
    const std::string& origin = out_.segment.names.origins[commit.origin];
    for (const Here& delta : here) {
      if (delta.place > next) add_dots(out_.lost, origin, {commit.first + next, commit.first + delta.place - 1});
      next = delta.place + 1;
    }
    if (next < commit.count) add_dots(out_.lost, origin, {commit.first + next, commit.last()});
  }

  /// Commits without a row, by what the footer says of each origin.
  void name_lost_rows() {
    const Segment& segment = out_.segment;
    for (const auto& row : segment.rows()) {
      add_dots(held_, segment.names.origins[row.commit.origin], {row.commit.first, row.commit.last()});
    }
    out_.all_known = remains_.footer.has_value() && (!rows_missing_ || !remains_.footer->heads.empty());
    if (!remains_.footer || !rows_missing_) return;
    DotRanges had;
    for (const format::HeadEntry& head : remains_.footer->heads) {
      if (!segment.names.origins.contains(head.origin)) {
        out_.all_known = false;
      } else if (head.first != 0 && head.first <= head.last) {
        add_dots(had, segment.names.origins[head.origin], {head.first, head.last});
      }
    }
    add_dots(out_.lost, without(had, held_));
  }

  /// By POSTINGS, or, where a packed segment has its vectors in order, by its footer.
  void name_vectors_of_lost() {
    const Segment& segment = out_.segment;
    if (!remains_.footer || lost_data_.empty()) return;
    std::set<std::string> names;
    const auto name = [&](std::uint64_t vector) {
      if (vector >= gaps_named() || segment.ids[vector].empty()) return;
      const auto& ns = segment.names.namespaces[segment.owners[nth<SegmentVector>(vector)]].name;
      names.insert(ns.empty() ? std::string(segment.ids[vector]) : ns + "/" + std::string(segment.ids[vector]));
    };
    if (segment.packed()) {
      for (const auto& [number, entry] : lost_data_) {
        for (std::uint64_t v = index(entry.min_vector); v <= index(entry.max_vector) && v < gaps_named(); ++v) name(v);
      }
    } else {
      std::set<std::uint32_t> places;  // of the frames that are lost, among all DATA frames
      std::uint32_t place = 0;
      for (std::uint32_t number = 0; number < remains_.footer->frames.size(); ++number) {
        if (remains_.footer->frames[number].type != FrameType::data) continue;
        if (std::ranges::find(lost_data_, number, &LostFrame::number) != lost_data_.end()) places.insert(place);
        ++place;
      }
      each_posting(place, [&](std::uint64_t vector, std::uint32_t frame) {
        if (places.contains(frame)) name(vector);
      });
    }
    out_.lost_vectors.assign(names.begin(), names.end());
  }

  std::uint64_t gaps_named() const { return out_.segment.ids.size(); }

  template <class Visit>
  void each_posting(std::uint32_t data_frames, const Visit& visit) const {
    const Segment& segment = out_.segment;
    for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
      const auto& entry = segment.footer.frames[i];
      if (entry.type != FrameType::postings) continue;
      format::FrameHeader header;
      const auto payload = read_frame(segment, i, &header);
      format::Postings postings;
      if (!payload || !format::read_postings(*payload, header.count, data_frames, postings)) continue;
      std::size_t at = 0;
      for (std::size_t v = 0; v < postings.ends.size(); ++v) {
        for (; at < postings.ends[v]; ++at) visit(header.first + v, postings.list[at].frame);
      }
    }
  }

  void mention() {
    const auto& names = out_.segment.names.origins;
    const auto note = [&](SegmentOrigin origin, std::uint64_t seq) {
      if (seq > 0 && names.contains(origin)) add_dots(out_.mentioned, names[origin], {1, seq});
    };
    for (const auto& row : out_.segment.rows()) {
      note(row.commit.origin, row.commit.last());
      for (const auto& parent : row.commit.parents) note(parent.origin, parent.seq);
    }
    if (!remains_.footer) return;
    for (const auto& head : remains_.footer->heads) note(head.origin, head.last);
  }

  static constexpr std::uint32_t kMostUnnamed = 1 << 24;  // vectors; a block of names that is lost has far less

  struct LostFrame {
    std::uint32_t number;
    format::FrameEntry entry;
  };
  const Remains& remains_;
  Salvaged out_;
  std::shared_ptr<Gaps> gaps_;
  std::uint64_t next_row_ = 0;  // fresh: ordinal behind the last row; packed: its number in the segment
  std::uint64_t missing_ = 0;   // frames
  bool names_end_ = false;      // a frame with names may be missing
  bool rows_missing_ = false;   // a frame with commits may be
  bool all_typed_ = true;       // of each missing frame the type is known
  std::uint64_t lost_deltas_ = 0;
  std::vector<LostFrame> lost_data_;
  std::vector<Here> here_;
  DotRanges held_;
};

}  // namespace

Result<Salvaged> salvage(const Remains& remains) { return Salvage(remains).run(); }

}  // namespace delta::store
