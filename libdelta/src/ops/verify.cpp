// A list of passes. Each leaves behind what the next ones need; passes() names it between them. The scan
// judges bytes, ContentCheck one segment, and the passes behind them hold segments and files against each other.
#include "ops/verify.hpp"

#include <algorithm>

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "model/clock.hpp"
#include "model/rules.hpp"
#include "ops/merge_set.hpp"
#include "ops/namespace_conflicts.hpp"
#include "ops/verify_content.hpp"
#include "ops/verify_existence.hpp"
#include "ops/verify_parts.hpp"
#include "store/check_ahead.hpp"

namespace delta {
namespace {

/// Whether the scan checks payloads, or leaves that to whoever reads them next.
enum class Scan : std::uint8_t { whole, headers };

class Verifier {
 public:
  Verifier(const VerifyOptions& options, const ops::Checks& checks, Scan scan = Scan::whole)
      : options_(options), checks_(checks), scan_(scan), threads_(thread_count(options.threads)) {}

  Result<VerifyReport> run(std::span<const std::string> paths) {
    DELTA_TRY(files_, store::log_files(paths, report_.findings));
    return run();
  }

  Result<VerifyReport> run(std::span<const std::shared_ptr<const ByteSource>> sources) {
    given_.assign(sources.begin(), sources.end());
    for (const auto& source : sources) files_.push_back(source->name());
    return run();
  }

  static std::vector<std::string_view> names() {
    std::vector<std::string_view> out;
    for (const Pass& pass : passes()) {
      if (pass.kind == Kind::check) out.push_back(pass.name);
    }
    return out;
  }

 private:
  Result<VerifyReport> run() {
    log_.threads = threads_;
    for (const Pass& pass : passes()) {
      if (options_.level < pass.level || !checks_.runs(pass.name) || !stands(pass.needs)) continue;
      DELTA_OK((this->*pass.run)());
    }
    ops::settle(report_, files_);
    return std::move(report_);
  }

  /// What a pass needs beside what the passes before it leave.
  enum class Needs : std::uint8_t {
    nothing,
    tables,    ///< every segment is whole, and its names and commits are in log_
    deltas,    ///< and each of its deltas is of a kind that is known: where some are missing, the innocent are accused
    unpruned,  ///< and none of them was pruned or lost: creates may have gone that their updates had seen
  };
  enum class Kind : std::uint8_t { step, check };
  struct Pass {
    std::string_view name;
    VerifyLevel level;
    Kind kind;  // a step makes what others need, and is not left out
    Needs needs;
    Status (Verifier::*run)();
  };
  static std::span<const Pass> passes();

  bool stands(Needs needs) const {
    const auto is_here = [&](const Source& s) {
      return s.scanned.whole && s.part && (needs < Needs::deltas || s.scanned.known);
    };
    const auto has_pruned = [&](const store::LoadedSegment& part) { return part.segment.rows().pruned() > 0; };
    return needs == Needs::nothing ||
           (std::ranges::all_of(sources_, is_here) &&
            (needs < Needs::unpruned || (log_.lost.empty() && std::ranges::none_of(log_.parts, has_pruned))));
  }

  struct Source {
    std::shared_ptr<const ByteSource> file;
    std::size_t number = 0;
    store::ScannedSegment scanned;
    std::optional<std::size_t> part;  // in log_.parts, when its tables could be read
    ops::CheckedRows rows;
    std::uint64_t data_before = 0;  // DATA frames of the segments before
  };

  /// Whether the n-th DATA frame of all files is one of those that are read.
  bool reads(std::uint64_t n) const {
    return !options_.sample || n % options_.sample->parts == options_.sample->part - 1;
  }

  /// Says of each DATA frame of a source in turn whether it is read.
  std::function<bool()> wanted_of(const Source& source) const {
    return [this, n = source.data_before]() mutable { return reads(n++); };
  }

  void find(Finding finding) { report_.findings.push_back(std::move(finding)); }

  Status scan_files() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (given_.empty()) {
        DELTA_TRY(InputFile opened, InputFile::open(files_[i]));
        DELTA_OK(scan(std::make_shared<const InputFile>(std::move(opened))));
      } else {
        DELTA_OK(scan(given_[i]));
      }
    }
    return {};
  }

