// The JSON of a contract: share/doc/delta/contract-1.md. Whatever is not understood is refused, by name and place: a
// rule that is skipped would let pass what its writer meant to refuse.
#include "delta/contract.hpp"

#include <algorithm>
#include <utility>

#include "base/boundary.hpp"
#include "contract/rule.hpp"
#include "contract/values.hpp"
#include "delta/text.hpp"

namespace delta {
namespace contract {
namespace {

constexpr std::size_t kMaxBytes = 16 << 20, kMaxRules = 4096;

Error wrong(const std::string& what) { return error(ErrorCode::bad_input, what); }

/// The text of a member; none: there is no such member.
Result<std::optional<std::string>> text_member(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  if (found == nullptr) return {std::nullopt};
  if (const auto* text = std::get_if<std::string>(&found->value())) return {std::optional(*text)};
  return wrong(quote(name) + " is no text");
}

Status known_members(const Json& object, std::initializer_list<std::string_view> names) {
  for (const auto& [name, member] : object.members()) {
    if (std::ranges::find(names, name) == names.end()) {
      return wrong("holds the member " + quote(name, 60) + ", which there is not");
    }
  }
  return {};
}

Result<Scope> parse_scope(std::string_view text) {
  constexpr std::string_view kSince = "since:";
  if (text == "commit") return Scope{Scope::Kind::commit};
  if (text == "run") return Scope{Scope::Kind::run};
  if (text == "day") return Scope{Scope::Kind::day};
  if (text.starts_with(kSince) && text.size() > kSince.size()) {
    return Scope{Scope::Kind::since, std::string(text.substr(kSince.size()))};
  }
  return wrong("the scope " + quote(text, 60) + " is not commit, run, day or since:TAG");
}

Result<Severity> parse_severity(std::string_view text) {
  if (text == "error") return Severity::error;
  if (text == "warning") return Severity::warning;
  return wrong("the severity " + quote(text, 60) + " is neither error nor warning");
}

Result<Rule> make_rule(std::string_view name, Json value, const PatternCompiler& patterns) {
  Rule rule;
  rule.kind = find_rule_kind(name);
  if (rule.kind == nullptr) return wrong("there is no rule " + quote(name, 60));
  if (auto read = rule.kind->read(rule.asked, value, patterns); !read) {
    auto failure = std::move(read).error();
    failure.message = "the value of " + std::string(name) + " " + failure.message;
    return failure;
  }
  rule.value = std::move(value);
  return rule;
}

/// What the members beside the rule and its value say.
Status read_where(Rule& rule, const Json& object, const Scope& usual) {
  DELTA_OK(known_members(object, {"rule", "value", "namespace", "severity", "scope", "first", "description"}));
  DELTA_TRY(const auto description, text_member(object, "description"));
  rule.description = description.value_or("");
  DELTA_TRY(rule.name_space, text_member(object, "namespace"));
  DELTA_TRY(const auto severity, text_member(object, "severity"));
  if (severity) {
    DELTA_TRY(rule.severity, parse_severity(*severity));
  }
  const bool change = rule.kind->looks == Looks::change;
  DELTA_TRY(const auto scope, text_member(object, "scope"));
  if (scope && !change) return wrong("has a scope, but " + std::string(rule.kind->name) + " does not look at changes");
  rule.scope = usual;
  if (scope) {
    DELTA_TRY(rule.scope, parse_scope(*scope));
  }
  DELTA_TRY(const auto first, text_member(object, "first"));
  if (!first) return {};
  if (!change) return wrong("has \"first\", but " + std::string(rule.kind->name) + " does not look at changes");
  if (*first != "check" && *first != "exempt") return wrong("\"first\" is neither check nor exempt");
  rule.check_first = *first == "check";
  return {};
}

Result<Rule> parse_rule(const Json& object, const Scope& usual, const PatternCompiler& patterns) {
  if (!object.is_object()) return wrong("is no object such as {\"rule\":\"finite\",\"value\":true}");
  DELTA_TRY(const auto name, text_member(object, "rule"));
  if (!name) return wrong("lacks the member 'rule'");
  const Json* value = object.find("value");
  if (value == nullptr) return wrong("lacks the member 'value'");
  DELTA_TRY(Rule rule, make_rule(*name, *value, patterns));
  DELTA_OK(read_where(rule, object, usual));
  return rule;
}

Status parse_rules(std::vector<Rule>& out, const Json& object, const PatternCompiler& patterns) {
  DELTA_OK(known_members(object, {"contract", "scope", "rules", "description"}));
  const Json* version = object.find("contract");
  if (version == nullptr) return wrong("lacks \"contract\":1, which says what it is");
  if (number_of(*version) != std::optional(1.0)) {
    return error(ErrorCode::unsupported, "is a contract of another version than 1");
  }
  DELTA_TRY(const auto remark, text_member(object, "description"));
  Scope usual;
  DELTA_TRY(const auto scope, text_member(object, "scope"));
  if (scope) {
    DELTA_TRY(usual, parse_scope(*scope));
  }
  const Json* rules = object.find("rules");
  const auto* list = rules == nullptr ? nullptr : std::get_if<Json::Array>(&rules->value());
  if (list == nullptr) return wrong("lacks \"rules\", an array");
  if (list->size() > kMaxRules) return error(ErrorCode::limit, "has more than " + std::to_string(kMaxRules) + " rules");
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto rule = parse_rule((*list)[i], usual, patterns);
    if (!rule) return std::move(rule).error().at("rule " + std::to_string(i + 1));
    out.push_back(std::move(*rule));
  }
  return {};
}

std::string explain(const Rule& rule) {
  const bool change = rule.kind->looks == Looks::change;
  const std::string of = rule.name_space ? "namespace " + quote(*rule.name_space, 60) : "each namespace";
  std::string out = std::string(rule.kind->name) + ": in " + of;
  if (change) {
    out += rule.scope.kind == Scope::Kind::since ? ", since " + escape(rule.scope.tag, 60)
                                                 : ", over each " + rule.scope.text();
  }
  out += ", " + rule.kind->explain(rule.asked, rule.value);
  if (change && rule.check_first) out += "; the first scope counts";
  return out + (rule.severity == Severity::warning ? " (a warning)" : "");
}

Json rule_json(const Rule& rule) {
  const auto text = [](std::string value) { return Json(Json::Value(std::move(value))); };
  Json out = Json::object();
  out.members().emplace("rule", text(std::string(rule.kind->name)));
  out.members().emplace("value", rule.value);
  if (rule.name_space) out.members().emplace("namespace", text(*rule.name_space));
  if (rule.severity == Severity::warning) out.members().emplace("severity", text("warning"));
  if (rule.kind->looks == Looks::change && rule.scope != Scope{})
    out.members().emplace("scope", text(rule.scope.text()));
  if (!rule.description.empty()) out.members().emplace("description", text(rule.description));
  if (rule.check_first) out.members().emplace("first", text("check"));
  return out;
}

}  // namespace
}  // namespace contract

