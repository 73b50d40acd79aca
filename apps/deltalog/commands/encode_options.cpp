// The options of encode that take more than a look: what one of them allows, others forbid.
#include "commands/encode_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/values.hpp"
#include "delta/accuracy.hpp"
#include "delta/out_of_memory.hpp"
#include "delta/property.hpp"
#include "writing.hpp"

namespace deltalog {

namespace {

/// --max-error, --max-relative or --quantize, and --ignore-below.
Result<delta::Accuracy> accuracy_option(const Invocation& invocation) {
  constexpr std::string_view options[] = {"max-error", "max-relative", "quantize"};
  std::optional<delta::Accuracy> stated;
  std::string_view by;
  for (const std::string_view option : options) {
    DELTA_TRY(
        const auto accuracy, value_of(invocation, option, [&](std::string_view text) {
          return delta::Accuracy::parse(option == "quantize" ? std::string(text) : fmt::format("{}={}", option, text));
        }));
    if (!accuracy) continue;
    if (stated) return usage_error(invocation, fmt::format("--{} and --{} exclude each other", by, option));
    stated = accuracy;
    by = option;
  }
  const auto dead_band = [](std::string_view text) {
    return delta::Accuracy::parse(fmt::format("ignore-below={}", text));
  };
  DELTA_TRY(const auto band, value_of(invocation, "ignore-below", dead_band));
  if (band) {
    if (!stated) {
      stated.emplace();
      by = "ignore-below";
    }
    stated->ignore_below = band->ignore_below;
  }
  if (stated && invocation.operands().empty()) return usage_error(invocation, fmt::format("--{} without an input", by));
  return stated.value_or(delta::Accuracy{});
}

}  // namespace

Result<delta::EncodeOptions> encode_options(const Invocation& invocation, Console& console) {
  DELTA_TRY(auto options, commit_options(invocation, console));
  DELTA_TRY(const auto every, value_of(invocation, "commit-every", parse_commit_every));
  options.allow_nonfinite = invocation.has("allow-nonfinite");
  DELTA_TRY(const auto max_dims, value_of(invocation, "max-dims", parse_max_dims));
  options.max_dims = max_dims.value_or(options.max_dims);
  DELTA_TRY(options.accuracy, accuracy_option(invocation));
  if (every) {
    options.commit_every = every->deltas.value_or(options.commit_every);
    options.commit_every_time = every->duration;
  }
  return options;
}

Result<std::vector<PropertyText>> properties_option(const Invocation& invocation, std::size_t matrices) {
  std::vector<PropertyText> properties;
  for (const auto& text : invocation.values("set")) {
    auto property = parse_property(text);
    if (!property) return usage_error(invocation, "--set: " + property.error().message);
    const bool twice = std::ranges::find(properties, property->key, &PropertyText::key) != properties.end();
    if (twice) return usage_error(invocation, "--set: " + property->key + " is set twice");
    if (property->key == delta::kElementKey && matrices > 0) {
      return usage_error(invocation, "--set element goes with no matrix, whose type --element states");
    }
    if (property->key == delta::kElementKey && !property->value.empty()) {
      if (const auto known = delta::unless_out_of_memory(delta::parse_element(property->value)); !known) {
        return usage_error(invocation, "--set: " + known.error().message);
      }
    }
    properties.push_back(*std::move(property));
  }
  if (invocation.has("element") && matrices == 0) {
    return usage_error(invocation, "--element goes with a matrix; --set element=TYPE sets it without one");
  }
  return properties;
}

}  // namespace deltalog
