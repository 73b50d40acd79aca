#include "pruning.hpp"

#include <algorithm>

namespace world {
namespace {

bool assigns_any(const Delta& d) { return is_assignment(d.op); }

std::uint32_t value(const Delta& d, std::uint32_t dim) {
  if (d.op != Operation::sparse) return d.bits[dim];
  return d.bits[static_cast<std::size_t>(std::find(d.indices.begin(), d.indices.end(), dim) - d.indices.begin())];
}

Json merged(Json target, const Json& patch) {
  target.merge_patch(patch);
  return target;
}

}  // namespace

void Facts::update() {
  for (std::size_t i = facts_.size(); i < world_->deltas.size(); ++i) {
    const Delta& d = world_->deltas[i];
    Fact fact;
    for (std::size_t o = 0; o < world_->origins.size(); ++o) {
      if (world_->origins[o] == d.origin) fact.origin = o;
      const auto seen = d.context.find(world_->origins[o]);
      if (seen != d.context.end()) fact.context[o] = seen->second;
    }
    if (d.op == Operation::sparse) {
      for (const std::uint32_t dim : d.indices) fact.full |= 1u << dim;
    } else if (assigns_any(d)) {
      fact.full = (1u << world_->dims) - 1;
    }
    if (is_lifecycle(d.op)) fact.full |= kMark;
    if (is_transform(d.op)) fact.full |= kTransform;
    fact.patch = d.metadata.empty() ? Json::object() : Json::parse(d.metadata);
    for (const auto& [name, member] : fact.patch.items()) {
      const Entries bit = name == "a" ? kMemberA : kMemberB;
      fact.full |= bit;
      if (!member.is_object()) fact.nonobject |= bit;
    }
    if (firsts_.size() == d.commit) firsts_.push_back(i);
    facts_.push_back(std::move(fact));
    order_.push_back(i);
  }
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t a, std::size_t b) { return world_->deltas[a].key() < world_->deltas[b].key(); });
  for (std::size_t i = 0; i < order_.size(); ++i) facts_[order_[i]].rank = i;
}

Copy Facts::whole(std::size_t commit) const {
  Copy copy;
  for (std::size_t i = 0; i < world_->commits[commit].count; ++i) copy.left.push_back(full(first(commit) + i));
  return copy;
}

Holding Facts::unite(const Holding& a, const Holding& b) const {
  Holding both = a;
  for (const auto& [commit, copy] : b) {
    const auto [mine, is_new] = both.emplace(commit, copy);
    Copy& m = mine->second;
    if (is_new || m.records.empty()) continue;
    if (copy.records.empty()) {
      m = copy;
      continue;
    }
    for (std::size_t i = 0; i < m.left.size(); ++i) m.left[i] |= copy.left[i];
    m.records.insert(copy.records.begin(), copy.records.end());
  }
  return both;
}

Seen Facts::covered(const std::set<std::size_t>& commits) const {
  Seen out{};
  for (const std::size_t c : commits) {  // an origin's commits are in order of writing
    auto& seq = out[origin(first(c))];
    if (world_->commits[c].first == seq + 1) seq = world_->commits[c].last();
  }
  return out;
}

bool Facts::complete(const Kept& record, const Seen& covered) const {
  for (std::size_t o = 0; o < covered.size(); ++o) {
    if (record.seen[o] > covered[o]) return false;
  }
  return true;
}

std::set<std::size_t> Facts::folded(const Holding& holding) const {
  std::set<std::size_t> in;
  for (const auto& [commit, copy] : holding) in.insert(commit);
  for (;;) {
    const auto have = covered(in);
    std::set<std::size_t> stay;
    for (const std::size_t c : in) {
      const Fact& fact = facts_[first(c)];
      bool ok = world_->commits[c].last() <= have[fact.origin];
      for (std::size_t o = 0; o < have.size(); ++o) ok &= fact.context[o] <= have[o];
      const auto& records = holding.at(c).records;
      if (!records.empty() && variant_ != Variant::without_record) {
        ok &= std::any_of(records.begin(), records.end(), [&](const Kept& r) { return complete(r, have); });
      }
      if (ok) stay.insert(c);
    }
    if (stay == in) return in;
    in = stay;
  }
}

