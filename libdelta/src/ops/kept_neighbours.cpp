// Each state is searched by itself, batch by batch, so that no more neighbours than those of a batch are in memory.
#include "delta/kept_neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/boundary.hpp"
#include "base/checksum.hpp"
#include "delta/search.hpp"
#include "model/rules.hpp"

namespace delta {
namespace ops {
namespace {

constexpr std::size_t kBatch = 1024;  // vectors

/// A vector of both states.
struct Common {
  std::uint64_t rank = 0;  // by which it is chosen
  std::string_view id;
  VectorNo old_vector{}, new_vector{};
};

class Comparison {
 public:
  Comparison(const State& old_state, NamespaceNo old_namespace, const State& new_state, NamespaceNo new_namespace,
             const KeptNeighboursOptions& options)
      : old_(old_state), new_(new_state), old_ns_(old_namespace), new_ns_(new_namespace), options_(options) {}

  Result<KeptNeighbours> run() {
    DELTA_TRY(old_rows_, old_.rows(old_ns_));
    DELTA_TRY(new_rows_, new_.rows(new_ns_));
    find_common();
    choose();
    for (std::size_t first = 0; first < chosen_.size(); first += kBatch) {
      DELTA_OK(compare(std::span(chosen_).subspan(first, std::min(kBatch, chosen_.size() - first))));
    }
    std::ranges::sort(out_.vectors, [](const KeptOfVector& a, const KeptOfVector& b) {
      const auto left = a.kept * b.of, right = b.kept * a.of;  // the shares, without rounding
      return std::tie(left, a.id) < std::tie(right, b.id);
    });
    sum_up();
    return std::move(out_);
  }

 private:
  void find_common() {
    for (const VectorNo vector : old_rows_) {
      const auto id = old_.catalog().id(vector);
      const auto other = new_.catalog().find_vector(new_ns_, id);
      if (!other || !new_.exists(*other)) continue;
      if (!model::all_finite(old_.bits(vector)) || !model::all_finite(new_.bits(*other))) {
        ++out_.skipped;
        continue;
      }
      const auto* const bytes = reinterpret_cast<const Byte*>(id.data());
      if (old_rows_.size() > 1) chosen_.push_back({checksum({bytes, id.size()}), id, vector, *other});
    }
    out_.common = chosen_.size();
  }

  void choose() {
    std::ranges::sort(chosen_,
                      [](const Common& a, const Common& b) { return std::tie(a.rank, a.id) < std::tie(b.rank, b.id); });
    if (options_.sample > 0 && chosen_.size() > options_.sample) chosen_.resize(options_.sample);
  }

  Status compare(std::span<const Common> some) {
    const SearchOptions search{options_.k, options_.metric, options_.threads};
    std::vector<SearchQuery> before, after;
    for (const Common& vector : some) {
      before.push_back({old_.bits(vector.old_vector), vector.old_vector});
      after.push_back({new_.bits(vector.new_vector), vector.new_vector});
    }
    DELTA_TRY(const auto old_found, search_exact(old_, old_rows_, before, search));
    DELTA_TRY(const auto new_found, search_exact(new_, new_rows_, after, search));
    for (std::size_t i = 0; i < some.size(); ++i) {
      std::unordered_set<std::string_view> ids;
      for (const Neighbour& neighbour : new_found[i]) ids.insert(new_.catalog().id(neighbour.vector));
      const auto kept = std::ranges::count_if(
          old_found[i], [&](const Neighbour& neighbour) { return ids.contains(old_.catalog().id(neighbour.vector)); });
      out_.vectors.push_back({some[i].id, static_cast<std::size_t>(kept), old_found[i].size()});
    }
    return {};
  }

  /// The interval is that of a mean of a sample drawn without replacement, by the normal distribution.
  void sum_up() {
    const auto count = static_cast<double>(out_.vectors.size()), all = static_cast<double>(out_.common);
    if (out_.vectors.empty()) return;
    double sum = 0, squares = 0;
    for (const KeptOfVector& vector : out_.vectors) sum += share(vector);
    out_.mean = sum / count;
    for (const KeptOfVector& vector : out_.vectors) {
      const double by = share(vector) - out_.mean;
      squares += by * by;
    }
    const bool whole = out_.vectors.size() == out_.common || out_.vectors.size() < 2;
    const double error = whole ? 0 : std::sqrt(squares / (count - 1) / count * (all - count) / (all - 1));
    out_.low = std::max(0.0, out_.mean - 1.96 * error);
    out_.high = std::min(1.0, out_.mean + 1.96 * error);
    if (out_.vectors.size() < out_.common && out_.vectors.size() < 2) {  // one vector says nothing of the others
      out_.low = 0;
      out_.high = 1;
    }
  }

  static double share(const KeptOfVector& vector) {
    return static_cast<double>(vector.kept) / static_cast<double>(vector.of);
  }

  const State& old_;
  const State& new_;
  const NamespaceNo old_ns_, new_ns_;
  const KeptNeighboursOptions& options_;
  std::vector<VectorNo> old_rows_, new_rows_;
  std::vector<Common> chosen_;
  KeptNeighbours out_;
};

}  // namespace
}  // namespace ops

double KeptNeighbours::quantile(double part) const noexcept {
  DELTA_CHECK(!vectors.empty());
  const auto last = static_cast<double>(vectors.size() - 1);
  const auto at = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * last);
  return static_cast<double>(vectors[at].kept) / static_cast<double>(vectors[at].of);
}

Result<KeptNeighbours> kept_neighbours(const State& old_state, NamespaceNo old_namespace, const State& new_state,
                                       NamespaceNo new_namespace, const KeptNeighboursOptions& options) try {
  const Boundary boundary;
  if (options.k == 0) return error(ErrorCode::usage, "no neighbour is asked for: k is 0");
  return ops::Comparison(old_state, old_namespace, new_state, new_namespace, options).run();
} catch (...) {
  return caught();
}

}  // namespace delta