  Status scan(const std::shared_ptr<const ByteSource>& file) {
    const bool checking = options_.level >= VerifyLevel::frame && scan_ == Scan::whole;
    const auto payloads = checking ? store::Payloads::checked : store::Payloads::passed_over;
    const auto good = checking && file->size() >= store::kWorthLookingAhead
                          ? store::ChecksummedFrames::of(file, threads_)
                          : store::ChecksummedFrames();
    DELTA_TRY(auto scanned, store::scan_file(*file, payloads, &good));
    ++report_.files;
    report_.bytes += file->size();
    report_.segments += scanned.segments.size();
    for (auto& finding : scanned.findings) find(std::move(finding));
    for (std::size_t i = 0; i < scanned.segments.size(); ++i) {
      auto& segment = scanned.segments[i];
      report_.frames += segment.frames.size();
      for (const auto& frame : segment.frames) report_.unknown_frames += format::is_ignored(frame.header.type) ? 1 : 0;
      if (options_.level >= VerifyLevel::frame && !segment.whole && segment.known) name_losses(file, i, segment);
      const auto is_data = [](const auto& frame) { return frame.header.type == format::FrameType::data; };
      const auto data = static_cast<std::uint64_t>(std::ranges::count_if(segment.frames, is_data));
      sources_.push_back({file, i, std::move(segment), {}, {}, std::exchange(data_frames_, data_frames_ + data)});
    }
    return {};
  }

  /// Damage is local: says which deltas are gone.
  void name_losses(const std::shared_ptr<const ByteSource>& file, std::size_t number,
                   const store::ScannedSegment& scanned) {
    if (!scanned.header) return;
    const std::string lost = store::lost_dots(store::from_scan(file, number, scanned));
    if (lost.empty()) return;
    find({Verdict::corrupt, file->name(), scanned.offset, store::place_name(number, nullptr), "lost deltas: " + lost,
          ""});
  }

  /// Of a sample: the payloads of all frames but the DATA frames of other parts.
  Status check_sample() {
    if (!options_.sample) return {};
    for (Source& source : sources_) {
      const store::Segment segment = store::from_scan(source.file, source.number, source.scanned);
      const auto find_damage = [&](Finding finding) {
        source.scanned.whole = false;
        find(std::move(finding));
      };
      DELTA_OK(ops::check_payloads(segment, wanted_of(source), find_damage));
    }
    return {};
  }

  Status open_parts() {
    for (Source& source : sources_) open_part(source);
    if (auto read = log_.admit_lost(); !read && read.error().code != ErrorCode::corrupt)
      return read;  // that is found later
    log_.history.admit_pruned();
    for (auto& part : log_.parts) part.superseded.resize(part.commits.size());
    log_.note_lost();
    for (Finding& notice : std::exchange(log_.notices, {})) find(std::move(notice));
    return {};
  }

  void open_part(Source& source) {
    if (!source.scanned.header || !source.scanned.known) return;
    store::LoadedSegment part;
    part.segment = store::from_scan(source.file, source.number, source.scanned);
    const std::string where = store::place_name(source.number, nullptr);
    if (auto loaded = store::load_tables(part.segment); !loaded) {
      const auto verdict = loaded.error().code == ErrorCode::unsupported ? Verdict::unsupported : Verdict::invalid;
      if (source.scanned.whole) {
        find({verdict, source.file->name(), source.scanned.offset, loaded.error().where, loaded.error().message, ""});
      }
      return;
    }
    if (auto ok = log_.translate(part); !ok) {
      const auto verdict = ok.error().code == ErrorCode::forked ? Verdict::forked : Verdict::invalid;
      find({verdict, source.file->name(), source.scanned.offset, where, ok.error().message, ok.error().hint});
      return;
    }
    source.part = log_.parts.size();
    log_.parts.push_back(std::move(part));
  }

