// Law 5: metadata is a merge patch (RFC 7396) folded in key order. Said here over a JSON of its own, without a library,
// so that neither the patching nor the printing of the real one is believed; with mutants, each a plausible misreading.
#include <catch2/catch.hpp>
#include <random>

#include "delta/compact.hpp"
#include "model/prune.hpp"
#include "pruning.hpp"
#include "real.hpp"
#include "world_file.hpp"

using namespace world;
using sample::must;

namespace {

// ---- a JSON ----

struct Value {
  enum class Kind { null, atom, array, object } kind = Kind::null;
  std::string atom;                      // as canonical JSON prints it
  std::vector<Value> elements;           // of an array
  std::map<std::string, Value> members;  // by name, as it is printed between quotes
};

/// Atoms in canonical form, and otherwise written.
const std::pair<const char*, const char*> kAtoms[] = {{"true", "true"},
                                                      {"false", "false"},
                                                      {"0", "-0"},
                                                      {"1", "1.0"},
                                                      {"-7", "-7"},
                                                      {"0.1", "1e-1"},
                                                      {"1e+300", "1E300"},
                                                      {"18446744073709551615", "18446744073709551615"},
                                                      {"\"\"", "\"\""},
                                                      {"\"s\"", "\"\\u0073\""},
                                                      {"\"\\n{}\"", "\"\\u000a{}\""},
                                                      {"\"\xc3\xa9,]\"", "\"\\u00e9,]\""}};
/// Names in the order of what they mean, which is not that of what is printed.
const char* const kNames[] = {"", "\\u0001", "\\\"", "a", "b", "\xc3\xa9"};

void print(const Value& v, bool loose, std::string& out) {
  const char* const space = loose ? " " : "";
  switch (v.kind) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::atom:
      for (const auto& [canonical, other] : kAtoms) {
        if (v.atom == canonical) out += loose ? other : canonical;
      }
      return;
    case Value::Kind::array:
      out += '[';
      for (std::size_t i = 0; i < v.elements.size(); ++i) print(v.elements[i], loose, out += i == 0 ? "" : ",");
      out += ']';
      return;
    case Value::Kind::object: {
      std::vector<std::string> names;
      for (const char* const name : kNames) {
        if (v.members.count(name) != 0) names.push_back(name);
      }
      if (loose) std::reverse(names.begin(), names.end());
      out += '{';
      for (std::size_t i = 0; i < names.size(); ++i) {
        (((out += i == 0 ? "" : ",") += '"') += names[i]) += '"';
        print(v.members.at(names[i]), loose, (out += space) += ':');
      }
      (out += space) += '}';
    }
  }
}

std::string text(const Value& v, bool loose = false) {
  std::string out;
  if (v.kind == Value::Kind::object && v.members.empty()) return out;  // no metadata
  print(v, loose, out);
  return out;
}

// ---- the law ----

enum class Misreading {
  law,
  shallow,        ///< an object takes another's place whole
  nulls_stay,     ///< null is a value
  inner_nulls,    ///< null stays inside a patch that meets no object
  arrays_append,  ///< arrays are joined
  arrays_clean,   ///< nulls go out of arrays too
  empty_go,       ///< an object that becomes empty is gone
  by_arrival,     ///< folded in order of writing
  void_too,       ///< what is before the last delete counts
  not_of_delete,  ///< a delete's own patch is lost
  not_unborn,     ///< a patch to what does not exist is lost
};
constexpr Misreading kMutants[] = {Misreading::shallow,       Misreading::nulls_stay,   Misreading::inner_nulls,
                                   Misreading::arrays_append, Misreading::arrays_clean, Misreading::empty_go,
                                   Misreading::by_arrival,    Misreading::void_too,     Misreading::not_of_delete,
                                   Misreading::not_unborn};

Value patched(const Value& target, const Value& patch, Misreading misreading) {
  using Kind = Value::Kind;
  if (patch.kind == Kind::array && target.kind == Kind::array && misreading == Misreading::arrays_append) {
    Value out = target;
    out.elements.insert(out.elements.end(), patch.elements.begin(), patch.elements.end());
    return out;
  }
  if (patch.kind == Kind::array && misreading == Misreading::arrays_clean) {
    Value out = patch;
    std::erase_if(out.elements, [](const Value& v) { return v.kind == Kind::null; });
    return out;
  }
  if (patch.kind != Kind::object) return patch;
  if (target.kind != Kind::object && misreading == Misreading::inner_nulls) return patch;
  Value out;
  out.kind = Kind::object;
  if (target.kind == Kind::object) out.members = target.members;
  for (const auto& [name, member] : patch.members) {
    if (member.kind == Kind::null && misreading != Misreading::nulls_stay) {
      out.members.erase(name);
      continue;
    }
    const auto old = out.members.find(name);
    const bool blind = old == out.members.end() || misreading == Misreading::shallow;
    Value now = patched(blind ? Value{} : old->second, member, misreading);
    if (misreading == Misreading::empty_go && now.kind == Kind::object && now.members.empty()) {
      out.members.erase(name);
    } else {
      out.members[name] = std::move(now);
    }
  }
  return out;
}

