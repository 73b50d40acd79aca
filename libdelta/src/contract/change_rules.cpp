// Rules that look at what a scope did to a namespace. Shares are of what existed before it.
#include <algorithm>
#include <cmath>

#include "contract/judging.hpp"
#include "delta/text.hpp"

namespace delta::contract {
namespace {

Outcome judge_count(const Rule& rule, const ChangeFacts& facts, std::uint64_t count, const std::string& what,
                    const std::vector<std::string>& ids) {
  const auto n = static_cast<double>(count), of = static_cast<double>(facts.before);
  if (rule.asked.limit.allows(n, of)) return {};
  const std::string share = facts.before == 0 ? "" : " (" + number_text(std::round(n / of * 1e4) / 100) + " %)";
  return Outcome::broken(what + " " + plural(count, "vector") + " where there were " + std::to_string(facts.before) +
                             share + ", more than " + rule.asked.limit.text(),
                         rule.asked.limit.percent && facts.before > 0 ? n / of : n, ids);
}

Outcome judge_drift(const Rule& rule, const std::vector<double>& drifts, const ChangeFacts& facts,
                    const std::string& name) {
  if (drifts.empty()) return {};
  for (const auto& [part, most] : rule.asked.quantiles) {
    const double measured = quantile(drifts, part);
    if (measured <= most) continue;
    const std::string which = part == 1 ? "the greatest" : "the " + number_text(part * 100) + " % quantile of the";
    return Outcome::broken(which + " " + name + " of " + plural(drifts.size(), "changed vector") + " is " +
                               number_text(static_cast<float>(measured)) + ", more than " + number_text(most),
                           measured, facts.changed_ids);
  }
  return {};
}

/// A number that is to stay within a share of another one.
Outcome judge_shift(const Rule& rule, std::optional<double> shift, std::optional<double> of, const std::string& what) {
  if (!shift || !of) return Outcome::exempt("no vector with finite values was there before, or is there now");
  if (rule.asked.limit.allows(*shift, *of)) return {};
  const double share = *of > 0 ? *shift / *of : *shift;
  return Outcome::broken(what + " by " + number_text(static_cast<float>(*shift)) + " where the mean length was " +
                             number_text(static_cast<float>(*of)) + ", more than " + rule.asked.limit.text(),
                         share);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// The deviation that is expected at least: history that never varied says little about how much may be.
double least_deviation(std::size_t measure, double center) {
  constexpr std::size_t kShares = 3;  // the first ones of kMeasures
  return std::max(0.01 * std::abs(center), measure < kShares ? 0.001 : 1e-9);
}

Outcome judge_outlier(const Rule& rule, std::size_t measure, double now, std::span<const Measures> history) {
  std::vector<double> before;
  for (const Measures& each : history.last(std::min<std::size_t>(history.size(), rule.asked.count))) {
    if (each[measure] && std::isfinite(*each[measure])) before.push_back(*each[measure]);
  }
  const std::string name(kMeasures[measure]);
  if (before.size() < kLeastHistory) {
    return Outcome::exempt(name + ": fewer than " + std::to_string(kLeastHistory) + " earlier scopes");
  }
  const double center = median(before);
  for (double& x : before) x = std::abs(x - center);
  const double deviation = std::max(median(before), least_deviation(measure, center));
  const double off = std::abs(now - center) / deviation;
  if (off <= rule.asked.k) return {};
  const auto shown = [](double x) { return number_text(static_cast<float>(x)); };
  return Outcome::broken(name + " is " + shown(now) + ", which is " + shown(off) +
                             " median deviations from the median of " + plural(before.size(), "earlier scope") + ", " +
                             shown(center),
                         off);
}

Outcome judge_outliers(const Rule& rule, const ChangeFacts& facts, std::span<const Measures> history) {
  const Measures now = facts.measures();
  Outcome out;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool asked =
        rule.asked.names.empty() || std::ranges::find(rule.asked.names, kMeasures[i]) != rule.asked.names.end();
    if (!asked || !now[i]) continue;
    auto one = judge_outlier(rule, i, *now[i], history);
    if (one.verdict == RuleVerdict::broken && out.verdict == RuleVerdict::broken) {
      out.what += "; " + one.what;
    } else if (one.verdict > out.verdict) {
      out = std::move(one);
    }
  }
  return out;
}

Outcome judge_origins(const Rule& rule, const ChangeFacts& facts) {
  std::string unknown;
  for (const auto& origin : facts.origins) {
    if (std::ranges::find(rule.asked.names, origin) != rule.asked.names.end()) continue;
    unknown += (unknown.empty() ? "" : ", ") + quote(origin, 60);
  }
  if (unknown.empty()) return {};
  return Outcome::broken("deltas are of origins that the contract does not know: " + unknown);
}

Outcome judge_operations(const Rule& rule, const ChangeFacts& facts) {
  std::string other;
  for (int op = 1; op <= kOperations; ++op) {
    const auto name = operation_name(static_cast<Operation>(op));
    if ((facts.operations >> op & 1u) == 0 || std::ranges::find(rule.asked.names, name) != rule.asked.names.end()) {
      continue;
    }
    other += (other.empty() ? "" : ", ") + std::string(name);
  }
  if (other.empty()) return {};
  return Outcome::broken("there are deltas of operations that the contract does not allow: " + other);
}

}  // namespace

double quantile(std::span<const double> sorted, double part) {
  const double rank = std::ceil(part * static_cast<double>(sorted.size()) - 1e-9);
  const auto place = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(place, sorted.size() - 1)];
}

