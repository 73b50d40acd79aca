// Level by level: the scan judges bytes, ContentCheck judges one segment, and here the segments and files are held
// against each other.
#include "delta/verify.hpp"

#include <algorithm>
#include <map>

#include "delta/text.hpp"
#include "model/clock.hpp"
#include "model/rules.hpp"
#include "ops/merge_set.hpp"
#include "ops/namespace_conflicts.hpp"
#include "ops/verify_content.hpp"
#include "ops/verify_existence.hpp"
#include "store/check_ahead.hpp"

namespace delta {
namespace {

// Where looking ahead begins to pay: starting a thread takes as long as one needs for some tens of megabytes.
constexpr std::uint64_t kWorthThreads = 96 << 20;

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options), threads_(thread_count(options.threads)) {}

  Result<VerifyReport> run(std::span<const std::string> paths) {
    log_.threads = threads_;
    DELTA_TRY(const auto files, store::log_files(paths, report_.findings));
    for (const auto& file : files) DELTA_OK(scan(file));
    if (options_.level >= VerifyLevel::content) {
      for (std::size_t i = 0; i < sources_.size(); ++i) open_part(sources_[i]);
      log_.history.admit_pruned();
      DELTA_OK(check_parts());
    }
    std::map<std::string_view, std::size_t> place;
    for (std::size_t i = 0; i < files.size(); ++i) place.try_emplace(files[i], i);
    std::ranges::stable_sort(report_.findings, {}, [&](const Finding& f) {
      const auto of_file = place.find(f.file);
      return std::pair(of_file == place.end() ? files.size() : of_file->second, f.offset);
    });
    for (const auto& finding : report_.findings) {
      if (!is_note(finding.verdict)) report_.verdict = std::max(report_.verdict, finding.verdict);
    }
    return std::move(report_);
  }

 private:
  struct Source {
    std::shared_ptr<const ByteSource> file;
    std::size_t number = 0;
    store::ScannedSegment scanned;
    std::optional<std::size_t> part;  // in log_.parts, when its tables could be read
    ops::CheckedRows rows;
  };

  void find(Finding finding) { report_.findings.push_back(std::move(finding)); }

