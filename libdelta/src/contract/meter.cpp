// What changed in a namespace, added up. Sums are in float64 and go on from scope to scope, so a scope costs by what it
// touched.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "contract/judging.hpp"
#include "model/rules.hpp"

namespace delta::contract {
namespace {

using Bits = std::span<const std::uint32_t>;

double value_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// The sum of term(0) to term(n - 1), in eight lanes: a compiler may add them up at once, and the order is fixed.
template <class Term>
double sum_of(std::size_t n, Term term) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  for (std::size_t lane = 0; i < n; ++i, ++lane) lanes[lane] += term(i);
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

double distance(Bits a, Bits b) {
  const double sum = sum_of(a.size(), [&](std::size_t i) {
    const double by = value_of(a[i]) - value_of(b[i]);
    return by * by;
  });
  return std::isfinite(sum) ? std::sqrt(sum) : std::numeric_limits<double>::infinity();
}

void note(std::vector<std::string>& ids, std::string_view id) {
  if (ids.size() < kMaxExamples) ids.emplace_back(id);
}

}  // namespace

double norm_of(Bits bits) {
  return std::sqrt(sum_of(bits.size(), [&](std::size_t i) { return value_of(bits[i]) * value_of(bits[i]); }));
}

double cosine_distance(Bits a, Bits b) {
  const double dot = sum_of(a.size(), [&](std::size_t i) { return value_of(a[i]) * value_of(b[i]); });
  const double lengths = norm_of(a) * norm_of(b);
  if (!std::isfinite(dot) || !std::isfinite(lengths)) return std::numeric_limits<double>::infinity();
  if (lengths == 0) return 1;
  return 1 - std::clamp(dot / lengths, -1.0, 1.0);
}

Measured measured_for(const Rule& rule) {
  switch (rule.kind->id) {
    case RuleId::max_l2_drift:
      return {.l2 = true};
    case RuleId::max_cosine_drift:
      return {.cosine = true};
    case RuleId::max_norm_shift:
    case RuleId::max_centroid_shift:
      return {.means = true};
    case RuleId::max_outliers:
      return Measured::all();
    default:
      return {};
  }
}

void Meter::count(Bits bits, int sign) {
  if (bits.empty()) return;
  existing_ += static_cast<std::uint64_t>(sign);
  if (!measured_.means || !model::all_finite(bits)) return;
  finite_ += static_cast<std::uint64_t>(sign);
  norms_ += sign * norm_of(bits);
  for (std::size_t i = 0; i < bits.size(); ++i) sums_[i] += sign * value_of(bits[i]);
}

std::optional<double> Meter::mean_norm() const {
  if (finite_ == 0) return std::nullopt;
  return norms_ / static_cast<double>(finite_);
}

void Meter::begin() {
  facts_ = {};
  facts_.before = existing_;
  facts_.norm_before = mean_norm();
  centroid_.clear();
  for (const double sum : sums_) centroid_.push_back(finite_ == 0 ? 0 : sum / static_cast<double>(finite_));
}

void Meter::change(std::string_view id, Bits before, Bits after) {
  if (before.empty() && after.empty()) return;
  if (!before.empty() && !after.empty() && std::ranges::equal(before, after)) return;
  count(before, -1);
  count(after, 1);
  if (before.empty()) {
    ++facts_.created;
    return note(facts_.created_ids, id);
  }
  if (after.empty()) {
    ++facts_.deleted;
    return note(facts_.deleted_ids, id);
  }
  ++facts_.changed;
  note(facts_.changed_ids, id);
  if (measured_.l2) facts_.l2.push_back(distance(before, after));
  if (measured_.cosine) facts_.cosine.push_back(cosine_distance(before, after));
}

ChangeFacts Meter::end() {
  facts_.after = existing_;
  facts_.norm_after = mean_norm();
  if (facts_.norm_before && finite_ > 0) {
    double sum = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const double by = sums_[i] / static_cast<double>(finite_) - centroid_[i];
      sum += by * by;
    }
    facts_.centroid_shift = std::sqrt(sum);
  }
  std::ranges::sort(facts_.l2);
  std::ranges::sort(facts_.cosine);
  return std::move(facts_);
}

}  // namespace delta::contract
