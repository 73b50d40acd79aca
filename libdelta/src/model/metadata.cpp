// Patches as texts: parsed, applied and printed by base/json.hpp, whose text is the only one for its meaning.
#include "model/metadata.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "delta/limits.hpp"
#include "delta/text.hpp"

namespace delta::model {
namespace {

Error in_metadata(Error problem) {
  problem.message.insert(0, "metadata ");
  return problem;
}

std::string printed(const Json& object) {
  std::string out;
  if (!object.members().empty()) print_json(out, object);
  return out;
}

/// Place after the JSON string that begins at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\';
  return std::min(at + 1, json.size());
}

/// Place after the JSON value that begins at `at`: where a comma or bracket ends it.
std::size_t value_end(std::string_view json, std::size_t at) {
  for (int depth = 0; at < json.size();) {
    const char c = json[at];
    if (depth == 0 && (c == ',' || c == '}')) break;
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    at = c == '"' ? string_end(json, at) : at + 1;
  }
  return at;
}

int hex_digit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// Of an object that is canonical.
Json parsed(std::string_view text) {
  if (text.empty()) return Json::object();
  auto value = parse_json_object(text);
  DELTA_CHECK(value);
  return *std::move(value);
}

/// The patch that turns one object into another. Neither holds a null but in arrays, which are replaced whole.
Json patch_between(const Json& from, const Json& to) {
  Json patch = Json::object();
  for (const auto& [name, member] : from.members()) {
    if (to.find(name) == nullptr) patch.members()[name] = Json();
  }
  for (const auto& [name, member] : to.members()) {
    const Json* const old = from.find(name);
    if (old != nullptr && *old == member) continue;
    const bool inside = old != nullptr && old->is_object() && member.is_object();
    patch.members()[name] = inside ? patch_between(*old, member) : member;
  }
  return patch;
}

/// Deals the leaves of a patch out to patches within the limit. What a leaf needs alone, with the objects around it,
/// bounds what it adds to a patch that has others.
class Splitter {
 public:
  std::vector<std::string> run(const Json& patch) {
    walk(patch, 2);
    flush();
    return std::move(out_);
  }

 private:
  static std::size_t size(const Json& value) {
    std::string text;
    print_json(text, value);
    return text.size();
  }
  void walk(const Json& patch, std::size_t around) {
    for (const auto& [name, member] : patch.members()) {
      const std::size_t bytes = around + size(Json(name)) + 2;  // and colon and comma
      if (member.is_object() && !member.members().empty()) {
        path_.push_back(&name);
        walk(member, bytes + 2);
        path_.pop_back();
      } else {
        put(name, member, bytes + size(member));
      }
    }
  }
  void put(const std::string& name, const Json& member, std::size_t bytes) {
    if (used_ + bytes > kMaxMetadataBytes) flush();
    Json* object = &part_;
    for (const std::string* step : path_) {
      object = &object->members()[*step];
      if (object->is_null()) *object = Json::object();
    }
    object->members()[name] = member;
    used_ += bytes;
  }
  void flush() {
    if (!part_.members().empty()) out_.push_back(printed(part_));
    part_ = Json::object();
    used_ = 0;
  }

  std::vector<std::string> out_;
  std::vector<const std::string*> path_;
  Json part_ = Json::object();
  std::size_t used_ = 0;
};

}  // namespace

namespace {

Result<Json> parse_object(std::string_view json) {
  auto value = parse_json_object(json);
  if (!value) return in_metadata(std::move(value).error());
  return value;
}

Status check_size(std::string_view text) {
  if (text.size() <= kMaxMetadataBytes) return {};
  return error(ErrorCode::limit, "metadata is over " + human_size(kMaxMetadataBytes) + ": " + human_size(text.size()));
}

}  // namespace

Result<std::string> canonical_metadata(std::string_view json) {
  DELTA_TRY(const Json value, parse_object(json));
  std::string text = printed(value);
  DELTA_OK(check_size(text));
  return text;
}