using Patches = std::map<Key, Value>;  // by delta

Value folded_metadata(const std::vector<Delta>& deltas, int vector, const Patches& patches, Misreading misreading) {
  const Rules rules(deltas, vector);
  std::vector<const Delta*> order = rules.of_vector;
  if (misreading != Misreading::by_arrival) {
    std::sort(order.begin(), order.end(), [](const Delta* a, const Delta* b) { return a->key() < b->key(); });
  }
  Value out;
  out.kind = Value::Kind::object;
  bool exists = false;
  for (const Delta* d : order) {
    if (is_lifecycle(d->op)) exists = d->op == Operation::create;
    const auto patch = patches.find(d->key());
    if (patch == patches.end()) continue;
    if (rules.is_void(*d) && misreading != Misreading::void_too) continue;
    if (d->op == Operation::remove && misreading == Misreading::not_of_delete) continue;
    if (!exists && d->op != Operation::remove && misreading == Misreading::not_unborn) continue;
    out = patched(out, patch->second, misreading);
  }
  return out;
}

// ---- histories with patches ----

class Patcher {
 public:
  explicit Patcher(unsigned seed) : random_(seed) {}

  /// Gives most deltas a patch; `loose`: written as no canonical text is.
  Patches add_to(World& w, bool loose) {
    Patches out;
    for (Delta& d : w.deltas) {
      d.metadata.clear();
      if (below(4) == 0) continue;
      const Value patch = object(0);
      d.metadata = text(patch, loose);
      if (!d.metadata.empty()) out[d.key()] = patch;
    }
    return out;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  Value object(int depth) {
    Value out;
    out.kind = Value::Kind::object;
    for (unsigned n = below(depth == 0 ? 4 : 3) + (depth == 0 ? 1 : 0); n > 0; --n) {
      out.members[kNames[below(std::size(kNames))]] = value(depth + 1);
    }
    return out;
  }
  Value value(int depth) {
    const unsigned kind = below(8);
    Value out;
    if (kind < 2) return out;
    if (kind < 5 && depth < 4) return object(depth);
    if (kind == 5 && depth < 4) {
      out.kind = Value::Kind::array;
      for (unsigned n = below(3); n > 0; --n) out.elements.push_back(value(depth + 1));
      return out;
    }
    out.kind = Value::Kind::atom;
    out.atom = kAtoms[below(std::size(kAtoms))].first;
    return out;
  }

  std::mt19937 random_;
};

std::string metadata_of(const delta::State& state, const Real& real, int v) {
  return std::string(state.metadata(real.vector(v)));
}

/// What the law makes of some deltas of each vector; nothing where it does not exist.
std::vector<std::string> expected(const World& w, const std::vector<Delta>& deltas, const Patches& patches,
                                  Misreading misreading = Misreading::law) {
  std::vector<std::string> out;
  for (int v = 0; v < static_cast<int>(w.vectors); ++v) {
    out.push_back(Rules(deltas, v).exists() ? text(folded_metadata(deltas, v, patches, misreading)) : "");
  }
  return out;
}

std::vector<std::string> of_library(Real& real, const World& w, const delta::model::Cut& cut = {}) {
  const auto state = delta::model::fold(real.catalog, real.history, real.source, cut);
  if (!state) throw std::runtime_error(state.error().text());
  std::vector<std::string> out;
  for (int v = 0; v < static_cast<int>(w.vectors); ++v) out.push_back(metadata_of(*state, real, v));
  return out;
}

std::vector<Delta> until(std::vector<Delta> deltas, delta::Micros us) {
  std::erase_if(deltas, [&](const Delta& d) { return d.hlc >> 12 > us; });
  return deltas;
}

unsigned seed() { return static_cast<unsigned>(*rc::gen::noShrink(rc::gen::inRange(0, 1 << 30))); }

std::vector<std::string> of_log(const delta::Log& log, const World& w, const delta::CutOptions& cut) {
  const auto state = must(delta::snapshot(log, cut));
  std::vector<std::string> out(w.vectors);
  const auto ns = log.catalog().find_namespace("", w.dims);
  for (std::size_t v = 0; ns && v < w.vectors; ++v) {
    const auto vector = log.catalog().find_vector(*ns, std::to_string(v));
    if (vector && state.exists(*vector)) out[v] = std::string(state.metadata(*vector));
  }
  return out;
}

}  // namespace

TEST_CASE("law 5: metadata is a merge patch folded in key order, at every time, whatever the order of delivery") {
  CHECK(check_histories("law 5", 1, [](const Plan& plan) {
    World w = play(plan);
    const unsigned s = seed();
    const Patches patches = Patcher(s).add_to(w, false);
    Real real(w, s);
    const auto in = folded(w, some_commits(w, s));
    const auto deltas = deltas_of(w, in);
    real.deliver(in);
    real.set_deltas(deltas, s % 2 == 0);
    RC_ASSERT(of_library(real, w) == expected(w, deltas, patches));
    for (std::size_t i = 0; i < deltas.size(); i += 1 + deltas.size() / 4) {
      const delta::Micros at = deltas[i].hlc >> 12;
      RC_ASSERT(of_library(real, w, {.at = at}) == expected(w, until(deltas, at), patches));
    }
  }));
}

