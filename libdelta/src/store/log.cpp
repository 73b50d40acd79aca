// What a log answers from its tables, without reading deltas.
#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "base/boundary.hpp"
#include "codec/block.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "format/wire.hpp"
#include "model/accuracy.hpp"
#include "store/union.hpp"

namespace delta {

using format::FrameType;

Log::Log(std::unique_ptr<store::Union> impl) : impl_(std::move(impl)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

const Catalog& Log::catalog() const noexcept { return impl_->catalog; }
const std::vector<Finding>& Log::notices() const noexcept { return impl_->notices; }
const DotRanges& Log::lost() const noexcept { return impl_->lost; }
std::size_t Log::commits() const noexcept { return impl_->history.size(); }
CommitView Log::commit(CommitNo number) const noexcept { return impl_->history.commit(number); }
OriginNo Log::commit_origin(CommitNo number) const noexcept { return impl_->history.origin(number); }
Timestamp Log::commit_time(CommitNo number) const noexcept { return impl_->history.time(number); }
bool Log::pending(CommitNo number) const noexcept { return !impl_->history.folded(number); }
bool Log::pruned(CommitNo number) const noexcept { return !impl_->history.records(number).empty(); }
std::optional<CommitNo> Log::find_commit(const Dot& dot) const noexcept { return impl_->history.find(dot); }

bool Log::sees(CommitNo number, const Dot& dot) const noexcept {
  return impl_->history.folded(number) && impl_->history.context_contains(number, dot);
}
Result<std::vector<Dot>> Log::heads() const try {
  const Boundary boundary;
  return impl_->history.heads();
} catch (...) {
  return caught();
}

Result<KeptTimes> Log::readable_times() const try {
  const Boundary boundary;
  return impl_->history.readable_times();
} catch (...) {
  return caught();
}

Result<SeenSeqs> Log::context(std::span<const Dot> dots) const try {
  const Boundary boundary;
  return impl_->history.context(dots);
} catch (...) {
  return caught();
}

Result<std::vector<SegmentInfo>> Log::segments() const try {
  const Boundary boundary;
  std::vector<SegmentInfo> out;
  for (const auto& part : impl_->parts) {
    const store::Segment& s = part.segment;
    SegmentInfo info{s.file->name(),
                     s.offset,
                     s.length,
                     hex(s.header.segment_id),
                     std::string(format::kind_name(s.header.kind)),
                     s.header.writer,
                     s.sealed,
                     s.footer.frames.size(),
                     s.rows().size(),
                     s.committed(),
                     s.vectors(),
                     {},
                     {},
                     0,
                     0,
                     {}};
    const auto unknown = format::unknown_of(s.header.features);
    for (const auto& [name, mask] :
         {std::pair("compat ", unknown.compat), std::pair("ro_compat ", unknown.ro_compat)}) {
      if (mask != 0) {
        info.unknown_features += (info.unknown_features.empty() ? "" : ", ") + (name + format::mask_text(mask));
      }
    }
    for (const auto& frame : s.footer.frames) {
      info.unknown_frames += format::is_ignored(frame.type);
      info.attestations += frame.type == FrameType::attestation;
      if (frame.type != FrameType::data) continue;
      if (info.last == Timestamp{} || frame.min_time < info.first) info.first = frame.min_time;
      info.last = std::max(info.last, frame.max_time);
    }
    out.push_back(std::move(info));
  }
  return out;
} catch (...) {
  return caught();
}

Result<std::vector<ColumnUse>> Log::columns() const try {
  const Boundary boundary;
  std::map<std::tuple<std::string, std::string, std::string>, ColumnUse> uses;
  const auto count = [&](std::string_view frame, std::string_view column, std::string_view coder, std::uint64_t raw,
                         std::uint64_t stored) {
    auto& use = uses[{std::string(frame), std::string(column), std::string(coder)}];
    use.frame = frame;
    use.column = column;
    use.coder = coder;
    use.raw += raw;
    use.stored += stored;
  };
  for (const auto& part : impl_->parts) {
    const store::Segment& s = part.segment;
    std::uint64_t frames = 0;
    for (std::size_t i = 0; i < s.footer.frames.size(); ++i) {
      const auto& entry = s.footer.frames[i];
      frames += format::kFrameBytes + format::padded(entry.stored);
      if (format::is_ignored(entry.type)) {
        count(format::type_name(entry.type), "", "unknown", entry.stored, entry.stored);
        continue;
      }
      format::FrameHeader header;
      DELTA_TRY(const Buffer payload, store::read_frame(s, i, &header));
      if (entry.type != FrameType::data) {
        count(format::frame_name(entry.type), "", payload_codec_name(header.codec), payload.size(), entry.stored);
        continue;
      }
      DELTA_TRY(const auto columns, codec::block_columns(payload));
      std::uint64_t inside = 0;
      for (const auto& c : columns) {
        count("DATA", codec::column_name(c.column), codec::coder_name(c.coder), c.raw, c.stored);
        inside += c.stored;
      }
      count("DATA", "directory", "plain", entry.stored - inside, entry.stored - inside);
    }
    std::uint64_t stored = 0;
    for (const auto& entry : s.footer.frames) stored += entry.stored;
    count("FRAMES", "headers and padding", "plain", frames - stored, frames - stored);
    count("SEGMENT", "header, footer, trailer", "plain", s.length - frames, s.length - frames);
  }
  std::vector<ColumnUse> out;
  for (auto& [key, use] : uses) out.push_back(std::move(use));
  return out;
} catch (...) {
  return caught();
}

Result<std::vector<CommitNo>> Log::commits_in_key_order() const try {
  const Boundary boundary;
  const auto all = numbers<CommitNo>(commits());
  std::vector<CommitNo> order(all.begin(), all.end());
  const auto less = [&](CommitNo a, CommitNo b) {
    const Timestamp x = commit_time(a), y = commit_time(b);
    if (x != y) return x < y;
    return key_less(impl_->catalog, {x, commit_origin(a), commit(a).last()}, {y, commit_origin(b), commit(b).last()});
  };
  if (!std::ranges::is_sorted(order, less)) std::ranges::sort(order, less);  // mostly they are
  return order;
} catch (...) {
  return caught();
}

std::string Log::dot_text(const Dot& dot) const {
  return std::string(catalog().origin(dot.origin)) + ":" + std::to_string(dot.seq);
}

Result<Dot> Log::parse_dot(std::string_view text) const try {
  const Boundary boundary;
  const auto colon = text.rfind(':');
  Dot dot;
  const auto* end = text.data() + text.size();
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() ||
      std::from_chars(text.data() + colon + 1, end, dot.seq).ptr != end) {
    return error(ErrorCode::usage, "not a dot (ORIGIN:SEQ): " + escape(text));
  }
  const auto origin = catalog().find_origin(text.substr(0, colon));
  if (!origin) return error(ErrorCode::not_found, "no origin " + escape(text.substr(0, colon)) + " in the log");
  dot.origin = *origin;
  if (!find_commit(dot)) return error(ErrorCode::not_found, "no delta " + escape(text) + " in the log");
  return dot;
} catch (...) {
  return caught();
}

namespace {

bool is_tag(const Setting& setting) {
  return setting.kind == Setting::Kind::tag || setting.kind == Setting::Kind::release ||
         setting.kind == Setting::Kind::untag;
}

/// What the author of a commit had seen: the maximal dots. The commit itself, if that is nothing: it changes no vector.
std::vector<Dot> seen_by(const Log& log, const CommitView& commit) {
  std::vector<Dot> seen(commit.parents.begin(), commit.parents.end());
  if (commit.first > 1) seen.push_back({commit.origin, commit.first - 1});
  const auto& history = log.impl().history;
  auto heads = history.tops(history.context(seen));
  if (heads.empty()) heads.push_back({commit.origin, commit.first});
  return heads;
}

Tag tag_of(const Log& log, const Setting& setting, CommitNo number) {
  Tag tag{std::string(setting.text), number};
  if (setting.kind == Setting::Kind::tag) {
    tag.at = setting.at;
    return tag;
  }
  if (setting.dots.empty()) tag.heads = seen_by(log, log.commit(number));
  for (const std::string_view text : setting.dots) {
    const auto dot = log.parse_dot(text);
    if (dot && !log.pending(*log.find_commit(*dot))) {
      tag.heads.push_back(*dot);
    } else
      tag.missing = text;
  }
  return tag;
}

}  // namespace

Result<std::vector<Tag>> Log::tags() const try {
  const Boundary boundary;
  std::map<std::string, CommitNo, std::less<>> found;  // name -> the commit that counts
  for (const CommitNo number : impl_->history.settings()) {
    const CommitView c = commit(number);
    if (pending(number)) continue;
    const auto setting = Setting::parse(c.setting);
    if (!setting || !is_tag(*setting)) continue;
    const auto [place, fresh] = found.try_emplace(std::string(setting->text), number);
    const CommitView& other = commit(place->second);
    if (!fresh && key_less(catalog(), {other.time, other.origin, other.first}, {c.time, c.origin, c.first})) {
      place->second = number;
    }
  }
  std::vector<Tag> out;
  for (const auto& [name, number] : found) {
    const auto setting = Setting::parse(commit(number).setting);
    if (setting->kind != Setting::Kind::untag) out.push_back(tag_of(*this, *setting, number));
  }
  return out;
} catch (...) {
  return caught();
}

Result<std::optional<Tag>> Log::tag(std::string_view name) const try {
  const Boundary boundary;
  DELTA_TRY(auto all, tags());
  const auto found = std::ranges::lower_bound(all, name, {}, &Tag::name);
  return found == all.end() || found->name != name ? std::nullopt : std::optional(std::move(*found));
} catch (...) {
  return caught();
}

Result<std::vector<RecordedAccuracy>> Log::accuracies() const try {
  const Boundary boundary;
  return model::recorded_accuracies(catalog(), impl_->history);
} catch (...) {
  return caught();
}

Status Log::each(const VectorSet& vectors, const std::function<Status(const DeltaBatch&)>& visit) const try {
  const Boundary boundary;
  if (!vectors.is_all() && vectors.size() == 1) return store::LogSource(*impl_).each(vectors, {}, visit);
  return impl_->stream({.vectors = &vectors}, [&](const store::Union::Block& block) { return visit(block.batch); });
} catch (...) {
  return caught();
}

}  // namespace delta
