// Values are compared by their canonical text: JSON Schema takes 1 and 1.0 for one number, and so does that text.
#include "contract/json_schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "contract/values.hpp"
#include "delta/text.hpp"

namespace delta::contract {

struct JsonSchema::Node {
  bool never = false;                   // the schema `false`
  std::vector<std::string> types = {};  // none: any
  std::vector<std::string> required = {};
  std::map<std::string, Node, std::less<>> properties = {};
  std::optional<std::vector<std::string>> among = {};  // canonical texts
  std::optional<Json> minimum = {}, maximum = {};
  TextMatcher pattern = {};
  std::string pattern_text = {};
  std::vector<Node> items = {};  // none or one
};

namespace {

using Node = JsonSchema::Node;

constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "object", "array",
                                                    "number", "string",  "integer"};
constexpr std::array<std::string_view, 3> kRemarks = {"$comment", "description", "title"};

std::string text_of(const Json& value) {
  std::string out;
  print_json(out, value);
  return out;
}

/// A JSON pointer's part.
std::string step(std::string_view name) {
  std::string out = "/";
  for (const char c : escape(name)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

class Compiler {
 public:
  explicit Compiler(const PatternCompiler& patterns) : patterns_(patterns) {}

  Result<Node> compile(const Json& schema, const std::string& where) {
    Node node;
    if (const auto* flag = std::get_if<bool>(&schema.value())) {
      node.never = !*flag;
      return node;
    }
    if (!schema.is_object()) return wrong(where, "is neither an object nor true or false");
    for (const auto& [name, value] : schema.members()) {
      if (std::ranges::find(kRemarks, name) != kRemarks.end()) continue;
      DELTA_OK(keyword(node, name, value, where));
    }
    return node;
  }

 private:
  static Error wrong(const std::string& where, const std::string& what) {
    return error(ErrorCode::bad_input, "#" + where + " " + what);
  }

  Status keyword(Node& node, const std::string& name, const Json& value, const std::string& where) {
    const std::string here = where + step(name);
    if (name == "type") return type(node, value, here);
    if (name == "required") return names(node.required, value, here);
    if (name == "properties") return properties(node, value, here);
    if (name == "enum") return among(node, value, here);
    if (name == "const") {
      // Beside `enum` both hold: what is in one and not in the other is refused.
      const bool in_enum = !node.among || std::ranges::find(*node.among, text_of(value)) != node.among->end();
      node.among.emplace();
      if (in_enum) node.among->push_back(text_of(value));
      return {};
    }
    if (name == "minimum") return bound(node.minimum, value, here);
    if (name == "maximum") return bound(node.maximum, value, here);
    if (name == "pattern") return pattern(node, value, here);
    if (name == "items") {
      if (std::holds_alternative<Json::Array>(value.value())) {
        return wrong(here, "is an array; only one schema for all elements is supported");
      }
      DELTA_TRY(auto items, compile(value, here));
      node.items.push_back(std::move(items));
      return {};
    }
    return wrong(where, "holds the keyword " + quote(name, 60) +
                            ", which is not supported; supported are type, required, properties, enum, const, "
                            "minimum, maximum, pattern and items");
  }

  static Status names(std::vector<std::string>& out, const Json& value, const std::string& where) {
    const auto* list = std::get_if<Json::Array>(&value.value());
    if (list == nullptr) return wrong(where, "is no array of strings");
    for (const Json& element : *list) {
      const auto* text = std::get_if<std::string>(&element.value());
      if (text == nullptr) return wrong(where, "is no array of strings");
      out.push_back(*text);
    }
    return {};
  }

  static Status type(Node& node, const Json& value, const std::string& where) {
    if (const auto* one = std::get_if<std::string>(&value.value())) {
      node.types.push_back(*one);
    } else {
      DELTA_OK(names(node.types, value, where));
      if (node.types.empty()) return wrong(where, "names no type");
    }
    for (const auto& each : node.types) {
      if (std::ranges::find(kTypes, each) == kTypes.end()) {
        return wrong(where, "names the type " + quote(each, 60) + ", which there is not");
      }
    }
    return {};
  }

  Status properties(Node& node, const Json& value, const std::string& where) {
    if (!value.is_object()) return wrong(where, "is no object");
    for (const auto& [name, schema] : value.members()) {
      DELTA_TRY(auto compiled, compile(schema, where + step(name)));
      node.properties.emplace(name, std::move(compiled));
    }
    return {};
  }

  static Status among(Node& node, const Json& value, const std::string& where) {
    const auto* list = std::get_if<Json::Array>(&value.value());
    if (list == nullptr) return wrong(where, "is no array");
    std::vector<std::string> texts;
    for (const Json& element : *list) texts.push_back(text_of(element));
    if (node.among) std::erase_if(texts, [&](const auto& text) { return *node.among != std::vector{text}; });
    node.among = std::move(texts);
    return {};
  }

  static Status bound(std::optional<Json>& out, const Json& value, const std::string& where) {
    if (!number_of(value)) return wrong(where, "is not a number");
    out = value;
    return {};
  }

  Status pattern(Node& node, const Json& value, const std::string& where) {
    const auto* text = std::get_if<std::string>(&value.value());
    if (text == nullptr) return wrong(where, "is no string");
    auto compiled = compile_pattern(patterns_, *text);
    if (!compiled) {
      if (compiled.error().code == ErrorCode::no_memory) return std::move(compiled).error();
      return wrong(where, compiled.error().message);
    }
    node.pattern = std::move(*compiled);
    node.pattern_text = *text;
    return {};
  }

  const PatternCompiler& patterns_;
};

bool is_type(std::string_view type, const Json& value) {
  const auto& v = value.value();
  if (type == "null") return value.is_null();
  if (type == "boolean") return std::holds_alternative<bool>(v);
  if (type == "object") return value.is_object();
  if (type == "array") return std::holds_alternative<Json::Array>(v);
  if (type == "string") return std::holds_alternative<std::string>(v);
  const auto number = number_of(value);
  return number && (type == "number" || *number == std::trunc(*number));
}

template <class T>
constexpr bool is_integer = std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>;

/// Of two numbers. An integer and a fraction are compared as float64.
bool less(const Json& a, const Json& b) {
  return std::visit(
      [&](const auto& x, const auto& y) {
        if constexpr (is_integer<std::decay_t<decltype(x)>> && is_integer<std::decay_t<decltype(y)>>) {
          return std::cmp_less(x, y);
        } else {
          return number_of(a) < number_of(b);
        }
      },
      a.value(), b.value());
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " or ") + escape(name, 60);
  return out;
}

using Breach = std::optional<std::string>;

Breach breach_of(const Node& node, const Json& value, const std::string& where);

Breach breach_of_scalar(const Node& node, const Json& value, const std::string& name) {
  if (number_of(value)) {
    if (node.minimum && less(value, *node.minimum)) return name + " is less than " + text_of(*node.minimum);
    if (node.maximum && less(*node.maximum, value)) return name + " is greater than " + text_of(*node.maximum);
  }
  const auto* text = std::get_if<std::string>(&value.value());
  if (text && node.pattern && !node.pattern(*text)) {
    return name + " does not match the pattern " + quote(node.pattern_text, 60);
  }
  return std::nullopt;
}

Breach breach_of_parts(const Node& node, const Json& value, const std::string& where, const std::string& name) {
  if (value.is_object()) {
    for (const auto& member : node.required) {
      if (value.find(member) == nullptr) return name + " lacks the member " + quote(member, 60);
    }
    for (const auto& [member, schema] : node.properties) {
      const Json* found = value.find(member);
      if (found == nullptr) continue;
      if (auto breach = breach_of(schema, *found, where + step(member))) return breach;
    }
  }
  const auto* elements = std::get_if<Json::Array>(&value.value());
  if (elements == nullptr || node.items.empty()) return std::nullopt;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    if (auto breach = breach_of(node.items[0], (*elements)[i], where + "/" + std::to_string(i))) return breach;
  }
  return std::nullopt;
}

Breach breach_of(const Node& node, const Json& value, const std::string& where) {
  const std::string name = where.empty() ? "the whole" : where;
  if (node.never) return name + " must not be there";
  const auto is = [&](const std::string& type) { return is_type(type, value); };
  if (!node.types.empty() && std::ranges::none_of(node.types, is)) return name + " is no " + joined(node.types);
  if (node.among && std::ranges::find(*node.among, text_of(value)) == node.among->end()) {
    return name + " is not one of the values that are allowed";
  }
  if (auto breach = breach_of_scalar(node, value, name)) return breach;
  return breach_of_parts(node, value, where, name);
}

}  // namespace

Result<JsonSchema> JsonSchema::compile(const Json& schema, const PatternCompiler& patterns) {
  DELTA_TRY(auto root, Compiler(patterns).compile(schema, ""));
  return JsonSchema(std::make_shared<const Node>(std::move(root)));
}

std::optional<std::string> JsonSchema::breach(const Json& value) const { return breach_of(*root_, value, ""); }

}  // namespace delta::contract
