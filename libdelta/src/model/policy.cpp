// The grammar of policies, and which rule counts. A text is cut at ";", "@", "/", "," and "=" before any name is read,
// so that a name may hold any of them.
#include "model/policy.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/boundary.hpp"
#include "delta/accuracy.hpp"
#include "delta/limits.hpp"
#include "delta/setting.hpp"
#include "delta/text.hpp"
#include "model/names.hpp"
#include "model/strategies.hpp"

namespace delta {
namespace {

using Rule = Policy::Rule;
using Range = Policy::Range;

constexpr std::size_t kMaxRules = 1000;

Error bad(std::string message) { return error(ErrorCode::usage, std::move(message)); }

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// ---- strategies ----

Result<double> parse_weight(std::string_view text) {
  double weight = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), weight);
  const bool whole = !text.empty() && problem == std::errc() && end == text.data() + text.size();
  if (!whole || !std::isfinite(weight) || !(weight > 0)) {
    return bad(quote(text) + " is no weight: a finite number above 0");
  }
  return weight;
}

Status parse_weighted(std::string_view arguments, Rule& rule) {
  model::Weights weights;
  for (const auto part : split(arguments, ',')) {
    const auto equals = part.find('=');
    if (equals == part.npos) return bad(quote(part) + " is not ORIGIN=WEIGHT");
    DELTA_TRY(auto origin, model::parse_name(part.substr(0, equals)));
    DELTA_TRY(const double weight, parse_weight(part.substr(equals + 1)));
    weights.emplace_back(std::move(origin), weight);
  }
  std::sort(weights.begin(), weights.end());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i > 0 && weights[i].first == weights[i - 1].first) {
      return bad("origin " + quote(weights[i].first) + " is weighed twice");
    }
    ((rule.text += i == 0 ? ':' : ',') += model::name_text(weights[i].first)) += '=' + number_text(weights[i].second);
  }
  rule.strategy = model::weighted_strategy(std::move(weights));
  return {};
}

Status parse_priority(std::string_view arguments, Rule& rule) {
  std::vector<std::string> origins;
  for (const auto part : split(arguments, ',')) {
    DELTA_TRY(auto origin, model::parse_name(part));
    if (std::find(origins.begin(), origins.end(), origin) != origins.end()) {
      return bad("origin " + quote(origin) + " stands twice");
    }
    (rule.text += origins.empty() ? ':' : ',') += model::name_text(origin);
    origins.push_back(std::move(origin));
  }
  rule.strategy = model::priority_strategy(std::move(origins));
  return {};
}

Status parse_strategy(std::string_view text, Rule& rule) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool arguments = colon != text.npos;
  rule.text = name;
  if (name == "weighted" || name == "priority") {
    if (!arguments) return bad(rule.text + (name == "weighted" ? " needs :ORIGIN=WEIGHT" : " needs :ORIGIN"));
    return name == "weighted" ? parse_weighted(text.substr(colon + 1), rule)
                              : parse_priority(text.substr(colon + 1), rule);
  }
  if (name == "max") {
    rule.strategy = model::max_strategy();
  } else if (name == "min") {
    rule.strategy = model::min_strategy();
  } else if (name == "average") {
    rule.strategy = model::average_strategy();
  } else if (name != "lww") {
    if (name.empty()) return bad("a strategy is missing");
    return error(ErrorCode::unsupported, "unknown strategy " + quote(name))
        .with_hint("strategies are lww, max, min, average, weighted, priority");
  }
  if (arguments) return bad(rule.text + " takes no arguments");
  return {};
}

// ---- what a rule is for ----

Result<std::uint32_t> parse_dim(std::string_view text) {
  std::uint32_t dim = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), dim);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) {
    return bad(quote(text) + " is no dimension");
  }
  if (dim >= kMostDims) {
    return bad("dimension " + std::to_string(dim) + " is beyond the limit of " + std::to_string(kMostDims) +
               " dimensions");
  }
  return dim;
}

Result<std::vector<Range>> parse_ranges(std::string_view text) {
  std::vector<Range> ranges;
  for (const auto part : split(text, ',')) {
    const auto dash = part.find('-');
    Range range;
    DELTA_TRY(range.first, parse_dim(part.substr(0, dash)));
    range.last = range.first;
    if (dash != part.npos) {
      DELTA_TRY(range.last, parse_dim(part.substr(dash + 1)));
    }
    if (range.last < range.first) return bad("the range " + quote(part) + " runs backwards");
    ranges.push_back(range);
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Status parse_target(std::string_view text, Rule& rule) {
  const auto slash = text.find('/');
  const std::string_view name = text.substr(0, slash);
  if (!name.empty()) {
    DELTA_TRY(rule.name_space, model::parse_namespace(name));
  } else if (slash == text.npos) {
    return bad("neither a namespace nor dimensions after the @");
  }
  if (slash != text.npos) {
    DELTA_TRY(rule.dims, parse_ranges(text.substr(slash + 1)));
  }
  return {};
}

Status parse_rule(std::string_view text, Rule& rule) {
  const auto at = text.find('@');
  DELTA_OK(parse_strategy(text.substr(0, at), rule));
  return at == text.npos ? Status() : parse_target(text.substr(at + 1), rule);
}

bool holds(const std::vector<Range>& ranges, std::uint32_t dim) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), dim, [](std::uint32_t d, const Range& r) { return d < r.first; });
  return after != ranges.begin() && dim <= std::prev(after)->last;
}

}  // namespace

std::string Policy::Rule::to_text() const {
  std::string out = text;
  if (!name_space && dims.empty()) return out;
  out += '@';
  if (name_space) out += model::namespace_text(*name_space);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    (out += i == 0 ? '/' : ',') += std::to_string(dims[i].first);
    if (dims[i].last != dims[i].first) out += '-' + std::to_string(dims[i].last);
  }
  return out;
}

