#include "delta/setting.hpp"

#include <charconv>

#include "delta/text.hpp"
#include "model/names.hpp"

namespace delta {
namespace {

constexpr std::string_view kPolicy = "policy ", kTag = "tag ", kAccuracy = "accuracy ";

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
  if (kind == Kind::accuracy) return std::string(kAccuracy).append(text).append("@").append(model::namespace_text(name_space));
  return std::string(kTag).append(std::to_string(at)).append(" ").append(text);
}

}  // namespace delta
