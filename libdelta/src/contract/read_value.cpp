#include "contract/read_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "contract/values.hpp"
#include "delta/text.hpp"

namespace delta::contract::read {
namespace {

Error wrong(const std::string& what) { return error(ErrorCode::bad_input, what); }

const std::string* text_in(const Json& value) { return std::get_if<std::string>(&value.value()); }

std::optional<std::uint64_t> integer_in(const Json& value) {
  const auto number = number_of(value);
  if (!number || *number != std::trunc(*number) || *number < 0 || *number > 0x1p53) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

/// "2%", "0.5%".
std::optional<double> percent_in(const Json& value) {
  const auto* text = text_in(value);
  if (text == nullptr || !text->ends_with('%')) return std::nullopt;
  double percent = 0;
  const char* const end = text->data() + text->size() - 1;
  const auto [stop, failed] = std::from_chars(text->data(), end, percent, std::chars_format::fixed);
  if (failed != std::errc{} || stop != end || !std::isfinite(percent) || percent < 0) return std::nullopt;
  return percent;
}

/// Members of an object value, each of which is to be asked for: finish() refuses the others.
class Members {
 public:
  static Result<Members> of(const Json& value, std::string_view example) {
    if (value.is_object()) return Members(value);
    return wrong("is no object such as " + std::string(example));
  }
  const Json* find(std::string_view name) {
    asked_.push_back(name);
    return value_->find(name);
  }
  Result<std::optional<double>> number(std::string_view name) {
    const Json* found = find(name);
    if (found == nullptr) return {std::nullopt};
    if (const auto number = number_of(*found)) return {number};
    return wrong("has " + quote(name) + ", which is not a number");
  }
  Result<std::optional<std::uint64_t>> integer(std::string_view name) {
    const Json* found = find(name);
    if (found == nullptr) return {std::nullopt};
    if (const auto integer = integer_in(*found)) return {integer};
    return wrong("has " + quote(name) + ", which is not a whole number");
  }
  Result<std::optional<std::string>> text(std::string_view name) {
    const Json* found = find(name);
    if (found == nullptr) return {std::nullopt};
    if (const auto* text = text_in(*found)) return {std::optional(*text)};
    return wrong("has " + quote(name) + ", which is no text");
  }
  Status finish() const {
    for (const auto& [name, member] : value_->members()) {
      if (std::ranges::find(asked_, name) == asked_.end())
        return wrong("has the member " + quote(name, 60) + ", which there is not");
    }
    return {};
  }

 private:
  explicit Members(const Json& value) : value_(&value) {}
  const Json* value_;
  std::vector<std::string_view> asked_;
};

Status names_in(std::vector<std::string>& out, const Json& value) {
  if (const auto* one = text_in(value)) {
    out.push_back(*one);
    return {};
  }
  const auto* list = std::get_if<Json::Array>(&value.value());
  if (list == nullptr || list->empty()) return wrong("is neither a text nor an array of texts");
  for (const Json& element : *list) {
    const auto* text = text_in(element);
    if (text == nullptr) return wrong("is an array that holds something other than texts");
    out.push_back(*text);
  }
  return {};
}

/// "p50", "p99.9": as a part of 1.
std::optional<double> quantile_in(std::string_view name) {
  if (!name.starts_with('p')) return std::nullopt;
  double percent = 0;
  const auto [stop, failed] =
      std::from_chars(name.data() + 1, name.data() + name.size(), percent, std::chars_format::fixed);
  if (failed != std::errc{} || stop != name.data() + name.size() || !(percent > 0 && percent < 100))
    return std::nullopt;
  return percent / 100;
}

}  // namespace

Status flag(Asked&, const Json& value, const PatternCompiler&) {
  const auto* flag = std::get_if<bool>(&value.value());
  if (flag && *flag) return {};
  return wrong("is not true; to ask for nothing, leave the rule out");
}

Status count(Asked& asked, const Json& value, const PatternCompiler&) {
  const auto count = integer_in(value);
  if (!count) return wrong("is not a whole number");
  asked.count = *count;
  asked.limit = {static_cast<double>(*count), false};
  return {};
}

Status limit(Asked& asked, const Json& value, const PatternCompiler& patterns) {
  if (const auto percent = percent_in(value)) {
    asked.limit = {*percent, true};
    return {};
  }
  if (integer_in(value)) return count(asked, value, patterns);
  return wrong("is neither a whole number nor a share such as \"2%\"");
}

Status share(Asked& asked, const Json& value, const PatternCompiler&) {
  const auto percent = percent_in(value);
  if (!percent) return wrong("is no share such as \"2%\"");
  asked.limit = {*percent, true};
  return {};
}

Status element(Asked& asked, const Json& value, const PatternCompiler&) {
  const auto* text = text_in(value);
  if (text == nullptr) return wrong("is no type of elements, such as \"f32\"");
  DELTA_TRY(asked.element, parse_element(*text));
  return {};
}

Status range(Asked& asked, const Json& value, const PatternCompiler&) {
  const auto* pair = std::get_if<Json::Array>(&value.value());
  constexpr std::string_view kForm = "is not [LEAST, MOST], where one of them may be null";
  if (pair == nullptr || pair->size() != 2) return wrong(std::string(kForm));
  asked.least = number_of((*pair)[0]);
  asked.most = number_of((*pair)[1]);
  const bool forms = (asked.least || (*pair)[0].is_null()) && (asked.most || (*pair)[1].is_null());
  if (!forms || (!asked.least && !asked.most)) return wrong(std::string(kForm));
  if (asked.least && asked.most && *asked.least > *asked.most) return wrong("has a LEAST that is greater than MOST");
  return {};
}

Status norm(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_TRY(auto members, Members::of(value, "{\"is\":1,\"within\":0.001}"));
  DELTA_TRY(const auto is, members.number("is"));
  DELTA_TRY(const auto within, members.number("within"));
  DELTA_OK(members.finish());
  asked.length = is.value_or(1);
  if (!(asked.length > 0)) return wrong("has \"is\", which is not greater than 0");
  if (!within || !(*within >= 0)) return wrong("lacks \"within\", or it is less than 0");
  asked.within = *within;
  return {};
}

Status names(Asked& asked, const Json& value, const PatternCompiler&) { return names_in(asked.names, value); }

Status operations(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_OK(names_in(asked.names, value));
  for (const auto& name : asked.names) {
    bool known = false;
    for (int op = 1; op <= kOperations; ++op) known = known || operation_name(static_cast<Operation>(op)) == name;
    if (!known) return wrong("names the operation " + quote(name, 60) + ", which there is not");
  }
  return {};
}

Status pattern(Asked& asked, const Json& value, const PatternCompiler& patterns) {
  const auto* text = text_in(value);
  if (text == nullptr) return wrong("is no text");
  DELTA_TRY(asked.pattern, compile_pattern(patterns, *text));
  asked.name = *text;
  return {};
}

Status schema(Asked& asked, const Json& value, const PatternCompiler& patterns) {
  DELTA_TRY(auto schema, JsonSchema::compile(value, patterns));
  asked.schema = std::make_shared<const JsonSchema>(std::move(schema));
  return {};
}

Status drift(Asked& asked, const Json& value, const PatternCompiler&) {
  if (const auto most = number_of(value)) {
    asked.quantiles.emplace_back(1, *most);
  } else {
    if (!value.is_object() || value.members().empty()) {
      return wrong("is neither a number nor an object such as {\"p50\":0.1,\"max\":1}");
    }
    for (const auto& [name, bound] : value.members()) {
      const auto part = name == "max" ? std::optional(1.0) : quantile_in(name);
      if (!part)
        return wrong("has the member " + quote(name, 60) + ", which is neither max nor a quantile such as p99");
      const auto number = number_of(bound);
      if (!number) return wrong("has " + quote(name, 60) + ", which is not a number");
      asked.quantiles.emplace_back(*part, *number);
    }
    std::ranges::sort(asked.quantiles);
  }
  for (const auto& quantile : asked.quantiles) {
    if (!(quantile.second >= 0)) return wrong("holds a number that is less than 0");
  }
  return {};
}

Status outliers(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_TRY(auto members, Members::of(value, "{\"k\":6,\"last\":14}"));
  DELTA_TRY(const auto k, members.number("k"));
  DELTA_TRY(const auto last, members.integer("last"));
  const Json* const of = members.find("of");
  DELTA_OK(members.finish());
  if (!k || !(*k > 0)) return wrong("lacks \"k\", or it is not greater than 0");
  if (!last || *last < kLeastHistory) return wrong("lacks \"last\", or it is less than 5");
  asked.k = *k;
  asked.count = *last;
  if (of != nullptr) DELTA_OK(names_in(asked.names, *of));
  for (const auto& name : asked.names) {
    if (std::ranges::find(kMeasures, name) == kMeasures.end()) {
      return wrong("names the measure " + quote(name, 60) + ", which there is not");
    }
  }
  return {};
}

Status neighbours(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_TRY(auto members, Members::of(value, "{\"min\":0.8,\"k\":10}"));
  DELTA_TRY(asked.least, members.number("min"));
  DELTA_TRY(const auto k, members.integer("k"));
  DELTA_TRY(const auto sample, members.integer("sample"));
  DELTA_TRY(const auto metric, members.text("metric"));
  DELTA_OK(members.finish());
  if (!asked.least || !(*asked.least >= 0 && *asked.least <= 1)) return wrong("lacks \"min\", a number from 0 to 1");
  asked.count = k.value_or(10);
  if (asked.count == 0) return wrong("has \"k\", which is 0");
  asked.sample = sample.value_or(asked.sample);
  if (!metric || *metric == "l2") return {};
  if (*metric != "cosine" && *metric != "ip")
    return wrong("names the metric " + quote(*metric, 60) + ", which is not l2, cosine or ip");
  asked.metric = *metric == "ip" ? Metric::ip : Metric::cosine;
  return {};
}

Status canaries(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_TRY(auto members, Members::of(value, "{\"ids\":[\"a\"],\"tag\":\"v1\",\"min\":0.99}"));
  const Json* const ids = members.find("ids");
  DELTA_TRY(const auto tag, members.text("tag"));
  DELTA_TRY(asked.least, members.number("min"));
  DELTA_OK(members.finish());
  if (ids == nullptr) return wrong("lacks \"ids\"");
  DELTA_OK(names_in(asked.names, *ids));
  if (!tag) return wrong("lacks \"tag\", the name of the cut to compare with");
  asked.name = *tag;
  if (!asked.least || !(*asked.least >= -1 && *asked.least <= 1)) return wrong("lacks \"min\", a cosine from -1 to 1");
  return {};
}

Status duration(Asked& asked, const Json& value, const PatternCompiler&) {
  const auto* text = text_in(value);
  if (text == nullptr) return wrong("is no duration such as \"26h\"");
  DELTA_TRY(asked.duration, parse_duration(*text));
  asked.name = *text;
  return {};
}

Status rate(Asked& asked, const Json& value, const PatternCompiler&) {
  DELTA_TRY(auto members, Members::of(value, "{\"deltas\":1000,\"per\":\"1h\",\"burst\":5000}"));
  DELTA_TRY(const auto deltas, members.integer("deltas"));
  DELTA_TRY(const auto per, members.text("per"));
  DELTA_TRY(const auto burst, members.integer("burst"));
  DELTA_OK(members.finish());
  if (!deltas || *deltas == 0) return wrong("lacks \"deltas\", or it is 0");
  if (!per) return wrong("lacks \"per\", a duration");
  DELTA_TRY(asked.duration, parse_duration(*per));
  if (asked.duration == 0) return wrong("has \"per\", which is 0");
  asked.name = *per;
  asked.k = static_cast<double>(*deltas);
  asked.count = burst.value_or(*deltas);
  return {};
}

}  // namespace delta::contract::read
