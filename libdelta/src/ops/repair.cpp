// A repair keeps each segment that is whole, in one file or in several together, byte for byte. Of another one it keeps
// what can be read, packed anew; what is lost is named in LOSS frames, so that nobody waits for it. See
// repair_groups.hpp for which frames belong together.
#include "delta/repair.hpp"

#include <algorithm>
#include <set>

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "delta/verify.hpp"
#include "ops/pack.hpp"
#include "ops/repair_groups.hpp"
#include "store/copy.hpp"
#include "store/extras.hpp"
#include "store/footered.hpp"
#include "store/lost.hpp"
#include "store/packed_writer.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

using Sources = std::vector<std::shared_ptr<const ByteSource>>;
using Kind = RepairedSegment::Kind;

/// A segment of the output in the making.
struct Item {
  ops::FrameGroup group;
  RepairedSegment report;
  store::Segment segment;  // copied, joined, sealed
  std::optional<store::Seal> seal;
  std::optional<store::Salvaged> salvaged;  // rewritten
  bool kept = false;
};

class Repair {
 public:
  Repair(const Sources& sources, const RepairOptions& options, bool join)
      : sources_(sources), options_(options), join_(join), threads_(thread_count(options.threads)) {}

  Result<RepairReport> run(ByteSink& out) {
    DELTA_TRY(auto found, ops::find_groups(sources_, join_, threads_));
    all_known_ = found.all_known;
    for (auto& group : found.groups) DELTA_OK(take(std::move(group)));
    for (const Kind kind : {Kind::copied, Kind::joined, Kind::sealed, Kind::rewritten}) {
      for (Item& item : items_) {
        if (item.report.kind == kind) DELTA_OK(join_rows(item));
      }
    }
    std::erase_if(items_, [](const Item& item) { return !item.kept; });
    name_missing();
    if (report_.commits == 0) {
      return error(ErrorCode::corrupt, "no commit can be read: there is nothing to save").in(sources_.front()->name());
    }
    store::SegmentCopier copier(threads_, out);
    for (Item& item : items_) DELTA_OK(write(item, copier, out));
    DELTA_OK(copier.finish());
    if (!missing_.empty()) DELTA_OK(write_missing(out));
    for (Item& item : items_) report_.segments.push_back(std::move(item.report));
    return std::move(report_);
  }

 private:
  Status take(ops::FrameGroup group) {
    Item item;
    item.report.frames = group.frames.size();
    if (group.footer) item.report.lost_frames = group.footer->frames.size() - group.frames.size();
    if (group.header) item.report.id = hex(group.header->segment_id);
    for (const std::size_t file : group.files) item.report.files.push_back(sources_[file]->name());
    item.group = std::move(group);
    DELTA_TRY(const bool kept, as_it_was(item));
    if (!kept) {
      DELTA_TRY(const bool closed, sealed(item));
      if (!closed) DELTA_OK(rewritten(item));
    }
    items_.push_back(std::move(item));
    return {};
  }

  /// All of it was found.
  Result<bool> as_it_was(Item& item) const {
    if (!item.group.whole()) return false;
    const auto bytes = item.group.as_it_was(sources_);
    DELTA_TRY(auto segment, store::footered_segment(bytes, 0, bytes->size()));
    if (!segment) return false;
    const Status loaded = store::load_tables(*segment, store::Tables::without_ids);
    if (!loaded && loaded.error().code == ErrorCode::io) return loaded.error();
    if (!loaded) return false;
    item.segment = *std::move(segment);
    item.report.kind = item.group.files.size() == 1 ? Kind::copied : Kind::joined;
    return true;
  }

