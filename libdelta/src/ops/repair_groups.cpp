#include "ops/repair_groups.hpp"

#include <algorithm>

#include "base/checksum.hpp"
#include "base/dot_ranges.hpp"
#include "format/wire.hpp"
#include "store/check_ahead.hpp"

namespace delta::ops {
namespace {

using Sources = std::vector<std::shared_ptr<const ByteSource>>;
using format::FrameType, format::kFrameBytes, format::kHeaderBytes, format::kTrailerBytes;

/// Frames that stand one behind the other in a file.
struct Run {
  std::size_t file = 0;
  store::ScannedSegment scanned;
  std::uint32_t salt = 0;
  std::optional<format::Footer> footer;
  Found footer_at;
  std::vector<std::size_t> groups = {};  // that its frames are in
};

class Grouping {
 public:
  Grouping(const Sources& sources, bool join, unsigned threads) : sources_(sources), join_(join), threads_(threads) {}

  Result<FrameGroups> run() {
    for (std::size_t file = 0; file < sources_.size(); ++file) DELTA_OK(scan(file));
    for (Run& run : runs_) add_footer(run);
    for (Run& run : runs_) add_frames(run);
    for (Run& run : runs_) add_header(run);
    for (std::size_t file = 0; file < sources_.size(); ++file) out_.all_known = out_.all_known && covers(file);
    for (const FrameGroup& group : out_.groups) out_.all_known = out_.all_known && group.footer;
    put_in_order();
    return std::move(out_);
  }

 private:
  Status scan(std::size_t file) {
    const bool large = sources_[file]->size() >= store::kWorthLookingAhead;
    const auto good = large ? store::ChecksummedFrames::of(sources_[file], threads_) : store::ChecksummedFrames();
    DELTA_TRY(auto scanned, store::scan_file(*sources_[file], store::Payloads::checked, &good, store::Torn::goes_on));
    for (const Finding& finding : scanned.findings) {
      if (finding.verdict != Verdict::unsupported) continue;
      return error(ErrorCode::unsupported, finding.what).in(finding.file).at(finding.where);
    }
    for (auto& segment : scanned.segments) {
      Run run{file, std::move(segment), 0, {}, {}};
      const auto& all = run.scanned;
      if (!all.header && all.frames.empty()) continue;
      run.salt = all.header ? all.header->salt() : all.frames.front().header.salt;
      std::erase_if(run.scanned.frames, [&](const auto& frame) { return frame.header.salt != run.salt; });
      read_footer(run);
      runs_.push_back(std::move(run));
    }
    return {};
  }

  void read_footer(Run& run) const {
    for (const auto& frame : run.scanned.frames) {
      if (frame.header.type != FrameType::footer) continue;
      store::Segment probe;
      probe.file = sources_[run.file];
      format::store(probe.header.segment_id.data(), run.salt);
      probe.footer.frames = {format::entry_of(frame.header, frame.offset)};
      probe.frame_numbers = {frame.header.number};
      const auto payload = store::read_frame(probe, 0);
      format::Footer footer;
      if (!payload || !format::read_footer(*payload, frame.header.count, footer, frame.header.stored)) continue;
      if (frame.header.number != footer.frames.size()) continue;
      run.footer = std::move(footer);
      run.footer_at = {run.file, frame.offset, frame.header};
    }
    std::erase_if(run.scanned.frames, [](const auto& frame) { return frame.header.type == FrameType::footer; });
  }

  void add_footer(Run& run) {
    if (!run.footer) return;
    for (std::size_t g = 0; g < out_.groups.size(); ++g) {
      const FrameGroup& group = out_.groups[g];
      if (group.salt == run.salt && group.footer_at.header.checksum == run.footer_at.header.checksum) {
        return run.groups.push_back(g);
      }
    }
    run.groups.push_back(out_.groups.size());
    FrameGroup& group = out_.groups.emplace_back();
    group.salt = run.salt;
    group.footer = run.footer;
    group.footer_at = run.footer_at;
    group.files.insert(run.file);
  }

