// Equal vectors are most of two states: they are told by a look-up and a comparison of memory, and only what differs is
// named, sorted and measured.
#include "ops/diff.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "base/boundary.hpp"
#include "delta/diff.hpp"
#include "model/rules.hpp"

namespace delta {
namespace ops {
namespace {

/// Where a vector stands in the order of names, whichever catalog holds it.
struct Named {
  std::uint32_t rank = 0;  // of its namespace, among all of both catalogs
  std::string_view id;
  VectorPair pair;

  friend bool operator<(const Named& a, const Named& b) { return a.rank != b.rank ? a.rank < b.rank : a.id < b.id; }
};

/// Ranks of the namespaces of some catalogs, by name and dimension count: one name may stand for several.
class NamespaceRanks {
 public:
  explicit NamespaceRanks(std::initializer_list<const Catalog*> catalogs) {
    for (const Catalog* catalog : catalogs) {
      for (const NamespaceNo ns : all(*catalog)) ranks_.try_emplace(key(*catalog, ns));
    }
    std::uint32_t next = 0;
    for (auto& [name, rank] : ranks_) rank = next++;
  }
  Indexed<NamespaceNo, std::uint32_t> of(const Catalog& catalog) const {
    Indexed<NamespaceNo, std::uint32_t> out;
    for (const NamespaceNo ns : all(catalog)) out.push_back(ranks_.at(key(catalog, ns)));
    return out;
  }

 private:
  using Key = std::pair<std::string_view, std::uint32_t>;
  static Numbers<NamespaceNo> all(const Catalog& catalog) { return numbers<NamespaceNo>(catalog.namespaces()); }
  static Key key(const Catalog& catalog, NamespaceNo ns) {
    return {catalog.name_space(ns).name, catalog.name_space(ns).dims};
  }
  std::map<Key, std::uint32_t> ranks_;
};

/// REQUIRES: both exist, and have one dimension count.
bool same_vector(const State& a, VectorNo in_a, const State& b, VectorNo in_b) {
  const auto x = a.bits(in_a), y = b.bits(in_b);
  return (x.empty() || std::memcmp(x.data(), y.data(), x.size_bytes()) == 0) && a.metadata(in_a) == b.metadata(in_b);
}

/// Numbers of one catalog's vectors in another.
class Translation {
 public:
  Translation(const Catalog& from, const Catalog& to) : from_(from), to_(to) {
    for (const NamespaceNo ns : numbers<NamespaceNo>(from.namespaces())) {
      namespaces_.push_back(to.find_namespace(from.name_space(ns).name, from.name_space(ns).dims));
    }
  }
  std::optional<VectorNo> operator()(VectorNo vector) const {
    if (&from_ == &to_) return vector;
    const auto ns = namespaces_[from_.namespace_of(vector)];
    return ns ? to_.find_vector(*ns, from_.id(vector)) : std::nullopt;
  }

 private:
  const Catalog& from_;
  const Catalog& to_;
  Indexed<NamespaceNo, std::optional<NamespaceNo>> namespaces_;
};

class Finder {
 public:
  Finder(const State& old_state, const State& new_state, const VectorSet& vectors)
      : old_(old_state), new_(new_state), wanted_(vectors) {}

  std::vector<VectorPair> run() {
    find_in_old();
    find_created();
    std::sort(found_.begin(), found_.end());
    std::vector<VectorPair> out;
    out.reserve(found_.size());
    for (const Named& named : found_) out.push_back(named.pair);
    return out;
  }

 private:
  bool takes(VectorNo vector) const { return wanted_.contains(vector); }

  void find_in_old() {
    const Catalog& catalog = old_.catalog();
    const auto ranks = ranks_.of(catalog);
    const Translation to_new(catalog, new_.catalog());
    for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
      if (!old_.exists(v) || !takes(v)) continue;
      auto other = to_new(v);
      if (other && !new_.exists(*other)) other.reset();
      if (other && same_vector(old_, v, new_, *other)) continue;
      found_.push_back({ranks[catalog.namespace_of(v)], catalog.id(v), {v, other}});
    }
  }

  void find_created() {
    const Catalog& catalog = new_.catalog();
    const auto ranks = ranks_.of(catalog);
    const Translation to_old(catalog, old_.catalog());
    for (const VectorNo v : numbers<VectorNo>(catalog.vectors())) {
      if (!new_.exists(v)) continue;
      const auto other = to_old(v);
      if (other && old_.exists(*other)) continue;
      if (!takes(v)) continue;
      found_.push_back({ranks[catalog.namespace_of(v)], catalog.id(v), {std::nullopt, v}});
    }
  }

