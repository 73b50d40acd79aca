// One pass from the last delta to the first. Of those that override an entry, the one of least time decides: if a kept
// time parts them, it parts the entry from all others too. By key the least is the next one, which the pass has just
// met. By having seen the entry it is the next assignment to the dimension too, where each delta has seen the one
// before it; else the next that has seen it, which a pass before has found, going forward as the fold does.
//
// Releases are not in order of time. A release parts an entry from what lies outside, so only what is in all the
// releases that hold the entry counts against it. Deltas that are in the same releases make a *class*, and each class
// has a pass of its own, in which only those override that are in all of its releases. Without releases there is one
// class.
//
// What overrides need not stand, nor stay: it goes only for something that overrides the entry as well.
//
// In a closed world a second pass goes forward. Transforms fold into the values in their order, so one that must stay,
// because a kept time or release lies between it and a value that it acts on, keeps all after it. A delete ends what
// they act on.
#include "model/prune.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/transform.hpp"
#include "model/fold.hpp"
#include "model/metadata.hpp"
#include "model/pieces.hpp"
#include "model/standing.hpp"

namespace delta::model {
namespace {

class Pruner {
 public:
  Pruner(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta> deltas,
         const PruneOptions& options)
      : history_(history), options_(options), deltas_(std::move(deltas)), next_assignment_(dims, kNone) {
    put_in_key_order(history, ranks, dims, deltas_, united_);
    for (const Delta& c : deltas_) {
      begin_.push_back(entries_);
      if (is_assignment(c.op)) entries_ += c.bits.size();
    }
    for (std::size_t i = 1; i < deltas_.size() && chain_; ++i) chain_ = before(i - 1, i);
    dropped_.resize(entries_);
    find_classes();
  }

