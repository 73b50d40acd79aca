#include "ops/merge_bundle.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "format/wire.hpp"
#include "store/extras.hpp"
#include "store/packed_writer.hpp"
#include "store/segment_writer.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

constexpr std::uint64_t kCached = 32 << 20;     // bytes as rows of blocks that are decoded
constexpr std::uint64_t kWorthThreads = 65536;  // deltas of a bundle

/// The names that a bundle uses, as numbers of its own: most bundles use few of those of their segment.
class Names {
 public:
  /// Origins in the order in which the segment has them, so that what is written does not depend on what else it holds.
  Names(const store::Segment& segment, std::span<const RowNo> rows) : segment_(segment) {
    std::set<SegmentOrigin> origins;
    std::set<RecordNo> records;
    for (const RowNo r : rows) {
      const auto row = segment.rows()[r];
      origins.insert(row.commit.origin);
      for (const auto& parent : row.commit.parents) origins.insert(parent.origin);
      records.insert(row.records.begin(), row.records.end());
    }
    for (const RecordNo record : records) {
      for (const auto& dot : segment.commits.records[record].seen) origins.insert(dot.origin);
      for (const auto& release : segment.commits.records[record].releases) {
        for (const auto& dot : release) origins.insert(dot.origin);
      }
    }
    for (const SegmentOrigin number : origins) origin(number);
  }

  OriginNo origin(SegmentOrigin number) { return catalog_.add_origin(segment_.names.origins[number]); }
  VectorNo vector(SegmentVector number) {
    const auto [place, fresh] = vectors_.try_emplace(number);
    if (!fresh) return place->second;
    const Namespace& ns = segment_.names.namespaces[segment_.owners[number]];
    return place->second = catalog_.add_vector(catalog_.add_namespace(ns.name, ns.dims), segment_.ids[index(number)]);
  }
  Commit renamed(const format::SegmentCommitView& commit) {
    return renumbered(commit, [this](SegmentOrigin number) { return origin(number); });
  }
  PruneRecord renamed(const format::SegmentRecord& record) {
    return record.renumbered([this](SegmentOrigin number) { return origin(number); });
  }
  const Catalog& catalog() const { return catalog_; }

 private:
  const store::Segment& segment_;
  Catalog catalog_;
  std::unordered_map<SegmentVector, VectorNo> vectors_;
};

}  // namespace

class BundleSource::Impl {
 public:
  Impl(store::Segment segment, unsigned threads) : segment_(std::move(segment)), threads_(threads) {}

  Status open() {
    DELTA_OK(store::load_tables(segment_));
    DELTA_TRY(hashes_, store::row_hashes(segment_, threads_));
    for (const RowNo r : segment_.rows().numbers()) ends_[{row(r).origin, row(r).last()}] = r;
    for (std::size_t i = 0; i < segment_.footer.frames.size(); ++i) {
      if (segment_.footer.frames[i].type == format::FrameType::data) data_.push_back(i);
    }
    return segment_.packed() ? find_deltas() : Status();
  }

  Status write(const Bundle& bundle, ByteSink& sink) const {
    std::uint64_t deltas = 0;
    for (const RowNo r : bundle.rows) deltas += row(r).deltas();
    const unsigned threads = deltas < kWorthThreads ? 1 : threads_;
    return segment_.packed() ? write_packed(bundle, threads, sink) : write_fresh(bundle, threads, sink);
  }

 private:
  /// Of a packed segment: where a delta is.
  struct Place {
    RowNo row;
    SegmentVector vector;
    std::uint32_t frame, number;  // of the delta in it
  };

  format::SegmentCommitView row(RowNo r) const { return segment_.rows()[r].commit; }
  Error bad(const std::string& what) const {
    return store::damaged(segment_, store::place_name(segment_.number, nullptr), what);
  }
  Error out_of_order() const { return bad("deltas are not in the order of vectors"); }

  Status find_deltas() {
    SegmentBatch batch;
    for (const std::size_t frame : data_) {
      batch.clear();
      DELTA_OK(store::read_data(segment_, frame, {store::Values::skipped}, batch));
      for (std::size_t d = 0; d < batch.size(); ++d) {
        places_.push_back(
            {batch.commits[d], batch.vectors[d], static_cast<std::uint32_t>(frame), static_cast<std::uint32_t>(d)});
      }
    }
    std::ranges::stable_sort(places_, {}, &Place::row);
    return {};
  }