  Status check_segments() {
    for (auto& source : sources_) {
      if (!source.part) continue;
      const auto& part = log_.parts[*source.part];
      const auto report = [&](Verdict verdict, std::uint64_t offset, std::string where, std::string what) {
        find({verdict, source.file->name(), offset, std::move(where), std::move(what), ""});
      };
      if (const auto& unknown = part.segment.commits.unknown; unknown.any()) {
        find(ops::unknown_columns(part.segment, unknown, ", and skipped"));
      }
      ops::ContentCheck check(log_, part, source.scanned, {options_.level, checks_, threads_, options_.memory}, report);
      if (options_.sample) {
        check.look_only_at(wanted_of(source));
      }
      DELTA_OK(check.run([&](const DeltaBatch& batch) {
        if (options_.level >= VerifyLevel::chain) existence_.add(batch);
      }));
      source.rows = std::move(check.rows);
      source.scanned.known = !check.met_unknown();
      if (scan_ == Scan::headers) check_others(part.segment);
      report_.commits += part.segment.rows().size();
      report_.deltas += part.segment.committed();
    }
    return {};
  }

  /// The payloads that no other check reads.
  void check_others(const store::Segment& segment) {
    for (std::size_t i = 0; i < segment.footer.frames.size(); ++i) {
      const format::FrameType type = segment.footer.frames[i].type;
      if (!format::is_ignored(type) && type != format::FrameType::sync) continue;
      format::FrameHeader header;
      const auto stored = store::read_stored(segment, i, header);
      if (!stored) find({Verdict::corrupt, segment.file->name(), 0, stored.error().where, stored.error().message, ""});
    }
  }

  Status check_ahead() {
    if (!options_.latest) return {};
    if (auto ahead = model::commits_ahead(log_.catalog, log_.history, *options_.latest)) find(*std::move(ahead));
    return {};
  }

  Status check_existence() {
    if (!existence_.contested().empty()) {
      const store::Union::StreamOptions options{.vectors = &existence_.contested(), .values = store::Values::skipped};
      DELTA_OK(log_.stream(options, [&](const store::Union::Block& block) {
        existence_.gather(block.batch);
        return Status();
      }));
    }
    for (const auto& what : existence_.finish()) find({Verdict::invalid, "", 0, "", what, ""});
    return {};
  }

  /// Says how much of each file hashes do not vouch for.
  Status note_pruned() {
    for (const auto& source : sources_) {
      const auto& rows = log_.parts[*source.part].segment.rows();
      std::size_t pruned = 0;  // without those of which damage took deltas: their hashes are not known
      for (const RowNo row : rows.numbers()) pruned += !rows.records(row).empty() && source.rows.hashes[row] ? 1 : 0;
      if (pruned == 0) continue;
      find({Verdict::pruned, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
            plural(pruned, "commit") + " of " + std::to_string(rows.size()) +
                " pruned: their hashes hold, and vouch for the deltas that are whole (" +
                std::to_string(source.rows.partial) + " are not)",
            ""});
    }
    return {};
  }

  std::string dot_text(Dot dot) const {
    return escape(log_.catalog.origin(dot.origin)) + ":" + std::to_string(dot.seq);
  }

  Status check_pending() {
    for (const auto number : log_.history.pending()) {
      const CommitView& commit = log_.history.commit(number);
      find({Verdict::pending, "", 0, "commit " + dot_text({commit.origin, commit.first}),
            "it depends on commits that are not in these files", ""});
    }
    return {};
  }

  Status check_namespaces() {
    DELTA_TRY(const auto conflicts, ops::namespace_conflicts(log_));
    for (const auto& conflict : conflicts) {
      find({Verdict::conflict, "", 0, "", conflict.text(),
            "delete the vectors that are wrong; --namespace NS/DIMS chooses some"});
    }
    return {};
  }

  Status check_late() {
    if (auto ok = log_.history.check_closed(); !ok) {
      find({Verdict::late, "", 0, "", ok.error().message, ok.error().hint});
    }
    return {};
  }

  void forked(const Source& source, std::string what) {
    find({Verdict::forked, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
          std::move(what), "two writers used one origin name; give each its own with --origin"});
  }

