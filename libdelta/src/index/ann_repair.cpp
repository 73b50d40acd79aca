// Repairing an index: only what is stale is touched. A repair may end at any vector, and the index is whole then; what
// is left stays stale, and the index remembers since when.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/boundary.hpp"
#include "delta/ann.hpp"
#include "index/ann_parts.hpp"
#include "index/distance.hpp"

namespace delta {
namespace nearest {
namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};  // no node

/// A vector that is stale, or not in the index.
struct Task {
  VectorNo vector{};
  std::uint32_t node = kNone;
  float moved = std::numeric_limits<float>::infinity();  // since it was linked
  Micros since = 0;
};

}  // namespace

double part_moved(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to) {
  const double by = squared_difference(from.data(), to.data(), from.size());
  const double length = inner_product(from.data(), from.data(), from.size());
  const double part = by == 0 ? 0 : std::sqrt(by / length);
  return std::isfinite(part) ? part : std::numeric_limits<double>::infinity();
}

/// One repair.
class Repair {
 public:
  Repair(AnnIndex::Parts& parts, const State& state, const AnnRepairOptions& options)
      : parts_(parts), state_(state), options_(options), bounded_(options.most || options.spent) {}

  /// False: nothing is linked yet, since the index is to be built anew of `all_wanted`.
  bool run(std::span<const VectorNo> rows, AnnRepair& done, VectorSet& all_wanted) {
    const auto nodes = parts_.nodes_of(state_, rows);
    done.removed = parts_.kill_all_but(nodes);
    find_tasks(rows, nodes);
    for (const Task& task : tasks_) count(task, is_anew(task), done);
    const std::size_t anew = done.added + done.relinked, all = parts_.ids.size() + anew;
    const std::size_t live = parts_.live + done.added;
    const bool is_dead = 3 * (all - live) > all;
    if (options_.anew || (is_dead && (!bounded_ || (!options_.spent && *options_.most >= live)))) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (nodes[i] != kNone || options_.vectors.contains(rows[i])) all_wanted.insert(rows[i]);
      }
      return false;
    }
    done.due = is_dead;
    put_in_order();
    if (!done.due && anew > 0) parts_.grow(std::min<std::uint64_t>(anew, most()));
    done.added = done.overwritten = done.relinked = 0;
    work(done);
    return true;
  }

 private:
  std::uint64_t most() const { return options_.most.value_or(tasks_.size()); }
  bool is_anew(const Task& task) const { return task.node == kNone || task.moved >= options_.relink; }

  void find_tasks(std::span<const VectorNo> rows, std::span<const std::uint32_t> nodes) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_chosen = options_.vectors.contains(rows[i]);
      if (nodes[i] == kNone) {
        if (is_chosen) tasks_.push_back({.vector = rows[i], .since = state_.created(rows[i]).time.us()});
        continue;
      }
      const auto values = state_.bits(rows[i]), held = parts_.bits_of(nodes[i]);
      Micros& since = parts_.since[nodes[i]];
      if (std::ranges::equal(values, held)) {
        since = AnnIndex::Parts::kCurrent;
        continue;
      }
      if (since == AnnIndex::Parts::kCurrent) {
        since = options_.since ? options_.since(rows[i]) : state_.created(rows[i]).time.us();
      }
      if (is_chosen) tasks_.push_back({rows[i], nodes[i], moved_in_all(nodes[i], values), since});
    }
  }

  /// Since the node was linked.
  float moved_in_all(std::uint32_t node, std::span<const std::uint32_t> values) const {
    const double moved = static_cast<double>(parts_.moved[node]) + part_moved(parts_.bits_of(node), values);
    return static_cast<float>(std::min(moved, static_cast<double>(std::numeric_limits<float>::max())));
  }

  void put_in_order() {
    if (!bounded_) {  // vectors that are linked anew find the present values of the others
      std::stable_partition(tasks_.begin(), tasks_.end(), [&](const Task& task) { return !is_anew(task); });
    } else if (options_.order == AnnOrder::oldest) {
      std::ranges::stable_sort(tasks_, {}, &Task::since);
    } else {
      std::ranges::stable_sort(tasks_, std::ranges::greater{}, &Task::moved);
    }
  }

  static void count(const Task& task, bool anew, AnnRepair& done) {
    ++(task.node == kNone ? done.added : anew ? done.relinked : done.overwritten);
  }

  void work(AnnRepair& done) {
    std::uint64_t repaired = 0;
    bool ended = false;
    for (const Task& task : tasks_) {
      ended = ended || repaired == most() || (options_.spent && options_.spent());
      if (ended || (done.due && task.node == kNone)) {
        ++done.left;
        continue;
      }
      ++repaired;
      repair(task, is_anew(task) && !done.due, done);
    }
  }

  void repair(const Task& task, bool anew, AnnRepair& done) {
    count(task, anew, done);
    if (anew) {
      if (task.node != kNone) parts_.kill(task.node);
      parts_.add(state_, task.vector, task.node != kNone);
    } else {
      parts_.moved[task.node] = task.moved;
      parts_.overwrite(task.node, state_.bits(task.vector));
    }
  }

  AnnIndex::Parts& parts_;
  const State& state_;
  const AnnRepairOptions& options_;
  const bool bounded_;
  std::vector<Task> tasks_;
};

}  // namespace nearest

Result<AnnRepair> AnnIndex::repair(const State& state, NamespaceNo ns, const AnnRepairOptions& options) try {
  const Boundary boundary;
  DELTA_TRY(const auto rows, nearest::finite_rows(state, ns));
  AnnRepair done;
  VectorSet all_wanted;
  done.rebuilt = !nearest::Repair(*parts_, state, options).run(rows, done, all_wanted);
  if (done.rebuilt) {
    DELTA_TRY(*this, build(state, ns, parts_->options, all_wanted));
  }
  parts_->time = options.time;
  return done;
} catch (...) {
  return caught();
}

}  // namespace delta
