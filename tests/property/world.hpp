// Random histories, and the laws of the model said as directly as C++ can: sets, loops over dimensions, contexts as
// version vectors. Slow and small on purpose, and sharing nothing with src/model, so that each can find the other's
// bugs.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "delta/delta.hpp"

namespace world {

using delta::Operation;
using Json = nlohmann::json;
using Name = std::string;

/// Highest seq seen of each origin. A missing origin: nothing seen.
using Versions = std::map<Name, std::uint64_t>;

using Key = std::tuple<std::uint64_t, Name, std::uint64_t>;

struct Delta {
  Name origin;
  std::uint64_t seq = 0, hlc = 0;
  int vector = 0;
  Operation op = Operation::create;
  std::vector<std::uint32_t> indices, bits;
  std::string metadata;
  std::size_t commit = 0;
  Versions context;

  Key key() const { return {hlc, origin, seq}; }
};

struct Commit {
  Name origin;
  std::uint64_t first = 1, count = 0;
  Versions context;
  std::vector<std::pair<Name, std::uint64_t>> parents;  // by name
  std::uint64_t last() const { return first + count - 1; }
};

/// All that was ever written, and which commits each replica has got.
struct World {
  std::size_t vectors = 1;
  std::uint32_t dims = 1;
  std::vector<Name> origins;
  std::vector<Commit> commits;
  std::vector<Delta> deltas;  // in order of writing
  std::vector<std::set<std::size_t>> replicas;
};

/// One vector of a state.
struct Row {
  bool exists = false;
  Key created;
  std::vector<std::uint32_t> bits;
  Json metadata = Json::object();
  friend bool operator==(const Row&, const Row&) = default;
};
using State = std::vector<Row>;

// The plan of a history: numbers without meaning of their own, so that any shrunk plan is a history too.
struct DeltaPlan {
  int vector = 0, op = 0, mask = 0, parameter = 0, patch = 0, tick = 0;
  std::vector<int> values;
};
struct Step {
  int kind = 0, replica = 0, other = 0, advance = 0, restrict_to = 0, mask = 0;
  std::vector<DeltaPlan> deltas;
};
struct Plan {
  int origins = 0, vectors = 0, dims = 0;
  std::vector<int> skews;
  std::vector<Step> steps;
};

rc::Gen<Plan> plans();
World play(const Plan& plan);

/// Replicas that hold something else than whole commits say what they have folded, and get a kind of step of their own.
class Replicas {
 public:
  virtual ~Replicas() = default;
  virtual std::set<std::size_t> folded(const World& world, std::size_t replica) = 0;
  virtual void wrote(const World& world, std::size_t replica, std::size_t commit) = 0;
  virtual void delivered(const World& world, std::size_t from, std::size_t to,
                         const std::set<std::size_t>& commits) = 0;
  virtual void act(const World& world, std::size_t replica, const Step& step) = 0;
};
World play(const Plan& plan, Replicas& replicas);  ///< steps of kind 80 and more are acts

void showValue(const Plan& plan, std::ostream& out);

// The laws.
bool seen(const Versions& versions, const Delta& delta);
bool happens_before(const Delta& a, const Delta& b);
std::uint32_t transformed(Operation op, const std::vector<std::uint32_t>& parameters, std::uint32_t x);
std::set<std::size_t> folded(const World& world, std::set<std::size_t> commits);  ///< the greatest closed set
std::set<std::pair<Name, std::uint64_t>> heads(const World& world, const std::set<std::size_t>& folded);
std::vector<Delta> deltas_of(const World& world, const std::set<std::size_t>& commits);

/// One candidate of a dimension: whose assignment, and what became of its value.
struct Branch {
  Key key;
  std::uint32_t bits = 0;
  const Name& origin() const { return std::get<1>(key); }
};
/// What a strategy makes of branches in key order; by dimension.
using Strategy = std::function<std::uint32_t(const std::vector<Branch>&)>;
using Strategies = std::function<Strategy(std::uint32_t dim)>;
std::uint32_t lww(const std::vector<Branch>& branches);

/// Laws 3 and 4 for one vector. Points into the deltas given.
struct Rules {
  Rules(const std::vector<Delta>& deltas, int vector);
  bool exists() const;
  bool is_void(const Delta& d) const;
  std::map<Key, const Delta*> candidates(std::uint32_t dim) const;
  std::vector<Branch> branches(std::uint32_t dim) const;  ///< of the candidates, in key order
  std::map<Key, const Delta*> in_key_order() const;

  std::vector<const Delta*> of_vector;
  const Delta* last = nullptr;  // create or delete
  const Delta* last_delete = nullptr;
};
Row fold_vector(
    const std::vector<Delta>& deltas, int vector, std::uint32_t dims,
    const Strategies& strategies = [](std::uint32_t) { return lww; });
State fold(
    const World& world, const std::vector<Delta>& deltas,
    const Strategies& strategies = [](std::uint32_t) { return lww; });
std::uint32_t assigned(const Delta& assignment, std::uint32_t dim);  ///< REQUIRES: it assigns the dim
bool assigns(const Delta& d, std::uint32_t dim);

/// "dump" for messages.
std::string show(const World& world);

/// DELTA_HISTORIES, or 5,000, times `share`; at least 1.
int cases(double share);
/// rc::check() with a fixed seed and DELTA_HISTORIES cases (default 5,000, times `share`).
bool check_cases(const std::string& law, double share, const std::function<void()>& property);
bool check_histories(const std::string& law, double share, const std::function<void(const Plan&)>& property);

}  // namespace world
