#include "delta/setting.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/boundary.hpp"
#include "delta/property.hpp"
#include "delta/text.hpp"
#include "model/names.hpp"

namespace delta {
namespace {

constexpr std::string_view kPolicy = "policy ", kTag = "tag ", kRelease = "release ", kUntag = "untag ";
constexpr std::string_view kAccuracy = "accuracy ", kProperty = "property ";
constexpr char kBetween = '\n';  // no name holds one
constexpr std::size_t kMaxKindBytes = 32;

bool is_dot(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() || text[colon + 1] == '0') return false;
  std::uint64_t seq = 0;
  const auto [end, failure] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), seq);
  return failure == std::errc{} && end == text.data() + text.size();
}

/// "KIND TEXT", where KIND is not one of this version's.
bool is_unknown(std::string_view text) {
  const std::string_view kind = text.substr(0, text.find(' '));
  if (kind.empty() || kind.size() > kMaxKindBytes || text.size() < kind.size() + 2) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (kind[0] < 'a' || kind[0] > 'z' || !std::ranges::all_of(kind, letter)) return false;
  const std::string_view known[] = {kPolicy, kTag, kRelease, kUntag, kAccuracy, kProperty};
  return std::ranges::none_of(known, [&](std::string_view k) { return k.substr(0, k.size() - 1) == kind; });
}

/// "KEY=VALUE@NAMESPACE"
std::optional<Setting> parse_property(std::string_view text) {
  const auto equals = text.find('='), at = text.find('@');
  if (at == text.npos || equals == text.npos || equals > at) return {};
  Setting setting{Setting::Kind::property, text.substr(0, equals)};
  auto name = model::parse_namespace(text.substr(at + 1));
  auto value = equals + 1 == at ? Result(std::string()) : model::parse_name(text.substr(equals + 1, at - equals - 1));
  if (!name || !value || !check_property(setting.text, *value)) return {};
  setting.name_space = std::move(name).value();
  setting.value = std::move(value).value();
  return setting;
}

/// "MICROSECONDS NAME"
std::optional<Setting> parse_tag(std::string_view text) {
  Setting setting{Setting::Kind::tag, {}, 0, {}};
  const char *begin = text.data(), *end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(begin, end, setting.at);
  const bool plain = at != begin && (*begin != '0' || at == begin + 1);  // one spelling of a number
  if (failure != std::errc{} || !plain || setting.at > kMaxMicros || end - at < 2 || *at != ' ') return std::nullopt;
  setting.text = text.substr(static_cast<std::size_t>(at + 1 - text.data()));
  return setting;
}

/// "NAME", and each dot behind a line feed.
std::optional<Setting> parse_release(std::string_view text) {
  Setting setting{Setting::Kind::release, text.substr(0, text.find(kBetween)), 0, {}};
  while (true) {
    const auto next = text.find(kBetween);
    if (next == text.npos) break;
    text.remove_prefix(next + 1);
    setting.dots.push_back(text.substr(0, text.find(kBetween)));
    if (setting.dots.size() > 1 && setting.dots[setting.dots.size() - 2] >= setting.dots.back()) return std::nullopt;
  }
  const auto no_dot = [](std::string_view dot) { return !is_dot(dot); };
  return setting.text.empty() || std::ranges::any_of(setting.dots, no_dot) ? std::nullopt
                                                                           : std::optional(std::move(setting));
}

std::optional<Setting> parse_accuracy(std::string_view text) {
  const auto at = text.find('@');
  if (at == text.npos || at == 0) return std::nullopt;
  auto name = model::parse_namespace(text.substr(at + 1));
  if (!name) return std::nullopt;
  return Setting{Setting::Kind::accuracy, text.substr(0, at), 0, std::move(name).value()};
}

/// None: it does not begin with this word, or nothing follows.
std::optional<std::string_view> behind(std::string_view word, std::string_view text) {
  return text.starts_with(word) && text.size() > word.size() ? std::optional(text.substr(word.size())) : std::nullopt;
}

}  // namespace

Result<Setting> Setting::parse(std::string_view text) try {
  const Boundary boundary;
  std::optional<Setting> setting;
  if (const auto rules = behind(kPolicy, text)) setting = Setting{Kind::policy, *rules, 0, {}};
  if (const auto name = behind(kUntag, text)) setting = Setting{Kind::untag, *name, 0, {}};
  if (const auto rest = behind(kTag, text)) setting = parse_tag(*rest);
  if (const auto rest = behind(kRelease, text)) setting = parse_release(*rest);
  if (const auto rest = behind(kAccuracy, text)) setting = parse_accuracy(*rest);
  if (const auto rest = behind(kProperty, text)) setting = parse_property(*rest);
  if (is_unknown(text)) setting = Setting{Kind::unknown, text, 0, {}};
  if (!setting) return error(ErrorCode::bad_input, "not a setting: " + quote(text, 80));
  return std::move(*setting);
} catch (...) {
  return caught();
}

std::string Setting::to_text() const {
  switch (kind) {
    case Kind::policy:
      return std::string(kPolicy).append(text);
    case Kind::tag:
      return std::string(kTag).append(std::to_string(at)).append(" ").append(text);
    case Kind::untag:
      return std::string(kUntag).append(text);
    case Kind::accuracy:
      return std::string(kAccuracy).append(text).append("@").append(model::namespace_text(name_space));
    case Kind::property: {
      const std::string escaped = value.empty() ? std::string() : model::name_text(value);
      return std::string(kProperty).append(text).append("=").append(escaped).append("@").append(
          model::namespace_text(name_space));
    }
    case Kind::unknown:
      return std::string(text);
    case Kind::release:
      break;
  }
  std::string release = std::string(kRelease).append(text);
  for (const auto dot : dots) (release += kBetween).append(dot);
  return release;
}

}  // namespace delta
