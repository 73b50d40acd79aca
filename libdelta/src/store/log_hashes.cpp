// The hashes of a log's commits: leaves of all deltas, gathered into the trees of their commits and chained by origin.
#include <algorithm>

#include "base/boundary.hpp"
#include "model/canonical.hpp"
#include "store/union.hpp"

namespace delta {

namespace {

/// Roots of all commits of a log, from their deltas. Of a fresh segment the leaves come in order and are folded as they
/// come; those of a packed one come by vector and are gathered: 48 bytes a delta.
class Roots {
 public:
  explicit Roots(const store::Union& log) : log_(log), trees_(log.history.size()), chosen_(log.history.size()) {
    for (const auto& part : log.parts) {
      for (const RowNo row : part.commits.numbers()) {
        auto& chosen = chosen_[part.commits[row]];
        if (!part.superseded[row] && !chosen.part) chosen = {&part, row};
      }
    }
  }

  void take(const store::Union::Block& block) {
    const bool packed = block.part->segment.packed();
    for (std::size_t i = 0; i < block.leaves.size(); ++i) {
      const CommitNo commit = block.batch.commits[i];
      if (chosen_[commit].part != block.part || block.batch.lost[i] != 0) continue;
      if (packed) {
        placed_.push_back({commit, block.batch.seqs[i] - log_.history.commit(commit).first, block.leaves[i]});
      } else {
        trees_[commit].add(block.leaves[i]);
      }
    }
  }

  void finish() {
    std::ranges::sort(placed_, {}, [](const Placed& p) { return std::pair(p.commit, p.place); });
  }

  std::optional<Hash> root(CommitNo number) const {
    const Commit& commit = log_.history.commit(number);
    if (!commit.setting.empty()) return model::setting_hash(log_.catalog, commit);
    const auto& [part, row] = chosen_[number];
    if (!part) return std::nullopt;
    if (!part->segment.packed()) {
      return trees_[number].size() == commit.count ? std::optional(trees_[number].root()) : std::nullopt;
    }
    model::PartialTree tree(commit.count);
    std::vector<std::uint64_t> places;
    for (auto p = std::ranges::lower_bound(placed_, number, {}, &Placed::commit);
         p != placed_.end() && p->commit == number; ++p) {
      tree.add(p->place, p->leaf);
      places.push_back(p->place);
    }
    if (!tree.add_copy(places, part->segment.rows()[row].nodes)) return std::nullopt;
    return tree.root();
  }

 private:
  struct Placed {
    CommitNo commit;
    std::uint64_t place;
    Hash leaf;
  };
  struct Copy {
    const store::LoadedSegment* part = nullptr;
    RowNo row{};
  };
  const store::Union& log_;
  Indexed<CommitNo, model::MerkleTree> trees_;
  Indexed<CommitNo, Copy> chosen_;  // one copy of each: what stands for the rest in one is not what does in another
  std::vector<Placed> placed_;
};

}  // namespace

Result<Indexed<CommitNo, Hash>> Log::hashes() const try {
  const Boundary boundary;
  if (impl_->wanted) {  // a hash is of all that a commit changed
    DELTA_TRY(const Log whole, impl_->with_all_ids());
    return whole.hashes();
  }
  Roots roots(*impl_);
  store::Union::StreamOptions options;
  options.leaves = true;
  DELTA_OK(
      impl_->stream(options, [&](const store::Union::Block& block) -> Status { return roots.take(block), Status{}; }));
  roots.finish();
  const auto all = numbers<CommitNo>(commits());
  std::vector<CommitNo> order(all.begin(), all.end());
  std::ranges::sort(order, {}, [&](CommitNo n) { return std::pair(commit(n).origin, commit(n).first); });
  Indexed<CommitNo, Hash> hashes(commits());
  const Commit* before = nullptr;
  Hash last{};
  for (const auto n : order) {
    const Commit& c = commit(n);
    const bool follows = before && before->origin == c.origin && before->last() + 1 == c.first;
    if (!follows) last = impl_->previous[n].value_or(Hash{});
    before = &c;
    if (c.first > 1 && last == Hash{}) continue;  // what it continues is nowhere to be found
    const auto root = roots.root(n);
    if (!root) return error(ErrorCode::corrupt, "deltas of commit " + dot_text({c.origin, c.first}) + " are missing");
    hashes[n] = last = model::commit_hash(catalog(), c, *root, last);
  }
  return hashes;
} catch (...) {
  return caught();
}

}  // namespace delta