  /// A fresh segment of which only the end is missing: what a writer had not come to, or caches.
  Result<bool> sealed(Item& item) const {
    const ops::FrameGroup& group = item.group;
    if (!group.header) return false;
    if (group.footer) {
      for (std::uint32_t n = 0; n < group.footer->frames.size(); ++n) {
        const auto type = group.footer->frames[n].type;
        const bool cache = type == format::FrameType::sync || type == format::FrameType::postings;
        if (!group.frames.contains(n) && !cache) return false;
      }
    }
    const store::Remains remains = group.remains(sources_);
    store::Segment segment;
    segment.file = remains.file;
    segment.header = *remains.header;
    std::uint32_t next = 0;
    for (const auto& frame : remains.frames) {
      if (frame.header.number != next++) break;
      segment.footer.frames.push_back(format::entry_of(frame.header, frame.offset));
      if (frame.header.type == format::FrameType::data) {
        segment.footer.frames.back().max_vector = SegmentVector{0xffffffff};
      }
      segment.frame_numbers.push_back(frame.header.number);
    }
    store::cut_to_commits(segment);
    const std::size_t kept = segment.footer.frames.size();
    for (std::size_t i = kept; i < remains.frames.size(); ++i) {
      const auto type = remains.frames[i].header.type;
      if (type != format::FrameType::sync && type != format::FrameType::postings && type != format::FrameType::data &&
          type != format::FrameType::ids && type != format::FrameType::props) {
        return false;  // commits behind a gap, or what no reader of deltas needs
      }
    }
    if (segment.length == 0 || !store::load_tables(segment)) return false;
    auto seal = store::make_seal(segment, threads_);
    if (!seal) return seal.error().code == ErrorCode::corrupt ? Result<bool>(false) : Result<bool>(seal.error());
    item.seal = *std::move(seal);
    segment.footer = item.seal->footer;
    segment.footer.frames.resize(kept);
    item.segment = std::move(segment);
    item.report.kind = Kind::sealed;
    return true;
  }

  Status rewritten(Item& item) const {
    item.report.kind = Kind::rewritten;
    const store::Remains remains = item.group.remains(sources_);
    DELTA_TRY(item.salvaged, store::salvage(remains));
    return store::check_rewritable(item.salvaged->segment);
  }

  /// The commits of an item, among all: what is whole comes first. What is damaged and does not belong to the same log
  /// is what another file left there; if it is whole, the files are of two logs.
  Status join_rows(Item& item) {
    store::Segment& segment = item.salvaged ? item.salvaged->segment : item.segment;
    if (item.salvaged && segment.rows().empty()) {
      note_salvaged(*item.salvaged);
      DELTA_TRY(const auto stated, store::read_lost(segment));
      add_dots(missing_, item.salvaged->lost);
      add_dots(missing_, stated);
      return {};
    }
    if (const Status known = check_rows(segment, item.group); !known) {
      const bool whole = item.report.kind == Kind::copied || item.report.kind == Kind::joined;
      if (known.error().code == ErrorCode::forked && !whole) return {};
      return known;
    }
    for (const auto& row : segment.rows()) {
      const std::string& origin = segment.names.origins[row.commit.origin];
      add_dots(held_, origin, {row.commit.first, row.commit.last()});
      add_dots(mentioned_, origin, {1, row.commit.last()});
      for (const auto& parent : row.commit.parents) {
        if (parent.seq > 0) add_dots(mentioned_, segment.names.origins[parent.origin], {1, parent.seq});
      }
      ++item.report.commits;
    }
    if (item.salvaged) {
      note_salvaged(*item.salvaged);
    } else {
      DELTA_TRY(const auto lost, store::read_lost(segment));
      add_dots(lost_, lost);
      item.report.deltas = segment.committed();
      store::unload_tables(segment);
    }
    report_.commits += item.report.commits;
    item.kept = true;
    return {};
  }

  void note_salvaged(const store::Salvaged& salvaged) {
    all_known_ = all_known_ && salvaged.all_known;
    add_dots(mentioned_, salvaged.mentioned);
    add_dots(lost_, salvaged.lost);
    report_.lost_pruned += salvaged.lost_pruned;
    for (const auto& name : salvaged.lost_vectors) lost_vectors_.insert(name);
  }

  /// forked: its commits are not those of the log so far; or they may be those of another build of it.
  Status check_rows(const store::Segment& segment, const ops::FrameGroup& group) {
    Indexed<SegmentOrigin, OriginNo> origins;
    for (const auto& name : segment.names.origins) origins.push_back(catalog_.add_origin(name));
    std::vector<CommitNo> numbers;
    for (const auto& row : segment.rows()) {
      Commit commit = store::renumbered(row.commit, origins);
      const auto known = history_.find({commit.origin, commit.first});
      if (known && !group.footer && salts_[*known] == group.salt) return error(ErrorCode::forked, "of another build");
      DELTA_TRY(const CommitNo number, history_.add(std::move(commit)));
      salts_.reach(number) = group.salt;
    }
    return {};
  }

