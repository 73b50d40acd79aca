// The scripts are generated, committed in completions/, and compared with the generator by a test: packages ship files,
// and a shell must not start this program for every word it completes.
#include "cli/completion.hpp"

#include <fmt/format.h>

#include "command.hpp"

namespace deltalog {

namespace {

constexpr std::string_view kMade = "# Made by `deltalog completion`; do not edit.\n";

std::string joined(const std::vector<std::string_view>& words, std::string_view by) {
  std::string out;
  for (const auto word : words) {
    if (!out.empty()) out += by;
    out += word;
  }
  return out;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const auto& command : commands()) {
    if (!command.hidden) names.push_back(command.name);
  }
  return names;
}

/// What `help` explains.
std::string help_words() { return joined(command_names(), " ") + " concepts"; }

std::string bash_words(const Command& command) {
  std::string out;
  for (const auto& option : command.options) {
    if (option.letter != 0) out += fmt::format("-{} ", option.letter);
    out += fmt::format("--{} ", option.name);
  }
  out.pop_back();
  return out;
}

// What follows an option that takes a value, as a line of a bash `case` over "COMMAND OPTION".
std::string bash_value(const Command& command, const Option& option) {
  if (option.value.empty()) return {};
  std::string pattern = fmt::format("'{} --{}'", command.name, option.name);
  if (option.letter != 0) pattern += fmt::format(" | '{} -{}'", command.name, option.letter);
  std::string reply = "COMPREPLY=()";
  if (!option.choices.empty()) {
    reply = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(option.choices, " "));
  }
  if (option.kind == Kind::file || option.kind == Kind::output) {
    reply = "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))";
  }
  return fmt::format("    {}) {}; return ;;\n", pattern, reply);
}

// Single quotes and what zsh's _arguments gives a meaning to.
std::string zsh_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_action(const Option& option) {
  if (option.value.empty()) return {};
  std::string action = " ";
  if (!option.choices.empty()) action = "(" + joined(option.choices, " ") + ")";
  if (option.kind == Kind::file || option.kind == Kind::output) action = "_files";
  return fmt::format(":{}:{}", option.value, action);
}

std::string zsh_option(const Option& option) {
  const auto help = zsh_quoted(option.help);
  // A valued option also takes `--name=value`.
  const std::string_view sign = option.value.empty() ? "" : "=";
  const std::string_view star = option.repeatable ? "*" : "";
  std::string out = fmt::format("        '{}--{}{}[{}]{}' \\\n", star, option.name, sign, help, zsh_action(option));
  if (option.letter != 0) {
    const std::string_view plus = option.value.empty() ? "" : "+";
    out += fmt::format("        '{}-{}{}[{}]{}' \\\n", star, option.letter, plus, help, zsh_action(option));
  }
  return out;
}

std::string fish_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish_option(const Command& command, const Option& option) {
  std::string out =
      fmt::format("complete -c deltalog -n '__fish_seen_subcommand_from {}' -l {}", command.name, option.name);
  if (option.letter != 0) out += fmt::format(" -s {}", option.letter);
  if (option.kind == Kind::file || option.kind == Kind::output) {
    out += " -r -F";
  } else if (!option.choices.empty()) {
    out += fmt::format(" -x -a '{}'", joined(option.choices, " "));
  } else if (!option.value.empty()) {
    out += " -x";
  }
  return out + fmt::format(" -d '{}'\n", fish_quoted(option.help));
}

}  // namespace

std::string bash_completion() {
  const auto names = joined(command_names(), " ");
  std::string values, words;
  for (const auto& command : commands()) {
    if (command.hidden) continue;
    for (const auto& option : command.options) values += bash_value(command, option);
    words += fmt::format("    {}) words='{}' ;;\n", command.name, bash_words(command));
  }
  return std::string(kMade) + "_deltalog() {\n" + "  local word=$2 last=$3 command=${COMP_WORDS[1]} words=\n" +
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n" +
         fmt::format("    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n", names) +
         "    return\n  fi\n"
         "  case \"$command $last\" in\n" +
         values + "  esac\n" + "  if [[ $word != -* ]]; then\n" +
         fmt::format("    if [[ $command == help ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\")); return; fi\n",
                     help_words()) +
         "    compopt -o filenames\n    COMPREPLY=($(compgen -f -- \"$word\"))\n    return\n  fi\n" +
         "  case $command in\n" + words + "  esac\n" +
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
         "complete -F _deltalog deltalog\n";
}

std::string zsh_completion() {
  std::string out = "#compdef deltalog\n" + std::string(kMade) + "_deltalog() {\n  local -a commands\n  commands=(\n";
  for (const auto& command : commands()) {
    if (!command.hidden) out += fmt::format("    '{}:{}'\n", command.name, zsh_quoted(command.summary));
  }
  out += "  )\n  if ((CURRENT == 2)); then\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n";
  for (const auto& command : commands()) {
    if (command.hidden) continue;
    out += fmt::format("    {})\n      shift words; ((CURRENT--))\n      _arguments -S \\\n", command.name);
    for (const auto& option : command.options) out += zsh_option(option);
    const bool help = command.name == "help";
    out += fmt::format("        '*:{}:{}'\n      ;;\n", help ? "command" : "file",
                       help ? "(" + help_words() + ")" : "_files");
  }
  return out + "  esac\n}\n_deltalog \"$@\"\n";
}

std::string fish_completion() {
  std::string out(kMade);
  for (const auto& command : commands()) {
    if (command.hidden) continue;
    out += fmt::format("complete -c deltalog -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                       fish_quoted(command.summary));
  }
  out += fmt::format("complete -c deltalog -n '__fish_seen_subcommand_from help' -f -a '{}'\n", help_words());
  for (const auto& command : commands()) {
    if (command.hidden) continue;
    for (const auto& option : command.options) out += fish_option(command, option);
  }
  return out;
}

std::string option_table() {
  std::string out;
  for (const auto& command : commands()) {
    if (command.hidden) continue;
    for (const auto& option : command.options) {
      out += fmt::format("{}\t{}\t{}\t{}\t{}\n", command.name, option.name,
                         option.letter != 0 ? std::string(1, option.letter) : "", option.value,
                         joined(option.choices, ","));
    }
  }
  return out;
}

}  // namespace deltalog
