// See world.hpp. Values and times are few and nasty: ties, counters about to carry, signed zeros, subnormals, overflow.
#include "world.hpp"

#include <rapidcheck/detail/Configuration.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sstream>

#include "delta/timestamp.hpp"

namespace world {
namespace {

const std::uint32_t kValues[] = {0x3f800000,
                                 0x40000000,
                                 0xc0000000,
                                 0x80000000,
                                 0x00000000,
                                 0x7f61b1e6 /* 3e38 */,
                                 0x800116c2 /* subnormal */,
                                 0x3dcccccd,
                                 0xc0a00000,
                                 0x40e00000,
                                 0x7fc00001 /* NaN, payload */,
                                 0xff812345 /* signalling NaN */,
                                 0x7f800000};
const float kFactors[] = {-1.0f, -3.0f, 1e30f, 0.5f, -1e-30f, 3.0f, 0.1f};
const float kAmounts[] = {1.0f, -2.0f, 0.1f, 3e38f, -0.0f, 1e-40f, -7.5f};
const std::pair<float, float> kBounds[] = {{-1.0f, 2.0f}, {0.0f, 0.0f}, {-0.0f, 1.0f}, {-5.0f, -1.0f}};
const char* const kPatches[] = {"",
                                "",
                                "",
                                "{\"a\":1}",
                                "{\"a\":null}",
                                "{\"a\":{\"x\":1}}",
                                "{\"a\":{\"x\":null,\"y\":2}}",
                                "{\"b\":\"s\"}",
                                "{\"a\":3,\"b\":null}",
                                "{\"b\":{\"x\":{\"y\":[1]}}}"};
// Origins in an order that is not that of their names.
const char* const kNames[] = {"m", "a", "z", "b", "k"};

template <class T, std::size_t N>
const T& pick(const T (&list)[N], int number) {
  return list[static_cast<std::size_t>(number) % N];
}

std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}
float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

Operation operation(int number) {
  const int p = number % 100;
  if (p < 20) return Operation::create;
  if (p < 38) return Operation::dense;
  if (p < 62) return Operation::sparse;
  if (p < 70) return Operation::scale;
  if (p < 76) return Operation::offset;
  if (p < 80) return Operation::negate;
  if (p < 83) return Operation::abs;
  if (p < 88) return Operation::clamp;
  return Operation::remove;
}

std::uint64_t at(const Versions& versions, const Name& origin) {
  const auto found = versions.find(origin);
  return found == versions.end() ? 0 : found->second;
}

bool inside(const Versions& a, const Versions& b) {
  for (const auto& [origin, seq] : a) {
    if (seq > at(b, origin)) return false;
  }
  return true;
}

Versions versions_of(const World& world, const std::set<std::size_t>& commits) {
  Versions versions;
  for (const std::size_t c : commits) {
    auto& seq = versions[world.commits[c].origin];
    seq = std::max(seq, world.commits[c].last());
  }
  return versions;
}

/// Plays a plan: replicas write, having seen what they folded or a closed part of it, and hand commits to each other.
class Player {
 public:
  explicit Player(const Plan& plan, Replicas* replicas = nullptr) : replicas_(replicas) {
    world_.vectors = static_cast<std::size_t>(1 + plan.vectors);
    world_.dims = static_cast<std::uint32_t>(1 + plan.dims);
    for (int o = 0; o < 2 + plan.origins; ++o) world_.origins.emplace_back(kNames[o]);
    world_.replicas.resize(world_.origins.size());
    for (std::size_t o = 0; o < world_.origins.size(); ++o) {
      clocks_.push_back(static_cast<std::uint64_t>(1 + (o < plan.skews.size() ? plan.skews[o] : 0)));
    }
    for (const Step& step : plan.steps) play(step);
  }
  World world() && { return std::move(world_); }

 private:
  std::size_t replica(int number) const { return static_cast<std::size_t>(number) % world_.origins.size(); }

  void play(const Step& step) {
    if (step.kind % 100 < 60) return write(step);
    if (replicas_ && step.kind % 100 >= 80) return replicas_->act(world_, replica(step.replica), step);
    std::set<std::size_t> sent;
    const auto& from = world_.replicas[replica(step.other)];
    auto& to = world_.replicas[replica(step.replica)];
    for (const std::size_t c : from) {
      const bool lost = step.mask >> (c % 16) & 1;
      if (step.kind % 2 == 0 || !lost) sent.insert(c);
    }
    to.insert(sent.begin(), sent.end());
    if (replicas_) replicas_->delivered(world_, replica(step.other), replica(step.replica), sent);
  }

