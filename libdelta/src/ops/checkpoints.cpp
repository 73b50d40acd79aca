// Which checkpoints a log is worth, and the file that holds them. Those that a file has already are copied as they
// stand; each further one is folded from the one before it.
#include "ops/checkpoints.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/boundary.hpp"
#include "delta/checkpoint.hpp"
#include "delta/text.hpp"
#include "index/checkpoint.hpp"
#include "model/fold_chains.hpp"
#include "os/side_file.hpp"

namespace delta {
namespace {

using checkpoint::BoundFile;
using checkpoint::CheckpointEntry;
using Heads = Indexed<checkpoint::HeadNo, checkpoint::CheckpointHead>;

/// A checkpoint that the file is to have: one of the former file, or the state at a time (none: now).
struct Planned {
  std::optional<std::size_t> former;
  std::optional<Micros> at;
};

class Plan {
 public:
  Plan(const Log& log, const CheckpointOptions& options) : log_(log) {
    for (const VectorNo vector : numbers<VectorNo>(log.catalog().vectors())) {
      state_bytes_ += std::uint64_t{log.catalog().dims(vector)} * sizeof(std::uint32_t);
    }
    std::uint64_t data = 0, deltas = 0;
    for (const store::LoadedSegment& part : log.impl().parts) {
      log_bytes_ += part.segment.length;
      for (const format::FrameEntry& frame : part.segment.footer.frames) {
        if (frame.type != format::FrameType::data) continue;
        data += frame.stored;
        deltas += frame.count;
      }
    }
    bytes_a_delta_ = deltas == 0 ? 0 : static_cast<double>(data) / static_cast<double>(deltas);
    due_ = options.cost * static_cast<double>(std::max(state_bytes_, kLeast));
  }

  /// The times at which a checkpoint is due, rising, and last of all now, if there is one. `after`: those of deltas
  /// that a checkpoint has already.
  std::vector<Planned> due(const SeenSeqs* after) const {
    std::vector<Planned> planned;
    double cost = 0;
    auto order = or_bad_alloc(log_.commits_in_key_order());
    std::erase_if(order, [&](CommitNo number) {
      const CommitView& commit = log_.commit(number);
      return log_.pending(number) ||
             (after && after->contains(commit.origin) && commit.last() <= (*after)[commit.origin]);
    });
    for (const CommitNo number : order) {
      cost += static_cast<double>(log_.commit(number).deltas()) * bytes_a_delta_ * kUnpacked;
      if (cost < due_) continue;
      planned.push_back({{}, log_.commit_time(number).us()});
      cost = 0;
    }
    if (planned.empty()) return planned;
    if (number_is_last(order, planned.back())) planned.pop_back();
    planned.push_back({});
    return planned;
  }
  /// How many checkpoints the log may have.
  std::size_t most() const {
    return state_bytes_ == 0 ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(log_bytes_ / state_bytes_, 1000));
  }

 private:
  static constexpr std::uint64_t kLeast = 256 << 10;  // bytes: what is less is folded in no time
  static constexpr double kUnpacked = 3;              // bytes of deltas in memory for one on disk, about

  bool number_is_last(const std::vector<CommitNo>& order, const Planned& planned) const {
    return log_.commit_time(order.back()).us() == planned.at;
  }

  const Log& log_;
  std::uint64_t state_bytes_ = 0, log_bytes_ = 0;
  double bytes_a_delta_ = 0, due_ = 0;
};

/// Where the log has room for fewer: the last one, and of the others every n-th, from the end.
void thin(std::vector<Planned>& planned, std::size_t most) {
  if (planned.size() <= most) return;
  std::vector<Planned> kept;
  for (std::size_t i = 0; i < most; ++i) {
    kept.push_back(planned[planned.size() - 1 - i * planned.size() / most]);
  }
  std::ranges::reverse(kept);
  planned = std::move(kept);
}

Result<Heads> heads_of(const Log& log) {
  DELTA_TRY(const store::Heads heads, log.impl().heads(log));
  Heads out;
  for (const OriginNo origin : heads.numbers()) {
    const bool folded = heads[origin].seq > 0;
    out.push_back({std::string(log.catalog().origin(origin)), heads[origin].seq, folded ? heads[origin].hash : Hash{}});
  }
  return out;
}

/// Writes what was planned, one after the other.
class Build {
 public:
  Build(const Log& log, const BoundFile* former, Heads heads, ByteSink& sink)
      : log_(log), former_(former), source_(log.impl()), writer_(log.catalog(), std::move(heads), sink) {}