Measures ChangeFacts::measures() const {
  const auto share = [this](std::uint64_t count) -> std::optional<double> {
    if (before == 0) return std::nullopt;
    return static_cast<double>(count) / static_cast<double>(before);
  };
  Measures out = {share(changed), share(created), share(deleted), {}, norm_after, {}};
  if (!l2.empty()) out[3] = quantile(l2, 0.5);
  if (centroid_shift && norm_before && *norm_before > 0) out[5] = *centroid_shift / *norm_before;
  return out;
}

Outcome judge_change(const Rule& rule, const ChangeFacts& facts, std::span<const Measures> history) {
  switch (rule.kind->id) {
    case RuleId::max_changed:
      return judge_count(rule, facts, facts.changed, "changed", facts.changed_ids);
    case RuleId::max_created:
      return judge_count(rule, facts, facts.created, "created", facts.created_ids);
    case RuleId::max_deleted:
      return judge_count(rule, facts, facts.deleted, "deleted", facts.deleted_ids);
    case RuleId::max_l2_drift:
      return judge_drift(rule, facts.l2, facts, "distance");
    case RuleId::max_cosine_drift:
      return judge_drift(rule, facts.cosine, facts, "cosine distance");
    case RuleId::max_norm_shift: {
      std::optional<double> shift;
      if (facts.norm_before && facts.norm_after) shift = std::abs(*facts.norm_after - *facts.norm_before);
      return judge_shift(rule, shift, facts.norm_before, "the mean length changed");
    }
    case RuleId::max_centroid_shift:
      return judge_shift(rule, facts.centroid_shift, facts.norm_before, "the mean vector moved");
    case RuleId::max_outliers:
      return judge_outliers(rule, facts, history);
    case RuleId::origins:
      return judge_origins(rule, facts);
    case RuleId::operations:
      return judge_operations(rule, facts);
    default:
      DELTA_CHECK(rule.kind->looks == Looks::change);
      return Outcome::unknown("is judged nowhere");
  }
}

Outcome RateBucket::take(const Rule& rule, const std::map<Micros, std::uint64_t>& times) {
  const auto room = static_cast<double>(rule.asked.count);
  const double per_micro = rule.asked.k / static_cast<double>(rule.asked.duration);
  Outcome out;
  for (const auto& [time, deltas] : times) {
    if (!last_) tokens_ = room;
    const double passed = last_ && time > *last_ ? static_cast<double>(time - *last_) : 0;
    last_ = std::max(last_.value_or(0), time);
    tokens_ = std::min(room, tokens_ + passed * per_micro) - static_cast<double>(deltas);
    if (tokens_ >= 0) continue;
    if (out.verdict == RuleVerdict::kept) {
      out = Outcome::broken("at " + format_time(time) + " the rate is exceeded by " +
                                plural(static_cast<std::uint64_t>(std::ceil(-tokens_)), "delta"),
                            -tokens_);
    }
    tokens_ = 0;
  }
  return out;
}

}  // namespace delta::contract
