// Compaction in three steps: a survey of where each vector's deltas are, vectors a group at a time gathered, pruned and
// written, and then the commit rows with what stands for the pruned deltas.
#include "delta/compact.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "base/boundary.hpp"
#include "delta/file.hpp"
#include "delta/merge.hpp"
#include "format/wire.hpp"
#include "model/fold.hpp"
#include "model/pieces.hpp"
#include "model/prune.hpp"
#include "ops/checkpoints.hpp"
#include "ops/compact_rows.hpp"
#include "ops/merge_set.hpp"
#include "ops/retention.hpp"
#include "store/extras.hpp"
#include "store/packed_writer.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

/// What the survey knows of a vector.
struct Place {
  static constexpr std::uint64_t kBytes = 64;  // of a delta, about, beside its indices and values
  Key first;                                   // least key of its deltas
  std::uint64_t bytes = 0;                     // of its deltas as plain rows, about
  std::uint64_t pieces = 0;                    // copies that were pruned apart may each have one of a delta
  std::uint64_t deltas = 0;
};

class Survey {
 public:
  /// `last`: also the time of each vector's last `last`-th delta. `moments`: also those at which something happened.
  static Result<Survey> make(const Log& log, std::uint64_t last, bool moments) {
    Survey survey;
    if (moments) survey.note_commits(log);
    survey.places.resize(log.catalog().vectors());
    survey.ranks_ = model::origin_ranks(log.catalog());
    Indexed<VectorNo, std::vector<Micros>> times(last > 0 ? log.catalog().vectors() : 0);
    const auto count = [&](const DeltaBatch& batch, std::size_t i) {
      ++survey.places[batch.vectors[i]].deltas;
      if (last > 0 && !log.pending(batch.commits[i])) times[batch.vectors[i]].push_back(batch.times[i].us());
    };
    const bool pieces = log.impl().shares_any();  // room is needed for each, and they count as one
    store::Union::StreamOptions options;
    options.values = store::Values::skipped;
    options.pieces = pieces;
    DELTA_OK(log.impl().stream(options, [&](const store::Union::Block& block) -> Status {
      for (std::size_t i = 0; i < block.batch.size(); ++i) {
        survey.take(log, block.batch, i);
        if (!pieces) count(block.batch, i);
      }
      return {};
    }));
    options.pieces = false;
    if (pieces) {
      DELTA_OK(log.impl().stream(options, [&](const store::Union::Block& block) -> Status {
        for (std::size_t i = 0; i < block.batch.size(); ++i) count(block.batch, i);
        return {};
      }));
    }
    for (auto& of_vector : times) {
      const bool all = of_vector.size() <= last;
      if (!all) {
        std::ranges::nth_element(of_vector, of_vector.begin() + static_cast<std::ptrdiff_t>(last) - 1, std::greater());
      }
      survey.kept_since.push_back(all ? 0 : of_vector[last - 1]);
    }
    survey.sort(log.catalog());
    ops::settle_moments(survey.moments);
    return survey;
  }