Times Facts::answered(const Holding& holding) const {
  const auto in = folded(holding);
  const auto have = covered(in);
  Times out;
  out.set();
  for (const std::size_t c : in) {
    const auto& records = holding.at(c).records;
    if (records.empty()) continue;
    Times mine;
    for (const Kept& r : records) {
      if (variant_ == Variant::unpaired || variant_ == Variant::without_record || complete(r, have)) mine |= r.times;
    }
    out &= mine;
  }
  return out;
}

Seen Facts::context(std::size_t delta, bool before) const {
  Seen seen = facts_[delta].context;
  if (!before) ++seen[origin(delta)];
  return seen;
}

bool Facts::answers(const Holding& holding, const Seen& context) const {
  const auto in = folded(holding);
  const auto have = covered(in);
  for (std::size_t o = 0; o < have.size(); ++o) {
    if (context[o] > have[o]) return false;
  }
  return std::all_of(in.begin(), in.end(), [&](std::size_t c) {
    const auto& records = holding.at(c).records;
    if (records.empty() || !inside(first(c), context)) return true;
    return std::any_of(records.begin(), records.end(), [&](const Kept& r) {
      return complete(r, context) || (r.releases.count(context) != 0 && complete(r, have));
    });
  });
}

std::vector<std::size_t> Facts::folded_deltas(const Holding& holding) const {
  const auto in = folded(holding);
  std::vector<std::size_t> all;
  for (const std::size_t i : order_) {
    if (in.count(world_->deltas[i].commit) != 0) all.push_back(i);
  }
  return all;
}

Cuts Facts::stills(const Holding& holding, const Cuts& kept) const {
  const auto all = folded_deltas(holding);
  const auto have = covered(folded(holding));
  const auto until = [&](std::uint64_t t) {
    return std::count_if(all.begin(), all.end(), [&](std::size_t i) { return us(i) <= t; });
  };
  std::set<std::ptrdiff_t> standing{0, static_cast<std::ptrdiff_t>(all.size())};
  for (std::uint64_t t = 0; t < kNow; ++t) {
    if (kept.times[t]) standing.insert(until(t));
  }
  Cuts out;
  for (std::uint64_t t = 0; t < kNow; ++t) out.times[t] = standing.count(until(t)) != 0;
  for (const Seen& release : kept.releases) {
    bool here = true;
    for (std::size_t o = 0; o < have.size(); ++o) here &= release[o] <= have[o];
    if (here) out.releases.insert(release);
  }
  return out;
}

std::string Facts::lost(const Holding& before, const Holding& after, const Cuts& kept) const {
  const Cuts cuts = stills(before, kept);
  const Times was = answered(before), is = answered(after);
  for (std::uint64_t t = 0; t < kNow; ++t) {
    if (cuts.times[t] && was[t] && !is[t]) return "no answer at " + std::to_string(t);
  }
  for (const Seen& release : cuts.releases) {
    if (answers(before, release) && !answers(after, release)) return "no answer of a release";
  }
  return {};
}

Entries Facts::left(const Facts& facts, const Holding& holding, std::size_t delta) {
  const std::size_t commit = facts.world().deltas[delta].commit;
  return holding.at(commit).left[delta - facts.first(commit)];
}

bool Facts::parted(std::size_t entry, std::size_t by, const Cuts& kept) const {
  for (std::uint64_t t = us(entry) + (variant_ == Variant::strictly_between); t < us(by); ++t) {
    if (kept.times[t]) return true;
  }
  if (variant_ == Variant::release_ignored || variant_ == Variant::release_as_time) return false;
  return std::any_of(kept.releases.begin(), kept.releases.end(),
                     [&](const Seen& release) { return inside(entry, release) && !inside(by, release); });
}