  /// A closed part of `whole` that holds all of `self`: a writer need not have folded all that it has, and what it
  /// has seen may end in the middle of a commit.
  Versions restricted(const Versions& whole, const Name& self, int how) const {
    if (how == 0) return whole;
    Versions part = whole;
    const Name& victim = world_.origins[static_cast<std::size_t>(how) % world_.origins.size()];
    if (victim == self || at(part, victim) == 0) return whole;
    part[victim] -= static_cast<std::uint64_t>(how / 5) % at(part, victim);
    for (bool changed = true; changed;) {
      changed = false;
      for (const Delta& d : world_.deltas) {
        if (seen(part, d) && !inside(d.context, part)) {
          part[d.origin] = d.seq - 1;
          changed = true;
        }
      }
    }
    return at(part, self) == at(whole, self) ? part : whole;
  }

  void write(const Step& step) {
    if (step.deltas.empty()) return;
    const std::size_t who = replica(step.replica);
    const Name& self = world_.origins[who];
    auto& has = world_.replicas[who];
    Commit commit{self, 1, step.deltas.size(), {}, {}};
    const Versions all = versions_of(world_, replicas_ ? replicas_->folded(world_, who) : folded(world_, has));
    commit.first = at(all, self) + 1;
    commit.context = restricted(all, self, step.restrict_to);
    commit.parents = maximal(commit.context);
    clocks_[who] += static_cast<std::uint64_t>(step.advance);
    std::uint64_t least = 0;
    for (const Delta& d : world_.deltas) {
      if (seen(commit.context, d)) least = std::max(least, d.hlc + (d.origin == self ? 0 : 1));
    }
    const std::size_t number = world_.commits.size();
    for (std::size_t i = 0; i < step.deltas.size(); ++i) {
      Delta d = delta(step.deltas[i]);
      const std::uint64_t ticks[] = {0, 0, 1, 0xffe, 0xfff};
      d.hlc = least = std::max(least, clocks_[who] << 12 | pick(ticks, step.deltas[i].tick));
      d.origin = self;
      d.seq = commit.first + i;
      d.commit = number;
      d.context = commit.context;
      d.context[self] = d.seq - 1;
      world_.deltas.push_back(d);
    }
    world_.commits.push_back(commit);
    has.insert(number);
    if (replicas_) replicas_->wrote(world_, who, number);
  }

  std::vector<std::pair<Name, std::uint64_t>> maximal(const Versions& versions) const {
    std::vector<std::pair<Name, std::uint64_t>> dots;
    for (const Delta& d : world_.deltas) {
      if (!seen(versions, d)) continue;
      const bool covered = std::any_of(world_.deltas.begin(), world_.deltas.end(),
                                       [&](const Delta& e) { return seen(versions, e) && happens_before(d, e); });
      if (!covered) dots.emplace_back(d.origin, d.seq);
    }
    std::sort(dots.begin(), dots.end());
    return dots;
  }

  Delta delta(const DeltaPlan& plan) const {
    Delta d;
    d.vector = static_cast<int>(static_cast<std::size_t>(plan.vector) % world_.vectors);
    d.op = operation(plan.op);
    d.metadata = pick(kPatches, plan.patch);
    const auto value = [&](std::uint32_t i) { return pick(kValues, i < plan.values.size() ? plan.values[i] : 0); };
    for (std::uint32_t i = 0; is_assignment(d.op) && i < world_.dims; ++i) {
      const bool taken = d.op != Operation::sparse || plan.mask >> i & 1;
      if (taken && d.op == Operation::sparse) d.indices.push_back(i);
      if (taken) d.bits.push_back(value(i));
    }
    if (d.op == Operation::scale) d.bits = {bits_of(pick(kFactors, plan.parameter))};
    if (d.op == Operation::offset) d.bits = {bits_of(pick(kAmounts, plan.parameter))};
    if (d.op == Operation::clamp) {
      const auto& [lo, hi] = pick(kBounds, plan.parameter);
      d.bits = {bits_of(lo), bits_of(hi)};
    }
    return d;
  }

  World world_;
  Replicas* replicas_;
  std::vector<std::uint64_t> clocks_;
};

}  // namespace

World play(const Plan& plan) { return Player(plan).world(); }
World play(const Plan& plan, Replicas& replicas) { return Player(plan, &replicas).world(); }

