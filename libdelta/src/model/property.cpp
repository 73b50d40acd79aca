#include "model/property.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/boundary.hpp"
#include "delta/limits.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"

namespace delta {
namespace {

constexpr std::size_t kMaxKeyBytes = 64;
constexpr std::array<std::string_view, 5> kElements = {"f32", "f16", "bf16", "i8", "u8"};  // by number

bool is_key_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

Status check_property(std::string_view key, std::string_view value) try {
  const Boundary boundary;
  const auto bad = [](std::string what) { return error(ErrorCode::bad_input, std::move(what)); };
  const bool named = !key.empty() && key[0] >= 'a' && key[0] <= 'z' && std::ranges::all_of(key, is_key_part);
  if (!named || key.size() > kMaxKeyBytes) {
    return bad("property " + quote(key, 80) +
               ": a key is 1 to 64 of a to z, 0 to 9, '-', '_' and '.', and begins with a letter");
  }
  if (value.size() > kMaxNameBytes) {
    return bad("property " + std::string(key) + " has a value of more than " + std::to_string(kMaxNameBytes) +
               " bytes");
  }
  if (!valid_utf8(value) || has_control(value)) {
    return bad("property " + std::string(key) + ": " + quote(value, 80) + " is not UTF-8 without control characters");
  }
  return {};
} catch (...) {
  return caught();
}

std::string_view element_name(Element element) noexcept { return kElements[static_cast<std::size_t>(element)]; }

Result<Element> parse_element(std::string_view name) try {
  const Boundary boundary;
  const auto found = std::ranges::find(kElements, name);
  if (found == kElements.end()) {
    return error(ErrorCode::unsupported, "unknown element type " + quote(name, 60))
        .with_hint("types are f32, f16, bf16, i8, u8");
  }
  return static_cast<Element>(found - kElements.begin());
} catch (...) {
  return caught();
}

std::string_view property_named(std::span<const NamespaceProperty> properties, std::string_view name_space,
                                std::string_view key) noexcept {
  const auto found = std::ranges::find_if(
      properties, [&](const NamespaceProperty& p) { return p.name_space == name_space && p.key == key; });
  return found == properties.end() ? std::string_view() : std::string_view(found->value);
}

namespace model {

Result<std::vector<NamespaceProperty>> properties_at(const Catalog& catalog, const History& history, const Cut& cut) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  std::map<std::pair<std::string, std::string>, NamespaceProperty> found;
  const auto key = [&](CommitNo number) {
    const CommitView& c = history.commit(number);
    return Key{c.time, c.origin, c.first};
  };
  for (const CommitNo number : history.settings()) {
    const CommitView commit = history.commit(number);
    auto setting = Setting::parse(commit.setting);
    if (!setting || setting->kind != Setting::Kind::property) continue;
    if (!test.contains({.time = commit.time, .commit = number, .seq = commit.first})) continue;
    const auto [place, fresh] = found.try_emplace({setting->name_space, std::string(setting->text)});
    if (!fresh && !key_less(catalog, key(place->second.commit), key(number))) continue;
    place->second = {setting->name_space, std::string(setting->text), setting->value, number};
  }
  std::vector<NamespaceProperty> out;
  for (auto& [name, property] : found) {
    if (!property.value.empty()) out.push_back(std::move(property));
  }
  return out;
}

}  // namespace model
}  // namespace delta