  Status run(const std::vector<Planned>& planned) {
    for (const Planned& next : planned) {
      if (next.former) {
        const CheckpointEntry& entry = former_->directory.checkpoints[*next.former];
        DELTA_OK(writer_.copy(*former_->file, entry, former_->seen(entry, log_.catalog().origins())));
        DELTA_TRY(base_, checkpoint::Base::open(log_.impl(), *former_, *next.former));
      } else {
        DELTA_OK(fold(next.at));
      }
    }
    return writer_.finish();
  }
  std::uint64_t bytes() const { return writer_.bytes(); }

 private:
  Status fold(std::optional<Micros> at) {
    DELTA_TRY(auto folded, model::fold_chains(log_.catalog(), log_.impl().history, source_, at, base_.get()));
    DELTA_OK(folded->each(VectorSet::all(), [this](const model::FoldedVector& vector) { return writer_.add(vector); }));
    Status added;
    folded->unresolved().each([&](VectorNo vector) {
      if (added) added = writer_.add_unresolved(vector);
    });
    DELTA_OK(added);
    DELTA_OK(writer_.finish_checkpoint(folded->latest(), folded->seen()));
    rest_ = std::make_unique<store::LogSource>(log_.impl(), store::LogSource::Options{.beyond = &folded->seen()});
    folded->set_rest(*rest_);
    base_ = std::move(folded);
    return {};
  }

  const Log& log_;
  const BoundFile* former_;
  store::LogSource source_;
  checkpoint::CheckpointWriter writer_;
  std::unique_ptr<model::FoldBase> base_;  // the last checkpoint
  std::unique_ptr<store::LogSource> rest_;
};

}  // namespace

Result<CheckpointSummary> update_checkpoints(const std::string& path, const CheckpointOptions& options) try {
  const Boundary boundary;
  if (!(options.cost > 0)) return error(ErrorCode::usage, "the cost of a checkpoint must be above 0");
  const std::string paths[] = {path};
  DELTA_TRY(const Log log, Log::open(paths, {options.threads}));
  CheckpointSummary summary{os::checkpoints_path(path), 0, 0, 0};
  std::optional<BoundFile> former;
  if (!options.rebuild) former = checkpoint::open_bound(log.impl(), summary.path, nullptr);

  const Plan plan(log, options);
  std::vector<Planned> planned;
  std::optional<SeenSeqs> after;
  for (std::size_t i = 0; former && i < former->directory.checkpoints.size(); ++i) {
    planned.push_back({i, {}});
    after = former->seen(former->directory.checkpoints[i], log.catalog().origins());
  }
  for (const Planned& due : plan.due(after ? &*after : nullptr)) planned.push_back(due);
  if (!log.lost().empty()) planned.clear();  // no hash tells one log with losses from another
  thin(planned, plan.most());
  summary.checkpoints = planned.size();
  summary.made = static_cast<std::uint64_t>(std::ranges::count_if(planned, [](const Planned& p) { return !p.former; }));
  const bool same = former && summary.made == 0 && planned.size() == former->directory.checkpoints.size();
  if (same) summary.bytes = former->file->size();
  if (same || options.dry_run) return summary;
  if (planned.empty()) {  // what is there is of another log, or not wanted
    DELTA_OK(os::remove_checkpoints(path));
    return summary;
  }

  DELTA_TRY(auto heads, heads_of(log));
  DELTA_TRY(OutputFile output, OutputFile::create(summary.path, {.force = true, .like = path}));
  Build build(log, former ? &*former : nullptr, std::move(heads), output);
  DELTA_OK(build.run(planned));
  DELTA_OK(output.commit());
  summary.bytes = build.bytes();
  return summary;
} catch (...) {
  return caught();
}