std::string_view severity_name(Severity severity) noexcept {
  return severity == Severity::warning ? "warning" : "error";
}

std::string_view rule_verdict_name(RuleVerdict verdict) noexcept {
  switch (verdict) {
    case RuleVerdict::kept:
      return "kept";
    case RuleVerdict::exempt:
      return "exempt";
    case RuleVerdict::unknown:
      return "unknown";
    case RuleVerdict::broken:
      return "broken";
  }
  return "?";
}

namespace {
// Shared by all that have no rule: making one needs no memory.
const Contract::Rules kNoRules;
}  // namespace

Contract::Contract() noexcept : rules_(std::shared_ptr<void>(), &kNoRules) {}
Contract::Contract(std::shared_ptr<const Rules> rules) noexcept : rules_(std::move(rules)) {}

std::size_t Contract::size() const noexcept { return rules_->rules.size(); }

Result<Contract> Contract::parse(std::string_view json, const PatternCompiler& patterns) try {
  const Boundary boundary;
  if (json.size() > contract::kMaxBytes) return error(ErrorCode::limit, "is no contract: it has more than 16 MiB");
  DELTA_TRY(const Json object, parse_json_object(json));
  auto rules = std::make_shared<Rules>();
  DELTA_OK(contract::parse_rules(rules->rules, object, patterns));
  return Contract(std::move(rules));
} catch (...) {
  return caught();
}

Status Contract::add(std::string_view text, const PatternCompiler& patterns) try {
  const Boundary boundary;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return contract::wrong(quote(text, 60) + " is not NAME=VALUE");
  const std::string_view name = text.substr(0, equals), value = text.substr(equals + 1);
  auto json = parse_json(value);
  if (!json && json.error().code == ErrorCode::no_memory) return std::move(json).error();
  DELTA_TRY(auto rule,
            contract::make_rule(name, json ? std::move(*json) : Json(Json::Value(std::string(value))), patterns));
  if (!valid_utf8(value)) return contract::wrong("the value of " + std::string(name) + " is no UTF-8");
  auto rules = std::make_shared<Rules>(*rules_);
  rules->rules.push_back(std::move(rule));
  rules_ = std::move(rules);
  return {};
} catch (...) {
  return caught();
}

Result<std::vector<std::string>> Contract::explain() const try {
  const Boundary boundary;
  std::vector<std::string> out;
  for (const auto& rule : rules_->rules) out.push_back(contract::explain(rule));
  return out;
} catch (...) {
  return caught();
}

Result<std::string> Contract::text() const try {
  const Boundary boundary;
  Json out = Json::object();
  out.members().emplace("contract", Json(Json::Value(std::uint64_t{1})));
  Json& rules = out.members().emplace("rules", Json::array()).first->second;
  for (const auto& rule : rules_->rules) rules.elements().push_back(contract::rule_json(rule));
  std::string text;
  print_json(text, out);
  return text;
} catch (...) {
  return caught();
}

}  // namespace delta