  Status scan(const std::string& path) {
    DELTA_TRY(InputFile opened, InputFile::open(path));
    const auto file = std::make_shared<const InputFile>(std::move(opened));
    const bool payloads = options_.level >= VerifyLevel::frame;
    const auto good =
        payloads && file->size() >= kWorthThreads ? store::GoodFrames::of(file, threads_) : store::GoodFrames();
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
      sources_.push_back({file, i, std::move(segment), {}, {}});
    }
    return {};
  }

  /// Damage is local: says which deltas are gone.
  void name_losses(const std::shared_ptr<const ByteSource>& file, std::size_t number,
                   const store::ScannedSegment& scanned) {
    if (!scanned.header) return;
    const auto lost = store::lost_dots(store::from_scan(file, number, scanned));
    if (lost.empty()) return;
    std::string list;
    for (std::size_t i = 0; i < lost.size() && i < 20; ++i) list += (i ? ", " : "") + escape(lost[i]);
    if (lost.size() > 20) list += ", and " + std::to_string(lost.size() - 20) + " ranges more";
    find({Verdict::corrupt, file->name(), scanned.offset, store::place_name(number, nullptr), "lost deltas: " + list,
          ""});
  }

  void open_part(Source& source) {
    if (!source.scanned.header || !source.scanned.known) return;
    Log::Impl::Part part;
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

  Status check_parts() {
    const bool chain = options_.level >= VerifyLevel::chain;
    ops::ExistenceCheck existence(log_.catalog, log_.history);
    for (auto& source : sources_) {
      if (!source.part) continue;
      const auto& part = log_.parts[*source.part];
      const auto report = [&](Verdict verdict, std::uint64_t offset, std::string where, std::string what) {
        find({verdict, source.file->name(), offset, std::move(where), std::move(what), ""});
      };
      if (const auto& unknown = part.segment.commits.unknown; unknown.any()) {
        find(ops::unknown_columns(part.segment, unknown, ", and passed over"));
      }
      ops::ContentCheck check(log_, part, source.scanned, threads_, report);
      DELTA_OK(check.run(chain, [&](const DeltaBatch& batch) {
        if (chain) existence.add(batch);
      }));
      source.rows = std::move(check.rows);
      source.scanned.known = !check.met_unknown();
      report_.commits += part.segment.rows().size();
      report_.deltas += part.segment.committed();
    }
    if (!chain) return {};
    check_pending();
    DELTA_OK(check_namespaces());
    check_late();
    check_forks();
    // With deltas missing, links, clocks and existence would accuse the innocent: the damage is what is wrong, or
    // nothing is.
    if (!std::ranges::all_of(sources_, [](const Source& s) { return s.scanned.whole && s.scanned.known && s.part; })) {
      return {};
    }
    check_links();
    check_clocks();
    check_parents();
    if (options_.latest) {
      if (auto ahead = model::commits_ahead(log_.catalog, log_.history, *options_.latest)) find(*std::move(ahead));
    }
    if (note_pruned()) return {};  // creates may have gone that their updates had seen
    if (!existence.contested().empty()) {
      Log::Impl::StreamOptions options;
      options.vectors = &existence.contested();
      options.values = false;
      DELTA_OK(
          log_.stream(options, [&](const Log::Impl::Block& block) { return existence.gather(block.batch), Status(); }));
    }
    for (const auto& what : existence.finish()) find({Verdict::invalid, "", 0, "", what, ""});
    return {};
  }

  /// Says how much of each file hashes do not vouch for.
  bool note_pruned() {
    bool any = false;
    for (const auto& source : sources_) {
      const auto& rows = log_.parts[*source.part].segment.rows();
      const auto pruned =
          std::ranges::count_if(rows, [](const format::CommitRow& row) { return !row.records.empty(); });
      if (pruned == 0) continue;
      any = true;
      find({Verdict::pruned, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
            plural(static_cast<std::uint64_t>(pruned), "commit") + " of " + std::to_string(rows.size()) +
                " pruned: their hashes hold, and vouch for the deltas that are whole (" +
                std::to_string(source.rows.partial) + " are not)",
            ""});
    }
    return any;
  }

  std::string dot_text(Dot dot) const {
    return escape(log_.catalog.origin(dot.origin)) + ":" + std::to_string(dot.seq);
  }

  void check_pending() {
    for (const auto number : log_.history.pending()) {
      const Commit& commit = log_.history.commit(number);
      find({Verdict::pending, "", 0, "commit " + dot_text({commit.origin, commit.first}),
            "its causes are in none of the files given", ""});
    }
  }

  /// Where deltas are damaged, that is what is wrong.
  Status check_namespaces() {
    if (!std::ranges::all_of(sources_, [](const Source& s) { return s.scanned.whole && s.part; })) return {};
    DELTA_TRY(const auto conflicts, ops::namespace_conflicts(log_));
    for (const auto& conflict : conflicts) {
      find({Verdict::conflict, "", 0, "", conflict.text(),
            "delete the vectors that are wrong; --namespace NS/DIMS chooses some"});
    }
    return {};
  }

  void check_late() {
    if (auto ok = log_.history.check_closed(); !ok) {
      find({Verdict::late, "", 0, "", ok.error().message, ok.error().hint});
    }
  }

  void forked(const Source& source, std::string what) {
    find({Verdict::forked, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
          std::move(what), "two writers used one origin name; give each its own with --origin"});
  }

  template <class Visit>
  void each_row(const Visit& visit) const {
    for (const auto& source : sources_) {
      if (!source.part) continue;
      const auto& part = log_.parts[*source.part];
      for (std::size_t r = 0; r < part.commits.size(); ++r) {
        visit(source, part.segment.rows()[r], r, log_.history.commit(part.commits[r]));
      }
    }
  }

  /// Equal dots must be equal commits.
  void check_forks() {
    each_row([&](const Source& source, const format::CommitRow&, std::size_t r, const Commit& commit) {
      if (!source.rows.hashes[r]) return;
      const Hash hash = *source.rows.hashes[r];
      const auto [it, fresh] = by_last_.try_emplace({commit.origin, commit.last()}, Known{hash, &source});
      if (fresh || it->second.hash == hash) return;
      const Source& other = *it->second.source;
      forked(source, "commit " + dot_text({commit.origin, commit.first}) + " has hash " + hex(hash, 12) + " here and " +
                         hex(it->second.hash, 12) + " in " + other.file->name() + ", " +
                         store::place_name(other.number, nullptr));
    });
  }

  /// Each origin must be one chain.
  void check_links() {
    each_row([&](const Source& source, const format::CommitRow& row, std::size_t, const Commit& commit) {
      if (commit.first == 1 || row.previous == Hash{}) return;
      const std::string dot = dot_text({commit.origin, commit.first});
      const auto before = by_last_.find({commit.origin, commit.first - 1});
      if (before == by_last_.end()) {
        find({Verdict::unlinked, source.file->name(), source.scanned.offset, store::place_name(source.number, nullptr),
              "the commit before " + dot + " is in none of the files given", ""});
      } else if (before->second.hash != row.previous) {
        forked(source, "commit " + dot + " continues another history of its origin (" + hex(row.previous, 12) +
                           ") than the one given (" + hex(before->second.hash, 12) + ")");
      }
    });
  }

  /// What happened before stays as it is: a parent too many is only noted.
  void check_parents() {
    for (const auto number : log_.history.linked()) {
      const Commit& commit = log_.history.commit(number);
      const auto redundant = log_.history.redundant_parent(commit.parents);
      if (!redundant) continue;
      find({Verdict::redundant, "", 0, "commit " + dot_text({commit.origin, commit.first}),
            "another parent has seen its parent " + dot_text(*redundant), ""});
    }
  }

  void check_clocks() {
    std::vector<std::pair<std::optional<Timestamp>, Timestamp>> times(
        log_.history.size());  // first and last, by commit
    for (const auto& source : sources_) {
      if (!source.part) continue;
      const auto& part = log_.parts[*source.part];
      for (std::size_t r = 0; r < part.commits.size(); ++r) {
        auto& [first, last] = times[part.commits[r]];
        if (source.rows.first_times[r]) first = source.rows.first_times[r];
        last = part.segment.rows()[r].commit.time;
      }
    }
    const auto time_of = [&](Dot dot) -> std::optional<Timestamp> {
      const auto number = log_.history.find(dot);
      if (!number) return std::nullopt;
      const Commit& holder = log_.history.commit(*number);
      if (dot.seq == holder.last()) return times[*number].second;
      if (dot.seq == holder.first) return times[*number].first;
      return std::nullopt;
    };
    for (std::uint32_t n = 0; n < log_.history.size(); ++n) {
      const Commit& commit = log_.history.commit(n);
      if (!times[n].first) continue;  // pruned away
      if (auto ok = model::check_clock(log_.catalog, commit, *times[n].first, time_of); !ok) {
        find({Verdict::invalid, "", 0, "commit " + dot_text({commit.origin, commit.first}), ok.error().message, ""});
      }
    }
  }

  struct Known {
    Hash hash;
    const Source* source;
  };

  VerifyOptions options_;
  unsigned threads_;
  VerifyReport report_;
  std::vector<Source> sources_;
  Log::Impl log_;
  std::map<Dot, Known> by_last_;  // commits by their last dot
};

}  // namespace

Result<VerifyReport> verify(std::span<const std::string> paths, const VerifyOptions& options) {
  return Verifier(options).run(paths);
}

}  // namespace delta
