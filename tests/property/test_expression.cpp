// Expressions: what text() says is read as the same expression, and an expression holds where an evaluator says so that
// shares nothing with the real one. Numbers are compared here as long double, which holds all integers of 64 bits and
// all of float64.
#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "delta/expression.hpp"
#include "must.hpp"
#include "world.hpp"

namespace {

static_assert(std::numeric_limits<long double>::digits >= 64);

// ---- objects ----

struct Scalar {
  enum Type { number, string, boolean, null } type;
  std::string canonical;               // as metadata has it
  std::vector<std::string> spellings;  // as an expression may have it
  long double value = 0;
  std::string text = {};
};

const std::vector<Scalar> kScalars = {
    {Scalar::number, "0", {"0", "-0", "0.0", "0e5"}, 0},
    {Scalar::number, "1", {"1", "1.0", "10e-1"}, 1},
    {Scalar::number, "-1", {"-1", "-1e0"}, -1},
    {Scalar::number, "0.5", {"0.5", "5e-1", "0.50"}, 0.5L},
    {Scalar::number, "9007199254740992", {"9007199254740992", "9007199254740992.0"}, 9007199254740992.0L},
    {Scalar::number, "9007199254740993", {"9007199254740993"}, 9007199254740993.0L},
    {Scalar::number, "9223372036854775807", {"9223372036854775807"}, 9223372036854775807.0L},
    {Scalar::number, "9223372036854775808", {"9223372036854775808", "9223372036854775808.0"}, 9223372036854775808.0L},
    {Scalar::number,
     "-9223372036854775808",
     {"-9223372036854775808", "-9223372036854775808.0"},
     -9223372036854775808.0L},
    {Scalar::number, "18446744073709551615", {"18446744073709551615"}, 18446744073709551615.0L},
    {Scalar::number,
     "1.8446744073709552e+19",
     {"18446744073709551616.0", "1.8446744073709552e19"},
     18446744073709551616.0L},
    {Scalar::number, "1e+300", {"1e300"}, static_cast<long double>(1e300)},
    {Scalar::number, "-1e+300", {"-1E+300"}, static_cast<long double>(-1e300)},
    {Scalar::number, "5e-324", {"5e-324"}, static_cast<long double>(5e-324)},
    {Scalar::string, R"("")", {R"("")"}, 0, ""},
    {Scalar::string, R"("en")", {"en", R"("en")", R"("\u0065n")"}, 0, "en"},
    {Scalar::string, R"("en-1.x")", {"en-1.x", R"("en-1.x")"}, 0, "en-1.x"},
    {Scalar::string, R"("1")", {R"("1")"}, 0, "1"},
    {Scalar::string, R"("not")", {R"("not")"}, 0, "not"},
    {Scalar::string, R"("a \"\\ b")", {R"("a \"\\ b")"}, 0, "a \"\\ b"},
    {Scalar::string, "\"\xc3\xa9\"", {"\"\xc3\xa9\"", R"("\u00e9")"}, 0, "\xc3\xa9"},
    {Scalar::boolean, "true", {"true"}, 1},
    {Scalar::boolean, "false", {"false"}, 0},
    {Scalar::null, "null", {"null"}, 0},
};

/// Names with how an expression may write them.
const std::vector<std::pair<std::string, std::vector<std::string>>> kNames = {{"a", {"a", R"("a")", R"("\u0061")"}},
                                                                              {"b-1", {"b-1", R"("b-1")"}},
                                                                              {"a.b", {R"("a.b")"}},
                                                                              {"in", {R"("in")"}},
                                                                              {"", {R"("")"}},
                                                                              {"\xc3\xa9", {"\"\xc3\xa9\""}}};

struct Item {
  enum Kind { scalar, array, object } kind = scalar;
  std::size_t number = 0;               // of a scalar
  std::map<std::string, Item> members;  // of an object
};

/// Numbers that decide; a case that is cut short decides for the first choice from then on, which is the simplest.
class Choices {
 public:
  explicit Choices(std::vector<int> numbers) : numbers_(std::move(numbers)) {}
  std::size_t below(std::size_t end) {
    return at_ < numbers_.size() ? static_cast<std::size_t>(numbers_[at_++]) % end : 0;
  }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::vector<int> numbers_;
  std::size_t at_ = 0;
};

