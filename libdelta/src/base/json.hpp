// A JSON value in memory, and its one text. The value of a library may allocate where it is destroyed, and ends the
// process where there is no memory then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "delta/result.hpp"

namespace delta {

/// As deep as it is nested, so deep it recurses: whoever makes one bounds that.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;  // by the bytes of their names
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  Json() = default;
  explicit Json(Value value) : value_(std::move(value)) {}
  static Json object() { return Json(Object()); }
  static Json array() { return Json(Array()); }

  const Value& value() const { return value_; }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  // REQUIRES: it is one.
  Array& elements() { return std::get<Array>(value_); }
  Object& members() { return std::get<Object>(value_); }
  const Object& members() const { return std::get<Object>(value_); }
  /// Of an object; null where it has no such member.
  const Json* find(std::string_view name) const {
    const auto found = members().find(name);
    return found == members().end() ? nullptr : &found->second;
  }
  /// RFC 7396. A null removes.
  void merge_patch(const Json& patch);

  friend bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }

 private:
  Value value_;
};

inline void Json::merge_patch(const Json& patch) {
  if (!patch.is_object()) {
    *this = patch;
    return;
  }
  if (!is_object()) *this = object();
  for (const auto& [name, member] : patch.members()) {
    if (member.is_null()) {
      members().erase(name);
    } else {
      members()[name].merge_patch(member);
    }
  }
}

/// bad_input: not JSON, a member twice, a number that float64 cannot hold (integers: that neither 64
/// bits nor float64 can), nesting over 64. The message begins with a verb: "is not JSON".
Result<Json> parse_json(std::string_view text);
/// The same of an object. bad_input also: not an object, which its first value says already.
Result<Json> parse_json_object(std::string_view text);

/// The one way to write a value: members sorted by bytes, no spaces, shortest numbers (formats/spec/dlog-1.md,
/// "Metadata").
void print_json(std::string& out, const Json& value);
/// A string in quotes, as short as JSON allows.
void print_json_string(std::string& out, std::string_view text);

}  // namespace delta
