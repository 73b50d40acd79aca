// Metadata is hashed as text, so the text must be the only one for its meaning: a writer in another language has to
// come to the same bytes. Hence an own printer (nlohmann's floats are not always the shortest), and a parser by events
// that refuses what JSON leaves open: a member twice, integers that would be rounded.
#include "model/metadata.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "delta/text.hpp"
#include "model/json_value.hpp"
#include "support/limits.hpp"

namespace delta::model {
namespace {

constexpr std::size_t kMaxDepth = 64;

Error refuse(const std::string& what) { return error(ErrorCode::bad_input, "metadata " + what); }

// Builds a value from parser events; the first event it dislikes ends the parse with `failure`.
class Builder {
 public:
  std::optional<Error> failure;
  Json root;

  bool null() { return put(Json()); }
  bool boolean(bool v) { return put(Json(v)); }
  bool number_integer(std::int64_t v) { return put(Json(v)); }
  bool number_unsigned(std::uint64_t v) { return put(Json(v)); }
  bool number_float(double v, const std::string& literal) {
    if (!std::isfinite(v)) return fail("holds " + quote(literal) + ", which float64 cannot hold");
    if (literal.find_first_of(".eE") == std::string::npos && exact_digits(v) != literal) {
      return fail("holds the integer " + quote(literal) + ", which neither 64 bits nor float64 can hold");
    }
    return put(Json(v));
  }
  bool string(std::string& v) { return put(Json(std::move(v))); }
  bool binary(nlohmann::json::binary_t&) { return fail("is not JSON"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    if (open_.back()->find(name) != nullptr) return fail("has the member " + quote(name) + " twice");
    name_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& e) {
    constexpr int kNumberOverflow = 406;
    if (e.id == kNumberOverflow) return fail("holds " + quote(token) + ", which float64 cannot hold");
    return fail("is not JSON: byte " + std::to_string(position) + " is unexpected, after " + quote(token));
  }

 private:
  bool fail(const std::string& what) {
    if (!failure) failure = refuse(what);
    return false;
  }
  static std::string exact_digits(double v) {
    std::array<char, 400> text;
    const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::fixed, 0);
    return failed == std::errc{} ? std::string(text.data(), end) : std::string();
  }
  Json* place(Json&& v) {
    if (open_.empty()) return &(root = std::move(v));
    if (open_.back()->is_object()) return &(open_.back()->members()[name_] = std::move(v));
    return &open_.back()->elements().emplace_back(std::move(v));
  }
  bool put(Json&& v) {
    if (open_.empty()) return fail("is not an object");
    place(std::move(v));
    return true;
  }
  bool open(Json&& v) {
    if (open_.empty() && !v.is_object()) return fail("is not an object");
    if (open_.size() == kMaxDepth) return fail("is nested deeper than " + std::to_string(kMaxDepth));
    open_.push_back(place(std::move(v)));  // stays put: its container grows only after it is closed
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Json*> open_;
  std::string name_;
};

// An integer that 64 bits hold is written by its digits, also when it came as "1.0" or "1e3"; anything else by the
// fewest digits that read back as the same float64, with an exponent below 1e-6 and where the value is a greater
// integer (digits alone would look exact there and not be). So no two numbers are written alike, and none in two ways.
void print_float(std::string& out, double v) {
  const bool integer = v == std::trunc(v);
  if (integer) {
    if (v >= -0x1p63 && v < 0x1p63) {
      out += std::to_string(static_cast<std::int64_t>(v));
      return;
    }
    if (v >= 0 && v < 0x1p64) {
      out += std::to_string(static_cast<std::uint64_t>(v));
      return;
    }
  }
  std::array<char, 32> text;
  const auto [end, failed] =
      std::to_chars(text.data(), text.data() + text.size(), std::abs(v), std::chars_format::scientific);
  DELTA_CHECK(failed == std::errc{});
  const std::string_view shortest(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t e = shortest.find('e');
  std::string digits(1, shortest[0]);
  if (e > 2) digits += shortest.substr(2, e - 2);
  int exponent = 0;
  const char* const sign = shortest.data() + e + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, end, exponent);
  const int point = exponent + 1;  // value = 0.digits * 10^point
  if (std::signbit(v)) out += '-';
  if (integer || point < -5) {
    out += digits[0];
    if (digits.size() > 1) (out += '.') += std::string_view(digits).substr(1);
    (out += exponent < 0 ? "e-" : "e+") += std::to_string(std::abs(exponent));
  } else if (point <= 0) {
    (out += "0.").append(static_cast<std::size_t>(-point), '0') += digits;
  } else {
    const auto whole = static_cast<std::size_t>(point);
    ((out += std::string_view(digits).substr(0, whole)) += '.') += std::string_view(digits).substr(whole);
  }
}

// As short as JSON allows: only what must be escaped is.
void print_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kShort = "btn?fr", kHex = "0123456789abcdef";  // from 0x08 on; '?': none
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte >= 0x20) {
      out += c;
    } else if (byte >= 8 && byte < 8 + kShort.size() && kShort[byte - 8u] != '?') {
      (out += '\\') += kShort[byte - 8u];
    } else {
      ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    }
  }
  out += '"';
}

void print(std::string& out, const Json& v);

void print_value(std::string& out, std::nullptr_t) { out += "null"; }
void print_value(std::string& out, bool v) { out += v ? "true" : "false"; }
void print_value(std::string& out, std::int64_t v) { out += std::to_string(v); }
void print_value(std::string& out, std::uint64_t v) { out += std::to_string(v); }
void print_value(std::string& out, double v) { print_float(out, v); }
void print_value(std::string& out, const std::string& v) { print_string(out, v); }
void print_value(std::string& out, const Json::Array& v) {
  char separator = '[';
  if (v.empty()) out += separator;
  for (const Json& element : v) print(out += std::exchange(separator, ','), element);
  out += ']';
}
void print_value(std::string& out, const Json::Object& v) {
  char separator = '{';
  if (v.empty()) out += separator;
  for (const auto& [name, member] : v) {
    print_string(out += std::exchange(separator, ','), name);
    print(out += ':', member);
  }
  out += '}';
}

void print(std::string& out, const Json& v) {  // recursion is bounded by kMaxDepth
  std::visit([&](const auto& value) { print_value(out, value); }, v.value());
}

std::string printed(const Json& object) {
  std::string out;
  if (!object.members().empty()) print(out, object);
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
  Builder builder;
  DELTA_CHECK(nlohmann::json::sax_parse(text.begin(), text.end(), &builder) && !builder.failure);
  return std::move(builder.root);
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
    print(text, value);
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
  Builder builder;
  const bool whole = nlohmann::json::sax_parse(json.begin(), json.end(), &builder);
  if (builder.failure) return *std::move(builder.failure);
  if (!whole) return refuse("is not JSON");
  return std::move(builder.root);
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
  print_string(out, text);
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
