#include "commands/options.hpp"

#include <algorithm>

#include "delta/preset.hpp"

namespace deltalog::options {
namespace {

Options pick(const Options& options, std::initializer_list<std::string_view> names) {
  Options some;
  for (const auto name : names) some.push_back(*std::ranges::find(options, name, &Option::name));
  return some;
}

const std::vector<std::string_view> kWhen = {"auto", "always", "never"};

}  // namespace

Options in_group(std::string_view heading, Options options) {
  for (auto& option : options) option.group = heading;
  return options;
}

Options join(std::initializer_list<Options> groups) {
  Options all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

Options talk() {
  return in_group("Common options",
                  {{.name = "quiet", .letter = 'q', .help = "say nothing but errors, and that a log is cut short"},
                   {.name = "verbose", .letter = 'v', .help = "say on stderr what was done"}});
}

Options quiet() {
  return in_group("Common options",
                  {{.name = "quiet", .letter = 'q', .help = "no warnings, except that a log is cut short"}});
}

Options common() {
  return in_group(
      "Common options",
      {{.name = "color", .value = "WHEN", .help = "auto, always or never; auto heeds NO_COLOR", .choices = kWhen},
       {.name = "trace-out",
        .value = "FILE",
        .help = "write what was done, and how long it took, into FILE, which is replaced: JSON of OpenTelemetry",
        .kind = Kind::output},
       {.name = "help", .letter = 'h', .help = "print this help and stop"},
       {.name = "version", .help = "print versions and stop"}});
}

Options threads() {
  return in_group("Common options", {{.name = "threads",
                                      .letter = 'j',
                                      .value = "N",
                                      .help = "use N threads; never changes the bytes (default: all cores)"}});
}

Options memory() {
  return in_group("Common options",
                  {{.name = "memory",
                    .value = "SIZE",
                    .help = "keep at most SIZE of what grows with the log in memory (default: 256M, or less where a "
                            "control group limits memory)"}});
}

Options progress() {
  return in_group("Common options", {{.name = "progress",
                                      .value = "WHEN",
                                      .help = "auto, always, never or json, on stderr",
                                      .choices = {"auto", "always", "never", "json"}}});
}

Options json() { return {{.name = "json", .help = "print NDJSON, one object a line"}}; }

Options output() {
  return {{.name = "output",
           .letter = 'o',
           .value = "OUT",
           .help = "write the new file OUT, whole or not at all; - is stdout",
           .kind = Kind::output},
          {.name = "force", .letter = 'f', .help = "replace OUT if it exists"},
          {.name = "allow-torn", .help = "replace a file even if a log that is read is cut short"}};
}

Options wait() {
  return {{.name = "wait",
           .value = "DURATION",
           .help = "wait up to DURATION for another writer (default: 10s); none: also write without a lock"}};
}

Options max_skew(std::string_view help) { return {{.name = "max-skew", .value = "DURATION", .help = help}}; }

Options live() {
  return join({max_skew("refuse times that are further ahead of the clock (default: 1d; any: none)"),
               {{.name = "max-age", .value = "DURATION", .help = "refuse times that are longer ago"}}});
}

Options selection(std::initializer_list<std::string_view> names) {
  return in_group(
      "Selection",
      pick({{.name = "id", .value = "ID", .help = "only this vector", .repeatable = true},
            {.name = "id-glob", .value = "GLOB", .help = "only ids that match: * ? [a-z]", .repeatable = true},
            {.name = "ids-from",
             .value = "FILE",
             .help = "only the ids in FILE, one a line",
             .repeatable = true,
             .kind = Kind::file},
            {.name = "namespace",
             .value = "NS[/DIMS]",
             .help = "only this namespace, of DIMS dimensions",
             .repeatable = true},
            {.name = "where",
             .value = "EXPR",
             .help = "only vectors with metadata such as 'lang = en and views > 10'; if repeated, all must hold",
             .repeatable = true},
            {.name = "origin", .value = "ORIGIN", .help = "only what this origin wrote", .repeatable = true},
            {.name = "op",
             .value = "OP",
             .help = "only this operation",
             .repeatable = true,
             .choices = {"create", "dense", "sparse", "scale", "offset", "negate", "abs", "clamp", "delete"}},
            {.name = "at", .value = "TIME", .help = "state at TIME, with changes stamped exactly TIME"},
            {.name = "as-seen-by",
             .value = "DOT",
             .help = "state right after DOT, without changes that its writer had not received"},
            {.name = "since", .value = "TIME", .help = "only deltas at or after TIME"},
            {.name = "until", .value = "TIME", .help = "only deltas before TIME"},
            {.name = "property",
             .value = "KEY=VALUE",
             .help = "only commits that have this property; if repeated, all of them",
             .repeatable = true},
            {.name = "grep", .value = "REGEX", .help = "only commits whose message matches, as of grep -E"},
            {.name = "source", .value = "NAME", .help = "only commits of this source", .repeatable = true},
            {.name = "trace",
             .value = "TRACE",
             .help = "only commits of this trace: its id, or all of a traceparent",
             .repeatable = true}},
           names));
}

Options preset() {
  return {{.name = "preset",
           .value = "PRESET",
           .help = "fastest, balanced (default) or maximum",
           .choices = {delta::kPresetNames.begin(), delta::kPresetNames.end()}}};
}

Options policy(std::string_view help) { return {{.name = "policy", .value = "POLICY", .help = help}}; }

}  // namespace deltalog::options
