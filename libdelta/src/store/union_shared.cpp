// Copies of a log that were pruned apart may each hold a delta, or another part of it. Whoever reads the log gets it
// once, with all that any copy has of it. For that the deltas of some vectors are gathered at a time: packed segments,
// which alone are pruned, hold those of a vector together.
#include <algorithm>
#include <numeric>

#include "model/fold.hpp"
#include "model/pieces.hpp"
#include "store/union.hpp"

namespace delta {
namespace {

constexpr std::uint64_t kGathered = 32 << 20;   // bytes as rows, unless one vector has more
constexpr std::uint64_t kHandedOn = 256 << 10;  // in one block
constexpr std::uint64_t kDeltaBytes = 64;       // beside its indices and values

std::uint64_t size_of(const std::vector<std::uint64_t>& ends, std::size_t i) {
  return ends[i] - (i == 0 ? 0 : ends[i - 1]);
}

/// A delta without what has not been decoded of it.
void add_place(DeltaBatch& to, const DeltaBatch& from, std::size_t i) {
  to.ops.push_back(from.ops[i]);
  to.vectors.push_back(from.vectors[i]);
  to.times.push_back(from.times[i]);
  to.commits.push_back(from.commits[i]);
  to.seqs.push_back(from.seqs[i]);
  to.lost.push_back(from.lost[i]);
  const auto add_end = [i](std::vector<std::uint64_t>& ends, const std::vector<std::uint64_t>& others) {
    ends.push_back((ends.empty() ? 0 : ends.back()) + size_of(others, i));
  };
  add_end(to.index_ends, from.index_ends);
  add_end(to.bits_ends, from.bits_ends);
  add_end(to.metadata_ends, from.metadata_ends);
}

/// The deltas of some vectors out of all copies.
class Gathered {
 public:
  Gathered(const store::Union& log, const model::OriginRanks& ranks, bool values)
      : log_(log), ranks_(ranks), values_(values) {}

  void add(const DeltaBatch& batch, std::size_t i) { values_ ? all_.add(batch[i]) : add_place(all_, batch, i); }

  /// In order of vector and key, each delta once.
  Status each(const store::Union::Visit& visit) {
    std::vector<std::uint32_t> order(all_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [this](std::uint32_t a, std::uint32_t b) { return less(a, b); });
    store::Union::Block block;
    for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
      while (end < order.size() && same_delta(order[i], order[end])) ++end;
      add_one(std::span(order).subspan(i, end - i), block.batch);
      if (end < order.size() && block.batch.row_bytes() < kHandedOn) continue;
      DELTA_OK(visit(block));
      block.batch.clear();
    }
    return {};
  }

 private:
  bool same_delta(std::uint32_t a, std::uint32_t b) const {
    return all_.commits[a] == all_.commits[b] && all_.seqs[a] == all_.seqs[b];
  }

  bool less(std::uint32_t a, std::uint32_t b) const {
    if (all_.vectors[a] != all_.vectors[b]) return all_.vectors[a] < all_.vectors[b];
    const auto order = key(a) <=> key(b);
    return order != 0 ? order < 0 : a < b;
  }
  model::RankedKey key(std::uint32_t i) const {
    return {ranks_, {all_.times[i], log_.history.origin(all_.commits[i]), all_.seqs[i]}};
  }

  void add_one(std::span<const std::uint32_t> pieces, DeltaBatch& out) const {
    if (!values_) return add_place(out, all_, pieces.front());
    if (pieces.size() == 1) return out.add(all_[pieces.front()]);
    std::vector<Delta> deltas;
    for (const std::uint32_t i : pieces) deltas.push_back(all_[i]);
    DeltaBatch united;
    model::put_in_key_order(log_.history, ranks_, log_.catalog.dims(deltas.front().vector), deltas, united);
    out.add(deltas.front());
  }

  const store::Union& log_;
  const model::OriginRanks& ranks_;
  bool values_;
  DeltaBatch all_;
};

}  // namespace

Status store::Union::stream_shared(const StreamOptions& options, const Visit& visit) const {
  const auto stream_some = [&](const StreamOptions& some, const auto& take) {
    auto chosen = plan(some);
    std::erase_if(chosen, [](const store::FrameRef& place) { return !place.part->shares; });
    return stream_places(chosen, some, [&](const Block& block) -> Status {
      for (std::size_t i = 0; i < block.batch.size(); ++i) {
        if (some.vectors->contains(block.batch.vectors[i])) take(block.batch, i);
      }
      return {};
    });
  };
  Indexed<VectorNo, std::uint64_t> bytes(catalog.vectors());
  StreamOptions sizes = options;
  sizes.values = store::Values::skipped;
  DELTA_OK(stream_some(sizes, [&](const DeltaBatch& batch, std::size_t i) {
    bytes[batch.vectors[i]] += kDeltaBytes + 4 * (size_of(batch.index_ends, i) + size_of(batch.bits_ends, i));
  }));
  const auto ranks = model::origin_ranks(catalog);
  for (std::size_t first = 0, end = 0; first < bytes.size(); first = end) {
    VectorSet group;
    std::uint64_t sum = 0;
    for (const VectorNo vector : numbers<VectorNo>(bytes.size(), first)) {
      if (sum > 0 && sum + bytes[vector] > kGathered) break;
      sum += bytes[vector];
      if (bytes[vector] > 0) group.insert(vector);
      end = index(vector) + 1;
    }
    if (sum == 0) break;
    StreamOptions some = options;
    some.vectors = &group;
    Gathered gathered(*this, ranks, options.values == store::Values::read);
    DELTA_OK(stream_some(some, [&](const DeltaBatch& batch, std::size_t i) { gathered.add(batch, i); }));
    DELTA_OK(gathered.each(visit));
  }
  return {};
}

}  // namespace delta