/// Of what is left of `a`, what `b` overrides with no kept cut between.
Entries Facts::dropped(std::size_t a, std::size_t b, Entries left_a, Entries left_b, const Cuts& kept) const {
  const Delta &x = world_->deltas[a], &y = world_->deltas[b];
  if (a == b || x.vector != y.vector || parted(a, b, kept)) return 0;
  Entries out = 0;
  if (variant_ == Variant::by_key ? less(a, b) : before(a, b)) out |= left_a & left_b & kDims;
  if (!less(a, b)) return out;
  out |= left_a & left_b & nonobject(b);
  const bool mark = (left_b & kMark) != 0;
  if (mark && y.op == Operation::remove) return left_a;
  if (mark && x.op == Operation::create) out |= left_a & kMark;
  if (mark && x.op == Operation::remove && variant_ == Variant::tombstone_by_create) out |= left_a & kMark;
  return out;
}

bool Facts::stands(std::size_t a, std::uint32_t dim, const std::vector<std::size_t>& all,
                   const Holding& holding) const {
  if ((left(*this, holding, a) >> dim & 1) == 0) return false;
  return std::none_of(all.begin(), all.end(), [&](std::size_t b) {
    if (world_->deltas[a].vector != world_->deltas[b].vector) return false;
    return (before(a, b) && (left(*this, holding, b) >> dim & 1)) ||
           (less(a, b) && world_->deltas[b].op == Operation::remove);
  });
}

/// What a wrong variant drops in addition.
Entries Facts::dropped_wrongly(std::size_t a, const std::vector<std::size_t>& all, const Holding& holding,
                               const Times& kept, Entries rest) const {
  const Delta& d = world_->deltas[a];
  bool kept_after = false, later = false;
  for (std::uint64_t t = us(a); t < kNow; ++t) kept_after |= kept[t];
  for (const std::size_t b : all) later |= us(b) > us(a);
  switch (variant_) {
    case Variant::tombstone_by_age:
      return d.op == Operation::remove && later && !kept_after ? rest : 0;
    case Variant::mark_with_values:
      return d.op == Operation::create && (rest & kDims) == 0 ? rest & kMark : 0;
    case Variant::resolved: {
      Entries out = 0;
      for (std::uint32_t dim = 0; dim < world_->dims && !kept_after; ++dim) {
        for (const std::size_t b : all) {
          const bool wins = world_->deltas[b].vector == d.vector && less(a, b) && stands(b, dim, all, holding);
          if (wins && stands(a, dim, all, holding)) out |= rest & 1u << dim;
        }
      }
      return out;
    }
    case Variant::old_transforms: {
      if (!is_transform(d.op) || kept_after) return 0;
      for (const std::size_t b : all) {
        for (std::uint32_t dim = 0; dim < world_->dims; ++dim) {
          if (world_->deltas[b].vector == d.vector && less(b, a) && stands(b, dim, all, holding)) return 0;
        }
      }
      return rest;
    }
    default:
      return 0;
  }
}