  /// visit(source, place, number of the commit), for each row of all segments.
  template <class Visit>
  void each_row(const Visit& visit) const {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!sources_[i].part) continue;
      const auto& part = log_.parts[*sources_[i].part];
      for (const RowNo row : part.commits.numbers()) visit(sources_[i], Place{i, row}, part.commits[row]);
    }
  }

  /// A row, by the number of its source.
  struct Place {
    std::size_t source = ~std::size_t{0};  // that: none
    RowNo row{};
  };
  const std::optional<Hash>& hash_at(const Place& place) const { return sources_[place.source].rows.hashes[place.row]; }
  bool known(CommitNo number) const { return first_with_[number].source < sources_.size(); }

  Status gather_commits() {
    first_with_.resize(log_.history.size());
    each_row([&](const Source&, const Place& place, CommitNo number) {
      if (hash_at(place) && !known(number)) first_with_[number] = place;
    });
    return {};
  }

  /// Equal dots must be equal commits.
  Status check_forks() {
    each_row([&](const Source& source, const Place& place, CommitNo number) {
      if (!hash_at(place)) return;
      const Hash hash = *hash_at(place), before = *hash_at(first_with_[number]);
      if (before == hash) return;
      const CommitView commit = log_.history.commit(number);
      const Source& other = sources_[first_with_[number].source];
      forked(source, "commit " + dot_text({commit.origin, commit.first}) + " has hash " + hex(hash, 12) + " here and " +
                         hex(before, 12) + " in " + other.file->name() + ", " +
                         store::place_name(other.number, nullptr));
    });
    return {};
  }

  /// Each origin must be one chain.
  Status check_links() {
    each_row([&](const Source& source, const Place& place, CommitNo number) {
      const auto row = log_.parts[*source.part].segment.rows()[place.row];
      if (row.commit.first == 1 || row.previous == Hash{}) return;
      const Dot dot{log_.history.origin(number), row.commit.first};
      const auto before = log_.history.find({dot.origin, dot.seq - 1});
      if (has_seq(log_.history.lost(dot.origin), dot.seq - 1) || (before && log_.history.incomplete(*before))) return;
      const bool ends_there = before && known(*before) && log_.history.commit(*before).last() + 1 == dot.seq;
      if (!ends_there) {
        find({Verdict::unlinked, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
              "the commit before " + dot_text(dot) + " is in none of the files given", ""});
      } else if (const Hash hash = *hash_at(first_with_[*before]); hash != row.previous) {
        forked(source, "commit " + dot_text(dot) + " continues another history of its origin (" +
                           hex(row.previous, 12) + ") than the one given (" + hex(hash, 12) + ")");
      }
    });
    return {};
  }

  /// What happened before stays as it is: a parent too many is only noted.
  Status check_parents() {
    for (const auto number : log_.history.linked()) {
      const CommitView& commit = log_.history.commit(number);
      const auto redundant = log_.history.redundant_parent(commit.parents);
      if (!redundant) continue;
      find({Verdict::redundant, "", 0, "commit " + dot_text({commit.origin, commit.first}),
            "another parent has seen its parent " + dot_text(*redundant), ""});
    }
    return {};
  }

  Status check_clocks() {
    Indexed<CommitNo, std::optional<Timestamp>> firsts(log_.history.size());
    each_row([&](const Source& source, const Place& place, CommitNo number) {
      if (const auto first = source.rows.first_times[place.row]) firsts[number] = first;
    });
    const auto time_of = [&](Dot dot) -> std::optional<Timestamp> {
      const auto number = log_.history.find(dot);
      if (!number) return std::nullopt;
      const CommitView holder = log_.history.commit(*number);
      if (dot.seq == holder.last()) return holder.time;
      if (dot.seq == holder.first) return firsts[*number];
      return std::nullopt;
    };
    for (const CommitNo n : firsts.numbers()) {
      if (!firsts[n]) continue;  // pruned away
      const CommitView commit = log_.history.commit(n);
      if (auto ok = model::check_clock(log_.catalog, commit, *firsts[n], time_of); !ok) {
        find({Verdict::invalid, "", 0, "commit " + dot_text({commit.origin, commit.first}), ok.error().message, ""});
      }
    }
    return {};
  }

  VerifyOptions options_;
  ops::Checks checks_;
  Scan scan_;
  unsigned threads_;
  std::vector<std::string> files_;
  std::vector<std::shared_ptr<const ByteSource>> given_;  // open already; or none
  VerifyReport report_;
  std::vector<Source> sources_;
  store::Union log_;
  ops::ExistenceCheck existence_{log_.catalog, log_.history};
  std::uint64_t data_frames_ = 0;
  Indexed<CommitNo, Place> first_with_;  // of each commit, the first row whose hash was found
};

