#include "delta/setting.hpp"

#include <charconv>

#include "delta/text.hpp"

namespace delta {
namespace {

constexpr std::string_view kPolicy = "policy ", kTag = "tag ";

}  // namespace

Result<Setting> Setting::parse(std::string_view text) {
  const auto bad = [&] { return error(ErrorCode::bad_input, "not a setting: " + quote(text, 80)); };
  Setting setting;
  if (text.starts_with(kPolicy) && text.size() > kPolicy.size()) {
    setting.text = text.substr(kPolicy.size());
    return setting;
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
  return std::string(kTag).append(std::to_string(at)).append(" ").append(text);
}

}  // namespace delta
