#include "ops/merge_bundle.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "format/wire.hpp"
#include "store/log_impl.hpp"
#include "store/packed_writer.hpp"
#include "store/segment_writer.hpp"

namespace delta::ops {
namespace {

class BundleWriter {
 public:
  BundleWriter(store::Segment segment, const Bundle& bundle, unsigned threads) : segment_(std::move(segment)), bundle_(bundle), threads_(threads) {}

  Status run(const store::SegmentFile::Sink& sink) {
    DELTA_OK(store::load_tables(segment_));
    DELTA_TRY(hashes_, store::row_hashes(segment_, threads_));
    auto numbers = store::add_names(segment_, catalog_);
    origins_ = std::move(numbers.origins), vectors_ = std::move(numbers.vectors);
    return segment_.packed() ? write_packed(sink) : write_fresh(sink);
  }

 private:
  const Commit& row(std::size_t r) const { return segment_.rows()[r].commit; }

  Status write_fresh(const store::SegmentFile::Sink& sink) {
    DELTA_TRY(auto heads, heads_before());
    store::SegmentWriter writer(catalog_, std::move(heads), {.preset = Preset::balanced, .threads = threads_}, sink);
    ChangeBatch batch;
    for (std::size_t i = 0; i < segment_.footer.frames.size() && next_ < bundle_.rows.size(); ++i) {
      if (!holds_wanted(segment_.footer.frames[i])) continue;
      batch.clear();
      DELTA_OK(store::read_data(segment_, i, true, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) DELTA_OK(take(batch[d], writer));
    }
    while (next_ < bundle_.rows.size()) DELTA_OK(close_row(writer));
    return writer.finish();
  }

  /// Rows with their records and hashes of what is gone, and the deltas in the order in which they stand: by vector, as they are to.
  Status write_packed(const store::SegmentFile::Sink& sink) {
    DELTA_TRY(const auto heads, heads_before());
    format::CommitTable table;
    std::vector<Hash> hashes;
    std::map<std::uint32_t, Hash> before;  // of each origin
    for (const auto& [origin, row] : known_) before[origin] = heads[origin].hash;
    std::vector<std::uint32_t> places(segment_.rows().size());  // row -> place in the bundle + 1
    Buffer identity;
    format::Writer names(identity);
    for (const auto& record : segment_.commits.records) table.records.push_back(store::renumbered(record, origins_));
    for (const std::size_t r : bundle_.rows) {
      table.rows.push_back(segment_.rows()[r]);
      auto& [commit, previous, records, nodes] = table.rows.back();
      names.text(segment_.names.origins[commit.origin]), names.fixed(commit.first);
      commit = store::renumbered(std::move(commit), origins_);
      previous = std::exchange(before[commit.origin], hashes_[r]);
      hashes.push_back(hashes_[r]);
      places[r] = static_cast<std::uint32_t>(table.rows.size());
    }
    DELTA_TRY(const auto vectors, vectors_of(places));
    store::PackedWriter writer(catalog_, table.rows, vectors, table.rows.front().previous, {Preset::balanced, threads_, std::move(identity)}, sink);
    DELTA_OK(each_delta(places, true, [&](const ChangeBatch& batch, std::size_t i) {
      Change change = batch[i];
      change.commit = places[change.commit] - 1;
      change.vector = vectors_[change.vector];
      return writer.add(change);
    }));
    return writer.finish(table, hashes);
  }

  /// Deltas of the rows that have a place, as they stand.
  using Visit = std::function<Status(const ChangeBatch&, std::size_t)>;
  Status each_delta(const std::vector<std::uint32_t>& places, bool values, const Visit& visit) const {
    ChangeBatch batch;
    for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
      if (segment_.footer.frames[i].type != format::FrameType::data) continue;
      batch.clear();
      DELTA_OK(store::read_data(segment_, i, values, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) {
        if (places[batch.commits[d]] != 0) DELTA_OK(visit(batch, d));
      }
    }
    return {};
  }

  /// The vectors of these rows' deltas, in the order in which they come.
  Result<std::vector<std::uint32_t>> vectors_of(const std::vector<std::uint32_t>& places) const {
    std::vector<std::uint32_t> out;
    std::uint32_t next = 0;  // a packed segment numbers vectors as they come
    DELTA_OK(each_delta(places, false, [&](const ChangeBatch& batch, std::size_t i) -> Status {
      const std::uint32_t vector = batch.vectors[i];
      if (vector >= next) {
        out.push_back(vectors_[vector]);
        next = vector + 1;
      } else if (vector + 1 != next) {
        return out_of_order();
      }
      return {};
    }));
    if (catalog_.vectors() != segment_.vectors()) return out_of_order();  // a name stands twice
    return out;
  }
  Error out_of_order() const { return store::damaged(segment_, store::place_name(segment_.number, nullptr), "deltas are not in the order of vectors"); }

  /// Where each origin stood before the first of its rows here, which known_ names.
  Result<std::vector<store::Head>> heads_before() {
    std::vector<store::Head> heads(catalog_.origins());
    std::map<Dot, std::size_t> ends;  // rows by their last dot
    for (std::size_t r = 0; r < segment_.rows().size(); ++r) ends[{row(r).origin, row(r).last()}] = r;
    for (const std::size_t r : bundle_.rows) {
      const Commit& commit = row(r);
      const std::uint32_t origin = origins_[commit.origin];
      if (!known_.try_emplace(origin, r).second || commit.first == 1) continue;
      const auto before = ends.find({commit.origin, commit.first - 1});
      heads[origin] = {commit.first - 1, {}, before != ends.end() ? hashes_[before->second] : segment_.rows()[r].previous};
      if (heads[origin].hash != Hash{}) continue;
      return store::damaged(segment_, store::place_name(segment_.number, nullptr),
                            "the hash of the commit before " + model::dot_text(catalog_, {origin, commit.first}) + " is not stated");
    }
    return heads;
  }

  bool holds_wanted(const format::FrameEntry& frame) const {
    if (frame.type != format::FrameType::data) return false;
    const std::size_t row = bundle_.rows[next_];
    const std::uint64_t begin = row == 0 ? 0 : segment_.row_ends[row - 1];
    return frame.first + frame.count > begin;
  }

  Status take(const Change& change, store::SegmentWriter& writer) {
    while (next_ < bundle_.rows.size() && bundle_.rows[next_] < change.commit) DELTA_OK(close_row(writer));
    if (next_ == bundle_.rows.size() || bundle_.rows[next_] != change.commit) return {};
    const Commit& commit = row(change.commit);
    if (deltas_++ == 0) writer.begin(origins_[commit.origin], commit.first);
    Change renamed = change;
    renamed.vector = vectors_[change.vector];
    return writer.add(renamed);
  }

  /// The next row has all its deltas; a setting has none.
  Status close_row(store::SegmentWriter& writer) {
    const std::size_t r = bundle_.rows[next_++];
    Commit commit = store::renumbered(row(r), origins_);
    if (commit.deltas() != deltas_) {
      return store::damaged(segment_, store::place_name(segment_.number, nullptr), "deltas of commit row " + std::to_string(r) + " are missing");
    }
    if (deltas_ == 0) writer.begin(commit.origin, commit.first);
    deltas_ = 0;
    return writer.end(std::move(commit));
  }

  store::Segment segment_;
  const Bundle& bundle_;
  unsigned threads_;
  Catalog catalog_;
  std::vector<std::uint32_t> origins_, vectors_;  // segment number -> catalog number
  std::vector<Hash> hashes_;                      // of each row's commit
  std::map<std::uint32_t, std::size_t> known_;    // origin -> the first of its rows in the bundle
  std::size_t next_ = 0;                          // in bundle_.rows
  std::uint64_t deltas_ = 0;                      // of the row that is open
};

}  // namespace

std::vector<Bundle> cut_bundles(const MergeSet& set, const MergePart& part, std::span<const std::size_t> rows) {
  std::vector<Bundle> bundles;
  std::map<std::uint32_t, std::uint64_t> lasts;  // of each origin in the last bundle
  for (const std::size_t r : rows) {
    const Commit& c = set.history().commit(part.commits[r]);
    const auto last = lasts.find(c.origin);
    if (bundles.empty() || (last != lasts.end() && last->second + 1 != c.first)) {
      bundles.push_back({&part, {}, {}});
      lasts.clear();
    }
    Bundle& bundle = bundles.back();
    const Key key{c.time, c.origin, c.last()};
    if (bundle.rows.empty() || key_less(set.catalog(), key, bundle.first)) bundle.first = key;
    bundle.rows.push_back(r);
    lasts[c.origin] = c.last();
  }
  return bundles;
}

Status write_bundle(const Bundle& bundle, unsigned threads, const store::SegmentFile::Sink& sink) {
  const store::Segment& segment = bundle.part->segment;
  if ((segment.header.features.ro_compat & ~format::kKnownFeatures.ro_compat) != 0) {
    return error(ErrorCode::unsupported, "only some of it is wanted, and it has features that this version does not know")
        .in(segment.file->name())
        .at(store::place_name(segment.number, nullptr));
  }
  return BundleWriter(segment, bundle, threads).run(sink);
}

}  // namespace delta::ops