  std::uint64_t bytes() const {
    return std::accumulate(places.begin(), places.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Place& place) { return sum + place.bytes; });
  }

  Indexed<VectorNo, Place> places;
  std::vector<VectorNo> order;           // those that have deltas, as a packed segment holds them: by their first key
  Indexed<VectorNo, Micros> kept_since;  // if asked
  std::vector<Micros> moments;           // rising, each once; of what is not pending

 private:
  void note_commits(const Log& log) {
    wants_moments_ = true;
    for (const CommitNo number : numbers<CommitNo>(log.commits())) {
      if (!log.pending(number)) note(log.commit_time(number).us());
    }
  }
  void note(Micros moment) {
    if (!moments.empty() && moments.back() == moment) return;
    if (moments.size() >= settle_at_) {  // most logs have fewer moments than deltas
      ops::settle_moments(moments);
      settle_at_ = std::max(kSettleAt, 2 * moments.size());
    }
    moments.push_back(moment);
  }
  void take(const Log& log, const DeltaBatch& batch, std::size_t i) {
    Place& place = places[batch.vectors[i]];
    const auto size = [i](const std::vector<std::uint64_t>& ends) { return ends[i] - (i == 0 ? 0 : ends[i - 1]); };
    place.bytes += Place::kBytes + 4 * (size(batch.index_ends) + size(batch.bits_ends));
    const Key key{batch.times[i], log.commit_origin(batch.commits[i]), batch.seqs[i]};
    if (place.pieces++ == 0 || model::RankedKey(ranks_, key) < model::RankedKey(ranks_, place.first)) place.first = key;
    if (wants_moments_ && !log.pending(batch.commits[i])) note(batch.times[i].us());
  }

  void sort(const Catalog& catalog) {
    for (const VectorNo v : places.numbers()) {
      if (places[v].deltas > 0) order.push_back(v);
    }
    std::ranges::sort(order, {}, [&](VectorNo v) {  // ids only where a damaged log has one dot for two vectors
      return std::tuple(model::RankedKey(ranks_, places[v].first), catalog.id(v));
    });
  }

  static constexpr std::size_t kSettleAt = 1 << 16;
  model::OriginRanks ranks_;
  bool wants_moments_ = false;
  std::size_t settle_at_ = kSettleAt;
};

class Compaction {
 public:
  Compaction(const Log& log, const CompactOptions& options)
      : log_(log), options_(options), ranks_(model::origin_ranks(log.catalog())) {}

  /// `file`: null for a dry run; it is not committed.
  Result<CompactReport> run(OutputFile* file) {
    DELTA_OK(check_closed());
    for (const KeepRule& rule : options_.keep) {
      if (rule.kind == KeepRule::Kind::last) last_ = std::max(last_, rule.count);
    }
    DELTA_TRY(Survey survey, Survey::make(log_, last_, !keeps_all() || options_.assume_closed));
    survey_ = std::move(survey);
    DELTA_TRY(rules_, ops::retention(log_, survey_.moments, options_));
    pruning_ = rules_.times != KeptTimes::all() || options_.assume_closed;
    prune_options_ = {rules_.times, {}, options_.whole_deltas, options_.assume_closed};
    for (const auto& heads : rules_.releases) {
      prune_options_.releases.push_back(log_.impl().history.context(heads));
    }
    DELTA_TRY(auto empty_namespaces, log_.catalog().empty_namespaces());
    DELTA_TRY(extras_, store::extras_of(segments()));
    rows_.emplace(log_, pruning_, kept_by_all(), rules_.releases, options_.assume_closed, options_.memory);
    const bool small = !pruning_ && survey_.bytes() <= store::PackedWriter::kTrialBytes;
    BufferSink held;
    ByteSink& sink = small ? static_cast<ByteSink&>(held) : file ? *file : null_sink();
    store::PackedWriter writer(log_.catalog(), rows_->table().rows, survey_.order, rows_->first_previous(),
                               {options_.preset, thread_count(options_.threads), identity(), compat(), extras_.kept,
                                std::move(empty_namespaces)},
                               sink);
    DELTA_OK(write_vectors(writer));
    DELTA_OK(rows_->finish(writer));
    CompactReport done = report(writer);
    if (small) DELTA_OK(write_smaller(held.bytes, file, done));
    if (done.repacked) {
      note_unknown(done.notices);
      done.notices.insert(done.notices.end(), extras_.left_out.begin(), extras_.left_out.end());
    }
    return done;
  }

 private:
  std::vector<const store::Segment*> segments() const {
    std::vector<const store::Segment*> all;
    for (const auto& part : log_.impl().parts) all.push_back(&part.segment);
    return all;
  }
  std::uint64_t compat() const {
    std::uint64_t features = 0;
    for (const store::Segment* segment : segments()) features |= segment->header.features.compat;
    return features;
  }

