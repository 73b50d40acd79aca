// Each resolves the whole set of branches at once: done two by two, on values that were resolved before, replicas that
// heard of the same assignments in another order would disagree.
#include "model/strategies.hpp"

#include <algorithm>
#include <bit>

namespace delta {

Strategy::~Strategy() = default;

namespace model {
namespace {

/// Bits so that their order as numbers is the total order of IEEE 754: -NaN, -Inf, ..., -0, +0, ..., Inf, NaN.
constexpr std::uint32_t total_order(std::uint32_t bits) { return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u; }

class Extreme final : public Strategy {
 public:
  explicit Extreme(bool greatest) : flip_(greatest ? 0 : ~std::uint32_t{0}) {}
  Resolution resolve(std::span<const Candidate> candidates, const Catalog&) const override {
    std::size_t best = 0;
    for (std::size_t i = 1; i < candidates.size(); ++i) {
      if (rank(candidates[i]) >= rank(candidates[best])) best = i;  // of equal bits the greatest key
    }
    return {candidates[best].bits, best};
  }

 private:
  std::uint32_t rank(const Candidate& c) const { return total_order(c.bits) ^ flip_; }
  std::uint32_t flip_;
};

double value_of(const Candidate& c) { return std::bit_cast<float>(c.bits); }

/// Made of all candidates; a NaN that arithmetic made has one form.
Resolution mixed(double x) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x));
  return {(bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits, {}};
}

class Average final : public Strategy {
 public:
  Resolution resolve(std::span<const Candidate> candidates, const Catalog&) const override {
    double sum = value_of(candidates[0]);  // not 0 + it: the average of negative zeros is one
    for (const Candidate& c : candidates.subspan(1)) sum += value_of(c);
    return mixed(sum / static_cast<double>(candidates.size()));
  }
};

class Weighted final : public Strategy {
 public:
  explicit Weighted(Weights weights) : weights_(std::move(weights)) {}
  Resolution resolve(std::span<const Candidate> candidates, const Catalog& catalog) const override {
    double total = weight(candidates[0], catalog), sum = total * value_of(candidates[0]);
    for (const Candidate& c : candidates.subspan(1)) {
      const double w = weight(c, catalog);
      sum += w * value_of(c);
      total += w;
    }
    return mixed(sum / total);
  }

 private:
  double weight(const Candidate& c, const Catalog& catalog) const {
    const std::string_view name = catalog.origin(c.key.origin);
    const auto found = std::lower_bound(weights_.begin(), weights_.end(), name,
                                        [](const auto& w, std::string_view n) { return w.first < n; });
    return found != weights_.end() && found->first == name ? found->second : 1.0;
  }
  Weights weights_;
};

class Priority final : public Strategy {
 public:
  explicit Priority(std::vector<std::string> origins) : origins_(std::move(origins)) {}
  Resolution resolve(std::span<const Candidate> candidates, const Catalog& catalog) const override {
    std::size_t best = 0;
    auto best_rank = rank(candidates[0], catalog);
    for (std::size_t i = 1; i < candidates.size(); ++i) {
      if (const auto r = rank(candidates[i], catalog); r <= best_rank) {
        best = i;
        best_rank = r;
      }
    }
    return {candidates[best].bits, best};
  }

 private:
  std::ptrdiff_t rank(const Candidate& c, const Catalog& catalog) const {
    return std::find(origins_.begin(), origins_.end(), catalog.origin(c.key.origin)) - origins_.begin();
  }
  std::vector<std::string> origins_;
};

}  // namespace

std::shared_ptr<const Strategy> max_strategy() { return std::make_shared<Extreme>(true); }
std::shared_ptr<const Strategy> min_strategy() { return std::make_shared<Extreme>(false); }
std::shared_ptr<const Strategy> average_strategy() { return std::make_shared<Average>(); }
std::shared_ptr<const Strategy> weighted_strategy(Weights weights) {
  return std::make_shared<Weighted>(std::move(weights));
}
std::shared_ptr<const Strategy> priority_strategy(std::vector<std::string> origins) {
  return std::make_shared<Priority>(std::move(origins));
}

}  // namespace model
}  // namespace delta