  /// Those that a footer names go to it. A run with others makes a group of its own, or joins one.
  void add_frames(Run& run) {
    bool all_named = true;
    for (const auto& frame : run.scanned.frames) {
      bool named = false;
      for (std::size_t g = 0; g < out_.groups.size(); ++g) {
        if (!names(out_.groups[g], run.salt, frame.header)) continue;
        put(run, g, frame);
        named = true;
      }
      all_named = all_named && named;
    }
    for (const auto& frame : run.scanned.damaged) {
      for (FrameGroup& group : out_.groups) {
        if (names(group, run.salt, frame.header)) group.damaged.push_back(frame.header);
      }
    }
    if (all_named) return;
    const std::size_t own = footerless_group(run);
    for (const auto& frame : run.scanned.frames) put(run, own, frame);
    for (const auto& frame : run.scanned.damaged) out_.groups[own].damaged.push_back(frame.header);
  }

  static bool names(const FrameGroup& group, std::uint32_t salt, const format::FrameHeader& frame) {
    return group.footer && group.salt == salt && frame.number < group.footer->frames.size() &&
           group.footer->frames[frame.number].checksum == frame.checksum;
  }

  void put(Run& run, std::size_t number, const store::ScannedFrame& frame) {
    FrameGroup& group = out_.groups[number];
    const bool fresh =
        group.frames.try_emplace(frame.header.number, Found{run.file, frame.offset, frame.header}).second;
    if (fresh) group.files.insert(run.file);
    if (std::ranges::find(run.groups, number) == run.groups.end()) run.groups.push_back(number);
  }

  std::size_t footerless_group(const Run& run) {
    for (std::size_t g = 0; g < out_.groups.size() && join_; ++g) {
      if (!out_.groups[g].footer && out_.groups[g].salt == run.salt && agree(out_.groups[g], run)) return g;
    }
    out_.groups.emplace_back().salt = run.salt;
    return out_.groups.size() - 1;
  }

  static bool agree(const FrameGroup& group, const Run& run) {
    bool shared = false;
    for (const auto& frame : run.scanned.frames) {
      const auto other = group.frames.find(frame.header.number);
      if (other == group.frames.end()) continue;
      if (other->second.header != frame.header) return false;
      shared = shared || frame.header.type == FrameType::data || frame.header.type == FrameType::commits;
    }
    return shared;
  }

  void add_header(const Run& run) {
    if (!run.scanned.header) return;
    for (std::size_t g = 0; g < out_.groups.size(); ++g) {
      FrameGroup& group = out_.groups[g];
      const bool own = std::ranges::find(run.groups, g) != run.groups.end();
      if (group.salt != run.salt || (group.header && !own)) continue;
      if (group.header && group.header_at.file <= run.file) continue;
      group.header = run.scanned.header;
      group.header_at = {run.file, run.scanned.offset, {}};
    }
  }

  /// Whether each byte of a file is of a segment whose footer is here.
  bool covers(std::size_t file) const {
    std::vector<SeqRange> covered;  // of bytes, counted from 1
    for (const Run& run : runs_) {
      if (run.file != file || run.groups.empty()) continue;
      const FrameGroup& group = out_.groups[run.groups.front()];
      if (!group.footer) continue;
      std::uint64_t length = kHeaderBytes;
      std::optional<std::uint64_t> start;
      for (std::uint32_t n = 0; n < group.footer->frames.size(); ++n) {
        for (const auto& frame : run.scanned.frames) {
          if (!start && frame.header.number == n && frame.offset >= length) start = frame.offset - length;
        }
        length += kFrameBytes + format::padded(group.footer->frames[n].stored);
      }
      if (!start && run.scanned.header) start = run.scanned.offset;
      if (!start && run.footer && run.footer_at.offset >= length) start = run.footer_at.offset - length;
      length += group.footer_at.header.extent();
      if (start)
        add_range(covered, {*start + 1, *start + length + (ends_at(run, group, *start + length) ? kTrailerBytes : 0)});
    }
    return covered.size() == 1 && covered[0].first == 1 && covered[0].last >= sources_[file]->size();
  }