  bool keeps_all() const {
    return options_.keep.empty() ||
           std::ranges::any_of(options_.keep, [](const KeepRule& rule) { return rule.kind == KeepRule::Kind::all; });
  }

  /// A commit that waits for others proves that some writer's commits are not here. And what one closed pruning left,
  /// an open one would promise to later arrivals again.
  Status check_closed() const {
    const auto& history = log_.impl().history;
    if (options_.assume_closed && !history.pending().empty()) {
      const CommitView& commit = log_.commit(history.pending().front());
      return error(ErrorCode::bad_input, "commit " + log_.dot_text({commit.origin, commit.first}) +
                                             " depends on commits that are not here: a writer is missing")
          .with_hint("merge the log that holds them first, or compact without --assume-closed");
    }
    const auto closed = [&](const auto& pruned) {
      return std::ranges::any_of(pruned.second, [&](RecordNo record) { return history.record(record).closed; });
    };
    if (options_.assume_closed || keeps_all() || std::ranges::none_of(history.pruned(), closed)) return {};
    return error(ErrorCode::bad_input,
                 "the log was compacted with --assume-closed, and can only be pruned again under the same assumption")
        .with_hint("--assume-closed, if it still holds; or --keep all");
  }

  /// Few blocks are read whole in any order, so packing them is for their size alone.
  Status write_smaller(const Buffer& packed, OutputFile* file, CompactReport& done) const {
    DELTA_TRY(Merge merge, Merge::of(log_, {.threads = options_.threads, .not_in = {}}));
    done.repacked = merge.bytes() >= packed.size();
    if (!done.repacked) done.bytes_after = merge.bytes();
    if (!file) return {};
    if (done.repacked) return file->write(packed);
    DELTA_TRY(const MergeSummary written, merge.write(*file));
    done.bytes_after = written.bytes;
    return {};
  }

  /// The times that are kept for every vector: those of the rules, and from where on each keeps all of its last deltas.
  KeptTimes kept_by_all() const {
    KeptTimes kept = rules_.times;
    if (survey_.kept_since.empty()) return kept;
    kept.add(KeptTimes::since(*std::ranges::max_element(survey_.kept_since)));
    return kept;
  }

  /// Tells apart what is made of one log by different rules.
  Buffer identity() const {
    Buffer bytes;
    format::Writer out(bytes);
    out.varint(last_);
    out.u8(options_.whole_deltas);
    out.u8(options_.assume_closed);
    for (const auto& range : rules_.times.ranges()) {
      out.varint(range.first);
      out.varint(range.last);
    }
    for (const auto& release : rules_.releases) {
      for (const Dot& dot : release) out.text(log_.dot_text(dot));
    }
    return bytes;
  }

  Status write_vectors(store::PackedWriter& writer) {
    for (std::size_t begin = 0; begin < survey_.order.size();) {
      std::size_t end = begin;
      std::uint64_t bytes = 0;
      while (end < survey_.order.size() && (end == begin || bytes < options_.memory)) {
        bytes += survey_.places[survey_.order[end++]].bytes;
      }
      DELTA_OK(write_group(std::span(survey_.order).subspan(begin, end - begin), writer));
      begin = end;
    }
    return {};
  }