Result<std::vector<std::string>> canonical_patches(std::string_view json) {
  DELTA_TRY(const Json value, parse_object(json));
  std::string text = printed(value);
  if (text.empty()) return std::vector<std::string>();
  if (text.size() <= kMaxMetadataBytes) return std::vector<std::string>{std::move(text)};
  auto patches = Splitter().run(value);
  for (const auto& patch : patches) DELTA_OK(check_size(patch));
  return patches;
}

bool is_canonical_metadata(std::string_view text) {
  if (text.empty()) return true;
  const auto canonical = canonical_metadata(text);
  return canonical && *canonical == text;
}

std::string merge_metadata(std::string_view target, std::string_view patch) {
  return merge_metadata(target, {&patch, 1});
}

std::string merge_metadata(std::string_view target, std::span<const std::string_view> patches) {
  std::optional<Json> value;
  for (const std::string_view patch : patches) {
    if (patch.empty()) continue;
    if (!value) value = parsed(target);
    value->merge_patch(parsed(patch));
  }
  return value ? printed(*value) : std::string(target);
}

std::vector<std::string> metadata_patches(std::string_view from, std::string_view to) {
  if (from == to) return {};
  const Json patch = patch_between(parsed(from), parsed(to));
  std::string text = printed(patch);
  if (text.size() <= kMaxMetadataBytes) return {std::move(text)};
  return Splitter().run(patch);
}

std::string revert_metadata(std::string_view before, std::string_view after, std::string_view now,
                            std::vector<std::string>& kept) {
  if (before == after) return std::string(now);
  const Json from = parsed(after), to = parsed(before);
  Json value = parsed(now);
  const auto same = [](const Json& a, const Json& b, const std::string& name) {
    const Json *const x = a.find(name), *const y = b.find(name);
    return x == nullptr || y == nullptr ? x == y : *x == *y;
  };
  const Json changed = patch_between(from, to);  // only the names of its members count
  for (const auto& [name, ignored] : changed.members()) {
    if (same(value, to, name)) continue;
    if (!same(value, from, name)) {
      kept.push_back(name);
    } else if (const Json* const former = to.find(name)) {
      value.members()[name] = *former;
    } else {
      value.members().erase(name);
    }
  }
  return printed(value);
}

std::vector<MetadataMember> metadata_members(std::string_view json) {
  std::vector<MetadataMember> out;
  for (std::size_t at = 1; at < json.size() && json[at] == '"';) {
    const std::size_t name_end = string_end(json, at), end = value_end(json, name_end + 1);
    out.push_back({json.substr(at + 1, name_end - at - 2), json.substr(name_end + 1, end - name_end - 1)});
    at = end + 1;
  }
  return out;
}

Status check_reserved(std::string_view canonical) {
  constexpr std::string_view kReserved = "deltalog.";
  if (canonical.find(kReserved) == canonical.npos) return {};
  for (const MetadataMember& member : metadata_members(canonical)) {
    if (!member.name.starts_with(kReserved)) continue;
    return error(ErrorCode::bad_input, "metadata member " + quote(metadata_name(member.name), 80) +
                                           ": names that begin with \"deltalog.\" are reserved");
  }
  return {};
}

/// Canonical JSON escapes nothing but quotes, backslashes and C0 control characters.
std::string metadata_name(std::string_view text) {
  static constexpr std::string_view kShort = "bfnrt", kMeant = "\b\f\n\r\t";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
    } else if (const char c = text[++i]; c == 'u' && i + 4 < text.size()) {
      out += static_cast<char>(hex_digit(text[i + 3]) << 4 | hex_digit(text[i + 4]));
      i += 4;
    } else {
      const auto place = kShort.find(c);
      out += place == std::string_view::npos ? c : kMeant[place];
    }
  }
  return out;
}

std::string metadata_string(std::string_view text) {
  std::string out;
  print_json_string(out, text);
  return out;
}

std::string metadata_text(std::span<const MetadataMember> members) {
  std::string out;
  for (const auto& [name, value] : members) {
    ((((out += out.empty() ? '{' : ',') += '"') += name) += "\":") += value;
  }
  return out.empty() ? out : out += '}';
}

}  // namespace delta::model