Item random_item(Choices& choices, int depth) {
  const std::size_t kind = choices.below(6);
  if (kind == 1 && depth > 0) {
    Item out{Item::object, 0, {}};
    for (std::size_t left = choices.below(4); left > 0; --left) {
      out.members[choices.of(kNames).first] = random_item(choices, depth - 1);
    }
    return out;
  }
  if (kind == 2) return {Item::array, 0, {}};
  return {Item::scalar, choices.below(kScalars.size()), {}};
}

std::string json(const Item& item) {
  if (item.kind == Item::scalar) return kScalars[item.number].canonical;
  if (item.kind == Item::array) return R"(["en",1])";
  std::string out;
  for (const auto& [name, member] : item.members) {
    out += (out.empty() ? "{\"" : ",\"") + name + "\":" + json(member);
  }
  return out.empty() ? "{}" : out + "}";
}

// ---- expressions ----

struct Tree {
  enum Kind { has, equal, unequal, less, at_most, greater, at_least, like, among, negation, all, any } kind = has;
  std::vector<Tree> parts;
  std::vector<std::size_t> key;
  std::vector<std::size_t> scalars;
  std::string pattern;
};

const std::vector<std::string> kPatterns = {"*", "", "en", "e?", "*n*", "?", "?*1*?", "en-*", "**", "a *"};

Tree random_term(Choices& choices) {
  Tree out;
  out.kind = static_cast<Tree::Kind>(choices.below(9));
  for (std::size_t left = 1 + choices.below(3); left > 0; --left) out.key.push_back(choices.below(kNames.size()));
  if (out.kind == Tree::like) out.pattern = choices.of(kPatterns);
  if (out.kind == Tree::has || out.kind == Tree::like) return out;
  const bool ordered = out.kind >= Tree::less && out.kind <= Tree::at_least;
  for (std::size_t left = out.kind == Tree::among ? 1 + choices.below(4) : 1; left > 0; --left) {
    out.scalars.push_back(
        choices.below(ordered ? kScalars.size() - 3 : kScalars.size()));  // the last three have no order
  }
  return out;
}

Tree random_tree(Choices& choices, int depth) {
  const std::size_t kind = choices.below(6);
  if (kind < 3 || depth == 0) return random_term(choices);
  Tree out;
  out.kind = kind == 3 ? Tree::negation : kind == 4 ? Tree::all : Tree::any;
  for (std::size_t left = kind == 3 ? 1 : 2 + choices.below(2); left > 0; --left) {
    out.parts.push_back(random_tree(choices, depth - 1));
  }
  return out;
}

const char* const kOperators[] = {"has", "=", "!=", "<", "<=", ">", ">=", "~", "in"};

std::string term_text(const Tree& tree, Choices& choices) {
  const auto space = [&] { return std::string(choices.of<std::string>({" ", "", "\n", " \t "})); };
  std::string key;
  for (const auto name : tree.key) key += (key.empty() ? "" : ".") + choices.of(kNames[name].second);
  if (tree.kind == Tree::has) return "has " + key;
  if (tree.kind == Tree::like) return key + space() + "~" + space() + '"' + tree.pattern + '"';
  const auto value = [&](std::size_t scalar) { return choices.of(kScalars[scalar].spellings); };
  if (tree.kind != Tree::among) {
    return key + space() + kOperators[tree.kind] + space() + value(tree.scalars[0]);
  }
  std::string out = key + " in" + space() + "(" + space();
  for (std::size_t i = 0; i < tree.scalars.size(); ++i) {
    out += (i == 0 ? "" : "," + space()) + value(tree.scalars[i]) + space();
  }
  return out + ")";
}

/// With some parentheses that are not needed.
std::string text(const Tree& tree, Choices& choices) {
  if (tree.kind < Tree::negation) return term_text(tree, choices);
  std::string out;
  for (const Tree& part : tree.parts) {
    const bool needed =
        tree.kind == Tree::negation ? part.kind > Tree::negation : tree.kind == Tree::all && part.kind == Tree::any;
    const bool wrapped = needed || choices.below(4) == 1;
    const char* const joint = tree.kind == Tree::all ? " and " : " or ";
    out += tree.kind == Tree::negation ? "not " : out.empty() ? "" : joint;
    out += wrapped ? "(" + text(part, choices) + ")" : text(part, choices);
  }
  return out;
}

