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

/// The distance between two vectors, as a part of the length of the first.
float part_moved(std::span<const std::uint32_t> from, std::span<const std::uint32_t> to) {
  const double by = squared_difference(from.data(), to.data(), from.size());
  const double length = inner_product(from.data(), from.data(), from.size());
  const double part = by == 0 ? 0 : std::sqrt(by / length);
  return std::isfinite(part) ? static_cast<float>(part) : std::numeric_limits<float>::max();
}

/// A vector that is stale, or not in the index.
struct Task {
  VectorNo vector{};
  std::uint32_t node = kNone;
  float moved = std::numeric_limits<float>::infinity();  // since it was linked
  Micros since = 0;
};

}  // namespace

/// One repair.
class Repair {
 public:
  Repair(AnnIndex::Parts& parts, const State& state, const AnnRepairOptions& options)
      : parts_(parts), state_(state), options_(options), bounded_(options.most || options.spent) {}

  /// False: nothing is done yet, since the index is to be built anew.
  bool run(std::span<const VectorNo> rows, AnnRepair& done) {
    const auto nodes = parts_.nodes_of(state_, rows);
    done.removed = parts_.kill_all_but(nodes);
    find_tasks(rows, nodes);
    const auto anew =
        static_cast<std::size_t>(std::ranges::count_if(tasks_, [&](const Task& t) { return is_anew(t); }));
    const std::size_t all = parts_.ids.size() + anew;
    if (3 * (all - rows.size()) > all) {
      if (!bounded_ || (!options_.spent && *options_.most >= rows.size())) {
        for (const Task& task : tasks_) count(task, is_anew(task), done);
        return false;
      }
      done.due = true;
    }
    put_in_order();
    if (!done.due && anew > 0) parts_.grow(std::min<std::uint64_t>(anew, most()));
    work(done);
    return true;
  }

 private:
  std::uint64_t most() const { return options_.most.value_or(tasks_.size()); }
  bool is_anew(const Task& task) const { return task.node == kNone || task.moved >= options_.relink; }

  void find_tasks(std::span<const VectorNo> rows, std::span<const std::uint32_t> nodes) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto values = state_.bits(rows[i]);
      Task task{.vector = rows[i], .node = nodes[i]};
      const Micros created = state_.created(task.vector).time.us();
      if (task.node == kNone) {
        task.since = created;
      } else {
        const auto held = parts_.bits_of(task.node);
        if (std::ranges::equal(values, held)) {
          parts_.since[task.node] = AnnIndex::Parts::kCurrent;
          continue;
        }
        task.moved = parts_.moved[task.node] + part_moved(held, values);
        task.since = parts_.since[task.node];
        if (task.since == AnnIndex::Parts::kCurrent) {
          task.since = bounded_ && options_.since ? options_.since(task.vector) : created;
        }
      }
      tasks_.push_back(task);
    }
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
        if (task.node != kNone) parts_.since[task.node] = task.since;
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
      parts_.add(state_, task.vector);
    } else {
      parts_.moved[task.node] = std::min(task.moved, std::numeric_limits<float>::max());
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
  done.rebuilt = !nearest::Repair(*parts_, state, options).run(rows, done);
  if (done.rebuilt) {
    DELTA_TRY(*this, build(state, ns, parts_->options));
  }
  parts_->time = options.time;
  return done;
} catch (...) {
  return caught();
}

}  // namespace delta