  const State& old_;
  const State& new_;
  const VectorSet& wanted_;
  NamespaceRanks ranks_{&old_.catalog(), &new_.catalog()};
  std::vector<Named> found_;
};

}  // namespace

std::vector<VectorPair> differing(const State& old_state, const State& new_state, const VectorSet& vectors) {
  return Finder(old_state, new_state, vectors).run();
}

void changed_dims(std::span<const std::uint32_t> old_bits, std::span<const std::uint32_t> new_bits,
                  std::vector<std::uint32_t>& dims) {
  dims.clear();
  for (std::size_t i = 0; i < old_bits.size(); ++i) {
    if (old_bits[i] != new_bits[i]) dims.push_back(static_cast<std::uint32_t>(i));
  }
}

void sort_by_name(const Catalog& catalog, std::vector<VectorNo>& vectors) {
  const auto ranks = NamespaceRanks{&catalog}.of(catalog);
  std::ranges::sort(vectors, {}, [&](VectorNo v) { return std::pair(ranks[catalog.namespace_of(v)], catalog.id(v)); });
}

}  // namespace ops

namespace {

double value(std::uint32_t bits) { return std::bit_cast<float>(bits); }

std::optional<double> distance(const VectorDiff& diff) {
  double sum = 0;
  for (const std::uint32_t dim : diff.dims) {
    const double by = value(diff.new_bits[dim]) - value(diff.old_bits[dim]);
    if (!std::isfinite(by)) return std::nullopt;
    sum += by * by;
  }
  return std::sqrt(sum);
}

// Float64 holds every product of float32 values and all their sums here, so only a length of 0 leaves it undefined.
std::optional<double> cosine(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  if (!model::all_finite(a) || !model::all_finite(b)) return std::nullopt;
  double dot = 0, length_a = 0, length_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = value(a[i]), y = value(b[i]);
    dot += x * y;
    length_a += x * x;
    length_b += y * y;
  }
  if (length_a == 0 || length_b == 0) return std::nullopt;
  return std::clamp(dot / std::sqrt(length_a * length_b), -1.0, 1.0);
}

/// Counts what is visited.
class Counter {
 public:
  void add(const VectorDiff& diff) {
    if (diff.kind == Difference::created) ++sum_.created;
    if (diff.kind == Difference::deleted) ++sum_.deleted;
    if (diff.kind != Difference::changed) return;
    ++sum_.changed;
    sum_.values += diff.dims.size();
    if (diff.metadata_differs()) ++sum_.metadata;
    if (!diff.distance) ++sum_.undefined;
    if (diff.dims.empty()) return;
    if (diff.distance) {
      sum_.max_distance = std::max(sum_.max_distance.value_or(0), *diff.distance);
      total_ += *diff.distance;
      ++measured_;
    }
    if (diff.cosine) sum_.min_cosine = std::min(sum_.min_cosine.value_or(1), *diff.cosine);
  }
  DiffSummary summary() const {
    DiffSummary out = sum_;
    if (measured_ > 0) out.mean_distance = total_ / static_cast<double>(measured_);
    return out;
  }

 private:
  DiffSummary sum_;
  double total_ = 0;
  std::uint64_t measured_ = 0;
};

}  // namespace

std::string_view difference_name(Difference kind) noexcept {
  switch (kind) {
    case Difference::created:
      return "created";
    case Difference::deleted:
      return "deleted";
    case Difference::changed:
      return "changed";
  }
  return "?";
}

Result<DiffSummary> diff(const State& old_state, const State& new_state,
                         const std::function<Status(const VectorDiff&)>& visit) try {
  const Boundary boundary;
  Counter counter;
  std::vector<std::uint32_t> dims;
  for (const auto& pair : ops::differing(old_state, new_state)) {
    const bool was = pair.old_vector.has_value(), is = pair.new_vector.has_value();
    const Catalog& catalog = was ? old_state.catalog() : new_state.catalog();
    const VectorNo vector = was ? *pair.old_vector : *pair.new_vector;
    VectorDiff diff;
    diff.kind = !was ? Difference::created : !is ? Difference::deleted : Difference::changed;
    diff.name_space = catalog.name_space(catalog.namespace_of(vector)).name;
    diff.id = catalog.id(vector);
    if (was) {
      diff.old_bits = old_state.bits(vector);
      diff.old_metadata = old_state.metadata(vector);
    }
    if (is) {
      diff.new_bits = new_state.bits(*pair.new_vector);
      diff.new_metadata = new_state.metadata(*pair.new_vector);
    }
    if (was && is) {
      ops::changed_dims(diff.old_bits, diff.new_bits, dims);
      diff.dims = dims;
      diff.distance = distance(diff);
      diff.cosine = cosine(diff.old_bits, diff.new_bits);
    }
    counter.add(diff);
    DELTA_OK(visit(diff));
  }
  return counter.summary();
} catch (...) {
  return caught();
}

}  // namespace delta