// ---- what they mean ----

bool is_like(std::string_view pattern, std::string_view s) {
  if (pattern.empty()) return s.empty();
  if (pattern[0] == '*') return is_like(pattern.substr(1), s) || (!s.empty() && is_like(pattern, s.substr(1)));
  if (s.empty()) return false;
  if (pattern[0] != '?') return pattern[0] == s[0] && is_like(pattern.substr(1), s.substr(1));
  s.remove_prefix(1);
  while (!s.empty() && (static_cast<unsigned char>(s[0]) & 0xc0) == 0x80) s.remove_prefix(1);
  return is_like(pattern.substr(1), s);
}

bool is_equal(const Scalar& a, const Scalar& b) { return a.type == b.type && a.value == b.value && a.text == b.text; }
bool is_less(const Scalar& a, const Scalar& b) {
  if (a.type != b.type) return false;
  return a.type == Scalar::number ? a.value < b.value : a.type == Scalar::string && a.text < b.text;
}

bool term_holds(const Tree& tree, const Item& item) {
  if (tree.kind == Tree::has) return true;
  if (item.kind != Item::scalar) return tree.kind == Tree::unequal;
  const Scalar& value = kScalars[item.number];
  if (tree.kind == Tree::like) return value.type == Scalar::string && is_like(tree.pattern, value.text);
  bool any = false;
  for (const auto number : tree.scalars) any = any || is_equal(value, kScalars[number]);
  const Scalar& other = kScalars[tree.scalars[0]];
  const bool less = is_less(value, other), greater = is_less(other, value);
  switch (tree.kind) {
    case Tree::unequal:
      return !any;
    case Tree::less:
      return less;
    case Tree::at_most:
      return less || any;
    case Tree::greater:
      return greater;
    case Tree::at_least:
      return greater || any;
    default:
      return any;
  }
}

bool holds(const Tree& tree, const Item& object) {
  if (tree.kind == Tree::negation) return !holds(tree.parts[0], object);
  if (tree.kind >= Tree::all) {
    std::size_t hits = 0;
    for (const Tree& part : tree.parts) hits += holds(part, object) ? 1 : 0;
    return tree.kind == Tree::all ? hits == tree.parts.size() : hits > 0;
  }
  const Item* at = &object;
  for (const auto name : tree.key) {
    const auto found = at->members.find(kNames[name].first);
    if (found == at->members.end()) return false;
    at = &found->second;
  }
  return term_holds(tree, *at);
}

}  // namespace

TEST_CASE("every expression means what its text says, and its text says what it means") {
  std::size_t held = 0, failed = 0;
  CHECK(world::check_cases("expressions", 1, [&] {
    const auto numbers = rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 1 << 16));
    Choices choices(*rc::gen::container<std::vector<int>>(100, numbers));
    Choices objects(*rc::gen::container<std::vector<int>>(100, numbers));
    const Tree tree = random_tree(choices, 4);
    const std::string written = text(tree, choices);
    const auto expression = sample::must(delta::Expression::parse(written));
    const std::string canonical = expression.text();
    const auto again = sample::must(delta::Expression::parse(canonical));
    RC_ASSERT(again.text() == canonical);
    for (int i = 0; i < 8; ++i) {
      Item object{Item::object, 0, {}};
      for (std::size_t left = objects.below(6); left > 0; --left) {
        object.members[objects.of(kNames).first] = random_item(objects, 2);
      }
      const bool expected = holds(tree, object);
      const std::string metadata = object.members.empty() ? "" : json(object);
      RC_LOG() << written << "\n" << canonical << "\n" << metadata << "\n";
      RC_ASSERT(sample::must(expression.matches(metadata)) == expected);
      RC_ASSERT(sample::must(again.matches(metadata)) == expected);
      ++(expected ? held : failed);
    }
  }));
  CHECK(held * 20 > held + failed);  // either answer is asked for often enough
  CHECK(failed * 20 > held + failed);
}