std::span<const Verifier::Pass> Verifier::passes() {
  static constexpr Pass kPasses[] = {
      {"scan", VerifyLevel::header, Kind::step, Needs::nothing, &Verifier::scan_files},
      // sources_ are all segments; what is in their bytes is judged.
      {"sample", VerifyLevel::frame, Kind::step, Needs::nothing, &Verifier::check_sample},
      {"tables", VerifyLevel::content, Kind::step, Needs::nothing, &Verifier::open_parts},
      // log_ has the names and commits of every segment of which they can be read, and they are linked.
      {"segments", VerifyLevel::content, Kind::step, Needs::nothing, &Verifier::check_segments},
      // Of each row its hash and its first time are known, where its deltas are here.
      {"pending", VerifyLevel::chain, Kind::check, Needs::nothing, &Verifier::check_pending},
      {"namespaces", VerifyLevel::chain, Kind::check, Needs::tables, &Verifier::check_namespaces},
      {"late", VerifyLevel::chain, Kind::check, Needs::nothing, &Verifier::check_late},
      {"commits", VerifyLevel::chain, Kind::step, Needs::nothing, &Verifier::gather_commits},
      // first_with_ has of each commit the row whose hash was found first.
      {"forks", VerifyLevel::chain, Kind::check, Needs::nothing, &Verifier::check_forks},
      {"links", VerifyLevel::chain, Kind::check, Needs::deltas, &Verifier::check_links},
      {"clocks", VerifyLevel::chain, Kind::check, Needs::deltas, &Verifier::check_clocks},
      {"parents", VerifyLevel::chain, Kind::check, Needs::deltas, &Verifier::check_parents},
      {"ahead", VerifyLevel::chain, Kind::check, Needs::deltas, &Verifier::check_ahead},
      {"pruned", VerifyLevel::chain, Kind::check, Needs::deltas, &Verifier::note_pruned},
      {"existence", VerifyLevel::chain, Kind::check, Needs::unpruned, &Verifier::check_existence},
  };
  return kPasses;
}

/// Said of bytes that are in order: reading them in another way does not change it.
bool is_of_content(const Finding& finding) { return finding.verdict < Verdict::unsealed; }

/// Each byte of a log that is in order is read once, by whoever looks at what it says. Where something is not in order,
/// the scan has to say first which frames are whole: the log is read again from the front.
template <class Logs>
Result<VerifyReport> verify_all(const Logs& logs, const VerifyOptions& options, bool twice) {
  if (options.sample) {
    DELTA_OK(ops::check_sample(options));
    return Verifier(options, {}, Scan::headers).run(logs);
  }
  if (twice && options.level >= VerifyLevel::content) {
    auto report = Verifier(options, {}, Scan::headers).run(logs);
    if (!report && report.error().code == ErrorCode::no_memory) return report;
    if (report && std::ranges::all_of(report->findings, is_of_content)) return report;
  }
  return Verifier(options, {}).run(logs);
}

}  // namespace

namespace ops {

std::vector<std::string_view> Checks::names() {
  auto all = Verifier::names();
  const auto of_segments = ContentCheck::names();
  all.insert(all.end(), of_segments.begin(), of_segments.end());
  return all;
}

Checks Checks::all_but(std::string_view name) {
  const auto all = names();
  DELTA_CHECK(std::ranges::find(all, name) != all.end());
  Checks checks;
  checks.without_ = name;
  return checks;
}

Result<VerifyReport> verify(std::span<const std::string> paths, const VerifyOptions& options, const Checks& checks) {
  return Verifier(options, checks).run(paths);
}

}  // namespace ops

Result<VerifyReport> verify(std::span<const std::string> paths, const VerifyOptions& options) try {
  const Boundary boundary;
  return verify_all(paths, options, std::ranges::find(paths, "-") == paths.end());
} catch (...) {
  return caught();
}

Result<VerifyReport> verify(std::span<const std::shared_ptr<const ByteSource>> sources,
                            const VerifyOptions& options) try {
  const Boundary boundary;
  return verify_all(sources, options, true);
} catch (...) {
  return caught();
}

}  // namespace delta
