// Times by the calendar of std::chrono alone: no locale and no time zone database, so the same text is the same time on
// every machine. What cannot be held exactly (a leap second, a part of a microsecond) is refused, not rounded.
#include "delta/timestamp.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/boundary.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr Micros kDay = 86'400'000'000;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A cursor that takes exactly what RFC 3339 spells.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool take(char c) { return take_one_of(std::string_view(&c, 1)).has_value(); }
  std::optional<char> take_one_of(std::string_view set) {
    if (rest_.empty() || set.find(rest_[0]) == std::string_view::npos) return {};
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  std::optional<int> digits(std::size_t n) {
    if (rest_.size() < n) return {};
    int value = 0;
    for (const char c : rest_.substr(0, n)) {
      if (!is_digit(c)) return {};
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(n);
    return value;
  }
  /// What follows a point, in microseconds: any number of digits, of which those behind the sixth are zeros. Else no
  /// value.
  std::optional<std::int64_t> fraction() {
    std::int64_t value = 0;
    std::size_t n = 0;
    for (; n < rest_.size() && is_digit(rest_[n]); ++n) {
      if (n >= 6 && rest_[n] != '0') return {};
      if (n < 6) value = value * 10 + (rest_[n] - '0');
    }
    if (n == 0) return {};
    rest_.remove_prefix(n);
    for (; n < 6; ++n) value *= 10;
    return value;
  }
  /// All that is left, as a number without a leading zero, of at most four digits.
  std::optional<std::uint32_t> number() {
    std::uint32_t value = 0;
    const bool plain = !rest_.empty() && rest_.size() <= 4 && (rest_[0] != '0' || rest_.size() == 1);
    for (const char c : rest_) {
      if (!plain || !is_digit(c)) return {};
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (!plain) return {};
    rest_ = {};
    return value;
  }

 private:
  std::string_view rest_;
};

Error bad_time(std::string_view text, std::string_view why) {
  return error(ErrorCode::usage, quote(text) + " is not a time: " + std::string(why))
      .with_hint("write 2026-11-12T14:10:29Z, 2026-11-12, @1794492629, yesterday or '3d ago'");
}

constexpr std::string_view kUnknownForm =
    "neither RFC 3339, nor a date, nor @seconds, nor a word like now, nor a duration and 'ago'";
constexpr std::string_view kTooFine = "a fraction has 1 to 6 digits, and only zeros behind them";
constexpr std::string_view kOutOfRange = "it is before 1970 or after 2112-09-17T23:53:47.370495Z";

Result<Micros> in_range(std::string_view text, std::int64_t us) {
  if (us < 0 || us > static_cast<std::int64_t>(kMaxMicros)) return bad_time(text, kOutOfRange);
  return static_cast<Micros>(us);
}

// "Z", "+01:00", "-00:00": seconds to subtract.
std::optional<std::int64_t> take_offset(Scanner& in) {
  if (in.take_one_of("Zz")) return 0;
  const auto sign = in.take_one_of("+-");
  if (!sign) return {};
  const auto hours = in.digits(2);
  if (!hours || !in.take(':')) return {};
  const auto minutes = in.digits(2);
  if (!minutes || *hours > 23 || *minutes > 59) return {};
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return *sign == '-' ? -seconds : seconds;
}

// "+3" behind the "Z", as the clock's counter is printed. Nothing there is no counter.
Result<std::optional<std::uint32_t>> parse_tick(std::string_view text, Scanner& in) {
  if (in.done()) return std::optional<std::uint32_t>();
  const char before = text[text.size() - in.rest().size() - 1];
  if ((before != 'Z' && before != 'z') || !in.take('+')) return bad_time(text, "its offset is not Z or +HH:MM");
  const auto tick = in.number();
  if (!tick || *tick > kMaxTick) return bad_time(text, "what follows Z+ is no counter from 0 to 4095");
  return tick;
}

// Hours, minutes, seconds (which may be absent), fraction and offset, after the "T": microseconds since the day's
// midnight UTC.
Result<std::int64_t> parse_clock(std::string_view text, Scanner& in) {
  const auto hour = in.digits(2);
  if (!hour || !in.take(':')) return bad_time(text, kUnknownForm);
  const auto minute = in.digits(2);
  if (!minute) return bad_time(text, kUnknownForm);
  const bool with_seconds = in.take(':');
  const auto second = with_seconds ? in.digits(2) : std::optional<int>(0);
  if (!second) return bad_time(text, kUnknownForm);
  if (*hour > 23 || *minute > 59 || *second > 60) return bad_time(text, "there is no such time of day");
  if (*second == 60) return bad_time(text, "Unix time has no leap seconds");
  std::int64_t fraction = 0;
  if (with_seconds && in.take('.')) {
    const auto taken = in.fraction();
    if (!taken) return bad_time(text, kTooFine);
    fraction = *taken;
  }
  if (in.done()) return bad_time(text, "it has no offset: end it with Z or +HH:MM");
  const auto offset = take_offset(in);
  if (!offset) return bad_time(text, "its offset is not Z or +HH:MM");
  return (*hour * 3600 + *minute * 60 + *second - *offset) * kSecond + fraction;
}

Result<WrittenTime> plain(Result<Micros> time) {
  if (!time) return std::move(time).error();
  return WrittenTime{*time, {}};
}

Result<WrittenTime> parse_calendar(std::string_view text) {
  Scanner in(text);
  const auto year = in.digits(4);
  if (!year || !in.take('-')) return bad_time(text, kUnknownForm);
  const auto month = in.digits(2);
  if (!month || !in.take('-')) return bad_time(text, kUnknownForm);
  const auto day = in.digits(2);
  if (!day) return bad_time(text, kUnknownForm);
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return bad_time(text, "there is no such day");
  const std::int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * 86400 * kSecond;
  if (in.done()) return plain(in_range(text, midnight));
  if (!in.take_one_of("Tt ")) return bad_time(text, kUnknownForm);  // RFC 3339, 5.6: a space for readability
  DELTA_TRY(const std::int64_t clock, parse_clock(text, in));
  DELTA_TRY(const Micros time, in_range(text, midnight + clock));
  DELTA_TRY(const auto tick, parse_tick(text, in));
  return WrittenTime{time, tick};
}

Result<Micros> parse_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  if (text.size() < 2 || !is_digit(text[1])) return bad_time(text, "digits must follow the @");
  const auto [stop, failure] = std::from_chars(text.data() + 1, end, seconds);
  if (failure != std::errc{} || seconds > static_cast<std::int64_t>(kMaxMicros) / kSecond) {
    return bad_time(text, kOutOfRange);
  }
  Scanner in(std::string_view(stop, static_cast<std::size_t>(end - stop)));
  std::int64_t fraction = 0;
  if (in.take('.')) {
    const auto taken = in.fraction();
    if (!taken) return bad_time(text, kTooFine);
    fraction = *taken;
  }
  if (!in.done()) return bad_time(text, "only a fraction may follow the seconds");
  return in_range(text, seconds * kSecond + fraction);
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

struct Unit {
  std::string_view name, word;
  Micros us;
};
constexpr std::array<Unit, 7> kUnits = {{{"us", "microsecond", 1},
                                         {"ms", "millisecond", 1000},
                                         {"s", "second", 1'000'000},
                                         {"m", "minute", 60'000'000},
                                         {"h", "hour", 3'600'000'000},
                                         {"d", "day", kDay},
                                         {"w", "week", 7 * kDay}}};

// "90s"; where words are taken also "90 seconds" and "1 second".
bool names_unit(std::string_view text, const Unit& unit, bool words) {
  if (text == unit.name) return words || unit.name != "w";
  if (!words || !text.starts_with(' ')) return false;
  text.remove_prefix(1);
  if (text.ends_with('s')) text.remove_suffix(1);
  return text == unit.word;
}

Result<Micros> parse_span(std::string_view text, bool words) {
  const auto fail = [&](std::string_view why) {
    return error(ErrorCode::usage, quote(text) + " is not a duration: " + std::string(why))
        .with_hint("write a whole number and us, ms, s, m, h or d: 90s, 15m, 6h, 7d");
  };
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, count);
  if (failure == std::errc::result_out_of_range) return fail("it is too long");
  if (failure != std::errc{}) return fail("it does not begin with a whole number");
  const std::string_view suffix(stop, static_cast<std::size_t>(end - stop));
  for (const Unit& unit : kUnits) {
    if (!names_unit(suffix, unit, words)) continue;
    if (count > kMaxMicros / unit.us) return fail("it is too long");
    return count * unit.us;
  }
  return fail(suffix.empty() ? "it has no unit" : "its unit is unknown");
}

// How long before `now` the moment lies that a word names: the day's first moment, UTC. No value for any other text.
std::optional<Micros> before_now(std::string_view text, Micros now) {
  if (text == "now") return 0;
  if (text == "today") return now % kDay;
  if (text == "yesterday") return now % kDay + kDay;
  return {};
}

Result<Micros> back_from(std::string_view text, Micros now, Micros back) {
  if (back > now) return bad_time(text, kOutOfRange);
  return now - back;
}

}  // namespace

std::string format_time(Micros us) {
  const auto total = static_cast<std::int64_t>(us);
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(total / kSecond / 86400)));
  const std::int64_t seconds = total / kSecond % 86400, fraction = total % kSecond;
  std::string out;
  append_padded(out, static_cast<int>(date.year()), 4);
  append_padded(out += '-', static_cast<unsigned>(date.month()), 2);
  append_padded(out += '-', static_cast<unsigned>(date.day()), 2);
  append_padded(out += 'T', seconds / 3600, 2);
  append_padded(out += ':', seconds / 60 % 60, 2);
  append_padded(out += ':', seconds % 60, 2);
  if (fraction % 1000 != 0) {
    append_padded(out += '.', fraction, 6);
  } else if (fraction != 0) {
    append_padded(out += '.', fraction / 1000, 3);
  }
  return out += 'Z';
}

Result<Micros> parse_time(std::string_view text, Micros now) try {
  const Boundary boundary;
  DELTA_TRY(const WrittenTime time, parse_written_time(text, now));
  return time.us;
} catch (...) {
  return caught();
}

Result<WrittenTime> parse_written_time(std::string_view text, Micros now) try {
  const Boundary boundary;
  if (text.starts_with('@')) return plain(parse_seconds(text));
  if (const auto back = before_now(text, now)) return plain(back_from(text, now, *back));
  constexpr std::string_view kAgo = " ago";
  if (text.size() > kAgo.size() && text.ends_with(kAgo)) {
    const auto back = parse_span(text.substr(0, text.size() - kAgo.size()), /*words=*/true);
    if (!back) return bad_time(text, back.error().message);
    return plain(back_from(text, now, *back));
  }
  return parse_calendar(text);
} catch (...) {
  return caught();
}

Result<Micros> parse_duration(std::string_view text) try {
  const Boundary boundary;
  return parse_span(text, /*words=*/false);
} catch (...) {
  return caught();
}

}  // namespace delta