Status ops::rebind_checkpoints(const Log& log, const std::string& path) {
  const std::string side = os::checkpoints_path(path);
  const auto former = checkpoint::open_bound(log.impl(), side, nullptr);
  if (!former) return {};
  DELTA_TRY(Heads heads, heads_of(log));
  std::vector<Planned> planned;
  for (std::size_t i = 0; i < former->directory.checkpoints.size(); ++i) planned.push_back({i, {}});
  DELTA_TRY(OutputFile output, OutputFile::create(side, {.force = true, .like = path}));
  DELTA_OK(Build(log, &*former, std::move(heads), output).run(planned));
  return output.commit();
}

namespace {

/// True when two states say the same of a vector.
bool same_vector(const State& a, const State& b, VectorNo vector) {
  if (a.exists(vector) != b.exists(vector)) return false;
  if (!a.exists(vector)) return true;
  const Key x = a.created(vector), y = b.created(vector);
  return x.time == y.time && x.origin == y.origin && x.seq == y.seq &&
         std::ranges::equal(a.bits(vector), b.bits(vector)) && a.metadata(vector) == b.metadata(vector);
}

/// What a checkpoint says otherwise than the log. None: nothing.
Result<std::optional<std::string>> difference(const Log& log, const BoundFile& file, std::size_t number) {
  const Micros at = file.directory.checkpoints[number].latest.us();
  store::LogSource source(log.impl());
  const auto& [catalog, history] = std::tie(log.catalog(), log.impl().history);
  DELTA_TRY(const auto base, checkpoint::Base::open(log.impl(), file, number));
  const model::Cut cut{.at = at};
  if (!model::CutTest::make(catalog, history, cut)) return std::optional<std::string>();  // pruning dropped that time
  DELTA_TRY(const State with,
            model::fold(catalog, history, source, cut, VectorSet::all(), nullptr, nullptr, base.get()));
  DELTA_TRY(const State without, model::fold(catalog, history, source, cut));
  for (const VectorNo vector : numbers<VectorNo>(catalog.vectors())) {
    if (same_vector(with, without, vector)) continue;
    return std::optional("the checkpoint of " + format_time(at) + " is wrong about vector " +
                         quote(catalog.id(vector)));
  }
  return std::optional<std::string>();
}

}  // namespace

Result<std::uint64_t> count_checkpoints(const std::string& log) try {
  const Boundary boundary;
  const std::string path = os::checkpoints_path(log);
  if (!os::stands(path)) return std::uint64_t{0};
  DELTA_TRY(const auto file, InputFile::open(path));
  DELTA_TRY(const auto directory, checkpoint::read_checkpoint_directory(file));
  return std::uint64_t{directory.checkpoints.size()};
} catch (...) {
  return caught();
}

Result<std::optional<std::string>> check_checkpoints(const std::string& path, unsigned threads) try {
  const Boundary boundary;
  const std::string paths[] = {path};
  DELTA_TRY(const Log log, Log::open(paths, {threads}));
  std::vector<Finding> found;
  const auto file = checkpoint::open_bound(log.impl(), os::checkpoints_path(path), &found);
  if (!found.empty()) return std::optional(found.front().what);
  for (std::size_t i = 0; file && i < file->directory.checkpoints.size(); ++i) {
    auto wrong = difference(log, *file, i);
    if (!wrong && wrong.error().code == ErrorCode::corrupt) return std::optional(wrong.error().message);
    if (!wrong || *wrong) return wrong;
  }
  return std::optional<std::string>();
} catch (...) {
  return caught();
}

}  // namespace delta
