// Pieces of one delta never contradict each other, but by damage or forgery; then the first one given counts.
#include "model/pieces.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "model/metadata.hpp"

namespace delta::model {
namespace {

/// To key order; among equals as they came.
void sort(const History& history, const OriginRanks& ranks, std::vector<Delta>& deltas) {
  struct Place {
    RankedKey key;
    std::uint32_t number;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> order;
  order.reserve(deltas.size());
  for (const Delta& c : deltas) {
    const RankedKey key(ranks, {c.time, history.origin(c.commit), c.seq});
    order.push_back({key, static_cast<std::uint32_t>(order.size())});
  }
  if (std::ranges::is_sorted(order)) return;
  std::ranges::sort(order);
  std::vector<Delta> sorted;
  sorted.reserve(order.size());
  for (const Place& place : order) sorted.push_back(deltas[place.number]);
  deltas = std::move(sorted);
}

bool same_delta(const Delta& a, const Delta& b) { return a.commit == b.commit && a.seq == b.seq; }

/// One delta of several pieces. What it gives views the pieces and itself.
class Union {
 public:
  Union(std::span<const Delta> pieces, std::uint32_t dims) : united_(pieces.front()) {
    for (const Delta& piece : pieces.subspan(1)) {
      if (piece.op != united_.op) continue;
      if ((piece.lost & pruned::mark) == 0) united_.lost &= static_cast<std::uint8_t>(~pruned::mark);
      take_values(piece, dims);
      take_metadata(piece);
    }
    const bool whole = std::any_of(pieces.begin(), pieces.end(), [](const Delta& piece) { return piece.lost == 0; });
    if (!whole && united_.lost == 0) keep_marked(dims);
  }
  const Delta& delta() const { return united_; }

 private:
  void take_values(const Delta& piece, std::uint32_t dims) {
    if ((united_.lost & pruned::values) == 0) return;
    if ((piece.lost & pruned::values) == 0) {
      united_.indices = piece.indices;
      united_.bits = piece.bits;
      united_.lost &= static_cast<std::uint8_t>(~pruned::values);
      return;
    }
    std::map<std::uint32_t, std::uint32_t> all;
    for (std::size_t i = 0; i < united_.indices.size(); ++i) all.emplace(united_.indices[i], united_.bits[i]);
    for (std::size_t i = 0; i < piece.indices.size(); ++i) all.emplace(piece.indices[i], piece.bits[i]);
    indices_.clear();
    bits_.clear();
    for (const auto& [index, bits] : all) {
      indices_.push_back(index);
      bits_.push_back(bits);
    }
    if (united_.op != Operation::sparse && bits_.size() == dims) {
      indices_.clear();
      united_.lost &= static_cast<std::uint8_t>(~pruned::values);
    }
    united_.indices = indices_;
    united_.bits = bits_;
  }

  void take_metadata(const Delta& piece) {
    if ((united_.lost & pruned::metadata) == 0) return;
    if ((piece.lost & pruned::metadata) == 0) {
      united_.metadata = piece.metadata;
      united_.lost &= static_cast<std::uint8_t>(~pruned::metadata);
      return;
    }
    std::map<std::string, MetadataMember> all;
    for (const std::string_view text : {united_.metadata, piece.metadata}) {
      for (const MetadataMember& member : metadata_members(text)) all.emplace(metadata_name(member.name), member);
    }
    std::vector<MetadataMember> members;
    for (const auto& [name, member] : all) members.push_back(member);
    metadata_ = metadata_text(members);
    united_.metadata = metadata_;
  }

  /// Complete again, but of no copy that had it whole: none can prove it. It stays a piece that happens to have
  /// everything.
  void keep_marked(std::uint32_t dims) {
    if (!is_assignment(united_.op)) {
      united_.lost = pruned::metadata;
      return;
    }
    united_.lost = pruned::values;
    if (united_.op == Operation::sparse) return;
    indices_.resize(dims);
    std::iota(indices_.begin(), indices_.end(), 0);
    united_.indices = indices_;
  }

  Delta united_;
  std::vector<std::uint32_t> indices_, bits_;
  std::string metadata_;
};

}  // namespace

void put_in_key_order(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta>& deltas,
                      DeltaBatch& united) {
  const auto follows = [&](const Delta& a, const Delta& b) {
    if (a.time != b.time) return a.time < b.time;
    const auto x = ranks[history.origin(a.commit)], y = ranks[history.origin(b.commit)];
    return x != y ? x < y : a.seq < b.seq;
  };
  const auto bad = [&](const Delta& a, const Delta& b) { return !follows(a, b); };
  if (std::adjacent_find(deltas.begin(), deltas.end(), bad) == deltas.end()) return;
  sort(history, ranks, deltas);
  std::vector<std::size_t> places;  // in `deltas`, of what `united` holds: viewed when that grows no more
  std::size_t kept = 0;
  for (std::size_t i = 0; i < deltas.size();) {
    std::size_t end = i + 1;
    while (end < deltas.size() && same_delta(deltas[i], deltas[end])) ++end;
    if (end - i > 1 && deltas[i].lost != 0) {
      united.add(Union({deltas.data() + i, end - i}, dims).delta());
      places.push_back(kept);
    }
    deltas[kept++] = deltas[i];
    i = end;
  }
  deltas.resize(kept);
  const std::size_t first = united.size() - places.size();
  for (std::size_t i = 0; i < places.size(); ++i) deltas[places[i]] = united[first + i];
}

}  // namespace delta::model
