// The grammar of expressions (formats/spec/expression-1.md), by recursive descent over the bytes. What is likely to be
// typed by people who know other grammars gets a hint of its own.
#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/boundary.hpp"
#include "delta/text.hpp"
#include "model/expression.hpp"

namespace delta {
namespace {

using Node = Expression::Node;
using Kind = Node::Kind;
using model::begins_word;
using model::continues_name;
using model::is_expression_keyword;

constexpr std::string_view kKeyHint = "a key is a name such as lang or author.name; other characters need \"quotes\"";
constexpr std::string_view kOperatorHint = "operators are = != < <= > >= ~ in; has KEY asks whether a key is there";
constexpr std::string_view kValueHint = "a value is a word, a \"string\", a number, true, false or null";
constexpr std::string_view kJoinHint = "join terms by and or or; a string of several words stands in double quotes";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool continues_value(char c) { return continues_name(c) || c == '.'; }
constexpr bool continues_number(char c) { return continues_value(c) || c == '+'; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

/// For what people write who know other grammars: what to write here. Empty: unknown.
std::string_view habit_hint(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.empty()) return {};
  const char before = at > 0 ? text[at - 1] : ' ';
  const auto end = std::ranges::find_if_not(rest, continues_name);
  const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (!is_expression_keyword(word) && is_expression_keyword(lower(word))) return "keywords are in lower case";
  if (rest[0] == '=' && before == '=') return "equality is one =";
  if (rest[0] == '>' && before == '<') return "inequality is !=";
  if (rest[0] == '&') return "write and";
  if (rest[0] == '|') return "write or";
  if (rest[0] == '!') return "write not";
  if (rest[0] == '\'') return "strings stand in double quotes";
  if (rest[0] == '*' || rest[0] == '?' || rest[0] == '[') return "a pattern stands in double quotes: name ~ \"a*\"";
  if (static_cast<unsigned char>(rest[0]) >= 0x80) return "names and strings that are not ASCII stand in double quotes";
  return {};
}

/// The grammar of JSON. The parser of JSON says whether it is in range.
bool is_json_number(std::string_view text) {
  const auto digits = [&] {
    const std::size_t before = text.size();
    while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
    return before - text.size();
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

struct Operator {
  std::string_view text;
  Kind kind;
};
/// A text that begins another stands behind it.
constexpr Operator kOperators[] = {{"!=", Kind::unequal}, {"<=", Kind::at_most}, {">=", Kind::at_least},
                                   {"=", Kind::equal},    {"<", Kind::less},     {">", Kind::greater},
                                   {"~", Kind::like}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> run() {
    DELTA_TRY(Node node, disjunction());
    skip();
    if (at_ < text_.size()) return expected("and, or, or the end", kJoinHint);
    return node;
  }

 private:
  // ---- errors ----

  static Error wrong(std::size_t at, std::string what) {
    return error(ErrorCode::usage, "byte " + std::to_string(at + 1) + ": " + std::move(what));
  }
  Error expected(std::string_view what, std::string_view hint) const {
    const std::string_view rest = text_.substr(at_), habit = habit_hint(text_, at_);
    return wrong(at_, "expected " + std::string(what) + ", not " + (rest.empty() ? "the end" : quote(rest, 20)))
        .with_hint(std::string(habit.empty() ? hint : habit));
  }

  // ---- what stands next ----

  void skip() {
    while (is_space(next())) ++at_;
  }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  template <class Test>
  std::string_view run_of(Test test) const {
    std::size_t end = at_;
    while (end < text_.size() && test(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  /// Empty: what stands next is no name.
  std::string_view word() const { return begins_word(next()) ? run_of(continues_name) : std::string_view(); }
  bool accept(std::string_view symbol) {
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  bool accept_word(std::string_view keyword) {
    skip();
    if (word() != keyword) return false;
    at_ += keyword.size();
    return true;
  }

  // ---- conditions ----

  using Rule = Result<Node> (Parser::*)();

  /// Of parts in parentheses that are of the same kind the parts count: the meaning is the same.
  Result<Node> chain(Kind kind, std::string_view keyword, Rule rule) {
    DELTA_TRY(Node first, (this->*rule)());
    if (!accept_word(keyword)) return first;
    Node node;
    node.kind = kind;
    const auto add = [&](Node part) {
      if (part.kind != kind) {
        node.parts.push_back(std::move(part));
      } else {
        std::ranges::move(part.parts, std::back_inserter(node.parts));
      }
    };
    add(std::move(first));
    do {
      DELTA_TRY(Node part, (this->*rule)());
      add(std::move(part));
    } while (accept_word(keyword));
    return node;
  }
  Result<Node> disjunction() { return chain(Kind::disjunction, "or", &Parser::conjunction); }
  Result<Node> conjunction() { return chain(Kind::conjunction, "and", &Parser::negation); }

  Status enter() {
    if (depth_ == model::kMaxExpressionDepth) {
      return wrong(at_, "parentheses and not are nested deeper than " + std::to_string(model::kMaxExpressionDepth));
    }
    ++depth_;
    return {};
  }

  Result<Node> negation() {
    skip();
    if (word() != "not") return primary();
    DELTA_OK(enter());
    accept_word("not");
    DELTA_TRY(Node part, negation());
    --depth_;
    Node node;
    node.kind = Kind::negation;
    node.parts.push_back(std::move(part));
    return node;
  }

  Result<Node> primary() {
    if (next() != '(') return term();
    DELTA_OK(enter());
    accept("(");
    DELTA_TRY(Node node, disjunction());
    skip();
    if (!accept(")")) return expected("and, or, or a closing parenthesis", kJoinHint);
    --depth_;
    return node;
  }

  // ---- terms ----

  Status count_term() {
    if (terms_ == model::kMaxExpressionTerms) {
      return wrong(at_, "there are more than " + std::to_string(model::kMaxExpressionTerms) + " terms and values");
    }
    ++terms_;
    return {};
  }

  Result<Node> term() {
    Node node;
    if (accept_word("has")) {
      DELTA_OK(count_term());
      skip();
      DELTA_TRY(node.key, key());
      return node;
    }
    DELTA_TRY(node.key, key());
    skip();
    const auto* const found = std::ranges::find_if(kOperators, [&](const Operator& one) { return accept(one.text); });
    if (found != std::end(kOperators)) {
      node.kind = found->kind;
      DELTA_OK(operand(node));
    } else if (accept_word("in")) {
      node.kind = Kind::among;
      DELTA_OK(list(node));
    } else {
      return expected("an operator", kOperatorHint);
    }
    return node;
  }

  Result<std::vector<std::string>> key() {
    std::vector<std::string> names;
    do {
      if (names.size() == model::kMaxKeyNames) {
        return wrong(at_, "the key has more than " + std::to_string(model::kMaxKeyNames) + " names");
      }
      DELTA_TRY(names.emplace_back(), name());
    } while (accept("."));
    return names;
  }

  Result<std::string> name() {
    if (next() == '"') return string();
    const std::string_view bare = word();
    if (is_expression_keyword(bare)) return expected("a key", "a key that is a keyword stands in double quotes");
    if (bare.empty()) return expected("a key", kKeyHint);
    at_ += bare.size();
    return std::string(bare);
  }

  /// The one value of an operator, of a type that it can be asked about.
  Status operand(Node& node) {
    DELTA_OK(count_term());
    skip();
    const std::size_t begin = at_;
    DELTA_TRY(Json value, this->value());
    const bool is_string = std::holds_alternative<std::string>(value.value());
    const bool has_order = is_string || !(value.is_null() || std::holds_alternative<bool>(value.value()));
    const auto found = [&] { return ", not " + quote(text_.substr(begin, at_ - begin), 20); };
    if (node.kind == Kind::like) {
      if (!is_string) {
        return wrong(begin, "expected a pattern" + found()).with_hint("only strings match: write it in double quotes");
      }
      if (std::get<std::string>(value.value()).size() > model::kMaxPatternBytes) {
        return wrong(begin, "the pattern is over " + human_size(model::kMaxPatternBytes));
      }
    } else if (node.kind != Kind::equal && node.kind != Kind::unequal && !has_order) {
      return wrong(begin, "expected a number or a string" + found()).with_hint("true, false and null have no order");
    }
    node.values.push_back(std::move(value));
    return {};
  }

  Status list(Node& node) {
    skip();
    if (!accept("(")) return expected("an opening parenthesis", "write lang in (en, de)");
    do {
      DELTA_OK(count_term());
      skip();
      DELTA_TRY(Json value, this->value());
      node.values.push_back(std::move(value));
      skip();
    } while (accept(","));
    if (!accept(")")) return expected("a comma or a closing parenthesis", "write lang in (en, de)");
    return {};
  }

  // ---- values ----

  Result<Json> value() {
    if (next() == '"') {
      DELTA_TRY(std::string text, string());
      return Json(std::move(text));
    }
    if (is_digit(next()) || next() == '-' || next() == '+') return number();
    const std::string_view bare = begins_word(next()) ? run_of(continues_value) : std::string_view();
    if (bare.empty()) return expected("a value", kValueHint);
    const bool constant = bare == "true" || bare == "false";
    if (!constant && bare != "null" && is_expression_keyword(bare)) {
      return expected("a value", "a string that is a keyword stands in double quotes");
    }
    at_ += bare.size();
    if (constant) return Json(bare == "true");
    return bare == "null" ? Json() : Json(std::string(bare));
  }

  Result<Json> number() {
    const std::string_view digits = run_of(continues_number);
    if (!is_json_number(digits)) {
      return wrong(at_, quote(digits, 40) + " is not a number")
          .with_hint("a string that begins like one stands in double quotes");
    }
    auto parsed = parse_json(digits);
    if (!parsed) return wrong(at_, "neither 64 bits nor float64 can hold the number " + quote(digits, 40));
    at_ += digits.size();
    return parsed;
  }

  Result<std::string> string() {
    const std::size_t begin = at_;
    std::size_t end = begin + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) {
      return wrong(begin, "the string that begins here does not end").with_hint("inside of it a quote is written \\\"");
    }
    auto parsed = parse_json(text_.substr(begin, end + 1 - begin));
    if (!parsed) {
      return wrong(begin, "the string that begins here is not written as JSON has it")
          .with_hint("strings are UTF-8; inside of them a quote is written \\\", a backslash \\\\, a line feed \\n");
    }
    at_ = end + 1;
    return std::get<std::string>(parsed->value());
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, terms_ = 0;
};

}  // namespace

Result<Expression> Expression::parse(std::string_view text) try {
  const Boundary boundary;
  const auto too_long = [](std::size_t bytes, std::string_view what) {
    return error(ErrorCode::usage,
                 std::string(what) + " is over " + human_size(model::kMaxExpressionBytes) + ": " + human_size(bytes));
  };
  if (text.size() > model::kMaxExpressionBytes) return too_long(text.size(), "the expression");
  DELTA_TRY(Node root, Parser(text).run());
  Expression expression(std::make_shared<const Node>(std::move(root)));
  const std::size_t canonical = expression.text().size();
  if (canonical > model::kMaxExpressionBytes) return too_long(canonical, "the expression in its canonical text");
  return expression;
} catch (...) {
  return caught();
}

}  // namespace delta