  /// A block, decoded. Valid until the next call.
  Result<const SegmentBatch*> block(std::size_t frame) const {
    const auto known = blocks_.find(frame);
    if (known != blocks_.end()) return &known->second;
    if (cached_ > kCached) {
      blocks_.clear();
      cached_ = 0;
    }
    SegmentBatch& batch = blocks_[frame];
    DELTA_OK(store::read_data(segment_, frame, {store::Values::read}, batch));
    cached_ += batch.row_bytes();
    return &batch;
  }

  Status write_fresh(const Bundle& bundle, unsigned threads, ByteSink& sink) const {
    Names names(segment_, bundle.rows);
    DELTA_TRY(auto heads, heads_before(bundle, names));
    store::SegmentWriter writer(names.catalog(), std::move(heads), {.preset = Preset::balanced, .threads = threads},
                                sink);
    std::size_t next = 0;                 // in bundle.rows
    std::uint64_t deltas = 0;             // of that row
    const auto close = [&]() -> Status {  // it has all its deltas; a setting has none
      const RowNo r = bundle.rows[next++];
      Commit commit = names.renamed(row(r));
      if (commit.deltas() != deltas) return bad("deltas of commit row " + std::to_string(index(r)) + " are missing");
      if (deltas == 0) writer.begin(commit.origin, commit.first);
      deltas = 0;
      return writer.end(std::move(commit));
    };
    for (std::size_t i = first_block(bundle.rows.front()); i < data_.size() && next < bundle.rows.size(); ++i) {
      DELTA_TRY(const SegmentBatch* const batch, block(data_[i]));
      const auto begin = std::ranges::lower_bound(batch->commits, bundle.rows[next]);
      for (auto d = static_cast<std::size_t>(begin - batch->commits.begin());
           d < batch->size() && next < bundle.rows.size(); ++d) {
        const SegmentDelta delta = (*batch)[d];
        while (next < bundle.rows.size() && bundle.rows[next] < delta.commit) DELTA_OK(close());
        if (next == bundle.rows.size() || bundle.rows[next] != delta.commit) continue;
        if (deltas++ == 0) writer.begin(names.origin(row(delta.commit).origin), row(delta.commit).first);
        DELTA_OK(writer.add(delta.numbered(names.vector(delta.vector), CommitNo{})));
      }
    }
    while (next < bundle.rows.size()) DELTA_OK(close());
    return writer.finish();
  }

  /// Place in data_ of the first block that may hold deltas of a row.
  std::size_t first_block(RowNo row) const {
    const std::uint64_t begin = row == RowNo{0} ? 0 : segment_.row_ends[nth<RowNo>(index(row) - 1)];
    const auto before = [&](std::size_t frame) {
      return segment_.footer.frames[frame].first + segment_.footer.frames[frame].count <= begin;
    };
    return static_cast<std::size_t>(std::ranges::partition_point(data_, before) - data_.begin());
  }

  /// Rows with their records and hashes of what is gone, and the deltas in the order in which they stand: by vector, as
  /// they are to.
  Status write_packed(const Bundle& bundle, unsigned threads, ByteSink& sink) const {
    Names names(segment_, bundle.rows);
    DELTA_TRY(const auto heads, heads_before(bundle, names));
    store::CatalogTable table;
    Indexed<RowNo, Hash> hashes;
    std::map<OriginNo, Hash> before;              // of each
    std::map<RecordNo, RecordNo> records;         // of the segment -> of the table
    std::vector<std::pair<RowNo, Place>> deltas;  // with their row in the table
    Buffer identity;
    format::Writer identity_text(identity);
    for (const RowNo r : bundle.rows) {
      const auto from = segment_.rows()[r];
      identity_text.text(segment_.names.origins[from.commit.origin]);
      identity_text.fixed(from.commit.first);
      const RowNo row = table.rows.push_back({names.renamed(from.commit),
                                              {},
                                              {from.records.begin(), from.records.end()},
                                              {from.nodes.begin(), from.nodes.end()}});
      auto& [commit, previous, under, nodes] = table.rows.back();
      const auto head = before.try_emplace(commit.origin, heads[commit.origin].hash).first;
      previous = std::exchange(head->second, hashes_[r]);
      hashes.push_back(hashes_[r]);
      for (const RecordNo record : under) records.try_emplace(record);
      for (auto place = std::ranges::lower_bound(places_, r, {}, &Place::row);
           place != places_.end() && place->row == r; ++place) {
        deltas.emplace_back(row, *place);
      }
    }
    for (auto& [record, number] : records) {
      number = table.records.push_back(names.renamed(segment_.commits.records[record]));
    }
    for (auto& of_row : table.rows) {
      for (auto& record : of_row.records) record = records.at(record);
    }
    std::ranges::sort(deltas, {}, [](const auto& d) { return std::pair(d.second.frame, d.second.number); });
    DELTA_TRY(const auto vectors, vectors_of(deltas, names));
    store::PackedWriter writer(names.catalog(), table.rows, vectors, table.rows.front().previous,
                               {Preset::balanced, threads, std::move(identity)}, sink);
    for (const auto& [row, place] : deltas) {
      DELTA_TRY(const SegmentBatch* const batch, block(place.frame));
      const SegmentDelta delta = (*batch)[place.number];
      DELTA_OK(writer.add(delta.numbered(names.vector(delta.vector), row)));
    }
    return writer.finish(table, hashes);
  }

