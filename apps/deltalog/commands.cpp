// The table of commands: what exists, what it takes, what it is for. Parsing, --help and the completions are made from it, and
// a test holds the man pages to it. Options that mean the same everywhere are written once, as groups.
#include <algorithm>
#include <initializer_list>

#include "command.hpp"

namespace deltalog {

namespace {

using Options = std::vector<Option>;

Options join(std::initializer_list<Options> groups) {
  Options all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

Options in_group(std::string_view heading, Options options) {
  for (auto& option : options) option.group = heading;
  return options;
}

Options pick(const Options& options, std::initializer_list<std::string_view> names) {
  Options some;
  for (const auto name : names) some.push_back(*std::ranges::find(options, name, &Option::name));
  return some;
}

const std::vector<std::string_view> kWhen = {"auto", "always", "never"};

// -q and -v are for commands that have something to say beside their answer.
Options talk() {
  return in_group("Common options", {{"quiet", 'q', "", "say nothing but errors"}, {"verbose", 'v', "", "say on stderr what was done"}});
}

Options common() {
  return in_group("Common options", {{"color", 0, "WHEN", "auto, always or never; auto heeds NO_COLOR", false, kWhen},
                                     {"help", 'h', "", "print this help and stop"},
                                     {"version", 0, "", "print versions and stop"}});
}

Options threads() {
  return in_group("Common options", {{"threads", 'j', "N", "use N threads; never changes the bytes (default: all cores)"}});
}

Options progress() {
  return in_group("Common options", {{"progress", 0, "WHEN", "auto, always, never or json, on stderr", false,
                                      {"auto", "always", "never", "json"}}});
}

Options json() { return {{"json", 0, "", "print NDJSON, one object a line"}}; }

Options output() {
  return {{"output", 'o', "OUT", "write the new file OUT, whole or not at all; - is stdout", false, {}, Kind::file},
          {"force", 'f', "", "replace OUT if it exists"}};
}

// Which deltas and vectors a command looks at; each takes those that it acts on.
Options selection(std::initializer_list<std::string_view> names) {
  return in_group("Selection", pick({{"id", 0, "ID", "only this vector", true},
                                     {"id-glob", 0, "GLOB", "only ids that match: * ? [a-z]", true},
                                     {"ids-from", 0, "FILE", "only the ids in FILE, one a line", true, {}, Kind::file},
                                     {"namespace", 0, "NS", "only this namespace", true},
                                     {"origin", 0, "ORIGIN", "only what this origin wrote", true},
                                     {"op", 0, "OP", "only this operation", true,
                                      {"create", "dense", "sparse", "scale", "offset", "negate", "abs", "clamp", "delete"}},
                                     {"at", 0, "TIME", "as of TIME, its microsecond included"},
                                     {"as-seen-by", 0, "DOT", "as the author of DOT saw it"},
                                     {"since", 0, "TIME", "only deltas at or after TIME"},
                                     {"until", 0, "TIME", "only deltas before TIME"}},
                                    names));
}

const Operand kLogs = {"LOG", "a log, a directory of logs (*.dlog), or - for stdin", true, true, Kind::file};

Command help_command() {
  return {.name = "help",
          .summary = "explain a command",
          .synopsis = "[COMMAND]",
          .description = "Prints the list of commands, or the help of one, on stdout.",
          .operands = {{"COMMAND", "the command to explain", false, false, Kind::command}},
          .options = common(),
          .example = "deltalog help encode\n",
          .run = run_help};
}

Command completion_command() {
  return {.name = "completion",
          .summary = "print a shell's completion script",
          .synopsis = "bash|zsh|fish|table",
          .description = "Made from the table of commands. \"table\" prints that table itself, tab-separated: command, option, "
                         "letter, value, choices.",
          .operands = {{"SHELL", "bash, zsh, fish or table", true, false, Kind::text}},
          .options = common(),
          .example = "deltalog completion bash > /etc/bash_completion.d/deltalog\n",
          .run = run_completion,
          .hidden = true};
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {help_command(), completion_command()};
  return all;
}

const Command* find_command(std::string_view name) {
  const auto it = std::ranges::find(commands(), name, &Command::name);
  return it == commands().end() ? nullptr : &*it;
}

}  // namespace deltalog
