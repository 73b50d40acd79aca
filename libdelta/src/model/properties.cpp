#include "delta/properties.hpp"

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "model/metadata.hpp"

namespace delta {
namespace {

using model::MetadataMember;

/// The text in its one form. What is wrong with it is said of the property.
Result<std::string> canonical(std::string_view name, const std::string& object) {
  auto text = model::canonical_metadata(object);
  if (text) return text;
  constexpr std::string_view kSubject = "metadata ";
  std::string& what = text.error().message;
  if (what.starts_with(kSubject)) what.erase(0, kSubject.size());
  what = "property " + quote(name, 40) + " " + what;
  return text;
}

/// {"name":json}
Result<std::string> object_of(std::string_view name, std::string_view json) {
  DELTA_TRY(auto object, canonical(name, "{" + model::metadata_string(name) + ":" + std::string(json) + "}"));
  if (model::metadata_members(object).size() == 1) return object;
  return error(ErrorCode::bad_input, "property " + quote(name, 40) + ": " + quote(json, 40) + " is not one JSON value");
}

}  // namespace

Result<std::string> add_property(std::string_view properties, std::string_view name, std::string_view json) try {
  const Boundary boundary;
  DELTA_TRY(const auto object, object_of(name, json));
  auto members = model::metadata_members(properties);
  members.push_back(model::metadata_members(object).front());
  return canonical(name, model::metadata_text(members));
} catch (...) {
  return caught();
}

Result<std::string> add_text_property(std::string_view properties, std::string_view name, std::string_view text) try {
  const Boundary boundary;
  return add_property(properties, name, model::metadata_string(text));
} catch (...) {
  return caught();
}

Result<bool> has_property(std::string_view properties, std::string_view name, std::string_view value) try {
  const Boundary boundary;
  for (const MetadataMember& member : model::metadata_members(properties)) {
    if (model::metadata_name(member.name) != name) continue;
    if (member.value.starts_with('"')) {
      return model::metadata_name(member.value.substr(1, member.value.size() - 2)) == value;
    }
    const auto object = object_of(name, value);
    return object && model::metadata_members(*object).front().value == member.value;
  }
  return false;
} catch (...) {
  return caught();
}

Result<std::vector<std::pair<std::string, std::string>>> list_properties(std::string_view properties) try {
  const Boundary boundary;
  std::vector<std::pair<std::string, std::string>> out;
  for (const MetadataMember& member : model::metadata_members(properties)) {
    out.emplace_back(model::metadata_name(member.name), member.value);
  }
  return out;
} catch (...) {
  return caught();
}

}  // namespace delta
