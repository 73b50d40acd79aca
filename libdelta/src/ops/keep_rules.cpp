// Rules of what to keep, as times. The calendar is UTC, and days have 86,400 seconds.
#include <algorithm>
#include <chrono>

#include "delta/compact.hpp"
#include "delta/setting.hpp"
#include "store/log_impl.hpp"

namespace delta {
namespace {

using Kind = KeepRule::Kind;
using namespace std::chrono;

constexpr std::uint64_t kMostMoments = 1'000'000;
constexpr Micros kHour = 3'600'000'000, kDay = 24 * kHour;

void keep(KeptTimes& kept, std::uint64_t end) {
  if (end > 0 && end - 1 <= kMaxMicros) kept.add({end - 1, end - 1});
}

/// The last microsecond of the period that holds `greatest`, and of the `count` - 1 before it.
void keep_periods(KeptTimes& kept, Micros greatest, Micros length, std::uint64_t count) {
  const std::uint64_t last = greatest / length;
  for (std::uint64_t i = last + 1 - std::min(count, last + 1); i <= last; ++i) keep(kept, (i + 1) * length);
}

/// The epoch was a Thursday: weeks begin on Mondays.
void keep_weeks(KeptTimes& kept, Micros greatest, std::uint64_t count) {
  const std::uint64_t week = (greatest / kDay + 3) / 7;
  for (std::uint64_t i = week + 1 - std::min(count, week + 1); i <= week; ++i) keep(kept, ((i + 1) * 7 - 3) * kDay);
}

void keep_months(KeptTimes& kept, Micros greatest, std::uint64_t count, unsigned step) {
  const year_month_day day{sys_days{days{greatest / kDay}}};
  year_month month = day.year() / (step == 12 ? December : day.month());
  for (std::uint64_t i = 0; i < count && month >= year{1970} / January; ++i, month -= months{step}) {
    const auto end = sys_days{(month + months{1}) / 1}.time_since_epoch().count();
    keep(kept, static_cast<std::uint64_t>(end) * kDay);
  }
}

Status keep_every(KeptTimes& kept, Micros least, Micros greatest, Micros step) {
  if (step == 0) return error(ErrorCode::usage, "a step of 0");
  if ((greatest - least) / step >= kMostMoments) {
    return error(ErrorCode::usage, "more than " + std::to_string(kMostMoments) + " moments to keep").with_hint("a longer step, or since:TIME");
  }
  for (std::uint64_t i = least / step; i <= greatest / step; ++i) keep(kept, (i + 1) * step);
  return {};
}

void keep_tags(KeptTimes& kept, const Log& log) {
  for (std::uint32_t n = 0; n < log.commits(); ++n) {
    const auto setting = Setting::parse(log.commit(n).setting);
    if (setting && setting->kind == Setting::Kind::tag && !log.pending(n)) kept.add({setting->at, setting->at});
  }
}

}  // namespace

Result<KeptTimes> kept_times(const Log& log, std::span<const KeepRule> rules) {
  KeptTimes kept;
  Micros least = kMaxMicros, greatest = 0;
  for (std::uint32_t n = 0; n < log.commits(); ++n) {
    if (log.pending(n)) continue;
    least = std::min(least, log.commit_time(n).us());
    greatest = std::max(greatest, log.commit_time(n).us());
  }
  least = std::min(least, greatest);
  if (rules.empty()) return KeptTimes::all();
  for (const KeepRule& rule : rules) {
    if (rule.count > kMostMoments && rule.kind != Kind::last) return error(ErrorCode::usage, "more than " + std::to_string(kMostMoments) + " moments to keep");
    switch (rule.kind) {
      case Kind::all: kept.add(KeptTimes::all()); break;
      case Kind::now: case Kind::last: break;
      case Kind::since: kept.add(KeptTimes::since(rule.at)); break;
      case Kind::every: DELTA_OK(keep_every(kept, least, greatest, rule.step)); break;
      case Kind::hourly: keep_periods(kept, greatest, kHour, rule.count); break;
      case Kind::daily: keep_periods(kept, greatest, kDay, rule.count); break;
      case Kind::weekly: keep_weeks(kept, greatest, rule.count); break;
      case Kind::monthly: keep_months(kept, greatest, rule.count, 1); break;
      case Kind::yearly: keep_months(kept, greatest, rule.count, 12); break;
      case Kind::tags: keep_tags(kept, log); break;
    }
  }
  return kept;
}

}  // namespace delta
