// The hashes of a log's commits: leaves of all deltas, gathered into the trees of their commits and chained by origin.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/boundary.hpp"
#include "delta/memory.hpp"
#include "model/canonical.hpp"
#include "model/copy_tree.hpp"
#include "store/spill_sort.hpp"
#include "store/union.hpp"

namespace delta {

namespace {

/// Roots of all commits of a log, from their deltas. Those of a fresh segment come in order and are added up as they
/// come; those of a packed one come by vector and are sorted.
class Roots {
 public:
  /// `memory`: bytes for the leaves of packed segments; what does not fit goes to a temporary file.
  Roots(const store::Union& log, std::uint64_t memory)
      : log_(log), trees_(log.history.size()), chosen_(log.history.size()), roots_(log.history.size()) {
    std::uint64_t stored = 0;
    for (const auto& part : log.parts) {
      for (const RowNo row : part.commits.numbers()) {
        auto& chosen = chosen_[part.commits[row]];
        const Copy copy{&part, row};
        if (!part.superseded[row] && (!chosen.part || (chosen.incomplete() && !copy.incomplete()))) chosen = copy;
      }
      if (part.segment.packed()) stored += part.segment.committed();
    }
    placed_.emplace(memory, stored);
  }

  Status take(const store::Union::Block& block) {
    const bool packed = block.part->segment.packed();
    for (std::size_t i = 0; i < block.leaves.size(); ++i) {
      const CommitNo commit = block.batch.commits[i];
      if (chosen_[commit].part != block.part || block.batch.lost[i] != 0) continue;
      if (packed) {
        const std::uint64_t place = block.batch.seqs[i] - log_.history.commit(commit).first;
        DELTA_OK(placed_->add({place, commit, 0, block.leaves[i]}));
      } else {
        auto& tree = trees_[commit];
        tree.add(block.leaves[i]);
        if (tree.size() == log_.history.commit(commit).count) roots_[commit] = std::exchange(tree, {}).root();
      }
    }
    return {};
  }

  Status finish() {
    CommitNo number{};
    std::optional<model::CopyTree> tree;
    const auto next = [&](CommitNo to) {
      if (tree) roots_[number] = tree->root(chosen_[number].part->segment.rows().nodes(chosen_[number].row));
      tree.reset();
      number = to;
    };
    DELTA_OK(placed_->finish([&](const Placed& delta) -> Status {
      if (delta.commit != number) next(delta.commit);
      if (!tree) begin(delta.commit, tree);
      tree->add(delta.place, delta.leaf);
      return {};
    }));
    next(number);
    for (const CommitNo other : roots_.numbers()) {
      if (roots_[other] || !chosen_[other].part || !chosen_[other].part->segment.packed()) continue;
      begin(other, tree);  // no delta of it is whole
      roots_[other] = tree->root(chosen_[other].part->segment.rows().nodes(chosen_[other].row));
    }
    return {};
  }

  std::optional<Hash> root(CommitNo number) const {
    const CommitView& commit = log_.history.commit(number);
    if (!commit.setting.empty()) return model::setting_hash(log_.catalog, commit);
    const auto& part = chosen_[number].part;
    if (!part) return std::nullopt;
    return roots_[number];
  }

 private:
  struct Placed {
    std::uint64_t place;  // in its commit
    CommitNo commit;
    std::uint32_t unused;
    Hash leaf;
    friend bool operator<(const Placed& a, const Placed& b) {
      return a.commit != b.commit ? a.commit < b.commit : a.place < b.place;
    }
  };
  struct Copy {
    const store::LoadedSegment* part = nullptr;
    RowNo row{};
    bool incomplete() const {
      const auto& records = part->segment.commits.records;
      return std::ranges::any_of(part->segment.rows().records(row), [&](RecordNo r) { return records[r].lost; });
    }
  };
  void begin(CommitNo number, std::optional<model::CopyTree>& tree) const {
    const auto& rows = chosen_[number].part->segment.rows();
    const RowNo row = chosen_[number].row;
    tree.emplace(rows.commits().count(row), !rows.records(row).empty());
  }

  const store::Union& log_;
  Indexed<CommitNo, model::MerkleTree> trees_;
  Indexed<CommitNo, Copy> chosen_;  // one copy of each: what stands for the rest in one is not what does in another
  Indexed<CommitNo, std::optional<Hash>> roots_;
  std::optional<store::SpillSort<Placed>> placed_;
};

}  // namespace

Result<Indexed<CommitNo, Hash>> Log::hashes() const try {
  const Boundary boundary;
  if (impl_->wanted) {  // a hash is of all that a commit changed
    DELTA_TRY(const Log whole, impl_->with_all_ids());
    return whole.hashes();
  }
  DELTA_TRY(const std::uint64_t memory, default_memory());
  Roots roots(*impl_, memory);
  store::Union::StreamOptions options;
  options.leaves = true;
  DELTA_OK(impl_->stream(options, [&](const store::Union::Block& block) -> Status { return roots.take(block); }));
  DELTA_OK(roots.finish());
  const auto all = numbers<CommitNo>(commits());
  std::vector<CommitNo> order(all.begin(), all.end());
  std::ranges::sort(order, {}, [&](CommitNo n) { return std::pair(commit(n).origin, commit(n).first); });
  Indexed<CommitNo, Hash> hashes(commits());
  std::optional<CommitView> before;
  Hash last{};
  for (const auto n : order) {
    const CommitView c = commit(n);
    const bool follows = before && before->origin == c.origin && before->last() + 1 == c.first;
    if (!follows || last == Hash{}) last = impl_->previous_of(n);
    before = c;
    if (c.first > 1 && last == Hash{}) continue;  // what it continues is nowhere to be found
    const auto root = roots.root(n);
    if (root == Hash{} || impl_->history.incomplete(n)) {  // damage took deltas of it
      last = Hash{};
      continue;
    }
    if (!root) return error(ErrorCode::corrupt, "deltas of commit " + dot_text({c.origin, c.first}) + " are missing");
    hashes[n] = last = model::commit_hash(catalog(), c, *root, last);
  }
  return hashes;
} catch (...) {
  return caught();
}

}  // namespace delta