rc::Gen<Plan> plans() {
  using rc::gen::inRange;
  const auto list = [](int least, int most, auto element) {
    return rc::gen::mapcat(inRange(least, most + 1), [element](int size) {
      return rc::gen::container<std::vector<typename decltype(element)::ValueType>>(static_cast<std::size_t>(size),
                                                                                    element);
    });
  };
  const auto delta = rc::gen::build<DeltaPlan>(
      rc::gen::set(&DeltaPlan::vector, inRange(0, 60)), rc::gen::set(&DeltaPlan::op, inRange(0, 100)),
      rc::gen::set(&DeltaPlan::mask, inRange(1, 16)), rc::gen::set(&DeltaPlan::parameter, inRange(0, 28)),
      rc::gen::set(&DeltaPlan::patch, inRange(0, 10)), rc::gen::set(&DeltaPlan::tick, inRange(0, 5)),
      rc::gen::set(&DeltaPlan::values, list(4, 4, inRange(0, 13))));
  const auto step = rc::gen::build<Step>(
      rc::gen::set(&Step::kind, inRange(0, 100)), rc::gen::set(&Step::replica, inRange(0, 60)),
      rc::gen::set(&Step::other, inRange(0, 60)),
      rc::gen::set(&Step::advance, rc::gen::weightedElement<int>({{6, 0}, {6, 1}, {2, 2}, {1, 4}})),
      rc::gen::set(&Step::restrict_to, rc::gen::oneOf(rc::gen::just(0), inRange(0, 25))),
      rc::gen::set(&Step::mask, inRange(0, 1 << 16)),
      rc::gen::set(&Step::deltas, rc::gen::oneOf(list(1, 1, delta), list(1, 5, delta))));
  return rc::gen::build<Plan>(rc::gen::set(&Plan::origins, inRange(1, 4)), rc::gen::set(&Plan::vectors, inRange(0, 3)),
                              rc::gen::set(&Plan::dims, inRange(0, 4)),
                              rc::gen::set(&Plan::skews, list(5, 5, inRange(0, 9))),
                              rc::gen::set(&Plan::steps, list(4, 20, step)));
}

void showValue(const Plan& plan, std::ostream& out) { out << show(play(plan)); }

bool seen(const Versions& versions, const Delta& d) { return d.seq <= at(versions, d.origin); }

bool happens_before(const Delta& a, const Delta& b) { return seen(b.context, a); }

std::uint32_t transformed(Operation op, const std::vector<std::uint32_t>& parameters, std::uint32_t x) {
  if (op == Operation::negate) return x ^ 0x80000000;
  if (op == Operation::abs) return x & 0x7fffffff;
  volatile float value = float_of(x);
  const float p = float_of(parameters[0]);
  if (op == Operation::clamp) {
    if (value < p) return parameters[0];
    if (value > float_of(parameters[1])) return parameters[1];
    return x;
  }
  if (op == Operation::scale) value = value * p;
  if (op == Operation::offset) value = value + p;
  return std::isnan(value) ? 0x7fc00000 : bits_of(value);
}

std::set<std::size_t> folded(const World& world, std::set<std::size_t> commits) {
  for (;;) {
    // What the set covers of each origin, without a gap.
    Versions covered;
    for (bool more = true; more;) {
      more = false;
      for (const std::size_t c : commits) {
        auto& seq = covered[world.commits[c].origin];
        if (world.commits[c].first == seq + 1) {
          seq = world.commits[c].last();
          more = true;
        }
      }
    }
    std::set<std::size_t> kept;
    for (const std::size_t c : commits) {
      const Commit& commit = world.commits[c];
      if (inside(commit.context, covered) && commit.last() <= at(covered, commit.origin)) kept.insert(c);
    }
    if (kept == commits) return kept;
    commits = kept;
  }
}

std::set<std::pair<Name, std::uint64_t>> heads(const World& world, const std::set<std::size_t>& commits) {
  std::set<std::pair<Name, std::uint64_t>> dots;
  const auto all = deltas_of(world, commits);
  for (const Delta& d : all) {
    if (std::none_of(all.begin(), all.end(), [&](const Delta& e) { return happens_before(d, e); })) {
      dots.emplace(d.origin, d.seq);
    }
  }
  return dots;
}

std::vector<Delta> deltas_of(const World& world, const std::set<std::size_t>& commits) {
  std::vector<Delta> out;
  for (const Delta& d : world.deltas) {
    if (commits.count(d.commit) != 0) out.push_back(d);
  }
  return out;
}

bool assigns(const Delta& d, std::uint32_t dim) {
  return is_assignment(d.op) && (d.op != Operation::sparse || std::count(d.indices.begin(), d.indices.end(), dim) != 0);
}

std::uint32_t assigned(const Delta& d, std::uint32_t dim) {
  if (d.op != Operation::sparse) return d.bits[dim];
  const auto place = std::find(d.indices.begin(), d.indices.end(), dim) - d.indices.begin();
  return d.bits[static_cast<std::size_t>(place)];
}