  Status write_group(std::span<const VectorNo> vectors, store::PackedWriter& writer) {
    const bool everything = vectors.size() == survey_.order.size();
    const VectorSet wanted = everything ? VectorSet::all() : VectorSet(vectors);
    DeltaBatch& gathered = gathered_;
    make_room(vectors);
    store::Union::StreamOptions options;
    options.vectors = &wanted;
    options.leaves = rows_->needs_leaves();
    DELTA_OK(log_.impl().stream(options, [&](const store::Union::Block& block) -> Status {
      for (std::size_t i = 0; i < block.batch.size(); ++i) {
        if (!wanted.contains(block.batch.vectors[i])) continue;
        gathered.add(block.batch[i]);
        if (options.leaves) DELTA_OK(rows_->note_input(*block.part, block.batch[i], block.leaves[i]));
      }
      return {};
    }));
    std::vector<std::uint64_t> starts(log_.catalog().vectors() + 1);  // counting sort by vector
    for (const VectorNo v : gathered.vectors) ++starts[index(v) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<std::uint64_t> sorted(gathered.size()), next(starts.begin(), starts.end() - 1);
    for (std::size_t i = 0; i < gathered.size(); ++i) sorted[next[index(gathered.vectors[i])]++] = i;
    std::vector<Delta> deltas;
    for (const VectorNo v : vectors) {
      deltas.clear();
      for (std::uint64_t i = starts[index(v)]; i < starts[index(v) + 1]; ++i) deltas.push_back(gathered[sorted[i]]);
      DELTA_OK(write_vector(v, deltas, writer));
    }
    return {};
  }

  /// For the deltas of these vectors, before they come: growing would copy what is there, into pages that are touched
  /// anew. No more than a group takes as a rule, whatever the file says that its last vector has: its values have not
  /// been read.
  void make_room(std::span<const VectorNo> vectors) {
    std::uint64_t pieces = 0, bytes = 0;
    for (const VectorNo v : vectors) {
      pieces += survey_.places[v].pieces;
      bytes += survey_.places[v].bytes;
    }
    gathered_.clear();
    gathered_.reserve(static_cast<std::size_t>(std::min(pieces, options_.memory / Place::kBytes)));
    gathered_.bits.reserve(static_cast<std::size_t>(std::min(bytes - pieces * Place::kBytes, options_.memory) / 4));
  }

  Status write_vector(VectorNo vector, std::vector<Delta>& deltas, store::PackedWriter& writer) {
    DeltaBatch left, united, united_again;
    model::put_in_key_order(log_.impl().history, ranks_, log_.catalog().dims(vector), deltas, united);
    deltas_ += deltas.size();
    longest_ = std::max<std::uint64_t>(longest_, deltas.size());
    if (pruning_) {  // what is pending is not judged
      const auto folded =
          std::stable_partition(deltas.begin(), deltas.end(), [&](const Delta& c) { return log_.pending(c.commit); });
      if (!survey_.kept_since.empty()) prune_options_.since = survey_.kept_since[vector];
      model::prune_vector(log_.impl().history, ranks_, log_.catalog().dims(vector), {folded, deltas.end()},
                          prune_options_, left);
      deltas.erase(folded, deltas.end());
      for (std::size_t i = 0; i < left.size(); ++i) deltas.push_back(left[i]);
    }
    model::put_in_key_order(log_.impl().history, ranks_, log_.catalog().dims(vector), deltas, united_again);
    for (const Delta& delta : deltas) {
      partial_ += delta.lost != 0;
      DELTA_OK(rows_->note_output(delta));
      DELTA_OK(writer.add(delta.numbered(delta.vector, rows_->row_of(delta.commit))));
    }
    return {};
  }

  /// Of optional columns nothing but their numbers is known: whose commits they speak of is not.
  void note_unknown(std::vector<Finding>& notices) const {
    for (const auto& part : log_.impl().parts) {
      const auto& unknown = part.segment.commits.unknown;
      if (unknown.any()) notices.push_back(ops::unknown_columns(part.segment, unknown, ", and left out"));
    }
  }

  CompactReport report(const store::PackedWriter& writer) const {
    CompactReport report;
    report.commits = log_.commits();
    report.vectors = survey_.order.size();
    report.deltas = deltas_;
    report.kept = writer.deltas();
    report.partial = partial_;
    report.pruned_commits = rows_->pruned();
    report.longest_chain = longest_;
    for (const auto* segment : segments()) report.bytes_before += segment->length;
    report.bytes_after = writer.bytes();
    report.readable_times = rows_->readable_times();
    report.kept_cuts = rules_.why;
    report.notices = log_.notices();
    return report;
  }

  const Log& log_;
  const CompactOptions& options_;
  model::OriginRanks ranks_;
  ops::Retention rules_;
  std::uint64_t last_ = 0;
  bool pruning_ = false;
  Survey survey_;
  model::PruneOptions prune_options_;  // of the vector at hand
  std::optional<ops::CompactRows> rows_;
  store::Extras extras_;
  DeltaBatch gathered_;  // of the group at hand; the next one takes its memory over
  std::uint64_t deltas_ = 0, partial_ = 0, longest_ = 0;
};

/// Two copies of a commit may be two different ones, and only one of them would be read.
Status refuse_forks(const Log& log, unsigned threads) {
  const auto& parts = log.impl().parts;
  if (parts.size() < 2) return {};
  ops::MergeSet set(thread_count(threads));
  std::vector<Finding> known;
  std::set<const ByteSource*> seen;
  for (const auto& part : parts) {
    if (seen.insert(part.segment.file.get()).second)
      DELTA_OK(set.add(part.segment.file, ops::MergeSet::Role::united, known));
  }
  return set.settle();
}

}  // namespace