  /// Whether the trailer of a segment stands there.
  bool ends_at(const Run& run, const FrameGroup& group, std::uint64_t offset) const {
    Buffer bytes(kTrailerBytes);
    format::Trailer trailer;
    return sources_[run.file]->size() >= offset + kTrailerBytes && sources_[run.file]->read(offset, bytes) &&
           format::read_trailer(bytes.data(), trailer) == format::Parse::ok && trailer.salt == group.salt &&
           trailer.footer_checksum == group.footer_at.header.checksum;
  }

  /// What stands in one file behind something else does so in the output, if that is possible.
  void put_in_order() {
    std::vector<std::size_t> order;
    for (std::size_t file = 0; file < sources_.size(); ++file) {
      auto next = order.begin();
      for (const Run& run : runs_) {
        if (run.file != file) continue;
        for (const std::size_t group : run.groups) {
          const auto known = std::ranges::find(order, group);
          next = known != order.end() ? known + 1 : order.insert(next, group) + 1;
        }
      }
    }
    std::vector<FrameGroup> sorted;
    for (const std::size_t group : order) sorted.push_back(std::move(out_.groups[group]));
    out_.groups = std::move(sorted);
  }

  const Sources& sources_;
  bool join_;
  unsigned threads_;
  std::vector<Run> runs_;
  FrameGroups out_;
};

}  // namespace

std::shared_ptr<store::PiecedSource> FrameGroup::as_it_was(const Sources& sources) const {
  auto out = std::make_shared<store::PiecedSource>(sources[footer_at.file]->name());
  out->add(sources[header_at.file], header_at.offset, kHeaderBytes);
  Buffer bytes(kHeaderBytes);
  format::write_header(*header, bytes.data());
  Checksum digest;
  digest.add(bytes);
  format::Trailer trailer;
  const auto add = [&](const Found& found) {
    out->add(sources[found.file], found.offset, found.header.extent());
    format::FrameHeader frame = found.header;
    bytes.resize(kFrameBytes);
    format::write_frame_header(frame, bytes.data());
    digest.add(bytes);
  };
  for (const auto& [number, frame] : frames) {
    if (frame.header.type == FrameType::data) trailer.deltas += frame.header.count;
    if (frame.header.type == FrameType::commits) trailer.commits += frame.header.count;
    add(frame);
  }
  trailer.footer_offset = out->size();
  add(footer_at);
  trailer.length = out->size() + kTrailerBytes;
  trailer.frames = static_cast<std::uint32_t>(frames.size()) + 1;
  trailer.digest = digest.value();
  trailer.salt = salt;
  trailer.footer_checksum = footer_at.header.checksum;
  Buffer end(kTrailerBytes);
  format::write_trailer(trailer, end.data());
  out->add(std::move(end));
  return out;
}

store::Remains FrameGroup::remains(const Sources& sources) const {
  store::Remains out;
  const std::size_t named = frames.empty() ? header_at.file : frames.begin()->second.file;
  auto file = std::make_shared<store::PiecedSource>(sources[named]->name());
  if (header) file->add(sources[header_at.file], header_at.offset, kHeaderBytes);
  out.header = header;
  for (const auto& [number, frame] : frames) {
    const std::uint64_t at = file->add(sources[frame.file], frame.offset, frame.header.extent());
    out.frames.push_back({frame.header, at});
  }
  out.file = std::move(file);
  out.damaged = damaged;
  out.footer = footer;
  return out;
}

Result<FrameGroups> find_groups(const Sources& sources, bool join, unsigned threads) {
  return Grouping(sources, join, threads).run();
}

}  // namespace delta::ops
