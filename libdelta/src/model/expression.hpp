// An expression as a tree, for the parser that makes it and for what asks and prints it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "delta/expression.hpp"

namespace delta {

struct Expression::Node {
  enum class Kind {
    disjunction,
    conjunction,
    negation,
    existence,
    equal,
    unequal,
    less,
    at_most,
    greater,
    at_least,
    like,
    among,
  };

  Kind kind = Kind::existence;
  std::vector<Node> parts;  ///< of a disjunction or conjunction at least two, none of its own kind; of a negation one
  std::vector<std::string> key;  ///< of a term
  std::vector<Json> values;  ///< scalars: of `among` at least one, of every other comparison one; of `like` a string
};

namespace model {

inline constexpr std::size_t kMaxExpressionBytes = 64 << 10, kMaxExpressionDepth = 64, kMaxExpressionTerms = 4096;
inline constexpr std::size_t kMaxKeyNames = 64, kMaxPatternBytes = 1024;

inline constexpr std::array<std::string_view, 8> kExpressionKeywords = {"and", "or",   "not",   "in",
                                                                        "has", "true", "false", "null"};
bool is_expression_keyword(std::string_view word);
/// Whether a name stands in an expression without quotes.
bool is_bare_name(std::string_view name);
constexpr bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool continues_name(char c) { return begins_word(c) || (c >= '0' && c <= '9') || c == '-'; }

/// Recursion is bounded by kMaxExpressionDepth.
bool holds(const Expression::Node& node, const Json& object);
std::string expression_text(const Expression::Node& node);

}  // namespace model
}  // namespace delta
