#include "delta/setting.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "delta/property.hpp"
#include "delta/text.hpp"
#include "model/names.hpp"

namespace delta {
namespace {

constexpr std::string_view kPolicy = "policy ", kTag = "tag ", kAccuracy = "accuracy ", kProperty = "property ";
constexpr std::size_t kMaxKindBytes = 32;

/// "KIND TEXT", where KIND is none of this version's.
bool is_unknown(std::string_view text) {
  const std::string_view kind = text.substr(0, text.find(' '));
  if (kind.empty() || kind.size() > kMaxKindBytes || text.size() < kind.size() + 2) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (kind[0] < 'a' || kind[0] > 'z' || !std::ranges::all_of(kind, letter)) return false;
  const std::string_view known[] = {kPolicy, kTag, kAccuracy, kProperty};
  return std::ranges::none_of(known, [&](std::string_view k) { return k.substr(0, k.size() - 1) == kind; });
}

/// "KEY=VALUE@NAMESPACE"
std::optional<Setting> parse_property(std::string_view text) {
  const auto equals = text.find('='), at = text.find('@');
  if (at == text.npos || equals == text.npos || equals > at) return {};
  Setting setting;
  setting.kind = Setting::Kind::property;
  setting.text = text.substr(0, equals);
  auto name = model::parse_namespace(text.substr(at + 1));
  auto value = equals + 1 == at ? Result(std::string()) : model::parse_name(text.substr(equals + 1, at - equals - 1));
  if (!name || !value || !check_property(setting.text, *value)) return {};
  setting.name_space = std::move(name).value(), setting.value = std::move(value).value();
  return setting;
}

}  // namespace

Result<Setting> Setting::parse(std::string_view text) {
  const auto bad = [&] { return error(ErrorCode::bad_input, "not a setting: " + quote(text, 80)); };
  Setting setting;
  if (text.starts_with(kPolicy) && text.size() > kPolicy.size()) {
    setting.text = text.substr(kPolicy.size());
    return setting;
  }
  if (text.starts_with(kAccuracy)) {
    const auto at = text.find('@');
    if (at == text.npos || at == kAccuracy.size()) return bad();
    auto name = model::parse_namespace(text.substr(at + 1));
    if (!name) return bad();
    return Setting{Kind::accuracy, text.substr(kAccuracy.size(), at - kAccuracy.size()), 0, std::move(name).value()};
  }
  if (text.starts_with(kProperty)) {
    auto property = parse_property(text.substr(kProperty.size()));
    if (!property) return bad();
    return *std::move(property);
  }
  if (is_unknown(text)) return Setting{Kind::unknown, text};
  if (!text.starts_with(kTag)) return bad();
  const char *begin = text.data() + kTag.size(), *end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(begin, end, setting.at);
  const bool plain = at != begin && (*begin != '0' || at == begin + 1);  // one spelling of a number
  if (failure != std::errc{} || !plain || setting.at > kMaxMicros || end - at < 2 || *at != ' ') return bad();
  setting.kind = Kind::tag;
  setting.text = text.substr(static_cast<std::size_t>(at + 1 - text.data()));
  return setting;
}

std::string Setting::to_text() const {
  if (kind == Kind::policy) return std::string(kPolicy).append(text);
  if (kind == Kind::unknown) return std::string(text);
  if (kind == Kind::property) {
    const std::string escaped = value.empty() ? std::string() : model::name_text(value);
    return std::string(kProperty).append(text).append("=").append(escaped).append("@").append(model::namespace_text(name_space));
  }
  if (kind == Kind::accuracy) return std::string(kAccuracy).append(text).append("@").append(model::namespace_text(name_space));
  return std::string(kTag).append(std::to_string(at)).append(" ").append(text);
}

}  // namespace delta
