// Compaction in three steps: a survey of where each vector's deltas are, vectors a group at a time gathered, pruned and
// written, and then the commit rows with what stands for the pruned deltas. A packed log
// needs no survey, unless it is pruned: its vectors stand in order already, and are written as they are read.
#include "delta/compact.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

#include "base/boundary.hpp"
#include "delta/file.hpp"
#include "delta/merge.hpp"
#include "format/wire.hpp"
#include "model/fold.hpp"
#include "model/pieces.hpp"
#include "model/prune.hpp"
#include "ops/checkpoints.hpp"
#include "ops/compact_rows.hpp"
#include "ops/compact_survey.hpp"
#include "ops/held_sink.hpp"
#include "ops/merge_set.hpp"
#include "ops/pack.hpp"
#include "ops/retention.hpp"
#include "store/extras.hpp"
#include "store/packed_writer.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

class Compaction {
 public:
  Compaction(const Log& log, const CompactOptions& options)
      : log_(log), options_(options), ranks_(model::origin_ranks(log.catalog())) {}

  /// `file`: null for a dry run; it is not committed.
  Result<CompactReport> run(OutputFile* file) {
    DELTA_OK(survey());
    return write(file, [this](store::PackedWriter& writer, ops::HeldSink& sink) -> Status {
      if (pruning_ || survey_.bytes() > store::PackedWriter::kTrialBytes) DELTA_OK(sink.pass_on());
      return write_vectors(writer);
    });
  }

  /// All of it, as a packed segment.
  Result<CompactReport> pack(const DotRanges& lost, ByteSink& sink) {
    DELTA_OK(survey());
    ops::HeldSink held(sink);
    DELTA_OK(held.pass_on());
    return write_segment(held, lost,
                         [this](store::PackedWriter& writer, ops::HeldSink&) { return write_vectors(writer); });
  }

  /// Nothing is pruned of a log that is one packed segment.
  bool may_be_in_order() const {
    const auto& parts = log_.impl().parts;
    return keeps_all() && !options_.assume_closed && parts.size() == 1 && parts.front().segment.packed() &&
           parts.front().rising;
  }
  /// The same as run(), in one pass. None: the vectors are in another order than they are to have; `file` is of no use
  /// then. REQUIRES: may_be_in_order().
  Result<std::optional<CompactReport>> run_in_order(OutputFile* file) {
    DELTA_OK(check_closed());
    note_last();
    survey_.order = log_.impl().parts.front().vectors;
    rules_.times = KeptTimes::all();
    auto done =
        write(file, [this](store::PackedWriter& writer, ops::HeldSink& sink) { return copy_vectors(writer, sink); });
    if (!in_order_) return {std::nullopt};
    if (!done) return std::move(done).error();
    return std::optional(*std::move(done));
  }

 private:
  using WriteVectors = std::function<Status(store::PackedWriter&, ops::HeldSink&)>;

  Status survey() {
    DELTA_OK(check_closed());
    note_last();
    DELTA_TRY(survey_, ops::Survey::make(log_, last_, !keeps_all() || options_.assume_closed));
    DELTA_TRY(rules_, ops::retention(log_, survey_.moments, options_));
    pruning_ = rules_.times != KeptTimes::all() || options_.assume_closed;
    prune_options_ = {rules_.times, {}, options_.whole_deltas, options_.assume_closed};
    for (const auto& heads : rules_.releases) {
      prune_options_.releases.push_back(log_.impl().history.context(heads));
    }
    return {};
  }

  Result<CompactReport> write(OutputFile* file, const WriteVectors& write_vectors) {
    ops::HeldSink sink(file ? *file : null_sink());
    DELTA_TRY(CompactReport done, write_segment(sink, log_.lost(), write_vectors));
    if (sink.holding()) DELTA_OK(write_smaller(sink.held(), file, done));
    if (done.repacked) {
      note_unknown(done.notices);
      done.notices.insert(done.notices.end(), extras_.left_out.begin(), extras_.left_out.end());
    }
    return done;
  }

  /// `lost`: what its LOSS frames say.
  Result<CompactReport> write_segment(ops::HeldSink& sink, const DotRanges& lost, const WriteVectors& write_vectors) {
    DELTA_TRY(auto empty_namespaces, log_.catalog().empty_namespaces());
    DELTA_TRY(extras_, store::extras_of(segments()));
    rows_.emplace(log_, pruning_, kept_by_all(), rules_.releases, options_.assume_closed, options_.memory);
    store::PackedWriter writer(log_.catalog(), rows_->table().rows, survey_.order, rows_->first_previous(),
                               {options_.preset, thread_count(options_.threads), identity(lost), compat(), extras_.kept,
                                std::move(empty_namespaces), lost},
                               sink);
    DELTA_OK(write_vectors(writer, sink));
    DELTA_OK(rows_->finish(writer));
    return report(writer);
  }

  void note_last() {
    for (const KeepRule& rule : options_.keep) {
      if (rule.kind == KeepRule::Kind::last) last_ = std::max(last_, rule.count);
    }
  }

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
    if (!keeps_all() && !log_.lost().empty()) {
      return error(ErrorCode::bad_input, "damage took deltas of the log: nobody knows what may be pruned with them")
          .with_hint("merge a copy that has them first, or keep all");
    }
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
  Buffer identity(const DotRanges& lost) const {
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
    if (!lost.empty()) out.text(dots_text(lost, ~std::size_t{0}));
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
    options.postings = false;  // a group has deltas in nearly all blocks
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
    const auto deltas = static_cast<std::size_t>(std::min(pieces, options_.memory / ops::Place::kBytes));
    const auto values = static_cast<std::size_t>(std::min(bytes - pieces * ops::Place::kBytes, options_.memory) / 4);
    // What is too small goes before there is more: both together would be twice as much.
    if (gathered_.ops.capacity() < deltas || gathered_.bits.capacity() < values) gathered_ = DeltaBatch();
    gathered_.clear();
    gathered_.reserve(deltas);
    gathered_.bits.reserve(values);
  }