TEST_CASE("law 5: what pruning leaves of the patches folds with any later ones as all of them do") {
  CHECK(check_histories("law 5, pruned", 1, [](const Plan& plan) {
    World w = play(plan);
    const unsigned s = seed();
    const Patches patches = Patcher(s).add_to(w, false);
    Real real(w, s);
    const auto base = folded(w, some_commits(w, s));
    real.deliver(all_commits(w));
    const Times times =
        kept_of({.other = static_cast<int>(s % 5), .mask = static_cast<int>(s / 5 % 65536), .deltas = {}});
    delta::model::PruneOptions options;
    for (std::size_t t = 0; t < times.size(); ++t) {
      if (times[t]) options.kept.add({t, t});
    }
    options.whole_deltas = s % 7 == 0;
    std::set<std::uint64_t> asked{kNow};
    for (const Delta& d : w.deltas) {
      if (const std::uint64_t t = d.hlc >> 12; t < times.size() && times[t]) asked.insert(t);
    }
    const auto ranks = delta::model::origin_ranks(real.catalog);
    for (int v = 0; v < static_cast<int>(w.vectors); ++v) {
      std::vector<delta::Delta> before;
      delta::DeltaBatch left;
      for (const Delta& d : w.deltas) {
        if (d.vector == v && base.count(d.commit) != 0) before.push_back(real.delta(d));
      }
      delta::model::prune_vector(real.history, ranks, w.dims, before, options, left);
      const auto metadata_at = [&](std::uint64_t t, const std::function<bool(const Delta&)>& later) {
        std::vector<delta::Delta> list;
        for (std::size_t i = 0; i < left.size(); ++i) {
          if (left.times[i].us() <= t) list.push_back(left[i]);
        }
        for (const Delta& d : w.deltas) {
          if (d.vector == v && base.count(d.commit) == 0 && d.hlc >> 12 <= t && later(d)) {
            list.push_back(real.delta(d));
          }
        }
        return delta::model::VectorFold(real.history, ranks, w.dims, list).metadata();
      };
      const auto law_at = [&](std::uint64_t t, const std::function<bool(const Delta&)>& later) {
        auto inside = until(w.deltas, t);
        std::erase_if(inside, [&](const Delta& d) { return base.count(d.commit) == 0 && !later(d); });
        return text(folded_metadata(inside, v, patches, Misreading::law));
      };
      for (const bool with_later : {false, true}) {
        const auto later = [with_later](const Delta&) { return with_later; };
        for (const std::uint64_t t : asked) RC_ASSERT(metadata_at(t, later) == law_at(t, later));
      }
    }
  }));
}

TEST_CASE("law 5: through files, patches come in any spelling, and compaction changes nothing") {
  const scratch::Directory dir;
  CHECK(check_histories("law 5 through files", 0.2, [&](const Plan& plan) {
    World w = admissible(play(plan));
    if (w.commits.empty()) return;
    const unsigned s = seed();
    const Patches patches = Patcher(s).add_to(w, true);
    const std::string paths[] = {dir.file("whole.dlog")}, pruned[] = {dir.file("pruned.dlog")};
    must(write_world(w, paths[0]));
    const delta::Micros at = w.deltas[s % w.deltas.size()].hlc >> 12;
    must(delta::compact(paths, pruned[0],
                        {.threads = 1, .force = true, .keep = {{.kind = delta::KeepRule::Kind::since, .at = at}}}));
    for (const auto* path : {paths, pruned}) {
      const auto log = must(delta::Log::open({path, 1}, {1}));
      RC_ASSERT(of_log(log, w, {}) == expected(w, w.deltas, patches));
      RC_ASSERT(of_log(log, w, {.at = at}) == expected(w, until(w.deltas, at), patches));
    }
  }));
}

TEST_CASE("mutants of law 5 are told from the library by random histories") {
  std::set<Misreading> found;
  constexpr unsigned kMost = 2000;  // histories; they take some dozens
  unsigned tried = 0;
  for (; tried < kMost && found.size() < std::size(kMutants); ++tried) {
    World w = play(plans()(rc::Random(tried), 100).value());
    const Patches patches = Patcher(tried).add_to(w, false);
    Real real(w, tried);
    real.deliver(all_commits(w));
    real.set_deltas(w.deltas, false);
    const auto is = of_library(real, w);
    REQUIRE(is == expected(w, w.deltas, patches));
    for (const Misreading misreading : kMutants) {
      if (is != expected(w, w.deltas, patches, misreading)) found.insert(misreading);
    }
  }
  for (const Misreading misreading : kMutants) {
    INFO("misreading " << static_cast<int>(misreading));
    CHECK(found.count(misreading) != 0);
  }
}