namespace {

/// RFC 7396, section 2.
Json merge_patch(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) {
      target.erase(name);
    } else {
      target[name] = merge_patch(target.contains(name) ? target[name] : Json(), value);
    }
  }
  return target;
}

}  // namespace

Rules::Rules(const std::vector<Delta>& deltas, int vector) {
  for (const Delta& d : deltas) {
    if (d.vector == vector) of_vector.push_back(&d);
  }
  for (const Delta* d : of_vector) {
    if (is_lifecycle(d->op) && (last == nullptr || last->key() < d->key())) last = d;
    if (d->op == Operation::remove && (last_delete == nullptr || last_delete->key() < d->key())) last_delete = d;
  }
}

bool Rules::exists() const { return last != nullptr && last->op == Operation::create; }

bool Rules::is_void(const Delta& d) const { return last_delete != nullptr && d.key() < last_delete->key(); }

std::map<Key, const Delta*> Rules::candidates(std::uint32_t dim) const {
  std::map<Key, const Delta*> out;
  for (const Delta* a : of_vector) {
    if (!assigns(*a, dim) || is_void(*a)) continue;
    const bool ended = std::any_of(of_vector.begin(), of_vector.end(),
                                   [&](const Delta* b) { return assigns(*b, dim) && happens_before(*a, *b); });
    if (!ended) out[a->key()] = a;
  }
  return out;
}

std::map<Key, const Delta*> Rules::in_key_order() const {
  std::map<Key, const Delta*> out;
  for (const Delta* d : of_vector) out[d->key()] = d;
  return out;
}

std::vector<Branch> Rules::branches(std::uint32_t dim) const {
  std::vector<Branch> out;
  const auto order = in_key_order();
  for (const auto& [key, assignment] : candidates(dim)) {
    std::uint32_t x = assigned(*assignment, dim);
    for (auto t = order.upper_bound(key); t != order.end(); ++t) {
      if (is_transform(t->second->op)) x = transformed(t->second->op, t->second->bits, x);
    }
    out.push_back({key, x});
  }
  return out;
}

std::uint32_t lww(const std::vector<Branch>& branches) { return branches.back().bits; }

Row fold_vector(const std::vector<Delta>& deltas, int vector, std::uint32_t dims, const Strategies& strategies) {
  const Rules rules(deltas, vector);
  Row row;
  row.exists = rules.exists();
  if (!row.exists) return row;
  row.created = rules.last->key();
  for (std::uint32_t dim = 0; dim < dims; ++dim) {
    const auto branches = rules.branches(dim);
    row.bits.push_back(branches.size() == 1 ? branches[0].bits : strategies(dim)(branches));
  }
  for (const auto& [key, d] : rules.in_key_order()) {
    if (!rules.is_void(*d) && !d->metadata.empty()) row.metadata = merge_patch(row.metadata, Json::parse(d->metadata));
  }
  return row;
}

State fold(const World& world, const std::vector<Delta>& deltas, const Strategies& strategies) {
  State state;
  for (std::size_t v = 0; v < world.vectors; ++v) {
    state.push_back(fold_vector(deltas, static_cast<int>(v), world.dims, strategies));
  }
  return state;
}

std::string show(const World& world) {
  std::ostringstream out;
  for (const Delta& d : world.deltas) {
    out << "\n  " << d.origin << ":" << d.seq << " commit " << d.commit << " @" << (d.hlc >> 12) << "."
        << (d.hlc & 0xfff) << " vector " << d.vector << " " << operation_name(d.op);
    for (std::size_t i = 0; i < d.bits.size(); ++i) {
      out << " ";
      if (i < d.indices.size()) out << d.indices[i] << "=";
      out << float_of(d.bits[i]);
    }
    out << " " << d.metadata << " has seen";
    for (const auto& [origin, seq] : d.context) out << " " << origin << ":" << seq;
  }
  return out.str();
}

bool check_histories(const std::string& law, double share, const std::function<void(const Plan&)>& property) {
  return check_cases(law, share, [&] { property(*plans()); });
}

int cases(double share) {
  const char* wanted = std::getenv("DELTA_HISTORIES");
  return std::max(1, static_cast<int>((wanted != nullptr ? std::atof(wanted) : 5000) * share));
}

bool check_cases(const std::string& law, double share, const std::function<void()>& property) {
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = law;
  rc::detail::TestParams params;
  params.seed = 20261123;
  params.maxSuccess = cases(share);
  if (const char* seed = std::getenv("DELTA_SEED")) params.seed = std::strtoull(seed, nullptr, 10);
  const auto result = rc::detail::checkTestable(property, metadata, params);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << std::endl;
  return result.template is<rc::detail::SuccessResult>();
}

}  // namespace world