  /// All vectors as they stand in the packed segment.
  Status copy_vectors(store::PackedWriter& writer, ops::HeldSink& sink) {
    store::Union::StreamOptions options;
    options.leaves = rows_->needs_leaves();
    std::uint64_t bytes = 0;
    DELTA_OK(log_.impl().stream(options, [&](const store::Union::Block& block) -> Status {
      for (std::size_t i = 0; i < block.batch.size(); ++i) {
        if (!gathered_.empty() && gathered_.vectors.back() != block.batch.vectors[i]) DELTA_OK(copy_vector(writer));
        gathered_.add(block.batch[i]);
        bytes += ops::plain_bytes(block.batch, i);
        if (options.leaves) DELTA_OK(rows_->note_input(*block.part, block.batch[i], block.leaves[i]));
      }
      return bytes > store::PackedWriter::kTrialBytes ? sink.pass_on() : Status();
    }));
    if (!gathered_.empty()) DELTA_OK(copy_vector(writer));
    return copied_ == survey_.order.size() ? Status() : out_of_order();
  }

  /// The one whose deltas are gathered.
  Status copy_vector(store::PackedWriter& writer) {
    const VectorNo vector = gathered_.vectors.front();
    if (copied_ == survey_.order.size() || survey_.order[copied_++] != vector) return out_of_order();
    const auto key_of = [&](std::size_t i) {
      return Key{gathered_.times[i], log_.commit_origin(gathered_.commits[i]), gathered_.seqs[i]};
    };
    Key first = key_of(0);
    std::vector<Delta> deltas;
    for (std::size_t i = 0; i < gathered_.size(); ++i) {
      deltas.push_back(gathered_[i]);
      if (const Key key = key_of(i); model::RankedKey(ranks_, key) < model::RankedKey(ranks_, first)) first = key;
    }
    if (before_ && !(model::RankedKey(ranks_, *before_) < model::RankedKey(ranks_, first))) return out_of_order();
    before_ = first;
    DELTA_OK(write_vector(vector, deltas, writer));
    gathered_.clear();
    return {};
  }
  Error out_of_order() {
    in_order_ = false;
    return error(ErrorCode::bad_input, "the vectors of the packed log are not in order");
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
  ops::Survey survey_;
  model::PruneOptions prune_options_;  // of the vector at hand
  std::optional<ops::CompactRows> rows_;
  store::Extras extras_;
  DeltaBatch gathered_;        // of the group at hand; the next one takes its memory over
  std::size_t copied_ = 0;     // vectors, by run_in_order()
  std::optional<Key> before_;  // the least of the vector before
  bool in_order_ = true;
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

/// Where the output is made; null: nowhere.
using Create = std::function<Result<OutputFile>()>;

/// `file` gets the output, not committed.
Result<CompactReport> compact_into(const Log& log, const CompactOptions& options, const Create& create,
                                   std::optional<OutputFile>& file) {
  const auto begin = [&]() -> Result<OutputFile*> {
    file.reset();
    if (!create) return nullptr;
    DELTA_TRY(file, create());
    return &*file;
  };
  DELTA_TRY(OutputFile * to, begin());
  Compaction once(log, options);
  if (once.may_be_in_order() && !(to && to->written_through())) {
    DELTA_TRY(auto done, once.run_in_order(to));
    if (done) return *std::move(done);
    DELTA_TRY(to, begin());
  }
  return Compaction(log, options).run(to);
}

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
  std::optional<OutputFile> file;
  if (output.empty()) return compact_into(log, options, {}, file);
  const auto create = [&] { return OutputFile::create(output, {.force = options.force}); };
  DELTA_TRY(CompactReport report, compact_into(log, options, create, file));
  DELTA_OK(commit(*file, report.notices));
  return report;
} catch (...) {
  return caught();
}

Result<CompactReport> compact_in_place(const Log& log, const LockedLog& place, const CompactOptions& options) try {
  const Boundary boundary;
  DELTA_OK(check_whole(log, options));
  std::optional<OutputFile> file;
  DELTA_TRY(CompactReport report, compact_into(
                                      log, options, [&] { return place.create_output(); }, file));
  DELTA_TRY(report.changed, place.changed_by(*file));
  if (!report.changed) return report;
  DELTA_OK(commit(*file, report.notices));
  if (const Status bound = ops::rebind_checkpoints(log, place.path()); !bound) {
    report.notices.push_back({Verdict::ok, place.path(), 0, "",
                              "its checkpoints are not of use any more: " + bound.error().message,
                              "deltalog reindex --rebuild makes them anew"});
  }
  return report;
} catch (...) {
  return caught();
}

Result<std::uint64_t> ops::pack(const Log& log, const DotRanges& lost, const PackOptions& options, ByteSink& sink) {
  CompactOptions all;
  all.threads = options.threads;
  all.memory = options.memory;
  DELTA_TRY(const CompactReport report, Compaction(log, all).pack(lost, sink));
  return report.kept;
}

Result<std::uint64_t> longest_chain(const Log& log) try {
  const Boundary boundary;
  if (log.impl().wanted) {  // of all vectors, whichever it was opened for
    DELTA_TRY(const Log whole, log.impl().with_all_ids());
    return longest_chain(whole);
  }
  DELTA_TRY(const auto survey, ops::Survey::make(log, 0, false));
  std::uint64_t most = 0;
  for (const ops::Place& place : survey.places) most = std::max(most, place.deltas);
  return most;
} catch (...) {
  return caught();
}

}  // namespace delta
