// A world given to the library: numbered, delivered and cut into batches at random, from one seed.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "model/fold.hpp"
#include "world.hpp"

namespace world {

/// Deltas in batches, in any order.
class VectorSource : public delta::model::DeltaSource {
 public:
  std::vector<delta::DeltaBatch> batches;
  delta::Status each(const delta::VectorSet&, std::optional<delta::Micros>, const Visit& visit) override {
    for (const auto& batch : batches) DELTA_OK(visit(batch));
    return {};
  }
};

class Real {
 public:
  /// Everything about numbers and order comes from `seed`; no seed changes an answer.
  Real(const World& world, unsigned seed) : world_(world), random_(seed), history(catalog) {
    auto names = world.origins;
    std::shuffle(names.begin(), names.end(), random_);
    for (const Name& name : names) catalog.add_origin(name);
    const auto ns = catalog.add_namespace("", world.dims);
    for (std::size_t v = 0; v < world.vectors; ++v) order_.push_back(v);
    std::shuffle(order_.begin(), order_.end(), random_);
    for (const std::size_t v : order_) catalog.add_vector(ns, std::to_string(v));
  }
  Real(const Real&) = delete;

  delta::OriginNo origin(const Name& name) const { return *catalog.find_origin(name); }
  delta::VectorNo vector(int v) const { return *catalog.find_vector(delta::NamespaceNo{0}, std::to_string(v)); }

  /// Adds commits in random order, some of them twice.
  void deliver(const std::set<std::size_t>& commits) {
    std::vector<std::size_t> list(commits.begin(), commits.end());
    for (const std::size_t c : commits) {
      if (random_() % 4 == 0) list.push_back(c);
    }
    std::shuffle(list.begin(), list.end(), random_);
    numbers.resize(world_.commits.size());
    for (const std::size_t c : list) {
      const Commit& from = world_.commits[c];
      delta::Commit to{origin(from.origin), from.first, from.count, {}, {}, {}, {}, {}};
      for (const auto& [name, seq] : from.parents) to.parents.push_back({origin(name), seq});
      if (const auto setting = settings.find(c); setting != settings.end()) to.setting = setting->second;
      for (const Delta& d : world_.deltas) {
        if (d.commit == c) to.time = delta::Timestamp{d.hlc};
      }
      const auto number = history.add(to);
      if (!number) throw std::runtime_error(number.error().text());
      numbers[c] = *number;
    }
  }

  /// `tidy`: as they were written; else in random order. Cut into batches at random.
  void set_deltas(std::vector<Delta> deltas, bool tidy) {
    if (!tidy) std::shuffle(deltas.begin(), deltas.end(), random_);
    source.batches.assign(1, {});
    for (const Delta& d : deltas) {
      if (random_() % 3 == 0) source.batches.emplace_back();
      source.batches.back().add(delta(d));
    }
  }

  delta::Delta delta(const Delta& d) const {
    return {vector(d.vector), d.op, delta::Timestamp{d.hlc}, d.indices, d.bits, d.metadata, numbers[d.commit], d.seq};
  }

  State fold(const delta::model::Cut& cut = {}, const delta::Policy* policy = nullptr) {
    auto result = delta::model::fold(catalog, history, source, cut, delta::VectorSet::all(), policy);
    if (!result) throw std::runtime_error(result.error().text());
    overflows = result->overflows;
    return rows(*result);
  }

  State rows(const delta::State& state) const {
    State out;
    for (std::size_t v = 0; v < world_.vectors; ++v) {
      Row row;
      const auto n = vector(static_cast<int>(v));
      row.exists = state.exists(delta::VectorNo{n});
      if (row.exists) {
        const auto key = state.created(delta::VectorNo{n});
        row.created = {key.time.hlc, Name(catalog.origin(key.origin)), key.seq};
        row.bits.assign(state.bits(delta::VectorNo{n}).begin(), state.bits(delta::VectorNo{n}).end());
      }
      if (const auto text = state.metadata(delta::VectorNo{n}); !text.empty()) row.metadata = Json::parse(text);
      out.push_back(row);
    }
    return out;
  }

 private:
  const World& world_;
  std::mt19937 random_;
  std::vector<std::size_t> order_;

 public:
  delta::Catalog catalog;
  delta::model::History history;
  VectorSource source;
  std::vector<delta::CommitNo> numbers;  // commit of the world -> of the history
  std::uint64_t overflows = 0;
  std::map<std::size_t, std::string> settings;  // commits of the world, of one delta each, that hold a setting instead
};

inline std::set<std::size_t> all_commits(const World& world) {
  std::set<std::size_t> all;
  for (std::size_t c = 0; c < world.commits.size(); ++c) all.insert(c);
  return all;
}

/// What one replica has, or everything with some commits lost.
inline std::set<std::size_t> some_commits(const World& world, unsigned seed) {
  if (seed % 3 == 0) return world.replicas[seed / 3 % world.replicas.size()];
  auto commits = all_commits(world);
  std::mt19937 random(seed);
  const unsigned rate = 3 + seed % 9;
  std::erase_if(commits, [&](std::size_t) { return random() % rate == 0; });
  return commits;
}

}  // namespace world