  /// Dots that are mentioned, and that neither a segment holds nor a footer accounts for.
  void name_missing() {
    if (!all_known_) add_dots(missing_, without(without(mentioned_, held_), lost_));
    missing_ = without(missing_, held_);
    add_dots(lost_, missing_);
    report_.lost_vectors.assign(lost_vectors_.begin(), lost_vectors_.end());
  }

  Status write(Item& item, store::SegmentCopier& copier, ByteSink& out) {
    if (!item.salvaged) {
      report_.deltas += item.report.deltas;
      return copier.copy(item.segment, item.seal ? &*item.seal : nullptr);
    }
    DELTA_OK(copier.finish());
    DELTA_TRY(const Log log, store::Union::of_loaded(std::move(item.salvaged->segment), item.salvaged->lost, threads_));
    const DotRanges& lost = log.impl().parts.front().lost;
    DELTA_TRY(item.report.deltas, ops::pack(log, lost, {threads_, options_.memory}, out));
    report_.deltas += item.report.deltas;
    return {};
  }

  /// A segment without commits.
  Status write_missing(ByteSink& out) {
    Catalog none;
    store::CatalogTable table;
    const std::string text = dots_text(missing_, ~std::size_t{0});
    store::PackedWriter::Options options;
    options.threads = threads_;
    options.identity = Buffer(text.begin(), text.end());
    options.lost = missing_;
    store::PackedWriter writer(none, table.rows, {}, Hash{}, std::move(options), out);
    return writer.finish(table, {});
  }

  const Sources& sources_;
  const RepairOptions& options_;
  bool join_;
  unsigned threads_;
  bool all_known_ = true;
  std::vector<Item> items_;
  Catalog catalog_;
  model::History history_{catalog_};
  Indexed<CommitNo, std::uint32_t> salts_;  // of the segment that each commit was in first
  DotRanges held_, mentioned_, lost_;
  DotRanges missing_;  // of lost_, those of no segment that is written
  std::set<std::string> lost_vectors_;
  RepairReport report_;
};

class CountedSink final : public ByteSink {
 public:
  CountedSink(ByteSink& out, std::uint64_t& bytes) : out_(out), bytes_(bytes) {}
  Status write(std::span<const std::uint8_t> piece) override {
    bytes_ += piece.size();
    return out_.write(piece);
  }

 private:
  ByteSink& out_;
  std::uint64_t& bytes_;
};

/// The output as a reader finds it: in order, and its own word for what is lost.
Status check(OutputFile& out, const RepairOptions& options, RepairReport& report) {
  DELTA_TRY(const auto bytes, out.read_back());
  VerifyOptions how;
  how.threads = options.threads;
  how.memory = options.memory;
  DELTA_TRY(const auto found, verify({&bytes, 1}, how));
  for (const Finding& finding : found.findings) {
    if (finding.verdict < Verdict::unsealed) continue;
    return error(ErrorCode::corrupt, "what can be read does not make a log that is in order: " + finding.what)
        .in(out.name())
        .at(finding.where);
  }
  DELTA_TRY(const Log log, Log::open({&bytes, 1}, {options.threads}));
  report.lost = log.lost();
  return {};
}

Result<Sources> open_all(std::span<const std::string> paths) {
  std::vector<Finding> notices;
  DELTA_TRY(const auto names, store::log_files(paths, notices));
  Sources sources;
  for (const auto& name : names) {
    DELTA_TRY(InputFile opened, InputFile::open(name));
    sources.push_back(std::make_shared<const InputFile>(std::move(opened)));
  }
  return sources;
}

}  // namespace

Result<RepairReport> repair(std::span<const std::string> paths, OutputFile& out, const RepairOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const Sources sources, open_all(paths));
  if (sources.empty()) return error(ErrorCode::usage, "no file to repair");
  std::uint64_t bytes = 0;
  CountedSink counted(out, bytes);
  DELTA_TRY(RepairReport report, Repair(sources, options, true).run(counted));
  report.bytes = bytes;
  DELTA_OK(check(out, options, report));
  return report;
} catch (...) {
  return caught();
}

std::string_view repair_kind_name(RepairedSegment::Kind kind) noexcept {
  switch (kind) {
    case Kind::copied:
      return "copied";
    case Kind::joined:
      return "joined";
    case Kind::sealed:
      return "sealed";
    case Kind::rewritten:
      return "rewritten";
  }
  return "";
}

}  // namespace delta
