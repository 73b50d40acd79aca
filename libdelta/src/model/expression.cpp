// What expressions mean, and their canonical text. Numbers are compared exactly: an integer of 64 bits and a float64
// have no common type that would hold both.
#include "model/expression.hpp"

#include <algorithm>
#include <cmath>
#include <compare>
#include <type_traits>
#include <utility>

#include "base/boundary.hpp"
#include "delta/glob.hpp"
#include "delta/text.hpp"

namespace delta {

namespace model {
namespace {

using Node = Expression::Node;
using Kind = Node::Kind;

template <class T>
constexpr bool is_integer = std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>;
template <class T>
constexpr bool is_number = is_integer<T> || std::is_same_v<T, double>;

template <class Integer>
std::partial_ordering compare_numbers(double a, Integer b) {
  constexpr double kEnd = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64, kBegin = std::is_signed_v<Integer> ? -0x1p63 : 0;
  if (a >= kEnd) return std::partial_ordering::greater;
  if (a < kBegin) return std::partial_ordering::less;
  const double whole = std::floor(a);
  const auto floor = static_cast<Integer>(whole);  // exact: it lies in the range
  if (floor != b) return floor < b ? std::partial_ordering::less : std::partial_ordering::greater;
  return a > whole ? std::partial_ordering::greater : std::partial_ordering::equivalent;
}

std::partial_ordering compare_numbers(double a, double b) { return a <=> b; }

template <class Integer>
std::partial_ordering compare_numbers(Integer a, double b) {
  return 0 <=> compare_numbers(b, a);
}

template <class A, class B>
requires(is_integer<A>&& is_integer<B>) std::partial_ordering compare_numbers(A a, B b) {
  if (std::cmp_equal(a, b)) return std::partial_ordering::equivalent;
  return std::cmp_less(a, b) ? std::partial_ordering::less : std::partial_ordering::greater;
}

/// Unordered: of different types, or an array or object. Of true, false and null only that they are equal says
/// anything.
std::partial_ordering compare(const Json& a, const Json& b) {
  return std::visit(
      [](const auto& x, const auto& y) -> std::partial_ordering {
        using A = std::decay_t<decltype(x)>;
        using B = std::decay_t<decltype(y)>;
        if constexpr (is_number<A> && is_number<B>) {
          return compare_numbers(x, y);
        } else if constexpr (std::is_same_v<A, std::string> && std::is_same_v<B, std::string>) {
          return x.compare(y) <=> 0;
        } else if constexpr (std::is_same_v<A, B> && (std::is_same_v<A, bool> || std::is_same_v<A, std::nullptr_t>)) {
          return x == y ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
        } else {
          return std::partial_ordering::unordered;
        }
      },
      a.value(), b.value());
}

/// Null where it is missing.
const Json* find(const Json& object, const std::vector<std::string>& key) {
  const Json* at = &object;
  for (const auto& name : key) {
    at = at->is_object() ? at->find(name) : nullptr;
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool is_like(const Json& value, const Json& pattern) {
  const auto* const text = std::get_if<std::string>(&value.value());
  return text != nullptr && glob_match(std::get<std::string>(pattern.value()), *text);
}

bool term_holds(const Node& term, const Json& value) {
  const auto order = [&] { return compare(value, term.values.front()); };
  switch (term.kind) {
    case Kind::equal:
      return order() == 0;
    case Kind::unequal:
      return order() != 0;
    case Kind::less:
      return order() < 0;
    case Kind::at_most:
      return order() <= 0;
    case Kind::greater:
      return order() > 0;
    case Kind::at_least:
      return order() >= 0;
    case Kind::like:
      return is_like(value, term.values.front());
    case Kind::among:
      return std::ranges::any_of(term.values, [&](const Json& one) { return compare(value, one) == 0; });
    default:
      return true;  // it exists
  }
}

// ---- text ----

std::string_view operator_text(Kind kind) {
  switch (kind) {
    case Kind::equal:
      return " = ";
    case Kind::unequal:
      return " != ";
    case Kind::less:
      return " < ";
    case Kind::at_most:
      return " <= ";
    case Kind::greater:
      return " > ";
    case Kind::at_least:
      return " >= ";
    case Kind::like:
      return " ~ ";
    default:
      return " in ";
  }
}

void print_key(std::string& out, const std::vector<std::string>& key) {
  bool first = true;
  for (const auto& name : key) {
    if (!std::exchange(first, false)) out += '.';
    if (is_bare_name(name)) {
      out += name;
    } else {
      print_json_string(out, name);
    }
  }
}

void print_term(std::string& out, const Node& term) {
  if (term.kind == Kind::existence) {
    print_key(out += "has ", term.key);
    return;
  }
  print_key(out, term.key);
  out += operator_text(term.kind);
  if (term.kind == Kind::among) out += '(';
  bool first = true;
  for (const Json& value : term.values) {
    if (!std::exchange(first, false)) out += ", ";
    print_json(out, value);
  }
  if (term.kind == Kind::among) out += ')';
}

/// How strongly it binds.
int rank(Kind kind) {
  if (kind == Kind::disjunction) return 0;
  if (kind == Kind::conjunction) return 1;
  return 2;
}

void print(std::string& out, const Node& node, int around) {
  const int own = rank(node.kind);
  if (own < around) out += '(';
  if (node.kind == Kind::negation) {
    print(out += "not ", node.parts.front(), 2);
  } else if (own < 2) {
    bool first = true;
    for (const Node& part : node.parts) {
      if (!std::exchange(first, false)) out += own == 0 ? " or " : " and ";
      print(out, part, own);
    }
  } else {
    print_term(out, node);
  }
  if (own < around) out += ')';
}

}  // namespace

bool is_expression_keyword(std::string_view word) {
  return std::ranges::find(kExpressionKeywords, word) != kExpressionKeywords.end();
}

bool is_bare_name(std::string_view name) {
  return !name.empty() && begins_word(name[0]) && std::ranges::all_of(name, continues_name) &&
         !is_expression_keyword(name);
}

bool holds(const Node& node, const Json& object) {
  const auto part_holds = [&](const Node& part) { return holds(part, object); };
  switch (node.kind) {
    case Kind::disjunction:
      return std::ranges::any_of(node.parts, part_holds);
    case Kind::conjunction:
      return std::ranges::all_of(node.parts, part_holds);
    case Kind::negation:
      return !part_holds(node.parts.front());
    default:
      break;
  }
  const Json* const value = find(object, node.key);
  return value != nullptr && term_holds(node, *value);
}

std::string expression_text(const Node& node) {
  std::string out;
  print(out, node, 0);
  return out;
}

}  // namespace model

Expression::Expression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

Result<bool> Expression::matches(std::string_view canonical_json) const try {
  const Boundary boundary;
  if (canonical_json.empty()) return model::holds(*root_, Json::object());
  const auto object = parse_json_object(canonical_json);
  DELTA_CHECK(object);
  return model::holds(*root_, *object);
} catch (...) {
  return caught();
}

std::string Expression::text() const { return model::expression_text(*root_); }

}  // namespace delta