Holding Facts::prune(const Holding& holding, const Cuts& asked, bool whole_deltas) const {
  Cuts kept = stills(holding, asked);
  if (variant_ == Variant::moments || variant_ == Variant::fake_stills) kept.times = asked.times;
  if (variant_ == Variant::release_as_time) {
    for (const Seen& release : kept.releases) {
      std::uint64_t last = 0;
      for (const std::size_t i : order_) last = inside(i, release) ? std::max(last, us(i)) : last;
      kept.times.set(last);
    }
  }
  if (variant_ == Variant::now_without_ray && !asked.times[kNow - 1]) {
    const auto all = folded_deltas(holding);
    for (std::uint64_t t = all.empty() ? 0 : us(all.back()) + 1; t < kNow; ++t) kept.times.reset(t);
  }
  const auto in = folded(holding);
  const auto have = covered(in);
  std::vector<std::size_t> all, overriding;
  for (const std::size_t i : order_) {
    if (in.count(world_->deltas[i].commit) != 0) all.push_back(i);
    if (holding.count(world_->deltas[i].commit) != 0) overriding.push_back(i);
  }
  if (variant_ != Variant::by_pending) overriding = all;
  Holding out = holding;
  for (const std::size_t c : in) {
    Copy& copy = out[c];
    const bool was_whole = copy.records.empty();
    bool lost = false;
    for (std::size_t i = 0; i < copy.left.size(); ++i) {
      const std::size_t a = first(c) + i;
      const Entries was = copy.left[i];
      Entries drop = 0;
      for (const std::size_t b : overriding) drop |= dropped(a, b, was, left(*this, holding, b), kept);
      drop |= dropped_wrongly(a, all, holding, asked.times, was & ~drop);
      if (whole_deltas && drop != was) drop = 0;
      copy.left[i] = was & ~drop;
      lost |= drop != 0;
    }
    if (was_whole && !lost) continue;
    Kept record{have, kept.times, kept.releases};
    if (variant_ == Variant::fake_stills) record.times |= kept.times << 1;
    if (!was_whole) {
      Times mine;
      for (const Kept& r : copy.records) {
        if (variant_ == Variant::unpaired || variant_ == Variant::without_record || complete(r, have)) mine |= r.times;
      }
      record.times &= mine;
      std::erase_if(record.releases, [&](const Seen& release) {
        return std::none_of(copy.records.begin(), copy.records.end(), [&](const Kept& r) {
          return complete(r, have) && (r.releases.count(release) != 0 || complete(r, release));
        });
      });
    }
    copy.records = {record};
  }
  return out;
}

View view(const Facts& facts, const std::vector<std::size_t>& deltas, const Holding* holding, int vector) {
  const World& w = facts.world();
  const auto left = [&](std::size_t i) { return holding ? Facts::left(facts, *holding, i) : facts.full(i); };
  std::vector<std::size_t> of_vector, live;
  View out;
  for (const std::size_t i : deltas) {
    const Delta& d = w.deltas[i];
    if (d.vector != vector) continue;
    if (left(i) & kMark) {
      out.exists = d.op == Operation::create;
      out.created = i;
      if (d.op == Operation::remove) live.clear();
    }
    live.push_back(i);
  }
  if (!out.exists) return View();
  for (const std::size_t t : live) {
    if (left(t) & kTransform) out.transforms.push_back(t);
  }
  for (std::uint32_t dim = 0; dim < w.dims; ++dim) {
    const auto assigns = [&](std::size_t i) { return (left(i) >> dim & 1) != 0; };
    out.candidates.emplace_back();
    for (const std::size_t a : live) {
      if (!assigns(a) ||
          std::any_of(live.begin(), live.end(), [&](std::size_t b) { return assigns(b) && facts.before(a, b); })) {
        continue;
      }
      std::uint32_t x = value(w.deltas[a], dim);
      for (const std::size_t t : out.transforms) {
        if (facts.less(a, t)) x = transformed(w.deltas[t].op, w.deltas[t].bits, x);
      }
      out.candidates.back().emplace_back(a, x);
    }
  }
  for (const std::size_t i : live) {
    Json patch = Json::object();
    for (const auto& [name, member] : facts.patch(i).items()) {
      if (left(i) & (name == "a" ? kMemberA : kMemberB)) {
        patch[name] = member;
        out.set_by[name] = i;
      }
    }
    if (!patch.empty()) out.metadata = merged(std::move(out.metadata), patch);
  }
  std::erase_if(out.set_by, [&](const auto& entry) { return !out.metadata.contains(entry.first); });
  return out;
}

/// What every holding answers, whatever was pruned: a release of all that it has, and all times from the last pruning
/// on.
std::string Facts::lost_what_must_be(const Holding& holding) const {
  const auto in = folded(holding);
  const auto have = covered(in);
  if (!answers(holding, have)) return "no answer of a release of all";
  std::uint64_t last = 0;  // that anything was pruned with
  for (const std::size_t c : in) {
    for (const Kept& r : holding.at(c).records) {
      if (!complete(r, have)) continue;
      for (const std::size_t i : order_) last = inside(i, r.seen) ? std::max(last, us(i)) : last;
    }
  }
  const Times times = answered(holding);
  for (std::uint64_t t = last; t < kNow; ++t) {
    if (!times[t]) return "no answer at " + std::to_string(t) + ", after the last pruning";
  }
  return {};
}