Result<Policy> Policy::parse(std::string_view text) try {
  const Boundary boundary;
  Policy policy;
  for (const auto part : split(text, ';')) {
    const auto place = [&] {
      return "rule " + std::to_string(policy.rules_.size() + 1) + ", " + quote(part, 60) + ": ";
    };
    if (policy.rules_.size() == kMaxRules) return bad("more than " + std::to_string(kMaxRules) + " rules");
    Rule rule;
    if (auto read = parse_rule(part, rule); !read) {
      read.error().message.insert(0, place());
      return std::move(read).error();
    }
    policy.rules_.push_back(std::move(rule));
  }
  return policy;
} catch (...) {
  return caught();
}

Status Policy::add(Rule rule) try {
  const Boundary boundary;
  rules_.push_back(std::move(rule));
  return {};
} catch (...) {
  return caught();
}

std::string Policy::text() const {
  if (rules_.empty()) return "lww";
  std::string out;
  for (const Rule& rule : rules_) {
    if (!out.empty()) out += ';';
    out += rule.to_text();
  }
  return out;
}

const Policy::Rule* Policy::rule(std::string_view name_space, std::uint32_t dim) const noexcept {
  const Rule* best = nullptr;
  int best_rank = -1;
  for (const Rule& rule : rules_) {
    if (rule.name_space && *rule.name_space != name_space) continue;
    if (!rule.dims.empty() && !holds(rule.dims, dim)) continue;
    const int rank = (rule.dims.empty() ? 0 : 2) + (rule.name_space ? 1 : 0);
    if (rank >= best_rank) {
      best = &rule;
      best_rank = rank;
    }
  }
  return best;
}

const Strategy* Policy::strategy(std::string_view name_space, std::uint32_t dim) const noexcept {
  const Rule* found = rule(name_space, dim);
  return found ? found->strategy.get() : nullptr;
}

namespace model {

Result<Policy> policy_at(const Catalog& catalog, const History& history, const Cut& cut) {
  DELTA_TRY(const CutTest test, CutTest::make(catalog, history, cut));
  std::optional<CommitView> last;
  for (const CommitNo number : history.settings()) {
    const CommitView commit = history.commit(number);
    const auto setting = Setting::parse(commit.setting);
    if (!setting || setting->kind != Setting::Kind::policy) continue;  // a setting that is none was refused on reading
    if (!test.contains({.time = commit.time, .commit = number, .seq = commit.first})) continue;
    const auto key = [](const CommitView& c) { return Key{c.time, c.origin, c.first}; };
    if (!last || key_less(catalog, key(*last), key(commit))) last = commit;
  }
  if (!last) return Policy();
  auto policy = Policy::parse(Setting::parse(last->setting)->text);
  if (policy) return policy;
  Error problem = std::move(policy).error();
  if (problem.code != ErrorCode::unsupported) problem.code = ErrorCode::corrupt;
  problem.message = "the policy that " + dot_text(catalog, {last->origin, last->first}) + " sets: " + problem.message;
  return problem;
}

Status check_tag(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return error(ErrorCode::bad_input, "tag " + quote(name, 60) + " " + std::string(why));
  };
  if (name.empty()) return error(ErrorCode::bad_input, "a tag needs a name");
  if (name.size() > kMaxNameBytes) return refuse("has more than " + std::to_string(kMaxNameBytes) + " bytes");
  if (!valid_utf8(name)) return refuse("is not valid UTF-8");
  if (has_control(name)) return refuse("holds a control character");
  if (parse_time(name, kMaxMicros)) return refuse("is a time already");
  return {};
}

Status check_setting(std::string_view text) {
  DELTA_TRY(const Setting setting, Setting::parse(text));
  if (setting.kind == Setting::Kind::tag || setting.kind == Setting::Kind::release ||
      setting.kind == Setting::Kind::untag) {
    return check_tag(setting.text);
  }
  if (setting.kind == Setting::Kind::property || setting.kind == Setting::Kind::unknown) return {};
  const auto refuse = [](Error problem, std::string_view what) {
    if (problem.code == ErrorCode::usage) problem.code = ErrorCode::bad_input;
    problem.message.insert(0, what);
    return problem;
  };
  if (setting.kind == Setting::Kind::accuracy) {
    auto accuracy = Accuracy::parse(setting.text);
    return accuracy ? Status() : refuse(std::move(accuracy).error(), "accuracy: ");
  }
  auto policy = Policy::parse(setting.text);
  return policy ? Status() : refuse(std::move(policy).error(), "policy: ");
}

const std::vector<const Policy::Rule*>& RuleTable::of(NamespaceNo ns) {
  const auto [place, fresh] = rules_.try_emplace(ns);
  auto& rules = place->second;
  if (!fresh) return rules;
  const Namespace& name = catalog_.name_space(ns);
  std::vector<std::uint32_t> ends{name.dims};  // where another rule may begin to count
  for (const Policy::Rule& rule : policy_.rules()) {
    for (const Policy::Range& range : rule.dims) ends.insert(ends.end(), {range.first, range.last + 1});
  }
  std::sort(ends.begin(), ends.end());
  rules.reserve(name.dims);
  for (const std::uint32_t end : ends) {
    if (end <= rules.size()) continue;
    const auto* rule = policy_.rule(name.name, static_cast<std::uint32_t>(rules.size()));
    rules.resize(std::min(end, name.dims), rule);
    if (end >= name.dims) break;
  }
  return rules;
}

std::string_view RuleTable::name(const Policy::Rule* rule) {
  if (!rule) return "lww";
  auto& text = names_[rule];
  if (text.empty()) text = rule->to_text();
  return text;
}

}  // namespace model
}  // namespace delta
