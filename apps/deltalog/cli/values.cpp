// Strict on purpose: a value that is understood only in part is refused, never guessed. No stdlib number parser that
// knows locales, signs, spaces or hexadecimal is used.
#include "cli/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "cli/hints.hpp"
#include "delta/file.hpp"
#include "delta/memory.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "delta/text.hpp"
#include "formats/lines.hpp"

namespace deltalog {

using delta::ErrorCode;
using delta::Micros;

namespace {

delta::Error bad(std::string message) { return delta::error(ErrorCode::usage, std::move(message)); }

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

constexpr std::uint64_t kMostDims = 1 << 20;  // that the format holds

Result<DimRange> parse_dim_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_count(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_count(text.substr(dash + 1));
  if (!first || !last) return bad(delta::quote(text) + " is no dimension and no range such as 0-15");
  if (*first > *last) return bad("the range " + delta::quote(text) + " runs backwards");
  if (*last >= kMostDims) {
    return bad("dimension " + std::to_string(*last) + " is beyond the limit of " + std::to_string(kMostDims) +
               " dimensions");
  }
  return DimRange{static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

}  // namespace

Micros now() { return delta::system_time(); }

Result<Micros> default_time() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (epoch == nullptr || *epoch == 0) return now();
  const auto seconds = parse_count(epoch);
  if (!seconds || *seconds > delta::kMaxMicros / 1'000'000) {
    return bad("SOURCE_DATE_EPOCH is " + delta::quote(epoch) + ", which is not a number of seconds since 1970");
  }
  return *seconds * 1'000'000;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) {
    return bad(delta::quote(text) + " is not a whole number");
  }
  return value;
}

Result<Micros> parse_time(std::string_view text) {
  auto time = delta::unless_out_of_memory(delta::parse_time(text, now()));
  if (time) return time;
  if (auto hint = time_hint(text); !hint.empty()) time.error().hint = std::move(hint);
  return time;
}

Result<std::uint32_t> parse_max_dims(std::string_view text) {
  const auto most = parse_count(text);
  if (!most || *most == 0 || *most > kMostDims) {
    return bad(delta::quote(text) + " is not a number of dimensions from 1 to " + std::to_string(kMostDims));
  }
  return static_cast<std::uint32_t>(*most);
}

Result<std::size_t> parse_neighbours(std::string_view text) {
  constexpr std::size_t kMost = 1 << 20;
  const auto count = parse_count(text);
  if (count && *count >= 1 && *count <= kMost) return static_cast<std::size_t>(*count);
  return bad(delta::quote(text) + " is not a number of neighbours from 1 to " + std::to_string(kMost));
}

Result<PropertyText> parse_property(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos) return bad(delta::quote(text) + " is not KEY=VALUE; KEY= removes it");
  PropertyText out{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  DELTA_OK(delta::check_property(out.key, out.value));
  return out;
}

Result<std::vector<DimRange>> parse_dims(std::string_view text) {
  std::vector<DimRange> ranges;
  for (const auto part : split(text, ',')) {
    DELTA_TRY(const auto range, parse_dim_range(part));
    ranges.push_back(range);
  }
  std::ranges::sort(ranges, {}, &DimRange::first);
  std::vector<DimRange> out;
  for (const auto& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Result<Bound> parse_bound(std::string_view text) {
  if (!text.ends_with('%')) {
    DELTA_TRY(const auto count, parse_count(text));
    return Bound{count, std::nullopt};
  }
  const auto digits = text.substr(0, text.size() - 1);
  double percent = 0;
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), percent, std::chars_format::fixed);
  const bool whole = !digits.empty() && problem == std::errc() && end == digits.data() + digits.size();
  if (!whole || !(percent >= 0 && percent <= 100)) return bad(delta::quote(text) + " is no percentage from 0% to 100%");
  return Bound{std::nullopt, percent / 100};
}

Result<CommitEvery> parse_commit_every(std::string_view text) {
  CommitEvery out;
  for (const auto part : split(text, ',')) {
    if (const auto count = parse_count(part); count && !out.deltas) {
      if (*count == 0) return bad("a commit cannot hold 0 deltas");
      out.deltas = *count;
    } else if (const auto duration = delta::unless_out_of_memory(delta::parse_duration(part));
               duration && !out.duration) {
      out.duration = *duration;
    } else {
      return bad(delta::quote(text) + " is not a number of deltas, a duration, or both, such as 1000,15m");
    }
  }
  return out;
}

Result<double> parse_distance(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = !text.empty() && problem == std::errc() && end == text.data() + text.size();
  if (!whole || !std::isfinite(value) || std::signbit(value)) {
    return bad(delta::quote(text) + " is no distance: a number such as 0.5");
  }
  return value;
}

Result<delta::KeepRule> parse_keep(std::string_view text) {
  using delta::KeepRule;
  using Rule = KeepRule::Kind;
  static constexpr std::pair<std::string_view, Rule> kinds[] = {
      {"all", Rule::all},         {"now", Rule::now},       {"since", Rule::since}, {"last", Rule::last},
      {"every", Rule::every},     {"hourly", Rule::hourly}, {"daily", Rule::daily}, {"weekly", Rule::weekly},
      {"monthly", Rule::monthly}, {"yearly", Rule::yearly}, {"tags", Rule::tags}};
  const auto colon = text.find(':');
  const auto known = std::ranges::find(kinds, text.substr(0, colon), &std::pair<std::string_view, Rule>::first);
  const auto bad = [&](std::string_view what) {
    return delta::error(delta::ErrorCode::usage, std::string(what) + ": " + delta::quote(text));
  };
  if (known == std::end(kinds)) {
    std::vector<std::string_view> names;
    for (const auto& [name, kind] : kinds) names.push_back(name);
    return bad("not a rule of what to keep").with_hint(did_you_mean(text.substr(0, colon), names));
  }
  KeepRule rule;
  rule.kind = known->second;
  const bool plain = rule.kind == Rule::all || rule.kind == Rule::now || rule.kind == Rule::tags;
  if (plain != (colon == text.npos)) return bad(plain ? "takes no argument" : "lacks its argument");
  if (plain) return rule;
  const std::string_view argument = text.substr(colon + 1);
  if (rule.kind == Rule::since) {
    DELTA_TRY(rule.at, parse_time(argument));
  } else if (rule.kind == Rule::every) {
    DELTA_TRY(rule.step, delta::parse_duration(argument));
    if (rule.step == 0) return bad("the interval must be positive");
  } else {
    DELTA_TRY(rule.count, parse_count(argument));
    if (rule.count == 0) return bad("N must be at least 1");
  }
  return rule;
}

Result<Threshold> parse_threshold(std::string_view text) {
  static constexpr std::string_view known[] = {"chain", "segments", "deltas", "commits", "bytes"};
  const auto colon = text.find(':');
  Threshold threshold{std::string(text.substr(0, colon)), 0};
  if (colon == text.npos || std::ranges::find(known, threshold.what) == std::end(known)) {
    return delta::error(delta::ErrorCode::usage,
                        "not a condition (chain:N, segments:N, deltas:N, commits:N, bytes:SIZE): " + delta::quote(text))
        .with_hint(did_you_mean(threshold.what, known));
  }
  DELTA_TRY(threshold.least,
            threshold.what == "bytes" ? parse_size(text.substr(colon + 1)) : parse_count(text.substr(colon + 1)));
  return threshold;
}

Result<delta::LockWait> parse_wait(std::string_view text) {
  if (text == "none") return delta::LockWait{.longest = 0, .required = false};
  if (text == "0") return delta::LockWait{.longest = 0};
  DELTA_TRY(const auto longest, delta::parse_duration(text));
  return delta::LockWait{.longest = longest};
}

Result<std::optional<Micros>> parse_skew(std::string_view text) {
  if (text == "any") return std::optional<Micros>();
  DELTA_TRY(const auto skew, delta::parse_duration(text));
  return std::optional(skew);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::string_view letters = "KMGT";
  const auto letter = text.empty() ? text.npos : letters.find(text.back());
  const unsigned shift = letter == text.npos ? 0 : 10 * (static_cast<unsigned>(letter) + 1);
  DELTA_TRY(const std::uint64_t count, parse_count(shift == 0 ? text : text.substr(0, text.size() - 1)));
  if (count > ~std::uint64_t{0} >> shift) {
    return delta::error(delta::ErrorCode::usage, "too large: " + delta::quote(text));
  }
  return count << shift;
}

Result<delta::Preset> parse_preset(std::string_view text) {
  const auto preset = delta::preset_named(text);
  if (!preset) return bad(delta::quote(text) + " is no preset");
  return *preset;
}

Result<delta::WindowSpec> parse_window(std::string_view text) {
  using Shape = delta::WindowSpec::Kind;
  const auto parts = split(text, ':');
  delta::WindowSpec spec;
  if (parts.size() == 2 && (parts[0] == "tumbling" || parts[0] == "session")) {
    spec.kind = parts[0] == "session" ? Shape::session : Shape::tumbling;
    DELTA_TRY(spec.length, delta::parse_duration(parts[1]));
    return spec;
  }
  if (parts.size() == 2 && parts[0] == "sliding") {
    const auto slash = parts[1].find('/');
    spec.kind = Shape::sliding;
    if (slash != text.npos) {
      DELTA_TRY(spec.length, delta::parse_duration(parts[1].substr(0, slash)));
      DELTA_TRY(spec.step, delta::parse_duration(parts[1].substr(slash + 1)));
      return spec;
    }
  }
  if (parts.size() == 4 && parts[0] == "adaptive") {
    spec.kind = Shape::adaptive;
    DELTA_TRY(spec.count, parse_count(parts[1]));
    DELTA_TRY(spec.shortest, delta::parse_duration(parts[2]));
    DELTA_TRY(spec.length, delta::parse_duration(parts[3]));
    return spec;
  }
  return bad(delta::quote(text) + " is no window")
      .with_hint("write tumbling:1h, sliding:1h/10m, session:30m or adaptive:100:10ms:5s");
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
  DELTA_TRY(auto input, delta::InputStream::open(path));
  delta::formats::LineReader reader(std::make_unique<delta::InputStream>(std::move(input)), 64 << 10);
  std::vector<std::string> lines;
  while (true) {
    DELTA_TRY(const auto line, reader.next());
    if (!line) return lines;
    lines.emplace_back(*line);
  }
}

Result<std::optional<Micros>> time_of(const Invocation& invocation, std::string_view option) {
  return value_of(invocation, option, [](std::string_view text) { return parse_time(text); });
}

Result<delta::ClockRules> clock_of(const Invocation& invocation) {
  constexpr Micros kDay = Micros{24} * 3600 * 1'000'000;
  const auto knows = [&](std::string_view option) { return invocation.command().find(option) != nullptr; };
  delta::ClockRules clock;
  DELTA_TRY(const Micros stated, default_time());
  clock.now = std::max(now(), stated);
  clock.max_skew = kDay;
  if (knows("max-skew")) {
    DELTA_TRY(const auto skew, value_of(invocation, "max-skew", parse_skew));
    if (skew) clock.max_skew = *skew;
  }
  if (knows("max-age")) {
    DELTA_TRY(clock.max_age, value_of(invocation, "max-age", delta::parse_duration));
  }
  return clock;
}

Result<delta::LockWait> wait_of(const Invocation& invocation) {
  DELTA_TRY(const auto wait, value_of(invocation, "wait", parse_wait));
  return wait.value_or(delta::LockWait{});
}

Result<unsigned> threads_of(const Invocation& invocation) {
  const auto parse = [](std::string_view text) -> Result<unsigned> {
    DELTA_TRY(const auto count, parse_count(text));
    if (count < 1 || count > 1024) return bad(delta::quote(text) + " is not a number of threads from 1 to 1024");
    return static_cast<unsigned>(count);
  };
  DELTA_TRY(const auto threads, value_of(invocation, "threads", parse));
  return threads.value_or(0);
}

Result<std::uint64_t> memory_of(const Invocation& invocation) {
  DELTA_TRY(const auto memory, value_of(invocation, "memory", parse_size));
  return memory ? Result<std::uint64_t>(*memory) : delta::default_memory();
}

delta::Error usage_error(const Invocation& invocation, std::string message) {
  return bad(std::move(message)).with_hint("see deltalog " + std::string(invocation.command().name) + " --help");
}

}  // namespace deltalog