std::string Facts::wrong(const Holding& holding, bool seen) const {
  const auto all = folded_deltas(holding);
  const auto differs = [&](const std::vector<std::size_t>& deltas) {
    for (int v = 0; v < static_cast<int>(world_->vectors); ++v) {
      if (!(view(*this, deltas, &holding, v) == view(*this, deltas, nullptr, v))) return true;
    }
    return false;
  };
  if (differs(all)) return "now";
  if (auto failure = lost_what_must_be(holding); !failure.empty()) return failure;
  const Times times = answered(holding);
  std::set<std::uint64_t> asked;
  for (const std::size_t i : all) asked.insert({us(i), us(i) - 1});
  for (const std::uint64_t t : asked) {
    if (t >= kNow || !times[t]) continue;
    auto inside = all;
    std::erase_if(inside, [&](std::size_t i) { return us(i) > t; });
    if (differs(inside)) return "at " + std::to_string(t);
  }
  for (const std::size_t by : all) {
    const Seen release = context(by, false);
    if (!seen || !answers(holding, release)) continue;
    auto held = all;
    std::erase_if(held, [&](std::size_t i) { return !inside(i, release); });
    if (differs(held)) return "as seen by " + world_->deltas[by].origin + ":" + std::to_string(world_->deltas[by].seq);
  }
  return {};
}

const Facts& Pruners::facts(const World& world) {
  if (!facts_) facts_ = std::make_unique<Facts>(world, variant_);
  facts_->update();
  holdings.resize(world.replicas.size());
  return *facts_;
}

std::set<std::size_t> Pruners::folded(const World& world, std::size_t replica) {
  const Facts& f = facts(world);
  return f.folded(holdings[replica]);
}

void Pruners::wrote(const World& world, std::size_t replica, std::size_t commit) {
  const Facts& f = facts(world);
  holdings[replica][commit] = f.whole(commit);
}

void Pruners::delivered(const World& world, std::size_t from, std::size_t to, const std::set<std::size_t>& commits) {
  const Facts& f = facts(world);
  Holding sent;
  for (const std::size_t c : commits) sent.insert(*holdings[from].find(c));
  holdings[to] = f.unite(holdings[to], sent);
}

void Pruners::act(const World& world, std::size_t replica, const Step& step) {
  const Facts& f = facts(world);
  const bool whole_deltas = step.restrict_to % 4 == 1;
  const Holding before = holdings[replica];
  const Cuts kept{kept_of(step), releases_of(f, step)};
  holdings[replica] = f.prune(before, kept, whole_deltas);
  prunings += holdings[replica] != before;
  if (pruned) pruned(f, before, holdings[replica], kept, whole_deltas);
}

std::set<Seen> releases_of(const Facts& facts, const Step& step) {
  const auto& commits = facts.world().commits;
  std::set<Seen> out;
  if (step.deltas.empty() || commits.empty()) return out;
  const auto& values = step.deltas.front().values;
  if (values.size() < 4) return out;
  for (int n = 0; n < (values[0] < 6 ? 0 : values[0] < 10 ? 1 : 2); ++n) {
    const std::size_t c =
        static_cast<std::size_t>(values[1] * 13 + values[2 + static_cast<std::size_t>(n)]) % commits.size();
    out.insert(facts.context(facts.first(c) + commits[c].count - 1, false));
  }
  return out;
}

Times kept_of(const Step& step) {
  Times kept;
  const auto bits = static_cast<unsigned>(step.mask);
  switch (step.other % 5) {
    case 0:
      break;
    case 1:
      for (std::size_t t = bits % 20; t < kept.size(); ++t) kept.set(t);
      break;
    case 2:
      kept.set(bits % 20);
      break;
    default:
      for (std::size_t t = 0; t < 16; ++t) kept[t + (step.other % 2 == 0 ? 8 : 0)] = (bits & bits >> 3) >> t & 1;
  }
  return kept;
}

}  // namespace world
