// What changed in a namespace, added up. Sums are in float64 and go on from scope to scope, so a scope costs by what it
// touched.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "contract/judging.hpp"
#include "model/rules.hpp"

namespace delta::contract {
namespace {

using Bits = std::span<const std::uint32_t>;

double value_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

double distance(Bits a, Bits b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double by = value_of(a[i]) - value_of(b[i]);
    sum += by * by;
  }
  return std::isfinite(sum) ? std::sqrt(sum) : std::numeric_limits<double>::infinity();
}

void note(std::vector<std::string>& ids, std::string_view id) {
  if (ids.size() < kMaxExamples) ids.emplace_back(id);
}

}  // namespace

double norm_of(Bits bits) {
  double sum = 0;
  for (const std::uint32_t b : bits) sum += value_of(b) * value_of(b);
  return std::sqrt(sum);
}

double cosine_distance(Bits a, Bits b) {
  double dot = 0;
  for (std::size_t i = 0; i < a.size(); ++i) dot += value_of(a[i]) * value_of(b[i]);
  const double lengths = norm_of(a) * norm_of(b);
  if (!std::isfinite(dot) || !std::isfinite(lengths)) return std::numeric_limits<double>::infinity();
  if (lengths == 0) return 1;
  return 1 - std::clamp(dot / lengths, -1.0, 1.0);
}

void Meter::count(Bits bits, int sign) {
  if (bits.empty()) return;
  existing_ += static_cast<std::uint64_t>(sign);
  if (!model::all_finite(bits)) return;
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
  facts_.l2.push_back(distance(before, after));
  facts_.cosine.push_back(cosine_distance(before, after));
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