  void run(DeltaBatch& out) {
    std::vector<Left> left(deltas_.size());
    for (std::uint32_t c = 0; c < classes_.size(); ++c) look_at_class(c, left);
    if (options_.closed) close(left);
    for (std::size_t i = 0; i < deltas_.size(); ++i) put(i, left[i], out);
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// What is left of a delta beside its values.
  struct Left {
    bool gone = false;
    bool mark = true;
    std::optional<std::string> metadata;  // none: as it was
    std::vector<std::uint32_t> settled;   // the values after transforms that go; empty: as they were
  };

  Micros time(std::size_t i) const { return deltas_[i].time.us(); }
  bool parted(std::size_t entry, Micros by) const {
    return options_.kept.any_in(time(entry), by) || (by > options_.since && time(entry) < by);
  }
  bool overridden(std::size_t entry, std::optional<Micros> by) const { return by && !parted(entry, *by); }
  bool before(std::size_t a, std::size_t b) const {
    return history_.happens_before(deltas_[a].commit, deltas_[a].seq, deltas_[b].commit, deltas_[b].seq);
  }

  void find_classes() {
    std::map<std::vector<bool>, std::uint32_t> known;
    for (const Delta& c : deltas_) {
      std::vector<bool> in;
      for (const auto& seen : options_.releases) in.push_back(c.seq <= seen[history_.origin(c.commit)]);
      const auto [place, fresh] = known.try_emplace(in, static_cast<std::uint32_t>(classes_.size()));
      if (fresh) classes_.push_back(std::move(in));
      class_of_.push_back(place->second);
    }
  }
  /// Delta `by` is in each release that a delta of the class is in.
  bool holds(std::uint32_t of, std::size_t by) const {
    const auto &needed = classes_[of], &has = classes_[class_of_[by]];
    if (of == class_of_[by]) return true;
    for (std::size_t r = 0; r < needed.size(); ++r) {
      if (needed[r] && !has[r]) return false;
    }
    return true;
  }

  /// Judges the deltas of a class.
  void look_at_class(std::uint32_t of, std::vector<Left>& left) {
    next_lifecycle_.reset();
    next_delete_.reset();
    next_set_.clear();
    std::ranges::fill(next_assignment_, kNone);
    if (!chain_) find_enders(of);
    for (std::size_t i = deltas_.size(); i-- > 0;) {
      if (class_of_[i] == of) left[i] = look_at(i);
      if (holds(of, i)) note(i);
    }
  }

  /// Going forward, an assignment ends those of its dimensions that stand and that it has seen: it is the first that
  /// has.
  void find_enders(std::uint32_t of) {
    ended_by_.resize(entries_, kNone);
    Standing standing(history_);
    standing.reset(static_cast<std::uint32_t>(next_assignment_.size()), deltas_.size());
    for (std::uint32_t i = 0; i < deltas_.size(); ++i) {
      if (!is_assignment(deltas_[i].op) || !holds(of, i)) continue;
      standing.assign(deltas_, i);
      standing.each_ended(deltas_[i], [&](std::uint32_t dim, std::uint32_t ended) {
        if (class_of_[ended] == of) ended_by_[begin_[ended] + place_of(ended, dim)] = i;
      });
    }
  }

  bool has_mark(std::size_t i) const { return is_lifecycle(deltas_[i].op) && (deltas_[i].lost & pruned::mark) == 0; }

  /// It overrides what comes before it in the pass.
  void note(std::size_t i) {
    const Delta& c = deltas_[i];
    if (has_mark(i)) next_lifecycle_ = time(i);
    if (c.op == Operation::remove) next_delete_ = time(i);
    for (const auto& [name, value] : metadata_members(c.metadata)) {
      if (!value.starts_with('{')) next_set_[name] = time(i);
    }
    if (!is_assignment(c.op)) return;
    for (std::size_t place = 0; place < c.bits.size(); ++place) {
      next_assignment_[dim_at(c, place)] = static_cast<std::uint32_t>(i);
    }
  }

  Left look_at(std::size_t i) {
    const Delta& c = deltas_[i];
    const bool has_mark = this->has_mark(i);
    Left left{.gone = overridden(i, next_delete_), .mark = has_mark, .metadata = {}, .settled = {}};
    if (!left.gone && c.op == Operation::create && overridden(i, next_lifecycle_)) left.mark = false;
    if (!left.gone) left.metadata = left_of_metadata(i);
    std::size_t values = is_assignment(c.op) ? look_at_values(i, left.gone) : 0;

    const bool metadata = !(left.metadata ? std::string_view(*left.metadata) : c.metadata).empty();
    left.gone |= values == 0 && !left.mark && !is_transform(c.op) && !metadata;
    if (options_.whole_deltas && !left.gone) {
      left = {.gone = false, .mark = has_mark, .metadata = {}, .settled = {}};
      if (is_assignment(c.op)) {
        std::fill_n(dropped_.begin() + static_cast<std::ptrdiff_t>(begin_[i]), c.bits.size(), false);
      }
    }
    return left;
  }

  /// None if all members stay.
  std::optional<std::string> left_of_metadata(std::size_t i) const {
    const auto members = metadata_members(deltas_[i].metadata);
    std::vector<MetadataMember> stay;
    for (const MetadataMember& member : members) {
      const auto set = next_set_.find(member.name);
      if (set == next_set_.end() || parted(i, set->second)) stay.push_back(member);
    }
    if (stay.size() == members.size()) return std::nullopt;
    return metadata_text(stay);
  }

  /// How many stay; marks the others.
  std::size_t look_at_values(std::size_t i, bool gone) {
    const Delta& c = deltas_[i];
    std::size_t stay = 0;
    for (std::size_t place = 0; place < c.bits.size(); ++place) {
      const bool drop =
          gone || value_overridden(i, chain_ ? next_assignment_[dim_at(c, place)] : ended_by_[begin_[i] + place]);
      stay += !drop;
      dropped_[begin_[i] + place] = drop;
    }
    return stay;
  }

  /// `by`: the first that has seen it. Asked for each dimension, answered once for many.
  bool value_overridden(std::size_t i, std::uint32_t by) {
    if (by != judged_by_ || i != judged_) {
      judged_ = i;
      judged_by_ = by;
      judged_so_ = by != kNone && !parted(i, time(by));
    }
    return judged_so_;
  }

  static std::uint32_t dim_at(const Delta& c, std::size_t place) {
    return has_indices(c) ? c.indices[place] : static_cast<std::uint32_t>(place);
  }
  /// REQUIRES: it assigns the dimension.
  std::size_t place_of(std::size_t delta, std::uint32_t dim) const {
    const Delta& c = deltas_[delta];
    if (!has_indices(c)) return dim;
    return static_cast<std::size_t>(std::ranges::lower_bound(c.indices, dim) - c.indices.begin());
  }

  /// From the first delta to the last: transforms into the values before them, and deletes that have nothing before
  /// them.
  void close(std::vector<Left>& left) {
    bool any = false;  // left before this
    const std::size_t none = deltas_.size();
    std::size_t oldest = none;           // assignment with a value left, since the last delete
    bool blocked = false;                // a transform stays that acts on it, so that none after it can go
    std::vector<std::size_t> acted_on;   // it, and those after it
    std::vector<std::size_t> undeleted;  // values before a delete that a kept release holds without the delete
    for (std::size_t i = 0; i < deltas_.size(); ++i) {
      const Operation op = deltas_[i].op;
      const bool bare = !(left[i].metadata ? !left[i].metadata->empty() : !deltas_[i].metadata.empty());
      if (op == Operation::remove) {
        left[i].gone |= bare && !any;
        oldest = none;
        blocked = false;
        undeleted.insert(undeleted.end(), acted_on.begin(), acted_on.end());
        std::erase_if(undeleted, [&](std::size_t value) { return holds(class_of_[value], i); });
        acted_on.clear();
      } else if (is_transform(op) && !left[i].gone) {
        const bool apart =
            oldest != none && (options_.whole_deltas || parted(oldest, time(i)) || released_before(acted_on, i));
        const bool elsewhere =
            std::ranges::any_of(undeleted, [&](std::size_t value) { return share_release(value, i); });
        if (!bare || apart || blocked || elsewhere) {
          blocked = oldest != none;
        } else {
          left[i].gone = true;
          settle(acted_on, i, left);
        }
      } else if (is_assignment(op) && values_left(i) > 0) {
        if (oldest == none) oldest = i;
        if (!left[i].gone) acted_on.push_back(i);
      }
      any |= !left[i].gone;
    }
  }

  /// A kept release holds one of these values and not this transform.
  bool released_before(std::span<const std::size_t> acted_on, std::size_t transform) const {
    return std::ranges::any_of(acted_on, [&](std::size_t value) { return !holds(class_of_[value], transform); });
  }

  /// Some kept release holds both.
  bool share_release(std::size_t a, std::size_t b) const {
    const auto &in_a = classes_[class_of_[a]], &in_b = classes_[class_of_[b]];
    for (std::size_t r = 0; r < in_a.size(); ++r) {
      if (in_a[r] && in_b[r]) return true;
    }
    return false;
  }

  std::size_t values_left(std::size_t i) const {
    const auto begin = dropped_.begin() + static_cast<std::ptrdiff_t>(begin_[i]);
    return static_cast<std::size_t>(
        std::count(begin, begin + static_cast<std::ptrdiff_t>(deltas_[i].bits.size()), false));
  }

  /// The values left of these assignments go through a transform.
  void settle(std::span<const std::size_t> acted_on, std::size_t transform, std::vector<Left>& left) {
    const Delta& t = deltas_[transform];
    for (const std::size_t i : acted_on) {
      const Delta& c = deltas_[i];
      auto& bits = left[i].settled;
      if (bits.empty()) bits.assign(c.bits.begin(), c.bits.end());
      for (std::uint32_t& x : bits) x = transform_bits(t.op, t.bits, x, overflows_);
    }
  }

  void put(std::size_t i, const Left& left, DeltaBatch& out) {
    if (left.gone) return;
    Delta c = deltas_[i];
    if (!left.settled.empty()) {
      c.bits = left.settled;
      c.lost |= pruned::settled;
    }
    if (c.op == Operation::create && !left.mark) c.lost |= pruned::mark;
    if (left.metadata) {
      c.metadata = *left.metadata;
      c.lost |= pruned::metadata;
    }
    if (is_assignment(c.op)) put_values(i, c);
    out.add(c);
  }

  void put_values(std::size_t i, Delta& c) {
    const auto begin = dropped_.begin() + static_cast<std::ptrdiff_t>(begin_[i]),
               end = begin + static_cast<std::ptrdiff_t>(c.bits.size());
    if (std::find(begin, end, true) == end) return;
    indices_.clear();
    bits_.clear();
    for (std::size_t place = 0; place < c.bits.size(); ++place) {
      if (dropped_[begin_[i] + place]) continue;
      indices_.push_back(has_indices(c) ? c.indices[place] : static_cast<std::uint32_t>(place));
      bits_.push_back(c.bits[place]);
    }
    c.indices = indices_;
    c.bits = bits_;
    c.lost |= pruned::values;
  }

  const History& history_;
  const PruneOptions& options_;
  DeltaBatch united_;
  std::vector<Delta> deltas_;
  std::vector<std::size_t> begin_;  // by delta: of its values in dropped_ and ended_by_
  std::size_t entries_ = 0;
  std::vector<bool> dropped_;  // by value
  bool chain_ = true;
  std::vector<std::vector<bool>> classes_;  // the kept releases that hold its deltas
  std::vector<std::uint32_t> class_of_;     // by delta

  // What the pass has met, nearest first, of what holds the releases of its class.
  std::optional<Micros> next_lifecycle_, next_delete_;
  std::map<std::string_view, Micros> next_set_;  // metadata member -> a patch that sets it to a non-object
  std::vector<std::uint32_t> next_assignment_;   // by dimension
  std::vector<std::uint32_t>
      ended_by_;            // by value: the first assignment to its dimension that has seen it; empty for a chain
  std::size_t judged_ = 0;  // the last verdict
  std::uint32_t judged_by_ = kNone;
  bool judged_so_ = false;
  std::vector<std::uint32_t> indices_, bits_;  // of the delta being put
  std::uint64_t overflows_ = 0;                // counted nowhere: reading the log before did
};

}  // namespace

void prune_vector(const History& history, const OriginRanks& ranks, std::uint32_t dims, std::vector<Delta> deltas,
                  const PruneOptions& options, DeltaBatch& out) {
  Pruner(history, ranks, dims, std::move(deltas), options).run(out);
}

}  // namespace delta::model
