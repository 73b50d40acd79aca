// Law 8 said as directly as loops can: which entries each replica holds of each delta, what a pruning drops, what a
// union gives, what is folded and which cuts are answered. Shares nothing with src/model. Its wrong variants are the
// mutants that the tests of the law must catch.
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "world.hpp"

namespace world {

/// What is left of a delta: bits 0 to 3 values by dimension, then these.
using Entries = std::uint32_t;
inline constexpr Entries kDims = 15, kMark = 16, kTransform = 32, kMemberA = 64, kMemberB = 128;

/// Microseconds; worlds have fewer.
using Times = std::bitset<256>;
inline constexpr std::uint64_t kNow = 256;

enum class Variant {
  law,
  tombstone_by_age,     ///< a delete goes when something later is there
  tombstone_by_create,  ///< a delete goes for a later create
  by_key,               ///< an assignment of greater key overrides, seen or not
  mark_with_values,     ///< the mark of a create goes with its last value
  strictly_between,     ///< a kept time of the entry's own microsecond does not keep it
  unpaired,             ///< kept times count whether or not the version vector beside them is complete
  by_pending,           ///< what is pending overrides
  resolved,             ///< only the winner of each dimension stays
  old_transforms,       ///< transforms go that act on nothing which stands now
  without_record,       ///< a pruned copy is folded wherever its context is
  moments,              ///< a kept time is one microsecond, not its still
  fake_stills,          ///< kept times are said to be longer than they were kept
  now_without_ray,      ///< now is the moment of the last delta
  release_ignored,      ///< releases are said to be kept, and are not
  release_as_time,      ///< a release is kept as the time of its last delta
};

/// A context, or what is folded: seqs up to this one, by place in World::origins.
using Seen = std::array<std::uint64_t, 5>;

/// What a pruning keeps beside now.
struct Cuts {
  Times times;
  std::set<Seen> releases;
};

struct Kept {
  Seen seen{};
  Times times;
  std::set<Seen> releases;
  friend bool operator<(const Kept& a, const Kept& b) {
    if (a.seen != b.seen) return a.seen < b.seen;
    return a.times != b.times ? a.times.to_string() < b.times.to_string() : a.releases < b.releases;
  }
  friend bool operator==(const Kept&, const Kept&) = default;
};

/// One copy of a commit.
struct Copy {
  std::vector<Entries> left;  // by delta
  std::set<Kept> records;     // none: it is whole
  friend bool operator==(const Copy&, const Copy&) = default;
};
using Holding = std::map<std::size_t, Copy>;  // by commit

/// A world's deltas, ready for many questions.
class Facts {
 public:
  explicit Facts(const World& world, Variant variant = Variant::law) : world_(&world), variant_(variant) {}
  void update();  ///< the world has grown

  const World& world() const { return *world_; }
  const std::vector<std::size_t>& order() const { return order_; }  ///< all deltas, in key order
  std::uint64_t us(std::size_t delta) const { return world_->deltas[delta].hlc >> 12; }
  std::size_t origin(std::size_t delta) const { return facts_[delta].origin; }
  Entries full(std::size_t delta) const { return facts_[delta].full; }
  Entries nonobject(std::size_t delta) const {
    return facts_[delta].nonobject;
  }  ///< members set to anything but an object
  const Json& patch(std::size_t delta) const { return facts_[delta].patch; }
  bool less(std::size_t a, std::size_t b) const { return facts_[a].rank < facts_[b].rank; }
  bool before(std::size_t a, std::size_t b) const {
    return world_->deltas[a].seq <= facts_[b].context[facts_[a].origin];
  }
  std::size_t first(std::size_t commit) const { return firsts_[commit]; }  ///< its first delta

