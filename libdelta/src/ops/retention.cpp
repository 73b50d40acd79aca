// Between two moments at which something happens the state stands still. So rules are asked about these stills: there
// are no more than moments, however fine a rule is. The calendar is UTC, and days have 86,400 seconds.
#include "ops/retention.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "delta/out_of_memory.hpp"
#include "store/union.hpp"

namespace delta::ops {
namespace {

using Kind = KeepRule::Kind;
using Range = KeptTimes::Range;
using namespace std::chrono;

constexpr Micros kHour = 3'600'000'000, kDay = 24 * kHour;

/// A stretch of time that calendar rules count, as its number, and how it is called.
struct Period {
  std::int64_t number = 0;
  std::string name;
};

std::string date_text(std::int64_t day) { return format_time(static_cast<Micros>(day) * kDay).substr(0, 10); }

/// The epoch was a Thursday: weeks begin on Mondays.
Period period_of(Kind kind, Micros time) {
  const auto day = static_cast<std::int64_t>(time / kDay);
  const year_month_day date{sys_days{days{day}}};
  const auto month =
      static_cast<std::int64_t>(static_cast<int>(date.year())) * 12 + static_cast<unsigned>(date.month()) - 1;
  switch (kind) {
    case Kind::hourly:
      return {static_cast<std::int64_t>(time / kHour), format_time(time / kHour * kHour).substr(0, 13)};
    case Kind::weekly:
      return {(day + 3) / 7, "week of " + date_text((day + 3) / 7 * 7 - 3 < 0 ? 0 : (day + 3) / 7 * 7 - 3)};
    case Kind::monthly:
      return {month, date_text(day).substr(0, 7)};
    case Kind::yearly:
      return {month / 12, date_text(day).substr(0, 4)};
    default:
      return {day, date_text(day)};
  }
}

std::string_view rule_name(Kind kind) {
  switch (kind) {
    case Kind::hourly:
      return "hourly";
    case Kind::weekly:
      return "weekly";
    case Kind::monthly:
      return "monthly";
    case Kind::yearly:
      return "yearly";
    default:
      return "daily";
  }
}

class Keeper {
 public:
  Keeper(const Log& log, std::span<const Micros> moments, const CompactOptions& options)
      : log_(log), moments_(moments), options_(options), kept_(moments.size()) {}

  Result<Retention> run() {
    for (const KeepRule& rule : options_.keep) {
      switch (rule.kind) {
        case Kind::all:
        case Kind::now:
        case Kind::last:
          break;
        case Kind::since:
          keep_since(rule.at);
          break;
        case Kind::every:
          DELTA_OK(keep_every(rule.step));
          break;
        case Kind::tags:
          keep_tags();
          break;
        default:
          DELTA_OK(keep_periods(rule));
          break;
      }
    }
    put_times();
    std::ranges::sort(out_.releases);
    out_.releases.erase(std::unique(out_.releases.begin(), out_.releases.end()), out_.releases.end());
    return std::move(out_);
  }

 private:
  Range still(std::size_t i) const { return {moments_[i], i + 1 < moments_.size() ? moments_[i + 1] - 1 : kMaxMicros}; }
  /// The still that a time lies in; none: before the beginning.
  std::optional<std::size_t> still_at(Micros time) const {
    const auto after = std::ranges::upper_bound(moments_, time);
    return after == moments_.begin() ? std::nullopt
                                     : std::optional(static_cast<std::size_t>(after - moments_.begin()) - 1);
  }
  void keep(std::size_t i, std::string why) {
    kept_[i] = true;
    out_.why.push_back({std::move(why), still(i), {}});
  }

  void keep_since(Micros time) {
    const std::size_t first = still_at(time).value_or(0);
    if (first >= moments_.size()) return;
    std::fill(kept_.begin() + static_cast<std::ptrdiff_t>(first), kept_.end(), true);
    out_.why.push_back({"since " + format_time(time), Range{moments_[first], kMaxMicros}, {}});
  }

  /// The stills in which a step ends, counted from the epoch.
  Status keep_every(Micros step) {
    if (step == 0) return error(ErrorCode::usage, "a step of 0");
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const Micros end = moments_[i] / step * step + (step - 1);
      if (end <= still(i).last) keep(i, "every: " + format_time(std::min(end, kMaxMicros)));
    }
    return {};
  }

  /// The last still that begins in each of the last `count` periods in which something happened.
  Status keep_periods(const KeepRule& rule) {
    if (moments_.empty()) return {};
    if (!options_.count_from && options_.clock && moments_.back() > *options_.clock) {
      return error(ErrorCode::bad_input, "the log's last time, " + format_time(moments_.back()) +
                                             ", lies ahead of the clock: " + std::string(rule_name(rule.kind)) +
                                             " would count back from there")
          .with_hint("--at TIME says where to count from");
    }
    const std::int64_t from = period_of(rule.kind, options_.count_from.value_or(kMaxMicros)).number;
    std::optional<std::int64_t> last;
    std::uint64_t left = rule.count;
    const std::size_t first_why = out_.why.size();
    for (std::size_t i = moments_.size(); i-- > 0 && left > 0;) {
      const Period period = period_of(rule.kind, moments_[i]);
      if (last == period.number || period.number > from) continue;
      last = period.number;
      --left;
      keep(i, std::string(rule_name(rule.kind)) + ": " + period.name);
    }
    std::reverse(out_.why.begin() + static_cast<std::ptrdiff_t>(first_why), out_.why.end());
    return {};
  }

  void keep_tags() {
    for (const Tag& tag : or_bad_alloc(log_.tags())) {
      if (!tag.at) {
        if (!tag.missing.empty()) continue;  // it is not here
        const auto& history = log_.impl().history;
        const auto heads = history.tops(history.context(tag.heads));
        out_.releases.push_back(heads);
        out_.why.push_back({"tag " + tag.name, {}, heads});
      } else if (const auto i = still_at(*tag.at)) {
        keep(*i, "tag " + tag.name);
      }
    }
  }

  void put_times() {
    if (moments_.empty()) {
      out_.times = KeptTimes::all();
      return;
    }
    if (moments_.front() > 0) out_.times.add(Range{0, moments_.front() - 1});
    kept_.back() = true;  // now
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (!kept_[i]) continue;
      std::size_t end = i;
      while (end + 1 < kept_.size() && kept_[end + 1]) ++end;
      out_.times.add(Range{moments_[i], still(end).last});
      i = end;
    }
  }

  const Log& log_;
  const std::span<const Micros> moments_;
  const CompactOptions& options_;
  std::vector<bool> kept_;  // by still
  Retention out_;
};

}  // namespace

Result<Retention> retention(const Log& log, std::span<const Micros> moments, const CompactOptions& options) {
  const bool all = options.keep.empty() ||
                   std::ranges::any_of(options.keep, [](const KeepRule& rule) { return rule.kind == Kind::all; });
  if (all) return Retention{KeptTimes::all(), {}, {}};
  return Keeper(log, moments, options).run();
}

void settle_moments(std::vector<Micros>& moments) {
  std::ranges::sort(moments);
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
}

}  // namespace delta::ops