Result<CompactReport> compact(std::span<const std::string> paths, const std::string& output,
                              const CompactOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const Log log, Log::open(paths, {options.threads}));
  return compact(log, output, options);
} catch (...) {
  return caught();
}

namespace {

Status check_whole(const Log& log, const CompactOptions& options) {
  if (log.impl().wanted) {
    return error(ErrorCode::usage, "a log opened for some ids cannot be compacted: the others would be lost");
  }
  for (const auto& part : log.impl().parts) DELTA_OK(store::check_rewritable(part.segment));
  return refuse_forks(log, options.threads);
}

/// Nothing can fail once the file is there, so its caution is noted before.
Status commit(OutputFile& file, std::vector<Finding>& notices) {
  DELTA_OK(file.prepare());
  if (!file.caution().empty()) notices.push_back({Verdict::ok, file.name(), 0, "", file.caution(), ""});
  return file.commit();
}

}  // namespace

Result<CompactReport> compact(const Log& log, const std::string& output, const CompactOptions& options) try {
  const Boundary boundary;
  DELTA_OK(check_whole(log, options));
  if (output.empty()) return Compaction(log, options).run(nullptr);
  DELTA_TRY(OutputFile file, OutputFile::create(output, {.force = options.force}));
  DELTA_TRY(CompactReport report, Compaction(log, options).run(&file));
  DELTA_OK(commit(file, report.notices));
  return report;
} catch (...) {
  return caught();
}

Result<CompactReport> compact_in_place(const Log& log, const LockedLog& place, const CompactOptions& options) try {
  const Boundary boundary;
  DELTA_OK(check_whole(log, options));
  DELTA_TRY(OutputFile file, place.create_output());
  DELTA_TRY(CompactReport report, Compaction(log, options).run(&file));
  DELTA_TRY(report.changed, place.changed_by(file));
  if (!report.changed) return report;
  DELTA_OK(commit(file, report.notices));
  if (const Status bound = ops::rebind_checkpoints(log, place.path()); !bound) {
    report.notices.push_back({Verdict::ok, place.path(), 0, "",
                              "its checkpoints are not of use any more: " + bound.error().message,
                              "deltalog reindex --rebuild makes them anew"});
  }
  return report;
} catch (...) {
  return caught();
}

Result<std::uint64_t> longest_chain(const Log& log) try {
  const Boundary boundary;
  if (log.impl().wanted) {  // of all vectors, whichever it was opened for
    DELTA_TRY(const Log whole, log.impl().with_all_ids());
    return longest_chain(whole);
  }
  DELTA_TRY(const Survey survey, Survey::make(log, 0, false));
  std::uint64_t most = 0;
  for (const Place& place : survey.places) most = std::max(most, place.deltas);
  return most;
} catch (...) {
  return caught();
}

}  // namespace delta