  Copy whole(std::size_t commit) const;
  Holding unite(const Holding& a, const Holding& b) const;
  std::set<std::size_t> folded(const Holding& holding) const;
  Seen covered(const std::set<std::size_t>& commits) const;
  bool complete(const Kept& record, const Seen& covered) const;
  bool inside(std::size_t delta, const Seen& context) const {
    return world_->deltas[delta].seq <= context[origin(delta)];
  }
  /// This delta and its context, or that alone.
  Seen context(std::size_t delta, bool before) const;
  Times answered(const Holding& holding) const;
  /// All of the context is folded, and each pruned commit in it has a complete record that lists it, or whose version
  /// vector it holds.
  bool answers(const Holding& holding, const Seen& context) const;
  /// The whole stills of kept times, with now's ray and what was before the beginning; and of the releases those that
  /// are folded.
  Cuts stills(const Holding& holding, const Cuts& kept) const;
  Holding prune(const Holding& holding, const Cuts& kept, bool whole_deltas) const;
  /// A cut that a pruning kept and that was answered before, and is not now; empty if there is none.
  std::string lost(const Holding& before, const Holding& after, const Cuts& kept) const;
  /// What is left of a delta that is here.
  static Entries left(const Facts& facts, const Holding& holding, std::size_t delta);

  /// The first cut that a holding answers wrongly; empty if there is none. `seen`: cuts at dots too.
  std::string wrong(const Holding& holding, bool seen) const;

 private:
  struct Fact {
    std::size_t origin = 0, rank = 0;
    Entries full = 0, nonobject = 0;
    Seen context{};
    Json patch;
  };
  std::vector<std::size_t> folded_deltas(const Holding& holding) const;
  std::string lost_what_must_be(const Holding& holding) const;
  bool parted(std::size_t entry, std::size_t by, const Cuts& kept) const;
  Entries dropped(std::size_t a, std::size_t b, Entries left_a, Entries left_b, const Cuts& kept) const;
  Entries dropped_wrongly(std::size_t a, const std::vector<std::size_t>& all, const Holding& holding, const Times& kept,
                          Entries rest) const;
  bool stands(std::size_t a, std::uint32_t dim, const std::vector<std::size_t>& all, const Holding& holding) const;

  const World* world_;
  Variant variant_;
  std::vector<Fact> facts_;
  std::vector<std::size_t> order_, firsts_;
};

/// One vector, before any strategy: what blame and every strategy see.
struct View {
  bool exists = false;
  std::size_t created = 0;
  std::vector<std::vector<std::pair<std::size_t, std::uint32_t>>> candidates;  // by dimension: delta, branch value
  std::vector<std::size_t> transforms;                                         // not void
  Json metadata = Json::object();
  std::map<std::string, std::size_t> set_by;
  friend bool operator==(const View&, const View&) = default;
};
/// `deltas`: inside a cut, in key order. `holding`: null: all are whole.
View view(const Facts& facts, const std::vector<std::size_t>& deltas, const Holding* holding, int vector);

/// Replicas that prune what they hold now and then.
class Pruners : public Replicas {
 public:
  explicit Pruners(Variant variant = Variant::law) : variant_(variant) {}
  std::set<std::size_t> folded(const World& world, std::size_t replica) override;
  void wrote(const World& world, std::size_t replica, std::size_t commit) override;
  void delivered(const World& world, std::size_t from, std::size_t to, const std::set<std::size_t>& commits) override;
  void act(const World& world, std::size_t replica, const Step& step) override;

  /// Called after each pruning: the state before, what is left.
  std::function<void(const Facts&, const Holding&, const Holding&, const Cuts&, bool)> pruned;
  std::vector<Holding> holdings;
  std::size_t prunings = 0;

 private:
  const Facts& facts(const World& world);
  Variant variant_;
  std::unique_ptr<Facts> facts_;
};

/// The releases that a step of pruning keeps: of some commits, what their authors had seen.
std::set<Seen> releases_of(const Facts& facts, const Step& step);
/// The times that a step of pruning keeps.
Times kept_of(const Step& step);

}  // namespace world
