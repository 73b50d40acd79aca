#include "ops/compact_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "delta/out_of_memory.hpp"
#include "model/canonical.hpp"

namespace delta::ops {
namespace {

std::uint64_t deltas_of(const Log& log) {
  std::uint64_t deltas = 0;
  for (const auto& part : log.impl().parts) deltas += part.segment.committed();
  return deltas;
}

}  // namespace

CompactRows::CompactRows(const Log& log, bool pruning, KeptTimes kept, std::vector<std::vector<Dot>> releases,
                         bool closed, std::uint64_t memory)
    : log_(log),
      pruning_(pruning),
      closed_(closed),
      kept_(std::move(kept)),
      releases_(std::move(releases)),
      row_of_(log.commits()),
      noted_(memory, 2 * deltas_of(log)) {
  const auto& impl = log.impl();
  for (const CommitNo commit : or_bad_alloc(log.commits_in_key_order())) {
    row_of_[commit] = table_.rows.push_back({log.commit(commit).copy(), impl.previous_of(commit), {}, {}});
    pruned_input_ = pruned_input_ || !impl.history.records(commit).empty();
  }
  seen_ = folded();
  for (std::uint32_t p = 0; p < impl.parts.size(); ++p) {
    const auto& rows = impl.parts[p].segment.rows();
    for (const RowNo row : rows.numbers()) {
      if (rows.records(row).empty() || impl.parts[p].superseded[row]) continue;
      copies_.push_back({impl.parts[p].commits[row], p, row});
    }
  }
  std::ranges::sort(copies_, {}, &Copy::commit);
}

std::vector<Dot> CompactRows::folded() const {
  std::vector<Dot> seen;
  for (const OriginNo origin : numbers<OriginNo>(log_.catalog().origins())) {
    if (const std::uint64_t seq = log_.impl().history.head(origin); seq > 0) seen.push_back({origin, seq});
  }
  return seen;
}

Status CompactRows::note_input(const store::LoadedSegment& part, const Delta& delta, const Hash& leaf) {
  if (delta.lost != 0) return {};
  const auto number = static_cast<std::uint32_t>(&part - log_.impl().parts.data());
  return noted_.add({delta.commit, number, delta.seq - log_.commit(delta.commit).first, leaf});
}

Status CompactRows::note_output(const Delta& delta) {
  if (delta.lost != 0 || !needs_leaves()) return {};
  return noted_.add({delta.commit, kOut, delta.seq - log_.commit(delta.commit).first, {}});
}

/// Pruning again replaces a commit's records by one: the cuts of both. What is pending is left as it was.
std::vector<RecordNo> CompactRows::records_of(CommitNo commit) {
  const auto& history = log_.impl().history;
  const auto& before = history.records(commit);
  std::vector<RecordNo> records;
  if (!pruning_ || !history.folded(commit)) {
    for (const RecordNo record : before) records.push_back(records_.add(history.record(record)));
    std::ranges::sort(records);
    return records;
  }
  const auto [place, fresh] = pruned_again_.try_emplace(before);  // most commits share their records
  if (fresh) place->second = pruned_again(before);
  return {place->second};
}

RecordNo CompactRows::pruned_again(const std::vector<RecordNo>& before) {
  const auto& history = log_.impl().history;
  PruneRecord record{kept_, seen_, closed_, {}, false};
  std::vector<KeptTimes> answered;
  for (const RecordNo old : before) {
    auto& complete = complete_.reach(old);
    if (!complete) complete = history.complete(old);
    if (*complete) answered.push_back(history.record(old).kept);
    record.closed = record.closed || history.record(old).closed;
    record.lost = record.lost || history.record(old).lost;
  }
  if (!before.empty()) record.kept = record.kept.intersect(model::in_any(std::move(answered)));
  for (const auto& release : releases_) {
    if (before.empty() || answered_before(before, release)) record.releases.push_back(release);
  }
  return records_.add(std::move(record));
}

/// A complete record has the release, or was made of no more than is in it.
bool CompactRows::answered_before(const std::vector<RecordNo>& before, const std::vector<Dot>& release) const {
  const auto context = log_.impl().history.context(release);
  return std::ranges::any_of(before, [&](RecordNo old) {
    const PruneRecord& record = log_.impl().history.record(old);
    if (!*complete_[old]) return false;
    return std::ranges::binary_search(record.releases, release) || log_.impl().history.within(record.seen, context);
  });
}

KeptTimes CompactRows::output_times() const {
  std::set<std::vector<RecordNo>> asked;
  std::vector<KeptTimes> all;
  for (const CommitNo commit : numbers<CommitNo>(log_.commits())) {
    const auto& records = table_.rows[row_of_[commit]].records;
    if (log_.pending(commit) || records.empty() || !asked.insert(records).second) continue;
    std::vector<KeptTimes> kept;
    for (const RecordNo record : records) kept.push_back(records_[record].kept);
    all.push_back(model::in_any(std::move(kept)));
  }
  return model::in_all(std::move(all));
}

/// `inputs`: whole deltas of the commit's copies; `outputs`: places of those that go out; both ascend.
Status CompactRows::settle(CommitNo commit, std::span<const Noted> inputs, std::span<const std::uint64_t> outputs) {
  const auto& impl = log_.impl();
  store::CatalogRow& row = table_.rows[row_of_[commit]];
  if (!row.commit.setting.empty() || outputs.size() == row.commit.count) return {};
  model::PartialTree tree(row.commit.count);
  std::map<std::uint32_t, std::vector<std::uint64_t>> held;  // by each copy
  for (const Noted& in : inputs) {
    tree.add(in.place, in.leaf);
    held[in.part].push_back(in.place);
  }
  for (auto at = std::ranges::lower_bound(copies_, commit, {}, &Copy::commit);
       at != copies_.end() && at->commit == commit; ++at) {
    const Copy& copy = *at;
    const store::Segment& segment = impl.parts[copy.part].segment;
    if (!tree.add_copy(held[copy.part], segment.rows().nodes(copy.row))) {
      return error(ErrorCode::corrupt, "the hashes of pruned commit " +
                                           log_.dot_text({row.commit.origin, row.commit.first}) +
                                           " do not fit its deltas")
          .in(segment.file->name());
    }
  }
  auto nodes = tree.nodes(outputs);
  if (!nodes) {
    return error(ErrorCode::corrupt,
                 "deltas of commit " + log_.dot_text({row.commit.origin, row.commit.first}) + " are missing");
  }
  row.nodes = std::move(*nodes);
  row.records = records_of(commit);
  ++pruned_;
  return {};
}

Status CompactRows::settle_all() {
  if (!needs_leaves()) return {};
  std::vector<Noted> inputs;
  std::vector<std::uint64_t> outputs;
  CommitNo now{};
  const auto settle_until = [&](CommitNo end) -> Status {
    for (; now < end; now = successor(now)) {
      DELTA_OK(settle(now, inputs, outputs));
      inputs.clear();
      outputs.clear();
    }
    return {};
  };
  DELTA_OK(noted_.finish([&](const Noted& delta) -> Status {
    DELTA_OK(settle_until(delta.commit));
    delta.part == kOut ? outputs.push_back(delta.place) : inputs.push_back(delta);
    return {};
  }));
  return settle_until(nth<CommitNo>(log_.commits()));
}

Status CompactRows::finish(store::PackedWriter& writer) {
  DELTA_OK(settle_all());
  readable_times_ = output_times();
  for (const RecordNo record : numbers<RecordNo>(records_.size())) table_.records.push_back(records_[record]);
  // Each COMMITS frame says what its origins' first commits follow. Mostly the log said so, too.
  const auto link = [&]() -> Status {
    if (std::exchange(linked_, true)) return {};
    DELTA_TRY(const auto all, log_.hashes());
    for (const CommitNo commit : numbers<CommitNo>(log_.commits())) {
      const CommitView& c = log_.commit(commit);
      if (const auto before = log_.find_commit({c.origin, c.first - 1})) {
        table_.rows[row_of_[commit]].previous = all[*before];
      }
    }
    return {};
  };
  Indexed<RowNo, Hash> hashes(table_.rows.size());
  DELTA_TRY(const auto heads, log_.impl().heads(log_));
  for (const CommitNo commit : numbers<CommitNo>(log_.commits())) {
    const CommitView& c = log_.commit(commit);
    if (heads[c.origin].seq == c.last()) hashes[row_of_[commit]] = heads[c.origin].hash;
  }
  return writer.finish(table_, hashes, link);
}

}  // namespace delta::ops
