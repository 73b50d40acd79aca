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
#include "formats/format.hpp"
#include "gate.hpp"
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
  const auto* late = invocation.value("late");
  options.raise_late = late != nullptr && *late == "bump";
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

namespace {

options::Options input_options() {
  return {{.name = "append", .value = "LOG", .help = "add to LOG in place, under its lock", .kind = Kind::file},
          {.name = "base",
           .value = "LOG",
           .help = "diff against LOG, and write only what it lacks",
           .repeatable = true,
           .kind = Kind::file},
          {.name = "from",
           .value = "FORMAT",
           .help = "take every input as FORMAT",
           .choices = delta::formats::format_names()},
          {.name = "dims", .value = "N", .help = "dimensions of raw values, which do not say it themselves"},
          {.name = "ids",
           .value = "FILE",
           .help = "ids of the rows, one a line: one file, or one per matrix",
           .repeatable = true,
           .kind = Kind::file},
          {.name = "state", .help = "take NDJSON as a whole state, as a matrix: what is missing is deleted"},
          {.name = "id-field", .value = "NAME", .help = "member or column that holds the ids (default: id)"},
          {.name = "vector-field",
           .value = "NAME",
           .help = "member or column that holds the vectors, as an array or base64 (default: vector)"},
          {.name = "keep-field",
           .value = "NAME",
           .help = "take this member or column into metadata; *: all that have no other use",
           .repeatable = true},
          {.name = "ids-prefix", .help = "the one file of ids may be longer than the tallest matrix"},
          {.name = "namespace", .value = "NS", .help = "namespace of inputs that do not name one"},
          {.name = "origin", .value = "NAME", .help = "the writer (default: $DELTALOG_ORIGIN, else main)"},
          {.name = "at",
           .value = "TIME",
           .help = "time of the input: one per input, or one with --step",
           .repeatable = true},
          {.name = "step", .value = "DURATION", .help = "time between one input and the next, from --at on"},
          {.name = "times", .value = "FILE", .help = "times of the inputs, one a line", .kind = Kind::file},
          {.name = "message", .letter = 'm', .value = "MESSAGE", .help = "message of the commits"},
          {.name = "source", .value = "NAME", .help = "where the data came from; recorded"},
          {.name = "meta", .value = "KEY=VALUE", .help = "a property of the commits, as a string", .repeatable = true},
          {.name = "meta-json", .value = "KEY=JSON", .help = "a property of the commits, as JSON", .repeatable = true}};
}

/// What is set of the log or the namespace.
options::Options setting_options() {
  return {
      {.name = "policy", .value = "POLICY", .help = "set how conflicts are decided from here on, such as max@/0-15"},
      {.name = "element",
       .value = "TYPE",
       .help = "type of the elements that snapshot writes (default: the input's); bf16 also reads 2-byte "
               "elements without a name",
       .choices = options::kElements},
      {.name = "set",
       .value = "KEY=VALUE",
       .help = "set a property of the namespace, such as metric=cosine; KEY= removes it",
       .repeatable = true},
      {.name = "tag", .value = "NAME", .help = "tag the end of this run"}};
}

options::Options writing_options() {
  return {{.name = "partial", .help = "a row that is missing is left alone, not deleted"},
          {.name = "max-delete", .value = "N|P%", .help = "refuse to delete more vectors at once (default: 50%)"},
          {.name = "commit-every", .value = "N,DURATION", .help = "cut commits of updates at N deltas or DURATION"},
          {.name = "segment-every",
           .value = "DURATION",
           .help = "for a stream: write finished commits at most this often (default: 1s)"},
          {.name = "late",
           .value = "WHAT",
           .help = "a time behind what the log has seen: refuse it (default), or bump it to the next possible one "
                   "and keep the one that was meant",
           .choices = {"refuse", "bump"}},
          {.name = "reject",
           .value = "FILE",
           .help = "add updates that are refused to FILE with the reason, take the others, and exit with 4",
           .kind = Kind::output},
          {.name = "dry-run", .help = "write nothing, and say what would be written"},
          {.name = "allow-empty", .help = "write an empty log where the input holds nothing, instead of refusing it"},
          {.name = "max-dims",
           .value = "N",
           .help = "take vectors of up to N dimensions, at most 1048576 (default: 65536)"}};
}

options::Options accuracy_options() {
  return {{.name = "allow-nonfinite", .help = "take NaN and infinities as values"},
          {.name = "max-error", .value = "E", .help = "round values by up to E, the same at every version"},
          {.name = "max-relative", .value = "R", .help = "round values by up to R times their size (0.01: 1 %)"},
          {.name = "quantize",
           .value = "FORMAT",
           .help = "round values to numbers that FORMAT can hold",
           .choices = {"f16", "bf16", "int8", "int4", "binary"}},
          {.name = "ignore-below",
           .value = "E",
           .help = "a value of a whole vector that differs from the stored one by at most E is no change"},
          {.name = "lossy-input", .help = "round numbers that are no float32, instead of refusing them"}};
}

}  // namespace

options::Options encode_option_table() {
  return options::join({options::output(), options::wait(), options::live(), input_options(), setting_options(),
                        writing_options(), accuracy_options(),
                        gate_options("write nothing that breaks the contract in FILE"), quarantine_option(),
                        options::preset(), options::json(), options::threads(), options::progress(), options::talk(),
                        options::common()});
}

}  // namespace deltalog