  /// The vectors of these deltas, in the order in which they come.
  Result<std::vector<VectorNo>> vectors_of(std::span<const std::pair<RowNo, Place>> deltas, Names& names) const {
    std::vector<VectorNo> out;
    SegmentVector next{};  // a packed segment numbers vectors as they come
    for (const auto& [row, place] : deltas) {
      if (place.vector >= next) {
        out.push_back(names.vector(place.vector));
        next = successor(place.vector);
      } else if (successor(place.vector) != next) {
        return out_of_order();
      }
    }
    if (names.catalog().vectors() != out.size()) return out_of_order();  // a name stands twice
    return out;
  }

  /// Where each origin of the bundle stood before the first of its rows there, by the numbers of `names`.
  Result<store::Heads> heads_before(const Bundle& bundle, Names& names) const {
    store::Heads heads(names.catalog().origins());
    Indexed<OriginNo, bool> known(heads.size());
    for (const RowNo r : bundle.rows) {
      const format::SegmentCommitView& commit = row(r);
      const OriginNo origin = names.origin(commit.origin);
      if (known[origin]) continue;
      known[origin] = true;
      if (commit.first == 1) continue;
      store::Head& head = heads[origin];
      const auto before = ends_.find({commit.origin, commit.first - 1});
      head = {commit.first - 1, {}, before != ends_.end() ? hashes_[before->second] : segment_.rows()[r].previous};
      if (head.hash != Hash{}) continue;
      return bad("the hash of the commit before " + model::dot_text(names.catalog(), {origin, commit.first}) +
                 " is not stated");
    }
    return heads;
  }

  store::Segment segment_;
  unsigned threads_;
  Indexed<RowNo, Hash> hashes_;
  std::map<format::SegmentDot, RowNo> ends_;  // rows by their last dot
  std::vector<std::size_t> data_;             // DATA frames
  std::vector<Place> places_;                 // packed: of all deltas, by row, then as they stand
  mutable std::unordered_map<std::size_t, SegmentBatch> blocks_;
  mutable std::uint64_t cached_ = 0;  // bytes of them
};

BundleSource::BundleSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BundleSource::BundleSource(BundleSource&&) noexcept = default;
BundleSource& BundleSource::operator=(BundleSource&&) noexcept = default;
BundleSource::~BundleSource() = default;

Result<BundleSource> BundleSource::open(const store::Segment& segment, unsigned threads) {
  DELTA_OK(store::check_rewritable(segment));
  auto impl = std::make_unique<Impl>(segment, threads);
  DELTA_OK(impl->open());
  return BundleSource(std::move(impl));
}

Status BundleSource::write(const Bundle& bundle, ByteSink& sink) { return impl_->write(bundle, sink); }

std::vector<Bundle> cut_bundles(const MergeSet& set, const MergePart& part, std::span<const RowNo> rows) {
  std::vector<Bundle> bundles;
  std::map<OriginNo, std::uint64_t> lasts;  // of each in the last bundle
  for (const RowNo r : rows) {
    const CommitView& c = set.history().commit(part.commits[r]);
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

}  // namespace delta::ops
